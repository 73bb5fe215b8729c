//! The tangent sweep on numbers: by the partials and values that nodes keep, without replaying
//! the graph.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::marks::Marks;
use super::node::Record;
use super::sweep::elementwise_pull_back;
use super::wanted::{self, Wanted};
use super::{Node, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::kernels;
use crate::structural::Structural;

/// Tangents by node: of numbers in one array, 0 where nothing changes, of vectors beside it.
struct Tangents {
    first: NodeId,
    numbers: Vec<f64>,
    arrays: HashMap<NodeId, Value>,
}

impl Tangents {
    fn number(&self, node: NodeId) -> f64 {
        // The sink is below all others, and does not change.
        if node == SINK {
            return 0.0;
        }
        self.numbers[(node - self.first) as usize]
    }

    /// The tangent of an operand with `dim` entries; `None` where nothing changes.
    fn value(&self, node: NodeId, dim: usize) -> Option<Value> {
        if node == SINK {
            return None;
        }
        if dim != 1 {
            return self.arrays.get(&node).cloned();
        }
        let tangent = self.number(node);
        (tangent != 0.0).then_some(Value::Number(tangent))
    }

    fn set(&mut self, node: NodeId, tangent: Value) {
        match tangent.as_number() {
            Some(number) => self.numbers[(node - self.first) as usize] = number,
            None => drop(self.arrays.insert(node, tangent)),
        }
    }
}

impl Tape {
    /// The tangent of `output` where the nodes of `inputs` change; `None` if a custom operation is
    /// on the way, which waits for its caller in [`super::TangentSweep`].
    #[must_use]
    pub fn plain_tangent(&self, output: NodeId, inputs: &[(NodeId, Value)]) -> Option<Value> {
        let mut marks = Marks::new(output as usize + 1);
        marks.insert(output);
        let lowest = wanted::lowest(self, inputs.iter().map(|(node, _)| *node));
        marks.insert_ancestors(self, |id| id >= lowest);
        let wanted = Wanted::new(self, inputs.iter().map(|(node, _)| *node));
        let mut given = Marks::new(output as usize + 1);
        for &(node, _) in inputs.iter().filter(|(node, _)| *node <= output) {
            given.insert(node);
        }
        let first = marks.iter().next().unwrap_or(output);
        let mut tangents = Tangents {
            first,
            // Pages of zeros that nobody touches take neither time nor memory.
            numbers: vec![0.0; (output - first) as usize + 1],
            arrays: HashMap::new(),
        };
        // What is below does not change, and is not descended from.
        for id in marks.iter_from(lowest.min(output)) {
            let node = self.node(id);
            if node.is_leaf() || given.contains(id) {
                if let Some(place) = wanted.places(self, id).next() {
                    tangents.set(id, inputs[place].1.clone());
                }
                continue;
            }
            match self.record_of(node) {
                None => {
                    let tangent = push_number_forward(node, &tangents);
                    tangents.numbers[(id - first) as usize] = tangent;
                }
                Some(record) => {
                    if let Some(tangent) = push_record_forward(node, record, &tangents)? {
                        tangents.set(id, tangent);
                    }
                }
            }
        }
        let dim = self.dim(output);
        Some(
            tangents
                .value(output, dim)
                .unwrap_or_else(|| Value::filled(dim, 0.0)),
        )
    }
}

/// The tangent of a scalar operation. Absolute zero: what does not change contributes 0, against
/// any partial.
#[inline(always)]
fn push_number_forward(node: &Node, tangents: &Tangents) -> f64 {
    if node.op == Op::Index {
        let place = node.record as usize;
        let array = tangents.arrays.get(&node.a);
        return array.map_or(0.0, |array| array.as_slice()[place]);
    }
    let term = |operand: NodeId, partial: f64| match tangents.number(operand) {
        0.0 => 0.0,
        tangent => tangent * partial,
    };
    let first = term(node.a, node.partial_a);
    match node.op {
        Op::Binary(_) => first + term(node.b, node.partial_b),
        Op::Unary(_) | Op::Identity => first,
        Op::Sink | Op::Leaf | Op::Structural | Op::Index => 0.0,
    }
}

/// The tangent of an operation with vectors, `None` where nothing changes; the outer `None` for a
/// custom operation.
fn push_record_forward(node: &Node, record: &Record, tangents: &Tangents) -> Option<Option<Value>> {
    let changes: SmallVec<[Option<Value>; 2]> = record
        .inputs
        .iter()
        .map(|input| tangents.value(input.node, input.dim))
        .collect();
    if changes.iter().all(Option::is_none) {
        return Some(None);
    }
    if let (Op::Structural, Some(op)) = (node.op, &record.structural) {
        return push_structural_forward(op, record, &changes).map(Some);
    }
    let mut sum: Option<Value> = None;
    for (index, change) in changes.into_iter().enumerate() {
        let Some(change) = change.map(|change| spread(change, record.dim)) else {
            continue;
        };
        // The Jacobian of an elementwise operation is diagonal: it pushes forward as it pulls back.
        let term = if node.op == Op::Identity {
            Some(change)
        } else {
            elementwise_pull_back(node.op, index, record, &change)
        };
        add(&mut sum, term?);
    }
    Some(sum)
}

fn spread(change: Value, dim: usize) -> Value {
    match change.as_number() {
        Some(number) if dim != 1 => Value::filled(dim, number),
        _ => change,
    }
}

fn add(sum: &mut Option<Value>, term: Value) {
    match sum {
        Some(sum) => kernels::add_assign(sum.make_mut(), term.as_slice()),
        None => *sum = Some(term),
    }
}

fn push_structural_forward(
    op: &Structural,
    record: &Record,
    changes: &[Option<Value>],
) -> Option<Value> {
    if matches!(op, Structural::Custom { .. }) {
        return None;
    }
    if op.is_linear() {
        let changes: SmallVec<[Value; 4]> = changes
            .iter()
            .zip(&record.inputs)
            .map(|(change, input)| {
                change
                    .clone()
                    .unwrap_or_else(|| Value::filled(input.dim, 0.0))
            })
            .collect();
        return Some(op.value(&changes));
    }
    // The result is a number: its tangent is the inner product of the gradient and the tangents.
    let unsaved = Value::Number(f64::NAN);
    let operands: SmallVec<[Value; 4]> = record
        .inputs
        .iter()
        .map(|input| input.saved.clone().unwrap_or_else(|| unsaved.clone()))
        .collect();
    let y = record.output.clone().unwrap_or(unsaved);
    let mut sum = 0.0;
    for (index, change) in changes.iter().enumerate() {
        if let Some(change) = change {
            let gradient = op.pull_back(index, &operands, &y, &Value::Number(1.0));
            sum += inner(change, &gradient);
        }
    }
    Some(Value::Number(sum))
}

/// The inner product of a tangent and a gradient, either of which may be one number for all
/// entries of the other; a tangent of 0 contributes 0.
fn inner(tangent: &Value, gradient: &Value) -> f64 {
    let dim = tangent.dim().max(gradient.dim());
    let terms = (0..dim).map(
        |index| match (tangent.entry(index), gradient.entry(index)) {
            (0.0, _) => 0.0,
            (tangent, gradient) => tangent * gradient,
        },
    );
    terms.sum()
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
