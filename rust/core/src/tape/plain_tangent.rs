//! The tangent sweep on numbers: by the partials and values that nodes keep, without replaying
//! the graph.
//!
//! It goes over every node from the oldest input to the output, in the order of the tape, and asks
//! of none whether the output needs it. A transform makes its inputs before it runs the function,
//! so that these are the nodes of the function; telling them apart would cost more than it saves.
//!
//! Products are those of plain arithmetic: a tangent of 0 beside a partial that is infinite or nan
//! makes nan. So whatever is infinite or nan on the way to an entry of the output makes the tangent
//! of that entry infinite or nan, and where the tangent is finite, it is what a reverse sweep would
//! give. The others are left to reverse sweeps, see [`super::Rows`]: whether a zero wins there is
//! a matter of adjoints, which no sweep in this direction knows.

use std::iter;

use smallvec::SmallVec;

use super::elementwise::elementwise_push_forward;
use super::node::{Input, Record};
use super::wanted::{self, Few, Wanted};
use super::{Node, NodeId, Op, SINK, Tape, tag};
use crate::array::{Shape, Value};
use crate::memory;
use crate::structural::{Structural, dual};

/// Bits of nodes that are no scalar operations.
pub(super) const IRREGULAR: u8 = tag::LEAF | tag::RECORD | tag::INDEX;

/// Something that the records of a stretch of the tape have, in its order.
#[derive(Debug)]
pub(super) struct ByRecord<T> {
    first: u32,
    entries: Vec<T>,
}

impl<T> ByRecord<T> {
    pub(super) const fn new() -> Self {
        Self {
            first: 0,
            entries: Vec::new(),
        }
    }

    /// Adds the entry of a record, which is the first or follows the one before.
    pub(super) fn push(&mut self, record: u32, entry: T) {
        if self.entries.is_empty() {
            self.first = record;
        }
        memory::push(&mut self.entries, entry);
    }

    /// As many entries, for the same records.
    pub(super) fn like<U: Default>(&self) -> ByRecord<U> {
        ByRecord {
            first: self.first,
            entries: memory::collect(self.entries.iter().map(|_| U::default())),
        }
    }

    pub(super) fn get(&self, record: u32) -> Option<&T> {
        self.entries.get(record.wrapping_sub(self.first) as usize)
    }

    pub(super) fn get_mut(&mut self, record: u32) -> Option<&mut T> {
        self.entries
            .get_mut(record.wrapping_sub(self.first) as usize)
    }
}

/// Tangents of a stretch of the tape: of numbers in one array, of vectors by record.
#[derive(Debug)]
pub(super) struct Tangents {
    pub(super) first: NodeId,
    /// The place of a node is one above its distance from the first. Place 0 is for all that is
    /// older, constants among it, and does not change. A younger node that does not change either
    /// has a tangent of 0 like one that happens not to: beside something infinite it leaves more to
    /// reverse sweeps than it must.
    pub(super) numbers: Vec<f64>,
    pub(super) arrays: ByRecord<Option<Value>>,
}

impl Tangents {
    /// For the nodes from `first` to `last`, in an empty array.
    fn new(mut numbers: Vec<f64>, first: NodeId, last: NodeId) -> Self {
        memory::resize(&mut numbers, (last - first) as usize + 2, 0.0);
        Self {
            first,
            numbers,
            arrays: ByRecord::new(),
        }
    }

    #[inline(always)]
    pub(super) fn place(&self, node: NodeId) -> usize {
        place_of(node, self.first)
    }

    #[inline(always)]
    pub(super) fn number(&self, node: NodeId) -> f64 {
        self.numbers[self.place(node)]
    }

    fn array(&self, tape: &Tape, node: NodeId) -> Option<&Value> {
        if node < self.first {
            return None;
        }
        self.arrays.get(tape.node(node).record)?.as_ref()
    }

    /// The tangent of an operand of this shape; `None` where nothing changes.
    pub(super) fn value(&self, tape: &Tape, node: NodeId, shape: Shape) -> Option<Value> {
        if shape.dim() != 1 {
            return self.array(tape, node).cloned();
        }
        let place = self.place(node);
        (place != 0).then(|| Value::Number(self.numbers[place], shape.rank()))
    }

    fn set(&mut self, tape: &Tape, id: NodeId, tangent: Option<Value>) {
        // What does not change has 0, and so has a vector, whose tangent is beside its record.
        let number = tangent.as_ref().and_then(Value::as_number).unwrap_or(0.0);
        let place = self.place(id);
        self.numbers[place] = number;
        let node = tape.node(id);
        if node.has_record() {
            self.arrays
                .push(node.record, tangent.filter(|x| x.dim() != 1));
        }
    }

    /// Pushes forward through numbers from `next` to below `end`, as long as there is nothing
    /// else; gives where it stopped.
    #[inline(always)]
    fn push_numbers_forward(&mut self, tape: &Tape, next: NodeId, end: NodeId) -> NodeId {
        let (first, arrays) = (self.first, &self.arrays);
        let mut place = self.place(next);
        let numbers = &mut self.numbers[..];
        for node in &tape.nodes[next as usize..end as usize] {
            let tangent = match node.tag & IRREGULAR {
                0 => {
                    let product = |operand, partial: f64| match place_of(operand, first) {
                        0 => 0.0,
                        place => numbers[place] * partial,
                    };
                    product(node.a, node.partial_a) + product(node.b, node.partial_b)
                }
                tag::INDEX if node.a >= first => {
                    let array = arrays.get(tape.node(node.a).record);
                    let array = array.and_then(Option::as_ref);
                    array.map_or(0.0, |array| array.entry(node.record as usize))
                }
                tag::INDEX => 0.0,
                _ => break,
            };
            numbers[place] = tangent;
            place += 1;
        }
        // One place is that of what is older than the first node.
        first + (place as NodeId - 1)
    }
}

/// The place of a node in tangents from the node `first` on.
#[inline(always)]
fn place_of(node: NodeId, first: NodeId) -> usize {
    (node + 1).saturating_sub(first) as usize
}

impl Tape {
    /// The tangent of `output` where the nodes of `inputs` change. Its entries that are infinite or
    /// nan are for reverse sweeps to decide. `None` if a custom operation is on the way, which waits
    /// for its caller in [`super::TangentSweep`].
    #[must_use]
    pub fn plain_tangent(&mut self, output: NodeId, inputs: &[(NodeId, Value)]) -> Option<Value> {
        if let Some(tangent) = self.tangent_of_numbers(output, inputs) {
            return Some(Value::Number(tangent + 0.0, self.node(output).rank));
        }
        let tangents = self.tangents(output, inputs)?;
        let shape = self.shape(output);
        let tangent = tangents.value(self, output, shape);
        self.scratch.put(tangents.numbers);
        // So that, most often, nobody else holds the tangent.
        drop(tangents.arrays);
        let mut tangent = tangent.unwrap_or_else(|| Value::filled(shape, 0.0));
        // 0 times a negative number is -0, and no change is just 0.
        tangent
            .make_mut()
            .iter_mut()
            .for_each(|entry| *entry += 0.0);
        Some(tangent)
    }

    /// The tangent of what was computed from one number by operations on numbers alone; `None` for
    /// anything else. Such functions are short, and to find out more would take longer than they.
    fn tangent_of_numbers(&mut self, output: NodeId, inputs: &[(NodeId, Value)]) -> Option<f64> {
        let &[(input, Value::Number(change, _))] = inputs else {
            return None;
        };
        if input >= output || wanted::lowest(self, iter::once(input)) != input {
            return None;
        }
        let mut tangents = Tangents::new(self.scratch.take(), input, output);
        tangents.numbers[1] = change;
        let next = tangents.push_numbers_forward(self, input + 1, output + 1);
        let tangent = tangents.number(output);
        self.scratch.put(tangents.numbers);
        (next > output).then_some(tangent)
    }

    /// The tangents of all nodes from the oldest of `inputs` to `output`.
    pub(super) fn tangents(
        &mut self,
        output: NodeId,
        inputs: &[(NodeId, Value)],
    ) -> Option<Tangents> {
        let lowest = wanted::lowest(self, inputs.iter().map(|(node, _)| *node));
        let first = lowest.clamp(SINK + 1, output);
        let wanted = Wanted::new(self, inputs.iter().map(|(node, _)| *node));
        let mut tangents = Tangents::new(self.scratch.take(), first, output);
        let mut given: Few<NodeId> = memory::collect_few(inputs.iter().map(|(node, _)| *node));
        given.sort_unstable();
        let mut next = first;
        let mut given = given
            .into_iter()
            .skip_while(|&node| node < first)
            .peekable();
        while next <= output {
            let end = given
                .peek()
                .map_or(output + 1, |&node| node.min(output + 1));
            next = tangents.push_numbers_forward(self, next, end);
            if next > output {
                break;
            }
            let place = if next == end || self.node(next).is_leaf() {
                while given.next_if_eq(&next).is_some() {}
                wanted.places(self, next).next()
            } else {
                None
            };
            let tangent = match place {
                Some(place) => Some(inputs[place].1.clone()),
                None => push_node_forward(self, next, &tangents)?,
            };
            tangents.set(self, next, tangent);
            next += 1;
        }
        Some(tangents)
    }
}

/// The tangent of a leaf that is not asked for, or of an operation with vectors; `None` where
/// nothing changes, the outer `None` for a custom operation.
fn push_node_forward(tape: &Tape, id: NodeId, tangents: &Tangents) -> Option<Option<Value>> {
    let node = tape.node(id);
    match tape.record_of(node) {
        Some(record) if !node.is_leaf() => push_record_forward(tape, node, record, tangents),
        _ => Some(None),
    }
}

/// The tangent of an operation with vectors.
fn push_record_forward(
    tape: &Tape,
    node: &Node,
    record: &Record,
    tangents: &Tangents,
) -> Option<Option<Value>> {
    let change = |input: &Input| tangents.value(tape, input.node, input.shape);
    let changes: SmallVec<[Option<Value>; 2]> =
        memory::collect_few(record.inputs.iter().map(change));
    if changes.iter().all(Option::is_none) {
        return Some(None);
    }
    if let (Op::Structural, Some(op)) = (node.op, &record.structural) {
        return push_structural_forward(op, record, &changes).map(Some);
    }
    let mut sum: Option<Value> = None;
    for (index, change) in changes.into_iter().enumerate() {
        let Some(change) = change.map(|change| dual::spread(change, record.shape)) else {
            continue;
        };
        let term = if node.op == Op::Identity {
            Some(change)
        } else {
            elementwise_push_forward(node.op, index, record, &change)
        };
        dual::add(&mut sum, term?);
    }
    Some(sum)
}

fn push_structural_forward(
    op: &Structural,
    record: &Record,
    changes: &[Option<Value>],
) -> Option<Value> {
    if matches!(op, Structural::Custom { .. }) {
        return None;
    }
    let (operands, y) = record.saved();
    let shapes = record.inputs.iter().map(|input| input.shape);
    Some(dual::push_forward(op, &operands, &y, changes, shapes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{BinaryOp, UnaryOp};
    use crate::tape::{NoHandles, Operand, TangentSweep};

    /// Both sweeps give the same tangent.
    #[test]
    fn a_plain_sweep_gives_what_the_general_one_gives() -> Result<(), crate::tape::Error> {
        let mut tape = Tape::new();
        let value = Value::from_slice(&[0.3, 0.7, 1.1]);
        let x = Operand {
            node: tape.push_leaf(value.clone(), 0)?,
            value,
        };
        let sine = tape.unary(UnaryOp::Sin, &x)?;
        let product = tape.binary(BinaryOp::Mul, &sine, &x)?;
        let norm = tape.structural(Structural::Norm, std::slice::from_ref(&product))?;
        let scaled = tape.binary(BinaryOp::Div, &product, &norm)?;
        let y = tape.structural(Structural::Dot, &[scaled, x.clone()])?;
        let tangent = Value::from_slice(&[1.0, -2.0, 0.5]);
        let plain = tape.plain_tangent(y.node, &[(x.node, tangent.clone())]);
        let changes = vec![(x.node, Operand::constant(tangent))];
        let mut sweep = TangentSweep::new(&mut tape, y.node, changes, None::<&NoHandles>);
        sweep.run(&mut tape)?;
        let general = sweep
            .finish(&mut tape)
            .and_then(|found| found.value.as_number());
        let (plain, general) = (plain.and_then(|found| found.as_number()), general);
        let difference = plain.unwrap_or(f64::NAN) - general.unwrap_or(f64::NAN);
        assert!(difference.abs() < 1e-14);
        Ok(())
    }

    fn leaf(tape: &mut Tape, number: f64) -> Result<Operand, crate::tape::Error> {
        let value = Value::number(number);
        let node = tape.push_leaf(value.clone(), 0)?;
        Ok(Operand { node, value })
    }

    fn tangent_of(tape: &mut Tape, y: &Operand, x: &Operand, tangent: f64) -> Option<f64> {
        let tangent = tape.plain_tangent(y.node, &[(x.node, Value::number(tangent))]);
        tangent.and_then(|found| found.as_number())
    }

    /// What is older than the inputs has no part in the tangent, even beside an infinite partial,
    /// and an infinite constant has none.
    #[test]
    fn what_is_older_and_what_is_constant_contribute_nothing() -> Result<(), crate::tape::Error> {
        let mut tape = Tape::new();
        let other = leaf(&mut tape, 0.0)?;
        let root = tape.unary(UnaryOp::Sqrt, &other)?;
        let x = leaf(&mut tape, 2.0)?;
        let product = tape.binary(BinaryOp::Div, &x, &root)?;
        let infinite = Operand::constant(Value::number(f64::INFINITY));
        let least = tape.binary(BinaryOp::Minimum, &infinite, &x)?;
        let y = tape.binary(BinaryOp::Add, &root, &least)?;
        assert_eq!(tangent_of(&mut tape, &y, &x, 3.0), Some(3.0));
        assert_eq!(
            tangent_of(&mut tape, &product, &x, 3.0),
            Some(f64::INFINITY)
        );
        Ok(())
    }

    /// A zero that is computed wins over nothing: the reverse sweep is asked instead.
    #[test]
    fn an_infinite_partial_beside_a_zero_is_seen_in_the_result() -> Result<(), crate::tape::Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, 0.0)?;
        let square = tape.binary(BinaryOp::Mul, &x, &x)?;
        let root = tape.unary(UnaryOp::Sqrt, &square)?;
        let nothing = Operand::constant(Value::number(0.0));
        let y = tape.binary(BinaryOp::Mul, &root, &nothing)?;
        assert!(tangent_of(&mut tape, &y, &x, 1.0).is_some_and(f64::is_nan));
        let rows = Value::from_slice(&[0.0, 4.0]);
        let x = Operand {
            node: tape.push_leaf(rows.clone(), 0)?,
            value: rows,
        };
        let roots = tape.unary(UnaryOp::Sqrt, &x)?;
        let direction = Value::from_slice(&[0.0, 1.0]);
        let tangent = tape.plain_tangent(roots.node, &[(x.node, direction)]);
        let tangent = tangent
            .map(|found| found.as_slice().to_vec())
            .unwrap_or_default();
        assert!(tangent[0].is_nan());
        assert_eq!(tangent[1], 0.25);
        Ok(())
    }
}
