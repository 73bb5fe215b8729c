//! What each elementwise operation is: value, derivative, domain, names. Nothing about engines.
//!
//! The tables are [`for_each_unary`](crate::for_each_unary) and
//! [`for_each_binary`](crate::for_each_binary); this module derives the enums and rules from them.

mod binary;
mod domain;
mod dual;
pub(crate) mod elementary;
mod libm;
mod number;
mod primal;
pub mod special;
mod unary;

use core::ops::{Add, Div, Mul, Neg, Sub};

pub use domain::Domain;
pub use dual::Dual;
pub(crate) use dual::gated;
pub use primal::{Lane, Primal};

/// What a partial may be written in terms of; which of them an operation keeps is its save list.
#[derive(Clone, Copy, Debug)]
pub struct Saved<T> {
    /// Input, or the first of two.
    pub a: T,
    /// Second input (the only one again for an operation of one argument).
    pub b: T,
    /// Output.
    pub y: T,
}

/// What an operation of one argument is.
pub trait UnaryRule {
    /// The operation.
    const OP: UnaryOp;
    /// Whether the partial reads the input.
    const SAVES_X: bool;
    /// Whether the partial reads the output.
    const SAVES_Y: bool;
    /// The value of the operation.
    fn value<T: Primal>(x: T) -> T;
    /// The partial `dy/dx`.
    fn partial<T: Real>(saved: Saved<T>) -> T;
    /// Whether the derivative is 0 wherever there is one, as of a step.
    #[must_use]
    fn is_locally_constant() -> bool {
        let unread = Saved {
            a: f64::NAN,
            b: f64::NAN,
            y: f64::NAN,
        };
        !Self::SAVES_X && !Self::SAVES_Y && Self::partial(unread) == 0.0
    }
}

/// What an operation of two arguments is.
pub trait BinaryRule {
    /// The operation.
    const OP: BinaryOp;
    /// Whether a partial with respect to the first input reads the first input, the second, the output.
    const SAVES_FOR_A: [bool; 3];
    /// The same for the partial with respect to the second input.
    const SAVES_FOR_B: [bool; 3];
    /// The value of the operation.
    fn value<T: Primal>(a: T, b: T) -> T;
    /// The partial `dy/da`.
    fn partial_a<T: Real>(saved: Saved<T>) -> T;
    /// The partial `dy/db`.
    fn partial_b<T: Real>(saved: Saved<T>) -> T;
    /// Whether both derivatives are 0 wherever there are some.
    #[must_use]
    fn is_locally_constant() -> bool {
        let unread = Saved {
            a: f64::NAN,
            b: f64::NAN,
            y: f64::NAN,
        };
        let saves = [Self::SAVES_FOR_A, Self::SAVES_FOR_B].concat();
        !saves.contains(&true) && Self::partial_a(unread) == 0.0 && Self::partial_b(unread) == 0.0
    }
}

/// Whether a name is in a list of names, at compile time.
macro_rules! names_contain {
    (x;) => { false };
    (x; x $($rest:ident)*) => { true };
    (x; $other:ident $($rest:ident)*) => { names_contain!(x; $($rest)*) };
    (y;) => { false };
    (y; y $($rest:ident)*) => { true };
    (y; $other:ident $($rest:ident)*) => { names_contain!(y; $($rest)*) };
    (a;) => { false };
    (a; a $($rest:ident)*) => { true };
    (a; $other:ident $($rest:ident)*) => { names_contain!(a; $($rest)*) };
    (b;) => { false };
    (b; b $($rest:ident)*) => { true };
    (b; $other:ident $($rest:ident)*) => { names_contain!(b; $($rest)*) };
}

/// Reads the saved quantity of a name.
macro_rules! saved {
    ($saved:ident x) => {
        $saved.a
    };
    ($saved:ident a) => {
        $saved.a
    };
    ($saved:ident b) => {
        $saved.b
    };
    ($saved:ident y) => {
        $saved.y
    };
}

/// Derives the enum of the operations of one argument, their rules and their facts.
macro_rules! define_unary {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $Op:ident {
            value($x:ident) = $value:expr,
            partial($($saved:ident),*) = $partial:expr,
            domain = $domain:expr,
            kinks = [$($kink:expr),*],
            numpy = [$($numpy:literal),*],
            public = $public:literal,
        }
    )*) => {
        /// An elementwise operation of one argument.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum UnaryOp { $($(#[doc = $doc])+ $Op),* }

        /// The rule of each operation of one argument, by its name.
        pub mod unary_rules {
            use super::*;
            $(
                $(#[doc = $doc])+
                #[derive(Clone, Copy, Debug)]
                pub struct $Op;
                impl UnaryRule for $Op {
                    const OP: UnaryOp = UnaryOp::$Op;
                    const SAVES_X: bool = names_contain!(x; $($saved)*);
                    const SAVES_Y: bool = names_contain!(y; $($saved)*);
                    #[inline(always)]
                    fn value<T: Primal>($x: T) -> T { $value }
                    #[inline(always)]
                    fn partial<T: Real>(saved: Saved<T>) -> T {
                        let _ = &saved;
                        $(let $saved = saved!(saved $saved);)*
                        $partial
                    }
                }
            )*
        }

        impl UnaryOp {
            /// All operations of one argument, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$Op),*];
            /// The facts of the row.
            #[must_use]
            pub fn facts(self) -> &'static Facts {
                match self {$(
                    Self::$Op => const { &Facts {
                        name: stringify!($name),
                        doc: concat!($($doc),+),
                        domains: &[$domain],
                        kinks: &[$($kink),*],
                        numpy: &[$($numpy),*],
                        is_public: $public,
                    } },
                )*}
            }
            /// Runs `visitor` with the rule of this operation.
            pub fn visit<V: UnaryVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$Op => visitor.visit::<unary_rules::$Op>()),* }
            }
        }
    };
}

/// Derives the enum of the operations of two arguments, their rules and their facts.
macro_rules! define_binary {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $Op:ident {
            value($a:ident, $b:ident) = $value:expr,
            partial_a($($saved_a:ident),*) = $partial_a:expr,
            partial_b($($saved_b:ident),*) = $partial_b:expr,
            domains = [$($domain:expr),*],
            numpy = [$($numpy:literal),*],
            public = $public:literal,
        }
    )*) => {
        /// An elementwise operation of two arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum BinaryOp { $($(#[doc = $doc])+ $Op),* }

        /// The rule of each operation of two arguments, by its name.
        pub mod binary_rules {
            use super::*;
            $(
                $(#[doc = $doc])+
                #[derive(Clone, Copy, Debug)]
                pub struct $Op;
                impl BinaryRule for $Op {
                    const OP: BinaryOp = BinaryOp::$Op;
                    const SAVES_FOR_A: [bool; 3] = [
                        names_contain!(a; $($saved_a)*),
                        names_contain!(b; $($saved_a)*),
                        names_contain!(y; $($saved_a)*),
                    ];
                    const SAVES_FOR_B: [bool; 3] = [
                        names_contain!(a; $($saved_b)*),
                        names_contain!(b; $($saved_b)*),
                        names_contain!(y; $($saved_b)*),
                    ];
                    #[inline(always)]
                    fn value<T: Primal>($a: T, $b: T) -> T { $value }
                    #[inline(always)]
                    fn partial_a<T: Real>(saved: Saved<T>) -> T {
                        let _ = &saved;
                        $(let $saved_a = saved!(saved $saved_a);)*
                        $partial_a
                    }
                    #[inline(always)]
                    fn partial_b<T: Real>(saved: Saved<T>) -> T {
                        let _ = &saved;
                        $(let $saved_b = saved!(saved $saved_b);)*
                        $partial_b
                    }
                }
            )*
        }

        impl BinaryOp {
            /// All operations of two arguments, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$Op),*];
            /// The facts of the row.
            #[must_use]
            pub fn facts(self) -> &'static Facts {
                match self {$(
                    Self::$Op => const { &Facts {
                        name: stringify!($name),
                        doc: concat!($($doc),+),
                        domains: &[$($domain),*],
                        kinks: &[],
                        numpy: &[$($numpy),*],
                        is_public: $public,
                    } },
                )*}
            }
            /// Runs `visitor` with the rule of this operation.
            pub fn visit<V: BinaryVisitor>(self, visitor: V) -> V::Output {
                match self { $(Self::$Op => visitor.visit::<binary_rules::$Op>()),* }
            }
        }
    };
}

crate::for_each_unary!(define_unary);
crate::for_each_binary!(define_binary);

/// Work that is written once and run with the rule of any operation of one argument.
pub trait UnaryVisitor {
    /// What the work gives.
    type Output;
    /// Does the work with the rule `R`.
    fn visit<R: UnaryRule>(self) -> Self::Output;
}

/// Work that is written once and run with the rule of any operation of two arguments.
pub trait BinaryVisitor {
    /// What the work gives.
    type Output;
    /// Does the work with the rule `R`.
    fn visit<R: BinaryRule>(self) -> Self::Output;
}

/// What a row says about its operation, besides how it is computed.
#[derive(Debug)]
pub struct Facts {
    /// Name of the function.
    pub name: &'static str,
    /// Documentation.
    pub doc: &'static str,
    /// Domain of each argument.
    pub domains: &'static [Domain],
    /// Points where the derivative is a convention.
    pub kinks: &'static [f64],
    /// NumPy functions of the same meaning.
    pub numpy: &'static [&'static str],
    /// Whether the operation is offered to users, or only serves the derivatives of others.
    pub is_public: bool,
}

/// A number on which derivatives are computed: `f64`, a lane of a vector loop, or a value on the
/// tape, on which the computation is itself recorded. Every operation of both tables is a method.
pub trait Real: RealUnary + RealBinary {}

impl<T: RealUnary + RealBinary> Real for T {}

/// What a [`Real`] can do besides the operations of the tables.
pub trait RealBase:
    Copy
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The answer of a comparison.
    type Mask: Clone;
    /// The number `value` in this kind.
    fn constant(value: f64) -> Self;
    /// `a` where `mask` holds, else `b`.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;
    /// Whether both hold.
    fn both(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// Whether `self < other`.
    fn lt(self, other: Self) -> Self::Mask;
    /// Whether `self == other`.
    fn equals(self, other: Self) -> Self::Mask;
}

impl<P: Primal> RealBase for P {
    type Mask = bool;
    #[inline(always)]
    fn constant(value: f64) -> Self {
        <P as Primal>::constant(value)
    }
    #[inline(always)]
    fn select(mask: bool, a: Self, b: Self) -> Self {
        <P as Primal>::select(mask, a, b)
    }
    #[inline(always)]
    fn both(a: bool, b: bool) -> bool {
        a & b
    }
    #[inline(always)]
    fn lt(self, other: Self) -> bool {
        Primal::lt(self, other)
    }
    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        Primal::equals(self, other)
    }
}

/// Derives the methods of [`Real`] for the operations of one argument.
macro_rules! define_real_unary {
    ($($(#[doc = $doc:literal])+ $name:ident = $Op:ident $row:tt)*) => {
        /// The operations of one argument as methods.
        pub trait RealUnary: RealBase {
            $($(#[doc = $doc])+ fn $name(self) -> Self;)*
        }
        impl<P: Primal> RealUnary for P {
            $(#[inline(always)] fn $name(self) -> Self { unary_rules::$Op::value(self) })*
        }
    };
}

/// Derives the methods of [`Real`] for the operations of two arguments.
macro_rules! define_real_binary {
    ($($(#[doc = $doc:literal])+ $name:ident = $Op:ident $row:tt)*) => {
        /// The operations of two arguments as methods.
        pub trait RealBinary: RealBase {
            $($(#[doc = $doc])+ fn $name(self, b: Self) -> Self;)*
        }
        impl<P: Primal> RealBinary for P {
            $(#[inline(always)] fn $name(self, b: Self) -> Self { binary_rules::$Op::value(self, b) })*
        }
    };
}

crate::for_each_unary!(define_real_unary);
crate::for_each_binary!(define_real_binary);

/// `1 - x*x` without cancellation: near 1 as a product, whose derivative would cancel near 0.
#[inline(always)]
fn one_minus_square<T: Real>(x: T) -> T {
    let one = T::constant(1.0);
    T::select(
        x.abs().lt(T::constant(0.5)),
        one - x * x,
        (one - x) * (one + x),
    )
}

/// `d(a**b)/db`; at a zero base it is 0 for exponents that are not negative.
#[inline(always)]
fn power_partial_exponent<T: Real>(a: T, b: T, y: T) -> T {
    let zero = T::constant(0.0);
    let slope = y * a.log();
    T::select(a.equals(zero), T::select(b.lt(zero), slope, zero), slope)
}

/// `d(b * a**(b - 1))/db`.
#[inline(always)]
fn pow_slope_partial_exponent<T: Real>(a: T, b: T) -> T {
    let exponent = b - T::constant(1.0);
    let power = a.pow(exponent);
    power + b.gated(power_partial_exponent(a, exponent, power))
}

/// `d logaddexp(a, b)/da`; two infinities of one sign share as in `logsumexp`.
#[inline(always)]
fn logaddexp_slope<T: Primal>(a: T, b: T) -> T {
    let (zero, gap) = (<T as Primal>::constant(0.0), a - b);
    let tie = <T as Primal>::select(Primal::lt(a, zero), zero, <T as Primal>::constant(0.5));
    let of_nan = <T as Primal>::select(Primal::equals(a, b), tie, gap);
    let slope = a.sigmoid_of_difference(b);
    <T as Primal>::select(Primal::equals(gap, gap), slope, of_nan)
}

/// `d logaddexp_slope(a, b)/da`, the product of both slopes; where two infinities share, 0.
#[inline(always)]
fn logaddexp_curvature<T: Real>(a: T, b: T) -> T {
    let gap = a - b;
    let of_nan = T::select(a.equals(b), T::constant(0.0), gap);
    let product = a.logaddexp_slope(b) * b.logaddexp_slope(a);
    T::select(gap.equals(gap), product, of_nan)
}

/// `a / b`, and 0 where `a` is 0; a subnormal `b`, whose reciprocal may be infinite, is lifted.
#[inline(always)]
fn gated_quotient<T: Real>(a: T, b: T) -> T {
    let is_least = b.lt(T::constant(f64::MIN_POSITIVE));
    let lift = T::select(is_least, T::constant(18014398509481984.0), T::constant(1.0));
    (a * lift).gated((b * lift).reciprocal())
}
