//! The tangent sweep on numbers: by the partials and values that nodes keep, without replaying
//! the graph.
//!
//! It goes over every node from the oldest input to the output, in the order of the tape, and asks
//! of none whether the output needs it. A transform makes its inputs before it runs the function,
//! so that these are the nodes of the function; telling them apart would cost more than it saves.

use smallvec::SmallVec;

use super::elementwise::elementwise_pull_back;
use super::node::Record;
use super::wanted::{self, Few, Wanted};
use super::{Node, NodeId, Op, SINK, Tape, tag};
use crate::array::Value;
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
        self.entries.push(entry);
    }

    /// As many entries, for the same records.
    pub(super) fn like<U: Default>(&self) -> ByRecord<U> {
        ByRecord {
            first: self.first,
            entries: self.entries.iter().map(|_| U::default()).collect(),
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

/// Tangents of a stretch of the tape: of numbers in one array, 0 where nothing changes, of vectors
/// by record.
#[derive(Debug)]
pub(super) struct Tangents {
    pub(super) first: NodeId,
    /// The place of a node is one above its distance from the first. Place 0 is for all that is
    /// older, constants among it, and does not change.
    pub(super) numbers: Vec<f64>,
    pub(super) arrays: ByRecord<Option<Value>>,
}

impl Tangents {
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

    /// The tangent of an operand with `dim` entries; `None` where nothing changes.
    pub(super) fn value(&self, tape: &Tape, node: NodeId, dim: usize) -> Option<Value> {
        if dim != 1 {
            return self.array(tape, node).cloned();
        }
        let tangent = self.number(node);
        (tangent != 0.0).then_some(Value::Number(tangent))
    }

    fn set(&mut self, tape: &Tape, id: NodeId, tangent: Option<Value>) {
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
                    let [a, b] = [node.a, node.b].map(|x| numbers[place_of(x, first)]);
                    push_forward(a, node.partial_a) + push_forward(b, node.partial_b)
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

/// What a change contributes. Absolute zero: what does not change contributes 0, against any
/// partial.
#[inline(always)]
pub(super) fn push_forward(tangent: f64, partial: f64) -> f64 {
    if tangent == 0.0 {
        0.0
    } else {
        tangent * partial
    }
}

impl Tape {
    /// The tangent of `output` where the nodes of `inputs` change; `None` if a custom operation is
    /// on the way, which waits for its caller in [`super::TangentSweep`].
    #[must_use]
    pub fn plain_tangent(&mut self, output: NodeId, inputs: &[(NodeId, Value)]) -> Option<Value> {
        let tangents = self.tangents(output, inputs)?;
        let dim = self.dim(output);
        let tangent = tangents.value(self, output, dim);
        self.scratch.put(tangents.numbers);
        Some(tangent.unwrap_or_else(|| Value::filled(dim, 0.0)))
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
        let mut numbers = self.scratch.take();
        numbers.resize((output - first) as usize + 2, 0.0);
        let mut tangents = Tangents {
            first,
            numbers,
            arrays: ByRecord::new(),
        };
        let mut given: Few<NodeId> = inputs.iter().map(|(node, _)| *node).collect();
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
    let changes: SmallVec<[Option<Value>; 2]> = record
        .inputs
        .iter()
        .map(|input| tangents.value(tape, input.node, input.dim))
        .collect();
    if changes.iter().all(Option::is_none) {
        return Some(None);
    }
    if let (Op::Structural, Some(op)) = (node.op, &record.structural) {
        return push_structural_forward(op, record, &changes).map(Some);
    }
    let mut sum: Option<Value> = None;
    for (index, change) in changes.into_iter().enumerate() {
        let Some(change) = change.map(|change| dual::spread(change, record.dim)) else {
            continue;
        };
        // The Jacobian of an elementwise operation is diagonal: it pushes forward as it pulls back.
        let term = if node.op == Op::Identity {
            Some(change)
        } else {
            elementwise_pull_back(node.op, index, record, &change)
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
    let unsaved = Value::Number(f64::NAN);
    let operands: SmallVec<[Value; 4]> = record
        .inputs
        .iter()
        .map(|input| input.saved.clone().unwrap_or_else(|| unsaved.clone()))
        .collect();
    let y = record.output.clone().unwrap_or(unsaved);
    let dims = record.inputs.iter().map(|input| input.dim);
    Some(dual::push_forward(op, &operands, &y, changes, dims))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{BinaryOp, UnaryOp};
    use crate::tape::{Operand, TangentSweep};

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
        let mut sweep = TangentSweep::new(&mut tape, y.node, changes, false);
        sweep.run(&mut tape)?;
        let general = sweep
            .finish(&mut tape)
            .and_then(|found| found.value.as_number());
        let (plain, general) = (plain.and_then(|found| found.as_number()), general);
        let difference = plain.unwrap_or(f64::NAN) - general.unwrap_or(f64::NAN);
        assert!(difference.abs() < 1e-14);
        Ok(())
    }

    /// A node that does not depend on the inputs has tangent 0, even beside an infinite partial.
    #[test]
    fn what_does_not_change_contributes_nothing() -> Result<(), crate::tape::Error> {
        let mut tape = Tape::new();
        let mut leaf = |number: f64| {
            let value = Value::Number(number);
            let node = tape.push_leaf(value.clone(), 0)?;
            Ok::<_, crate::tape::Error>(Operand { node, value })
        };
        let (x, other) = (leaf(2.0)?, leaf(0.0)?);
        let root = tape.unary(UnaryOp::Sqrt, &other)?;
        let y = tape.binary(BinaryOp::Add, &root, &x)?;
        let tangent = tape.plain_tangent(y.node, &[(x.node, Value::Number(3.0))]);
        assert_eq!(tangent.and_then(|found| found.as_number()), Some(3.0));
        Ok(())
    }
}
