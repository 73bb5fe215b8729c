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

/// An operation on whole vectors with what it was computed from, for cotangents of its operands.
/// Made once for all of them: a stack has as many operands as entries.
pub(super) struct Pullbacks<'s, 'o> {
    session: &'s Session,
    op: &'o Structural,
    operands: SmallVec<[InSession<'s>; 4]>,
    y: InSession<'s>,
}

impl<'s, 'o> Pullbacks<'s, 'o> {
    pub(super) fn new(
        session: &'s Session,
        op: &'o Structural,
        operands: impl ExactSizeIterator<Item = Traced<'s>>,
        y: Traced<'s>,
    ) -> Self {
        let within = |value: Traced<'s>| InSession { session, value };
        Self {
            session,
            op,
            operands: memory::collect_few(operands.map(within)),
            y: within(y),
        }
    }

    /// The cotangent of the operand `index`, recorded.
    pub(super) fn pull_back(&self, index: usize, y_bar: Traced<'s>) -> Traced<'s> {
        let y_bar = InSession {
            session: self.session,
            value: y_bar,
        };
        self.op
            .pull_back(index, &self.operands, &self.y, &y_bar)
            .value
    }
}
