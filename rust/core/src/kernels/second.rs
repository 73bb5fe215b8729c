//! Elementwise loops of second order: how the pullbacks of the operations of the tables change
//! where their operands do.

use core::marker::PhantomData;

use super::dispatch::{self, Work};
use super::map::{BLOCK, Operand, Side, is_beyond_lanes};
use crate::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, Dual, Primal, Saved, UnaryOp, UnaryRule, UnaryVisitor,
    gated,
};

/// A cotangent and its tangent, entry by entry.
#[derive(Clone, Copy, Debug)]
pub struct Moving<'a> {
    /// The value.
    pub value: &'a [f64],
    /// Its tangent.
    pub tangent: &'a [f64],
}

impl<'a> Moving<'a> {
    fn first(self, dim: usize) -> Self {
        Self {
            value: &self.value[..dim],
            tangent: &self.tangent[..dim],
        }
    }

    #[inline(always)]
    fn dual<T: Primal>(self, entry: usize) -> Dual<T> {
        Dual {
            value: T::constant(self.value[entry]),
            tangent: T::constant(self.tangent[entry]),
        }
    }
}

struct UnarySecond<'a, R> {
    x: Moving<'a>,
    y: Moving<'a>,
    y_bar: Moving<'a>,
    bar: &'a mut [f64],
    bar_dot: &'a mut [f64],
    rule: PhantomData<R>,
}

impl<R: UnaryRule> UnarySecond<'_, R> {
    /// Does one entry.
    #[inline(always)]
    fn step<T: Primal>([x, y, y_bar]: [Moving<'_>; 3], entry: usize) -> (f64, f64) {
        let (x, y, y_bar): (Dual<T>, Dual<T>, Dual<T>) =
            (x.dual(entry), y.dual(entry), y_bar.dual(entry));
        let partial = R::partial(Saved { a: x, b: x, y });
        let bar = gated(y_bar.value, partial.value).to_f64();
        let of_cotangent = gated(y_bar.tangent, partial.value);
        (
            bar,
            (of_cotangent + gated(y_bar.value, partial.tangent)).to_f64(),
        )
    }

    /// Does the entries again at which lanes do not hold.
    fn mend(self) {
        for entry in 0..self.bar.len() {
            if is_beyond_lanes(R::OP, self.x.value[entry], self.y.value[entry]) {
                let inputs = [self.x, self.y, self.y_bar];
                (self.bar[entry], self.bar_dot[entry]) = Self::step::<f64>(inputs, entry);
            }
        }
    }
}

impl<R: UnaryRule> Work for &mut UnarySecond<'_, R> {
    type Output = bool;
    #[inline(always)]
    fn run<T: Primal>(self) -> bool {
        let dim = self.bar.len();
        let bar_dot = &mut self.bar_dot[..dim];
        let inputs = [self.x, self.y, self.y_bar].map(|moving| moving.first(dim));
        let mut is_found = false;
        for (entry, bar) in self.bar.iter_mut().enumerate() {
            (*bar, bar_dot[entry]) = UnarySecond::<R>::step::<T>(inputs, entry);
            is_found |= is_beyond_lanes(R::OP, inputs[0].value[entry], inputs[1].value[entry]);
        }
        is_found
    }
}

/// Writes `y_bar * dy/dx` to `bar` and how it changes to `bar_dot`, entry by entry. What the rule
/// does not keep may be left out.
pub fn unary_second(
    op: UnaryOp,
    x: Option<Moving<'_>>,
    y: Option<Moving<'_>>,
    y_bar: Moving<'_>,
    (bar, bar_dot): (&mut [f64], &mut [f64]),
) {
    struct Visitor<'a>([Moving<'a>; 3], [&'a mut [f64]; 2]);
    impl UnaryVisitor for Visitor<'_> {
        type Output = ();
        fn visit<R: UnaryRule>(self) {
            let Self([x, y, y_bar], [bar, bar_dot]) = self;
            let mut work = UnarySecond::<R> {
                x,
                y,
                y_bar,
                bar,
                bar_dot,
                rule: PhantomData,
            };
            if dispatch::run_seldom(&mut work) {
                work.mend();
            }
        }
    }
    // What the rule does not read may be anything of the right length.
    let saved = [x.unwrap_or(y_bar), y.unwrap_or(y_bar), y_bar];
    op.visit(Visitor(saved, [bar, bar_dot]));
}

/// What a partial of an operation of two arguments may read, and the tangents of these.
#[derive(Clone, Copy, Debug)]
pub struct MovingOperands<'a> {
    /// The inputs and the output.
    pub values: [Operand<'a>; 3],
    /// Their tangents.
    pub tangents: [Operand<'a>; 3],
}

struct BinaryChange<'a, R, const IS_B_FIXED: bool> {
    side: Side,
    saved: MovingOperands<'a>,
    y_bar: &'a [f64],
    out: &'a mut [f64],
    rule: PhantomData<R>,
}

impl<R: BinaryRule, const IS_B_FIXED: bool> Work for BinaryChange<'_, R, IS_B_FIXED> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        let MovingOperands { values, tangents } = self.saved;
        let spread = (values.map(|x| x.spread()), tangents.map(|x| x.spread()));
        for (index, block) in self.out.chunks_mut(BLOCK).enumerate() {
            let (start, len) = (index * BLOCK, block.len());
            let value: [&[f64]; 3] =
                core::array::from_fn(|k| values[k].block(&spread.0[k], start, len));
            let tangent: [&[f64]; 3] =
                core::array::from_fn(|k| tangents[k].block(&spread.1[k], start, len));
            let y_bar = &self.y_bar[start..start + len];
            let dual = |k: usize, entry: usize| Dual {
                value: T::constant(value[k][entry]),
                tangent: T::constant(tangent[k][entry]),
            };
            for (entry, (out, &y_bar)) in block.iter_mut().zip(y_bar).enumerate() {
                let mut b = dual(1, entry);
                if IS_B_FIXED {
                    b.tangent = T::constant(0.0);
                }
                let saved = Saved {
                    a: dual(0, entry),
                    b,
                    y: dual(2, entry),
                };
                let partial: Dual<T> = match self.side {
                    Side::A => R::partial_a(saved),
                    Side::B => R::partial_b(saved),
                };
                *out += gated(T::constant(y_bar), partial.tangent).to_f64();
            }
        }
    }
}

/// Adds to `out` the product of `y_bar` and the tangent of `dy/da` (or `dy/db`), entry by entry.
/// What the rule does not keep for that side may be anything.
pub fn add_binary_change(
    op: BinaryOp,
    side: Side,
    saved: MovingOperands<'_>,
    y_bar: &[f64],
    out: &mut [f64],
) {
    struct Visitor<'a>(Side, MovingOperands<'a>, &'a [f64], &'a mut [f64]);
    impl BinaryVisitor for Visitor<'_> {
        type Output = ();
        fn visit<R: BinaryRule>(self) {
            let Self(side, saved, y_bar, out) = self;
            // A power of a constant exponent takes no logarithm, and half the time.
            if R::OP == BinaryOp::Pow && matches!(saved.tangents[1], Operand::Number(0.0)) {
                dispatch::run_seldom(BinaryChange::<R, true> {
                    side,
                    saved,
                    y_bar,
                    out,
                    rule: PhantomData,
                });
            } else {
                dispatch::run_seldom(BinaryChange::<R, false> {
                    side,
                    saved,
                    y_bar,
                    out,
                    rule: PhantomData,
                });
            }
        }
    }
    op.visit(Visitor(side, saved, y_bar, out));
}
