//! Operations that are not elementwise: what they compute and how a cotangent goes back.
//!
//! A pullback is written once, over any [`Algebra`]: on values it gives the first derivative, on
//! the tape it is recorded and can be differentiated again. A tangent goes forward by the
//! operation itself where it is linear, and by the pullback of 1 where its result is a number.

mod arrange;
pub(crate) mod dual;
mod elementwise;
mod product;
mod reduce;
mod select;

pub(crate) use arrange::add_at;
pub use elementwise::{binary_of, number_binary, number_partials, number_unary, unary_of};
pub use product::Matrix;

use std::borrow::Borrow;
use std::sync::Arc;

use crate::array::Value;
use crate::memory;
use crate::ops::{BinaryOp, UnaryOp};

/// An operation on whole vectors.
#[derive(Clone, Debug)]
pub enum Structural {
    /// Sum of the entries.
    Sum,
    /// Inner product of two vectors of one length.
    Dot,
    /// Euclidean length; the derivative at the origin is 0.
    Norm,
    /// `log(sum(exp(x)))`.
    LogSumExp,
    /// Greatest entry; equal ones share the derivative.
    Max,
    /// Least entry; equal ones share the derivative.
    Min,
    /// Running sums, from the front or from the back.
    CumulativeSum {
        /// Whether the sums run from the back.
        from_back: bool,
    },
    /// A number repeated.
    Broadcast {
        /// How often.
        dim: usize,
    },
    /// Some entries, evenly spaced.
    Slice(Span),
    /// One entry, as a number.
    Index {
        /// Which one.
        place: usize,
        /// Entries of the vector.
        dim: usize,
    },
    /// The entries of the operands put at places of a vector of zeros; entries at one place add.
    Scatter {
        /// Place of each operand, which is a number.
        places: Arc<Vec<usize>>,
        /// Entries of the result.
        dim: usize,
    },
    /// The entries of a slice put back at their places in a vector of zeros.
    Embed(Span),
    /// Some entries, in any order and any number of times.
    Take(Places),
    /// Entries added at places of a vector of zeros: the transpose of `Take`.
    Put(Places),
    /// The operands one after the other.
    Concatenate {
        /// Where each operand stands in the result.
        spans: Arc<Vec<Span>>,
    },
    /// Entries of the first operand where the mask is not 0, of the second elsewhere.
    Where {
        /// 0 or 1, an entry each, or one for all.
        mask: Value,
    },
    /// The product of a constant matrix and the operand.
    Product {
        /// The matrix.
        matrix: Matrix,
        /// Whether an entry of 0 of the operand contributes 0 whatever it meets, as a cotangent
        /// does.
        is_gated: bool,
    },
    /// An operation known only to the caller, by a key of its own.
    Custom {
        /// The caller's key.
        key: u64,
        /// Bytes that the caller keeps for it.
        held: usize,
    },
}

/// Evenly spaced entries of a vector, as Python's `slice.indices` gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First entry.
    pub start: usize,
    /// From one entry to the next, not zero.
    pub step: isize,
    /// How many entries.
    pub count: usize,
    /// Entries of the vector that is sliced.
    pub dim: usize,
}

impl Span {
    /// The span of the one entry `index`.
    #[must_use]
    pub fn one(index: usize, dim: usize) -> Self {
        Self {
            start: index,
            step: 1,
            count: 1,
            dim,
        }
    }

    /// The places of the entries, in order.
    pub fn places(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |k| self.start.wrapping_add_signed(self.step * k as isize))
    }
}

/// Places of a vector, one for each entry that is taken of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// In the order of the entries; each is less than `dim`.
    pub at: Arc<Vec<usize>>,
    /// Entries of the vector.
    pub dim: usize,
}

/// What the rules are written over: values, or values on the tape. What is made of nothing else is
/// made beside another value: on the tape it has to be recorded where that one is.
pub trait Algebra: Clone {
    /// The number `value`, which has no derivative.
    fn number(&self, value: f64) -> Self;
    /// The vector or number `value`, which has no derivative.
    fn constant(&self, value: Value) -> Self;
    /// The value itself.
    fn primal(&self) -> Value;
    /// An elementwise operation of one argument.
    fn unary(&self, op: UnaryOp) -> Self;
    /// An elementwise operation of two arguments.
    fn binary(&self, op: BinaryOp, other: &Self) -> Self;
    /// An operation on whole vectors.
    fn structural(&self, op: &Structural, operands: &[Self]) -> Self;

    /// An operation on this vector.
    fn arranged(&self, op: &Structural) -> Self {
        self.structural(op, std::slice::from_ref(self))
    }

    /// The product in which an exact zero of `self` wins.
    fn gated(&self, other: &Self) -> Self {
        self.binary(BinaryOp::Gated, other)
    }
}

impl Algebra for Value {
    fn number(&self, value: f64) -> Self {
        Self::number(value)
    }
    fn constant(&self, value: Value) -> Self {
        value
    }
    fn primal(&self) -> Value {
        self.clone()
    }
    fn unary(&self, op: UnaryOp) -> Self {
        unary_of(op, self)
    }
    fn binary(&self, op: BinaryOp, other: &Self) -> Self {
        binary_of(op, self, other)
    }
    fn structural(&self, op: &Structural, operands: &[Self]) -> Self {
        op.value(operands)
    }
}

impl Structural {
    /// The concatenation of operands with these numbers of entries.
    #[must_use]
    pub fn concatenate(dims: &[usize]) -> Self {
        let dim = dims.iter().sum();
        let mut start = 0;
        let spans = dims.iter().map(|&count| {
            let span = Span {
                start,
                step: 1,
                count,
                dim,
            };
            start += count;
            span
        });
        Self::Concatenate {
            spans: Arc::new(memory::collect(spans)),
        }
    }

    /// Name of the function.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Dot => "dot",
            Self::Norm => "norm",
            Self::LogSumExp => "logsumexp",
            Self::Max => "max",
            Self::Min => "min",
            Self::CumulativeSum { .. } => "cumsum",
            Self::Broadcast { .. } => "broadcast",
            Self::Slice(_) => "slice",
            Self::Index { .. } => "index",
            Self::Scatter { .. } => "scatter",
            Self::Embed(_) => "embed",
            Self::Take(_) => "take",
            Self::Put(_) => "put",
            Self::Concatenate { .. } => "concatenate",
            Self::Where { .. } => "where",
            Self::Product { .. } => "matmul",
            Self::Custom { .. } => "custom",
        }
    }

    /// What a linear operation does to tangents: itself, but that a zero wins over nothing.
    #[must_use]
    pub fn of_tangents(&self) -> Self {
        let mut op = self.clone();
        if let Self::Product { is_gated, .. } = &mut op {
            *is_gated = false;
        }
        op
    }

    /// Whether the operation on tangents is the operation itself.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        match self {
            Self::Sum
            | Self::CumulativeSum { .. }
            | Self::Broadcast { .. }
            | Self::Slice(_)
            | Self::Index { .. }
            | Self::Scatter { .. }
            | Self::Embed(_)
            | Self::Take(_)
            | Self::Put(_)
            | Self::Concatenate { .. }
            | Self::Where { .. }
            | Self::Product { .. } => true,
            Self::Dot
            | Self::Norm
            | Self::LogSumExp
            | Self::Max
            | Self::Min
            | Self::Custom { .. } => false,
        }
    }

    /// Whether the pullback reads the operands.
    #[must_use]
    pub fn saves_operands(&self) -> bool {
        match self {
            Self::Dot
            | Self::Norm
            | Self::LogSumExp
            | Self::Max
            | Self::Min
            | Self::Custom { .. } => true,
            Self::Sum
            | Self::CumulativeSum { .. }
            | Self::Broadcast { .. }
            | Self::Slice(_)
            | Self::Index { .. }
            | Self::Scatter { .. }
            | Self::Embed(_)
            | Self::Take(_)
            | Self::Put(_)
            | Self::Concatenate { .. }
            | Self::Where { .. }
            | Self::Product { .. } => false,
        }
    }

    /// Whether the pullback reads the output.
    #[must_use]
    pub fn saves_output(&self) -> bool {
        matches!(
            self,
            Self::Norm | Self::LogSumExp | Self::Max | Self::Min | Self::Custom { .. }
        )
    }

    /// The value of the operation. The shapes of the operands have been checked.
    #[must_use]
    pub fn value<V: Borrow<Value>>(&self, operands: &[V]) -> Value {
        let operand = |index: usize| operands[index].borrow();
        match self {
            Self::Sum => reduce::sum(operand(0)),
            Self::Dot => reduce::dot(operand(0), operand(1)),
            Self::Norm => reduce::norm(operand(0)),
            Self::LogSumExp => reduce::logsumexp(operand(0)),
            Self::Max => reduce::max(operand(0)),
            Self::Min => reduce::min(operand(0)),
            Self::CumulativeSum { from_back } => arrange::cumulative_sum(operand(0), *from_back),
            Self::Broadcast { dim } => arrange::broadcast(operand(0), *dim),
            Self::Slice(span) => arrange::slice(operand(0), *span),
            Self::Index { place, .. } => arrange::index(operand(0), *place),
            Self::Scatter { places, dim } => arrange::scatter(operands, places, *dim),
            Self::Embed(span) => arrange::embed(operand(0), *span),
            Self::Take(places) => arrange::take(operand(0), places),
            Self::Put(places) => arrange::put(operand(0), places),
            Self::Concatenate { .. } => arrange::concatenate(operands),
            Self::Where { mask } => select::choose(mask, operand(0), operand(1)),
            Self::Product { matrix, is_gated } => matrix.product(operand(0), *is_gated),
            Self::Custom { .. } => unknown(Value::number(f64::NAN)),
        }
    }

    /// The cotangent of operand `index`, from that of the output. It may have the shape of the
    /// output where the operand broadcasts; the caller sums it up.
    pub fn pull_back<A: Algebra>(&self, index: usize, operands: &[A], y: &A, y_bar: &A) -> A {
        match self {
            Self::Sum | Self::Broadcast { .. } => y_bar.clone(),
            Self::Dot => y_bar.gated(&operands[1 - index]),
            Self::Norm => reduce::pull_back_norm(&operands[0], y, y_bar),
            Self::LogSumExp => reduce::pull_back_logsumexp(&operands[0], y, y_bar),
            Self::Max | Self::Min => reduce::pull_back_extreme(&operands[0], y, y_bar),
            Self::CumulativeSum { from_back } => y_bar.arranged(&Self::CumulativeSum {
                from_back: !from_back,
            }),
            Self::Slice(span) => y_bar.arranged(&Self::Embed(*span)),
            Self::Index { place, dim } => y_bar.arranged(&Self::Scatter {
                places: Arc::new(vec![*place]),
                dim: *dim,
            }),
            Self::Scatter { places, dim } => y_bar.arranged(&Self::Index {
                place: places[index],
                dim: *dim,
            }),
            Self::Embed(span) => y_bar.arranged(&Self::Slice(*span)),
            Self::Take(places) => y_bar.arranged(&Self::Put(places.clone())),
            Self::Put(places) => y_bar.arranged(&Self::Take(places.clone())),
            Self::Concatenate { spans } => y_bar.arranged(&Self::Slice(spans[index])),
            Self::Where { mask } => select::pull_back(mask, index, y_bar),
            Self::Product { matrix, .. } => y_bar.arranged(&Self::Product {
                matrix: matrix.clone().transposed(),
                is_gated: true,
            }),
            Self::Custom { .. } => unknown(y_bar.number(f64::NAN)),
        }
    }
}

/// What a custom operation comes to where nobody asks: its caller computes values and cotangents,
/// and a build with debug assertions stops at who does not know.
fn unknown<A>(never_read: A) -> A {
    debug_assert!(false, "the caller computes a custom operation");
    never_read
}
