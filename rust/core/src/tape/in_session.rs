//! The rules of operations on whole vectors, computed on traced values.

use smallvec::SmallVec;

use super::record::Operand;
use super::traced::{Session, Traced, structural_in, traced};
use crate::array::Value;
use crate::memory;
use crate::ops::{BinaryOp, UnaryOp};
use crate::structural::{Algebra, Structural};

/// A traced value in its session: what the rules of whole vectors see. Of a constant number they may
/// make a vector, which needs a session to be at hand in.
#[derive(Clone, Copy, Debug)]
struct InSession<'s> {
    session: &'s Session,
    value: Traced<'s>,
}

impl<'s> InSession<'s> {
    fn beside(self, value: Traced<'s>) -> Self {
        Self { value, ..self }
    }
}

impl Algebra for InSession<'_> {
    fn number(&self, value: f64) -> Self {
        self.beside(Traced::number(value))
    }

    fn constant(&self, value: Value) -> Self {
        self.beside(traced(self.session, Operand::constant(value)))
    }

    fn primal(&self) -> Value {
        self.value.primal()
    }

    fn unary(&self, op: UnaryOp) -> Self {
        self.beside(self.value.record_unary(op))
    }

    fn binary(&self, op: BinaryOp, other: &Self) -> Self {
        self.beside(self.value.record_binary(op, other.value))
    }

    fn structural(&self, op: &Structural, operands: &[Self]) -> Self {
        let operands: SmallVec<[Traced<'_>; 4]> =
            memory::collect_few(operands.iter().map(|operand| operand.value));
        self.beside(structural_in(self.session, op, &operands))
    }
}

/// The cotangent of an operand of an operation on whole vectors, recorded.
pub(super) fn structural_pull_back<'s>(
    session: &'s Session,
    op: &Structural,
    index: usize,
    (operands, y): (&[Traced<'s>], Traced<'s>),
    y_bar: Traced<'s>,
) -> Traced<'s> {
    let within = |value: Traced<'s>| InSession { session, value };
    let operands: SmallVec<[InSession<'s>; 4]> =
        memory::collect_few(operands.iter().map(|&operand| within(operand)));
    op.pull_back(index, &operands, &within(y), &within(y_bar))
        .value
}
