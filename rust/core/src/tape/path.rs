//! What lies between inputs and an output.

use super::marks::Marks;
use super::record::{Operand, binary_saves, unary_saves};
use super::wanted::Wanted;
use super::{Handles, Node, NodeId, Op, Record, SINK, Tape};
use crate::array::{Shape, Value};
use crate::memory;
use smallvec::SmallVec;

/// The nodes through which an output depends on the nodes that are asked for, both included, in the
/// order of the tape. Nothing older is looked at.
#[derive(Debug)]
pub(super) struct Path {
    marks: Marks,
    pub(super) ids: Vec<NodeId>,
}

/// An operand as it was, and its shape. Its value is nan where no rule reads it.
pub(super) type Shaped = (Operand, Shape);

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
        let mut ids = memory::with_capacity(marks.count());
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

/// The value of a node that is a number; nan where nothing has asked for it, as no rule reads it.
fn number_at(tape: &Tape, id: NodeId) -> Value {
    Value::Number(
        tape.known_number(id).unwrap_or(f64::NAN),
        tape.node(id).rank,
    )
}

/// The result of a node, as far as rules read it.
pub(super) fn output_of(tape: &Tape, id: NodeId) -> Operand {
    let record = tape.record_of(tape.node(id));
    let kept = record.and_then(|record| record.output.clone());
    let value = kept.unwrap_or_else(|| number_at(tape, id));
    Operand { node: id, value }
}

/// The operands of a node, as far as rules read them.
pub(super) fn operands_of(
    tape: &Tape,
    node: &Node,
    record: Option<&Record>,
) -> SmallVec<[Shaped; 2]> {
    let number = |id: NodeId, constant: f64| match id {
        SINK => Operand::constant(Value::number(constant)),
        _ => Operand {
            node: id,
            value: number_at(tape, id),
        },
    };
    let shape = |id: NodeId| Shape::one(tape.node(id).rank);
    match record {
        Some(record) => {
            let unread = Value::number(f64::NAN);
            let inputs = record.inputs.iter().map(|input| {
                let value = input.saved.as_ref().unwrap_or(&unread).clone();
                let node = input.node;
                (Operand { node, value }, input.shape)
            });
            memory::collect_few(inputs)
        }
        None if node.is_leaf() => SmallVec::new(),
        None if node.op == Op::Index => {
            SmallVec::from_iter([(number(node.a, f64::NAN), tape.shape(node.a))])
        }
        None => SmallVec::from_buf([
            (number(node.a, node.partial_a), shape(node.a)),
            (number(node.b, node.partial_b), shape(node.b)),
        ]),
    }
}
