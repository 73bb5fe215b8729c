//! Dual numbers: a value and how it changes. A partial computed on them gives its own derivative,
//! so that second derivatives come from the same rows as the first.

use core::ops::{Add, Div, Mul, Neg, Sub};

use super::{
    BinaryRule, Primal, RealBase, RealBinary, RealUnary, Saved, UnaryRule, binary_rules,
    unary_rules,
};

/// A value and its tangent. What does not change, with a tangent of 0, changes nothing: not even
/// where a partial is infinite or nan.
#[derive(Clone, Copy, Debug)]
pub struct Dual<T> {
    /// The value.
    pub value: T,
    /// Its derivative along some direction.
    pub tangent: T,
}

/// The product in which an exact zero of `factor` wins over an infinite or nan `other`.
#[inline(always)]
pub(crate) fn gated<T: Primal>(factor: T, other: T) -> T {
    // A mask, not a branch: with a branch a loop is not vectorised, and takes five times as long.
    let kept = u64::from(factor.to_f64() != 0.0).wrapping_neg();
    T::constant(f64::from_bits((factor * other).to_f64().to_bits() & kept))
}

#[inline(always)]
fn unary<R: UnaryRule, T: Primal>(x: Dual<T>) -> Dual<T> {
    let y = R::value(x.value);
    let saved = Saved {
        a: x.value,
        b: x.value,
        y,
    };
    Dual {
        value: y,
        tangent: gated(x.tangent, R::partial(saved)),
    }
}

#[inline(always)]
fn binary<R: BinaryRule, T: Primal>(a: Dual<T>, b: Dual<T>) -> Dual<T> {
    let y = R::value(a.value, b.value);
    let saved = Saved {
        a: a.value,
        b: b.value,
        y,
    };
    Dual {
        value: y,
        tangent: gated(a.tangent, R::partial_a(saved)) + gated(b.tangent, R::partial_b(saved)),
    }
}

macro_rules! dual_operators {
    ($($trait:ident $method:ident $Op:ident),*) => {$(
        impl<T: Primal> $trait for Dual<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self { binary::<binary_rules::$Op, T>(self, other) }
        }
    )*};
}

dual_operators!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div);

impl<T: Primal> Neg for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        unary::<unary_rules::Neg, T>(self)
    }
}

impl<T: Primal> RealBase for Dual<T> {
    type Mask = bool;
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self {
            value: <T as Primal>::constant(value),
            tangent: <T as Primal>::constant(0.0),
        }
    }
    #[inline(always)]
    fn select(mask: bool, a: Self, b: Self) -> Self {
        Self {
            value: <T as Primal>::select(mask, a.value, b.value),
            tangent: <T as Primal>::select(mask, a.tangent, b.tangent),
        }
    }
    #[inline(always)]
    fn both(a: bool, b: bool) -> bool {
        a & b
    }
    #[inline(always)]
    fn lt(self, other: Self) -> bool {
        Primal::lt(self.value, other.value)
    }
    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        Primal::equals(self.value, other.value)
    }
}

macro_rules! dual_unary {
    ($($(#[doc = $doc:literal])+ $name:ident = $Op:ident $row:tt)*) => {
        impl<T: Primal> RealUnary for Dual<T> {
            $(
                #[inline(always)]
                fn $name(self) -> Self { unary::<unary_rules::$Op, T>(self) }
            )*
        }
    };
}

macro_rules! dual_binary {
    ($($(#[doc = $doc:literal])+ $name:ident = $Op:ident $row:tt)*) => {
        impl<T: Primal> RealBinary for Dual<T> {
            $(
                #[inline(always)]
                fn $name(self, b: Self) -> Self { binary::<binary_rules::$Op, T>(self, b) }
            )*
        }
    };
}

crate::for_each_unary!(dual_unary);
crate::for_each_binary!(dual_binary);
