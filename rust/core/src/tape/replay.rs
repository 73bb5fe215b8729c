//! The values of a recorded graph, computed again: for pictures, and for whoever asks what a node was
//! computed from.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::marks::Marks;
use super::node::{Input, Record};
use super::numbers::Handles;
use super::record::Operand;
use super::{Node, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::memory;
use crate::structural::{binary_of, number_binary, number_unary, unary_of};

/// All ancestors of an output, in the order of the tape, with their values.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) marks: Marks,
    pub(super) ids: Vec<NodeId>,
    pub(super) values: Vec<Value>,
}

impl Replay {
    pub(super) fn new(tape: &Tape, output: NodeId) -> Self {
        let mut marks = Marks::new(output as usize + 1);
        marks.insert(output);
        marks.insert_ancestors(tape, SINK, |_| true);
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
        if record.shape.dim() == 1 {
            return Value::Number(node.partial_b, node.rank);
        }
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

    /// The operands of one of them.
    pub(super) fn operands_of(&self, tape: &Tape, id: NodeId) -> Vec<Operand> {
        let node = tape.node(id);
        let of = |id, constant| match id {
            SINK => Operand::constant(Value::number(constant)),
            _ => Operand {
                node: id,
                value: self.value(id),
            },
        };
        operands_with(tape, node, of)
    }

    fn compute_number(&self, node: &Node) -> f64 {
        match node.op {
            Op::Sink | Op::Leaf | Op::Index | Op::Identity | Op::Structural => {
                let kept = node.kept_number();
                debug_assert!(kept.is_some(), "a number that nothing keeps");
                kept.unwrap_or(f64::NAN)
            }
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

/// The operands of a node, each of which `of` gives for its node and, if it is none, the constant.
fn operands_with(
    tape: &Tape,
    node: &Node,
    mut of: impl FnMut(NodeId, f64) -> Operand,
) -> Vec<Operand> {
    if let Some(record) = tape.record_of(node) {
        let inputs = record.inputs.iter().map(|input| match &input.saved {
            Some(value) => Operand {
                node: input.node,
                value: value.clone(),
            },
            None => of(input.node, f64::NAN),
        });
        return inputs.collect();
    }
    match node.op {
        Op::Sink | Op::Leaf | Op::Structural => Vec::new(),
        Op::Unary(_) | Op::Identity | Op::Index => vec![of(node.a, node.partial_a)],
        Op::Binary(_) => vec![of(node.a, node.partial_a), of(node.b, node.partial_b)],
    }
}

impl Tape {
    /// The operands of a node with their values; constants have the node [`SINK`].
    pub fn operands(&mut self, id: NodeId, handles: &impl Handles) -> Vec<Operand> {
        let node = *self.node(id);
        let mut nodes = Vec::new();
        operands_with(self, &node, |operand, _| {
            nodes.push(operand);
            Operand::constant(Value::number(f64::NAN))
        });
        let values: BTreeMap<NodeId, Value> = nodes
            .into_iter()
            .filter(|&operand| operand != SINK)
            .map(|operand| (operand, self.find_value(operand, handles)))
            .collect();
        operands_with(self, &node, |operand, constant| Operand {
            node: operand,
            value: values
                .get(&operand)
                .cloned()
                .unwrap_or(Value::number(constant)),
        })
    }

    /// The value of a node, computed if need be, from the nearest that are kept.
    fn find_value(&mut self, id: NodeId, handles: &impl Handles) -> Value {
        let mut found: BTreeMap<NodeId, Value> = BTreeMap::new();
        // Without recursion: what waits for its operands is in a list.
        let mut waiting = vec![id];
        while let Some(&next) = waiting.last() {
            if found.contains_key(&next) {
                waiting.pop();
                continue;
            }
            let node = *self.node(next);
            let Some(record) = self
                .record_of(&node)
                .filter(|record| record.shape.dim() != 1)
            else {
                found.insert(
                    next,
                    Value::Number(self.find_number(next, handles), node.rank),
                );
                continue;
            };
            if let Some(output) = &record.output {
                found.insert(next, output.clone());
                continue;
            }
            let saved = |input: &super::Input| {
                let saved = input.saved.as_ref();
                saved.or_else(|| found.get(&input.node)).cloned()
            };
            let inputs: Option<SmallVec<[Value; 2]>> = record.inputs.iter().map(saved).collect();
            match inputs {
                Some(inputs) => {
                    found.insert(next, compute_record(&node, record, &inputs));
                }
                None => {
                    let missing = record.inputs.iter().filter(|input| saved(input).is_none());
                    waiting.extend(missing.map(|input| input.node));
                }
            }
        }
        found.remove(&id).unwrap_or(Value::number(f64::NAN))
    }
}
