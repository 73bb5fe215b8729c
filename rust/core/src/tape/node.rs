//! One entry of the tape.

use smallvec::SmallVec;

use super::record::Operand;
use crate::array::{Rank, Shape, Value};
use crate::memory;
use crate::ops::{BinaryOp, UnaryOp};
use crate::structural::Structural;

/// Index of a node. Indices grow with time, so that their order is a topological order.
pub type NodeId = u32;

/// The node that takes what belongs to no node: contributions to constants go there and are
/// never read. It is also how an operand says that it is a constant.
pub const SINK: NodeId = 0;

/// What a node did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Nothing: the sink.
    Sink,
    /// An input.
    Leaf,
    /// An elementwise operation of one argument.
    Unary(UnaryOp),
    /// An elementwise operation of two arguments.
    Binary(BinaryOp),
    /// An operation on whole vectors; the record says which.
    Structural,
    /// One entry of a vector, its first operand; which one is in the place of the record.
    Index,
    /// A copy, which is an input of its own for whoever differentiates with respect to it.
    Identity,
}

/// Bits that take a node out of the fast path of a sweep.
pub mod tag {
    /// The node is an input; its first operand is the index of its leaf.
    pub const LEAF: u8 = 1;
    /// The node has a record: its operands and partials are there.
    pub const RECORD: u8 = 2;
    /// A running sweep wants the adjoint of this node.
    pub const WANTED: u8 = 4;
    /// The node is a number, and its operand a vector.
    pub const INDEX: u8 = 8;
}

/// An entry of the tape: 32 bytes.
///
/// A scalar operation has its operands and partials here. Where an operand is a constant its id is
/// [`SINK`] and its partial is the constant itself: the sweep may multiply by it, as nothing reads
/// the sink.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Node {
    /// What was done.
    pub op: Op,
    /// The bits of [`tag`].
    pub tag: u8,
    /// Rank of the value.
    pub rank: Rank,
    /// First operand, or the index of a leaf.
    pub a: NodeId,
    /// Second operand.
    pub b: NodeId,
    /// Index of the record, where there is one; of an entry, its place.
    pub record: u32,
    /// `dy/da`, or the constant `a`; the value of a scalar leaf.
    pub partial_a: f64,
    /// `dy/db`, or the constant `b`. Where neither is read, as for an entry of a vector, a copy or an
    /// operation on whole vectors, the value, if it is a number.
    pub partial_b: f64,
}

const _: () = assert!(size_of::<Node>() == 32);

impl Node {
    /// The node that is at index [`SINK`].
    pub const SINK: Self = Self {
        op: Op::Sink,
        tag: 0,
        rank: Rank::NUMBER,
        a: SINK,
        b: SINK,
        record: 0,
        partial_a: 0.0,
        partial_b: 0.0,
    };

    /// The entry at `place` of the vector `a`, as a number, which is `number`.
    #[must_use]
    #[inline(always)]
    pub const fn index(a: NodeId, place: u32, number: f64) -> Self {
        Self {
            op: Op::Index,
            tag: tag::INDEX,
            a,
            record: place,
            partial_b: number,
            ..Self::SINK
        }
    }

    /// Whether the node has a record.
    #[must_use]
    pub fn has_record(&self) -> bool {
        self.tag & tag::RECORD != 0
    }

    /// The value of a number that is no elementwise operation on numbers: these keep partials only.
    #[must_use]
    pub(super) fn kept_number(&self) -> Option<f64> {
        match self.op {
            Op::Leaf => Some(self.partial_a),
            Op::Index | Op::Identity | Op::Structural => Some(self.partial_b),
            Op::Unary(_) | Op::Binary(_) => self.has_record().then_some(self.partial_b),
            Op::Sink => None,
        }
    }

    /// Whether the node is an input.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.tag & tag::LEAF != 0
    }
}

/// An operand of a node with a record.
#[derive(Clone, Debug)]
pub struct Input {
    /// The node, or [`SINK`] for a constant.
    pub node: NodeId,
    /// Its shape.
    pub shape: Shape,
    /// Its value, where a partial needs it or it is a constant.
    pub saved: Option<Value>,
}

impl Input {
    /// The operand of a custom operation, which keeps its value.
    #[must_use]
    pub fn saved_operand(&self) -> Operand {
        debug_assert!(
            self.saved.is_some(),
            "a custom operation keeps its operands"
        );
        let value = self
            .saved
            .clone()
            .unwrap_or_else(|| Value::filled(self.shape, f64::NAN));
        Operand {
            node: self.node,
            value,
        }
    }
}

/// What a node needs that does not fit in 32 bytes: nodes that are, or come from, vectors.
#[derive(Debug)]
pub struct Record {
    /// The operands.
    pub inputs: SmallVec<[Input; 2]>,
    /// Which operation on whole vectors, if it is one.
    pub structural: Option<Structural>,
    /// Shape of the value.
    pub shape: Shape,
    /// The value, where a partial needs it or the node is an input.
    pub output: Option<Value>,
}

impl Clone for Record {
    fn clone(&self) -> Self {
        Self {
            inputs: memory::collect_few(self.inputs.iter().cloned()),
            structural: self.structural.clone(),
            shape: self.shape,
            output: self.output.clone(),
        }
    }
}

impl Record {
    /// The values of the operands and of the output, as far as they were kept; the others are nan,
    /// which no rule reads.
    #[must_use]
    pub fn saved(&self) -> (SmallVec<[Value; 4]>, Value) {
        self.check_saved();
        let or_nan = |value: &Option<Value>| value.clone().unwrap_or(Value::number(f64::NAN));
        let operands = self.inputs.iter().map(|input| or_nan(&input.saved));
        (memory::collect_few(operands), or_nan(&self.output))
    }

    /// The caller's key of a custom operation.
    #[must_use]
    pub fn custom_key(&self) -> Option<u64> {
        match self.structural {
            Some(Structural::Custom { key, .. }) => Some(key),
            _ => None,
        }
    }

    /// Stops a build with debug assertions where a value is missing that a rule reads.
    pub(super) fn check_saved(&self) {
        let Some(op) = &self.structural else {
            return;
        };
        debug_assert!(
            !op.saves_output() || self.output.is_some(),
            "no output was saved"
        );
        debug_assert!(
            !op.saves_operands() || self.inputs.iter().all(|input| input.saved.is_some()),
            "an operand was not saved"
        );
    }

    /// Bytes on the heap that only records keep alive, at the most.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let saved = self.inputs.iter().filter_map(|input| input.saved.as_ref());
        // Without its matrix, products in a loop would keep memory long after nobody needs them.
        let of_op = match &self.structural {
            Some(Structural::Product { matrix, .. }) => matrix.bytes(),
            Some(Structural::Custom { held, .. }) => *held,
            _ => 0,
        };
        let of_values = saved.chain(&self.output).map(Value::bytes).sum::<usize>();
        of_values + of_op + size_of::<Self>()
    }
}
