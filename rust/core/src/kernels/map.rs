//! Elementwise loops: values and pullbacks of the operations of the tables.

use core::marker::PhantomData;

use super::dispatch::{self, Work};
use crate::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, Primal, Saved, UnaryOp, UnaryRule, UnaryVisitor,
    elementary,
};

/// Entries handled at a time where an operand is a number and is spread over a block.
pub(super) const BLOCK: usize = 64;

/// An operand of an elementwise loop.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// The same number for every entry.
    Number(f64),
    /// One number an entry.
    Array(&'a [f64]),
}

impl<'a> Operand<'a> {
    /// The operand that `numbers` is for a loop over `dim` entries.
    #[must_use]
    pub fn new(numbers: &'a [f64], dim: usize) -> Self {
        match *numbers {
            [number] if dim != 1 => Self::Number(number),
            _ => Self::Array(numbers),
        }
    }

    /// The entries from `start` on; `spread` is what [`Operand::spread`] gave.
    #[inline(always)]
    pub(super) fn block<'b>(
        &'b self,
        spread: &'b Option<[f64; BLOCK]>,
        start: usize,
        len: usize,
    ) -> &'b [f64] {
        match (self, spread) {
            (Self::Array(numbers), _) => &numbers[start..start + len],
            (Self::Number(_), Some(spread)) => &spread[..len],
            (Self::Number(_), None) => &[],
        }
    }

    /// A block of a number.
    #[inline(always)]
    pub(super) fn spread(&self) -> Option<[f64; BLOCK]> {
        match self {
            Self::Number(number) => Some([*number; BLOCK]),
            Self::Array(_) => None,
        }
    }
}

/// Which of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

struct UnaryValue<'a, R>(&'a [f64], &'a mut [f64], PhantomData<R>);

impl<R: UnaryRule> Work for UnaryValue<'_, R> {
    type Output = bool;
    #[inline(always)]
    fn run<T: Primal>(self) -> bool {
        let mut is_found = false;
        for (y, &x) in self.1.iter_mut().zip(self.0) {
            *y = R::value(T::constant(x)).to_f64();
            is_found |= is_beyond_lanes(R::OP, x, *y);
        }
        is_found
    }
}

/// What a change of 0 comes to beside a partial that is infinite or nan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zero {
    /// 0: an adjoint of exactly 0 contributes exactly 0.
    Absolute,
    /// nan, as in all arithmetic, and else 0: a tangent.
    Plain,
}

impl Zero {
    /// The change whose products are 0, whatever the partial; nan is none.
    fn absolute(self) -> f64 {
        match self {
            Self::Absolute => 0.0,
            Self::Plain => f64::NAN,
        }
    }
}

struct UnaryPullBack<'a, R> {
    x: &'a [f64],
    y: &'a [f64],
    y_bar: &'a [f64],
    x_bar: &'a mut [f64],
    zero: Zero,
    rule: PhantomData<R>,
}

/// `y_bar * partial`, and 0 where `y_bar` is `absolute`.
#[inline(always)]
fn contribution<T: Primal>(y_bar: f64, partial: T, absolute: f64) -> f64 {
    // A mask, not a branch: with a branch the loop is not vectorised, and takes five times as long.
    let kept = u64::from(y_bar != absolute).wrapping_neg();
    f64::from_bits((y_bar * partial.to_f64()).to_bits() & kept)
}

/// `y_bar * dy/dx` of an operation of one argument.
#[inline(always)]
fn unary_product<R: UnaryRule, T: Primal>(x: f64, y: f64, y_bar: f64, absolute: f64) -> f64 {
    let x = T::constant(x);
    let saved = Saved {
        a: x,
        b: x,
        y: T::constant(y),
    };
    contribution(y_bar, R::partial(saved), absolute)
}

impl<R: UnaryRule> UnaryPullBack<'_, R> {
    /// Does the entries again at which lanes do not hold.
    fn mend(self) {
        let absolute = self.zero.absolute();
        let inputs = self.x.iter().zip(self.y).zip(self.y_bar);
        for (x_bar, ((&x, &y), &y_bar)) in self.x_bar.iter_mut().zip(inputs) {
            if is_beyond_lanes(R::OP, x, y) {
                *x_bar = unary_product::<R, f64>(x, y, y_bar, absolute);
            }
        }
    }
}

impl<R: UnaryRule> Work for &mut UnaryPullBack<'_, R> {
    type Output = bool;
    #[inline(always)]
    fn run<T: Primal>(self) -> bool {
        let absolute = self.zero.absolute();
        let inputs = self.x.iter().zip(self.y).zip(self.y_bar);
        let mut is_found = false;
        for (x_bar, ((&x, &y), &y_bar)) in self.x_bar.iter_mut().zip(inputs) {
            *x_bar = unary_product::<R, T>(x, y, y_bar, absolute);
            is_found |= is_beyond_lanes(R::OP, x, y);
        }
        is_found
    }
}

struct BinaryValue<'a, R> {
    a: Operand<'a>,
    b: Operand<'a>,
    y: &'a mut [f64],
    rule: PhantomData<R>,
}

impl<R: BinaryRule> Work for BinaryValue<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        let (spread_a, spread_b) = (self.a.spread(), self.b.spread());
        for (index, block) in self.y.chunks_mut(BLOCK).enumerate() {
            let start = index * BLOCK;
            let a = self.a.block(&spread_a, start, block.len());
            let b = self.b.block(&spread_b, start, block.len());
            for (y, (&a, &b)) in block.iter_mut().zip(a.iter().zip(b)) {
                *y = R::value(T::constant(a), T::constant(b)).to_f64();
            }
        }
    }
}

struct BinaryPullBack<'a, R> {
    side: Side,
    a: Operand<'a>,
    b: Operand<'a>,
    y: &'a [f64],
    y_bar: &'a [f64],
    out: &'a mut [f64],
    zero: Zero,
    rule: PhantomData<R>,
}

impl<R: BinaryRule> Work for BinaryPullBack<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        let absolute = self.zero.absolute();
        let (spread_a, spread_b) = (self.a.spread(), self.b.spread());
        for (index, block) in self.out.chunks_mut(BLOCK).enumerate() {
            let start = index * BLOCK;
            let range = start..start + block.len();
            let a = self.a.block(&spread_a, start, block.len());
            let b = self.b.block(&spread_b, start, block.len());
            let inputs = a
                .iter()
                .zip(b)
                .zip(self.y[range.clone()].iter().zip(&self.y_bar[range]));
            match self.side {
                Side::A => {
                    for (out, ((&a, &b), (&y, &y_bar))) in block.iter_mut().zip(inputs) {
                        let saved = Saved {
                            a: T::constant(a),
                            b: T::constant(b),
                            y: T::constant(y),
                        };
                        *out = contribution(y_bar, R::partial_a(saved), absolute);
                    }
                }
                Side::B => {
                    for (out, ((&a, &b), (&y, &y_bar))) in block.iter_mut().zip(inputs) {
                        let saved = Saved {
                            a: T::constant(a),
                            b: T::constant(b),
                            y: T::constant(y),
                        };
                        *out = contribution(y_bar, R::partial_b(saved), absolute);
                    }
                }
            }
        }
    }
}

/// Whether the vector code of `op`, or of its derivative, does not hold at an entry, which is then
/// to be done with the C library: an angle so large that only that reduces it rightly, or an
/// infinite `exp2`, whose derivative may be finite. Entry by entry, so that none depends on others.
#[inline(always)]
pub(super) fn is_beyond_lanes(op: UnaryOp, x: f64, y: f64) -> bool {
    let is_angle = matches!(op, UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Tan);
    let is_power = matches!(op, UnaryOp::Exp2 | UnaryOp::Exp2SlopeBeyond);
    (is_angle && x.abs() > elementary::TRIG_LIMIT) || (is_power && y == f64::INFINITY)
}

/// Writes the value of `op` at each `x` to `y`.
pub fn unary_value(op: UnaryOp, x: &[f64], y: &mut [f64]) {
    struct Visitor<'a>(&'a [f64], &'a mut [f64]);
    impl UnaryVisitor for Visitor<'_> {
        type Output = ();
        fn visit<R: UnaryRule>(self) {
            let Self(xs, ys) = self;
            if dispatch::run(UnaryValue::<R>(xs, ys, PhantomData)) {
                for (y, &x) in ys.iter_mut().zip(xs) {
                    if is_beyond_lanes(R::OP, x, *y) {
                        *y = R::value(x);
                    }
                }
            }
        }
    }
    op.visit(Visitor(x, y));
}

/// Writes `y_bar * dy/dx` to `x_bar`, entry by entry. The inputs and outputs may be left out
/// where the rule does not keep them.
pub fn unary_pull_back(
    op: UnaryOp,
    x: Option<&[f64]>,
    y: Option<&[f64]>,
    y_bar: &[f64],
    x_bar: &mut [f64],
) {
    unary_products(op, (x, y), y_bar, x_bar, Zero::Absolute);
}

/// Writes `x_dot * dy/dx` to `y_dot` in the same way, where a tangent of 0 beside a partial that is
/// infinite or nan makes nan.
pub fn unary_push_forward(
    op: UnaryOp,
    x: Option<&[f64]>,
    y: Option<&[f64]>,
    x_dot: &[f64],
    y_dot: &mut [f64],
) {
    unary_products(op, (x, y), x_dot, y_dot, Zero::Plain);
}

fn unary_products(
    op: UnaryOp,
    (x, y): (Option<&[f64]>, Option<&[f64]>),
    y_bar: &[f64],
    x_bar: &mut [f64],
    zero: Zero,
) {
    struct Visitor<'a> {
        x: &'a [f64],
        y: &'a [f64],
        y_bar: &'a [f64],
        x_bar: &'a mut [f64],
        zero: Zero,
    }
    impl UnaryVisitor for Visitor<'_> {
        type Output = ();
        fn visit<R: UnaryRule>(self) {
            let mut work = UnaryPullBack::<R> {
                x: self.x,
                y: self.y,
                y_bar: self.y_bar,
                x_bar: self.x_bar,
                zero: self.zero,
                rule: PhantomData,
            };
            if dispatch::run(&mut work) {
                work.mend();
            }
        }
    }
    // What the rule does not read may be anything of the right length.
    op.visit(Visitor {
        x: x.unwrap_or(y_bar),
        y: y.unwrap_or(y_bar),
        y_bar,
        x_bar,
        zero,
    });
}

/// Writes the value of `op` at each pair of entries to `y`.
pub fn binary_value(op: BinaryOp, a: Operand<'_>, b: Operand<'_>, y: &mut [f64]) {
    struct Visitor<'a>(Operand<'a>, Operand<'a>, &'a mut [f64]);
    impl BinaryVisitor for Visitor<'_> {
        type Output = ();
        fn visit<R: BinaryRule>(self) {
            let Self(a, b, y) = self;
            dispatch::run(BinaryValue::<R> {
                a,
                b,
                y,
                rule: PhantomData,
            });
        }
    }
    op.visit(Visitor(a, b, y));
}

/// The operands of an operation and its output, each of which may be left out where the rule does
/// not keep it for the side in question.
pub type SavedOperands<'a> = (Option<Operand<'a>>, Option<Operand<'a>>, Option<&'a [f64]>);

/// Writes `y_bar * dy/da` (or `dy/db`) to `out`, entry by entry.
pub fn binary_pull_back(
    op: BinaryOp,
    side: Side,
    saved: SavedOperands<'_>,
    y_bar: &[f64],
    out: &mut [f64],
) {
    binary_products(op, side, saved, y_bar, (out, Zero::Absolute));
}

/// Writes what the tangent of one operand contributes to that of the output in the same way, where
/// a tangent of 0 beside a partial that is infinite or nan makes nan.
pub fn binary_push_forward(
    op: BinaryOp,
    side: Side,
    saved: SavedOperands<'_>,
    x_dot: &[f64],
    out: &mut [f64],
) {
    binary_products(op, side, saved, x_dot, (out, Zero::Plain));
}

fn binary_products(
    op: BinaryOp,
    side: Side,
    (a, b, y): SavedOperands<'_>,
    y_bar: &[f64],
    (out, zero): (&mut [f64], Zero),
) {
    struct Visitor<'a> {
        side: Side,
        a: Operand<'a>,
        b: Operand<'a>,
        y: &'a [f64],
        y_bar: &'a [f64],
        out: &'a mut [f64],
        zero: Zero,
    }
    impl BinaryVisitor for Visitor<'_> {
        type Output = ();
        fn visit<R: BinaryRule>(self) {
            dispatch::run(BinaryPullBack::<R> {
                side: self.side,
                a: self.a,
                b: self.b,
                y: self.y,
                y_bar: self.y_bar,
                out: self.out,
                zero: self.zero,
                rule: PhantomData,
            });
        }
    }
    let unread = Operand::Number(0.0);
    op.visit(Visitor {
        side,
        a: a.unwrap_or(unread),
        b: b.unwrap_or(unread),
        y: y.unwrap_or(y_bar),
        y_bar,
        out,
        zero,
    });
}
