//! What lies between inputs and an output.

use super::marks::Marks;
use super::record::{Operand, binary_saves, unary_saves};
use super::wanted::Wanted;
use super::{Handles, Node, NodeId, Op, Record, SINK, Tape};
use crate::array::Value;
use smallvec::SmallVec;

/// The nodes through which an output depends on the nodes that are asked for, both included, in the
/// order of the tape. Nothing older is looked at.
#[derive(Debug)]
pub(super) struct Path {
    marks: Marks,
    pub(super) ids: Vec<NodeId>,
}

/// An operand as it was, and how many entries it has. Its value is nan where no rule reads it.
pub(super) type Dimmed = (Operand, usize);

impl Path {
    pub(super) fn new(tape: &mut Tape, output: NodeId, wanted: &Wanted, lowest: NodeId) -> Self {
        let mut ancestors = tape.take_marks();
        ancestors.insert(output);
        ancestors.insert_ancestors(tape, lowest, |_| true);
        let mut marks = tape.take_marks();
        for id in ancestors.iter() {
            let mut is_on_path = wanted.places(tape, id).next().is_some();
            tape.for_each_operand(id, |operand| is_on_path |= marks.contains(operand));
            if is_on_path {
                marks.insert(id);
            }
        }
        tape.put_marks(ancestors);
        let mut ids = Vec::with_capacity(marks.count());
        ids.extend(marks.iter());
        Self { marks, ids }
    }

    /// Where a node stands in `ids`, if it is there.
    pub(super) fn position(&self, node: NodeId) -> Option<usize> {
        self.marks.position(node)
    }

    pub(super) fn contains(&self, node: NodeId) -> bool {
        self.marks.contains(node)
    }

    /// Finds the numbers that the partials on the path read. Operations with vectors keep theirs.
    pub(super) fn find_numbers(&self, tape: &mut Tape, handles: &impl Handles) {
        for &id in &self.ids {
            let node = *tape.node(id);
            let reads = match node.op {
                _ if node.has_record() => continue,
                Op::Unary(op) => {
                    let [x, y] = unary_saves(op);
                    [x, false, y]
                }
                Op::Binary(op) => binary_saves(op, [self.contains(node.a), self.contains(node.b)]),
                Op::Sink | Op::Leaf | Op::Index | Op::Identity | Op::Structural => continue,
            };
            for (operand, _) in [node.a, node.b, id].into_iter().zip(reads).filter(|x| x.1) {
                if operand != SINK {
                    tape.find_number(operand, handles);
                }
            }
        }
    }

    /// Ends the use of the path.
    pub(super) fn finish(self, tape: &mut Tape) {
        tape.put_marks(self.marks);
    }
}

/// The result of a node, as far as rules read it.
pub(super) fn output_of(tape: &Tape, id: NodeId) -> Operand {
    let record = tape.record_of(tape.node(id));
    let kept = record.and_then(|record| record.output.clone());
    let value = kept.unwrap_or_else(|| Value::Number(tape.known_number(id).unwrap_or(f64::NAN)));
    Operand { node: id, value }
}

/// The operands of a node, as far as rules read them.
pub(super) fn operands_of(
    tape: &Tape,
    node: &Node,
    record: Option<&Record>,
) -> SmallVec<[Dimmed; 2]> {
    let number = |id: NodeId, constant: f64| match id {
        SINK => Operand::constant(Value::Number(constant)),
        _ => Operand {
            node: id,
            value: Value::Number(tape.known_number(id).unwrap_or(f64::NAN)),
        },
    };
    match record {
        Some(record) => {
            let unread = Value::Number(f64::NAN);
            let inputs = record.inputs.iter().map(|input| {
                let value = input.saved.as_ref().unwrap_or(&unread).clone();
                let node = input.node;
                (Operand { node, value }, input.dim)
            });
            inputs.collect()
        }
        None if node.is_leaf() => SmallVec::new(),
        None if node.op == Op::Index => {
            SmallVec::from_iter([(number(node.a, f64::NAN), tape.dim(node.a))])
        }
        None => SmallVec::from_buf([
            (number(node.a, node.partial_a), 1),
            (number(node.b, node.partial_b), 1),
        ]),
    }
}
