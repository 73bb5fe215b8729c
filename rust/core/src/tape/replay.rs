//! The values of a recorded graph, computed again.
//!
//! Nodes keep partials, not values: what the first derivative needs. Derivatives of derivatives
//! need the values too, and get them here in one pass up the graph, from the leaves.

use smallvec::SmallVec;

use super::marks::Marks;
use super::node::{Input, Record};
use super::record::Operand;
use super::recorded::operands_of;
use super::{Node, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::memory;
use crate::structural::{binary_of, number_binary, number_unary, unary_of};

/// The ancestors of an output, in the order of the tape, with their values.
#[derive(Debug)]
pub(super) struct Replay {
    marks: Marks,
    pub(super) ids: Vec<NodeId>,
    pub(super) values: Vec<Value>,
}

impl Replay {
    /// The ancestors of `output`. Below `lowest` nothing but values is of interest: where a node
    /// keeps its value, what it was computed from is left out.
    pub(super) fn new(tape: &Tape, output: NodeId, lowest: NodeId) -> Self {
        let mut marks = Marks::new(output as usize + 1);
        marks.insert(output);
        marks.insert_ancestors(tape, |id| id >= lowest || !tape.keeps_value(id));
        let count = marks.count();
        let mut ids = memory::with_capacity(count);
        ids.extend(marks.iter());
        let mut replay = Self {
            marks,
            ids,
            values: memory::with_capacity(count),
        };
        for index in 0..count {
            let value = replay.compute(tape, replay.ids[index]);
            replay.values.push(value);
        }
        replay
    }

    /// Where a node stands in `ids`, if it is an ancestor.
    pub(super) fn position(&self, node: NodeId) -> Option<usize> {
        self.marks.contains(node).then(|| self.marks.rank(node))
    }

    /// The value of an ancestor.
    pub(super) fn value(&self, node: NodeId) -> Value {
        self.values[self.marks.rank(node)].clone()
    }

    fn number(&self, node: NodeId, constant: f64) -> f64 {
        if node == SINK {
            return constant;
        }
        self.values[self.marks.rank(node)].only()
    }

    fn compute(&self, tape: &Tape, id: NodeId) -> Value {
        let node = tape.node(id);
        let Some(record) = tape.record_of(node) else {
            return Value::Number(self.compute_number(node), node.rank);
        };
        if let Some(output) = &record.output {
            return output.clone();
        }
        let value_of = |input: &Input| {
            let saved = input.saved.clone();
            saved.unwrap_or_else(|| self.value(input.node))
        };
        let inputs: SmallVec<[Value; 2]> = memory::collect_few(record.inputs.iter().map(value_of));
        compute_record(node, record, &inputs)
    }

    fn compute_number(&self, node: &Node) -> f64 {
        match node.op {
            Op::Sink | Op::Structural => {
                debug_assert!(false, "no scalar operation");
                f64::NAN
            }
            Op::Leaf => node.partial_a,
            Op::Index => self.values[self.marks.rank(node.a)].as_slice()[node.record as usize],
            Op::Identity => node.partial_b,
            Op::Unary(op) => number_unary(op, self.number(node.a, node.partial_a)),
            Op::Binary(op) => number_binary(
                op,
                self.number(node.a, node.partial_a),
                self.number(node.b, node.partial_b),
            ),
        }
    }
}

/// The value of a node with a record that has no value of its own, from those of its operands.
pub(super) fn compute_record(node: &Node, record: &Record, inputs: &[Value]) -> Value {
    match (node.op, &record.structural) {
        (Op::Unary(op), _) => unary_of(op, &inputs[0]),
        (Op::Binary(op), _) => binary_of(op, &inputs[0], &inputs[1]),
        (Op::Structural, Some(op)) => op.value(inputs),
        (Op::Structural | Op::Sink | Op::Leaf | Op::Index | Op::Identity, _) => inputs[0].clone(),
    }
}

impl Tape {
    /// Whether the value of a node is there without computing it again.
    fn keeps_value(&self, id: NodeId) -> bool {
        let node = self.node(id);
        matches!(node.op, Op::Leaf | Op::Identity)
            || self
                .record_of(node)
                .is_some_and(|record| record.output.is_some())
    }

    /// The operands of a node with their values; constants have the node [`SINK`].
    #[must_use]
    pub fn operands(&self, id: NodeId) -> Vec<Operand> {
        let node = self.node(id);
        let operands = operands_of(&Replay::new(self, id, id), node, self.record_of(node));
        let mut operands = memory::collect(operands.into_iter());
        let is_unary = matches!(node.op, Op::Unary(_) | Op::Identity | Op::Index);
        operands.truncate(if is_unary { 1 } else { operands.len() });
        operands
    }
}
