//! A recorded function as the linear map that its derivative is: how the terms are found.

use smallvec::SmallVec;

use super::elementwise::elementwise_pull_back;
use super::linearized::{Form, Linearized, Place, Term};
use super::node::{Input, Record};
use super::wanted::NodeSet;
use super::{Node, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::memory;
use crate::ops::{BinaryOp, UnaryOp};
use crate::structural::{Span, Structural};

/// Of more nodes than this the terms would take too much memory.
const MOST_NODES: usize = 1 << 22;
/// In place of a first entry: the node is no ancestor of an output.
const ABSENT: u32 = u32::MAX;
/// In place of a first entry: the node does not depend on the inputs, as far as is known.
const CONSTANT: u32 = u32::MAX - 1;

impl Tape {
    /// The derivative of `outputs`, each with how many entries it has, with respect to `inputs`,
    /// of which none was computed from another; [`SINK`] is an output that is constant.
    ///
    /// Gives `None` where it takes sweeps: for a custom operation, for an input that was assigned
    /// a value, and for a graph so large that the terms would take too much memory.
    #[must_use]
    pub fn linearize(&self, outputs: &[(NodeId, usize)], inputs: &[NodeId]) -> Option<Linearized> {
        let first = inputs.iter().copied().min()?;
        let last = outputs.iter().map(|&(node, _)| node).max()?.max(first);
        let is_reassigned = |&node: &NodeId| {
            let leaf = self.leaf_of(node);
            leaf.is_some_and(|leaf| self.leaf(leaf).is_reassigned)
        };
        let count = (last - first) as usize + 1;
        if count > MOST_NODES || inputs.iter().any(is_reassigned) {
            return None;
        }
        let mut builder = Builder {
            tape: self,
            inputs,
            is_asked: NodeSet::new(inputs.iter().copied()),
            first,
            starts: memory::filled(count, ABSENT),
            terms: memory::with_capacity(count),
            entries: 0,
            ones: Value::number(1.0),
        };
        builder.mark_ancestors(outputs);
        for (id, index) in (first..).zip(0..count) {
            if builder.starts[index] != ABSENT {
                builder.starts[index] = builder.add_node(id)?;
            }
        }
        Some(builder.finish(outputs))
    }
}

struct Builder<'a> {
    tape: &'a Tape,
    inputs: &'a [NodeId],
    is_asked: NodeSet,
    /// The oldest input.
    first: NodeId,
    /// The first entry of each node from `first` on, [`ABSENT`] or [`CONSTANT`].
    starts: Vec<u32>,
    terms: Vec<Term>,
    entries: usize,
    /// As many as the last vector had entries.
    ones: Value,
}

/// How a node depends on an operand: its first entry, and how many there are.
type Operand = (u32, usize);

impl Builder<'_> {
    fn mark_ancestors(&mut self, outputs: &[(NodeId, usize)]) {
        for &(output, _) in outputs.iter().filter(|(output, _)| *output >= self.first) {
            self.starts[(output - self.first) as usize] = CONSTANT;
        }
        for index in (0..self.starts.len()).rev() {
            let id = self.first + index as NodeId;
            if self.starts[index] == ABSENT || self.is_input(id) {
                continue;
            }
            // Operands are older than what is computed from them.
            let (older, first) = (&mut self.starts[..index], self.first);
            self.tape.for_each_operand(id, |operand| {
                if operand >= first {
                    older[(operand - first) as usize] = CONSTANT;
                }
            });
        }
    }

    fn is_input(&self, id: NodeId) -> bool {
        matches!(self.tape.node(id).op, Op::Leaf | Op::Identity) && self.is_asked.contains(id)
    }

    /// The first entry of a node that depends on the inputs.
    fn start_of(&self, node: NodeId) -> Option<u32> {
        let index = node.checked_sub(self.first)?;
        // An input may be newer than all that is looked at.
        let start = *self.starts.get(index as usize)?;
        (start < CONSTANT).then_some(start)
    }

    /// New entries, at 0 until a term adds to them; `None` if there would be too many.
    fn allocate(&mut self, dim: usize) -> Option<u32> {
        let start = self.entries;
        self.entries += dim;
        (self.entries < CONSTANT as usize).then_some(start as u32)
    }

    /// The first entry of a node whose operands have theirs.
    fn add_node(&mut self, id: NodeId) -> Option<u32> {
        if self.is_input(id) {
            return self.allocate(self.tape.dim(id));
        }
        let node = self.tape.node(id);
        if node.is_leaf() {
            return Some(CONSTANT);
        }
        match self.tape.record_of(node) {
            None => self.add_number(node),
            Some(record) => self.add_record(node, record),
        }
    }

    fn add_number(&mut self, node: &Node) -> Option<u32> {
        let (a, b) = (self.start_of(node.a), self.start_of(node.b));
        if node.op == Op::Index {
            return Some(a.map_or(CONSTANT, |a| a + node.record));
        }
        match (a, b) {
            (None, None) => return Some(CONSTANT),
            (Some(x), None) if node.partial_a == 1.0 => return Some(x),
            (None, Some(x)) if node.partial_b == 1.0 => return Some(x),
            _ => {}
        }
        let y = self.allocate(1)?;
        for (x, partial) in [(a, node.partial_a), (b, node.partial_b)] {
            if let Some(x) = x {
                self.push(Form::Entrywise, x, y, 1, Value::number(partial));
            }
        }
        Some(y)
    }

    fn push(&mut self, form: Form, x: u32, y: u32, count: usize, partial: Value) {
        let term = Term {
            form,
            is_finite: partial.as_slice().iter().all(|partial| partial.is_finite()),
            x,
            y,
            count: count as u32,
            partial,
        };
        memory::push(&mut self.terms, term);
    }

    fn copy(&mut self, x: u32, y: u32, count: usize) {
        self.push(Form::Entrywise, x, y, count, Value::number(1.0));
    }

    fn add_record(&mut self, node: &Node, record: &Record) -> Option<u32> {
        let operand_of = |input: &Input| Some((self.start_of(input.node)?, input.shape.dim()));
        let operands: SmallVec<[Option<Operand>; 2]> =
            memory::collect_few(record.inputs.iter().map(operand_of));
        if operands.iter().all(Option::is_none) {
            return Some(CONSTANT);
        }
        match (node.op, &record.structural) {
            (Op::Unary(_) | Op::Binary(_), _) => self.add_elementwise(node.op, record, &operands),
            (Op::Structural, Some(op)) => self.add_structural(op, record, &operands),
            (Op::Structural | Op::Sink | Op::Leaf | Op::Index | Op::Identity, _) => {
                operands[0].map(|(x, _)| x)
            }
        }
    }

    fn add_elementwise(
        &mut self,
        op: Op,
        record: &Record,
        operands: &[Option<Operand>],
    ) -> Option<u32> {
        let is_alone = operands.iter().flatten().count() == 1;
        let mut y = None;
        for (index, operand) in operands.iter().enumerate() {
            let Some((x, dim)) = *operand else { continue };
            let partial = self.elementwise_partial(op, index, record);
            if is_alone && dim == record.shape.dim() && partial.as_number() == Some(1.0) {
                return Some(x);
            }
            let start = match y {
                Some(start) => start,
                None => self.allocate(record.shape.dim())?,
            };
            y = Some(start);
            let form = if dim == record.shape.dim() {
                Form::Entrywise
            } else {
                Form::Spread
            };
            self.push(form, x, start, record.shape.dim(), partial);
        }
        y
    }

    /// One partial for all entries, or one for each.
    fn elementwise_partial(&mut self, op: Op, index: usize, record: &Record) -> Value {
        let known = match (op, index) {
            (Op::Binary(BinaryOp::Add), _) | (Op::Binary(BinaryOp::Sub), 0) => {
                Some(Value::number(1.0))
            }
            (Op::Binary(BinaryOp::Sub), _) | (Op::Unary(UnaryOp::Neg), _) => {
                Some(Value::number(-1.0))
            }
            (Op::Binary(BinaryOp::Mul), _) => record.inputs[1 - index].saved.clone(),
            _ => None,
        };
        if self.ones.dim() != record.shape.dim() {
            self.ones = Value::filled(record.shape, 1.0);
        }
        // The pullback of ones: the Jacobian of an elementwise operation is diagonal.
        let partial = known.or_else(|| elementwise_pull_back(op, index, record, &self.ones));
        debug_assert!(partial.is_some(), "no elementwise operation");
        partial.unwrap_or(Value::number(f64::NAN))
    }

    fn add_structural(
        &mut self,
        op: &Structural,
        record: &Record,
        operands: &[Option<Operand>],
    ) -> Option<u32> {
        if let (Structural::Slice(span), Some((x, _))) = (op, operands[0])
            && (span.step == 1 || span.count == 1)
        {
            return Some(x + span.start as u32);
        }
        if matches!(op, Structural::Custom { .. }) {
            return None;
        }
        let y = self.allocate(record.shape.dim())?;
        for (index, operand) in operands.iter().enumerate() {
            if let Some(operand) = *operand {
                self.add_structural_terms(op, record, index, operand, y);
            }
        }
        Some(y)
    }

    fn add_structural_terms(
        &mut self,
        op: &Structural,
        record: &Record,
        index: usize,
        (x, dim): Operand,
        y: u32,
    ) {
        let one = Value::number(1.0);
        match op {
            Structural::Sum => self.push(Form::Gather, x, y, dim, one),
            // At the origin, and where all entries are -inf, they have no part in the result.
            Structural::Norm | Structural::LogSumExp if is_flat(op, record) => {}
            Structural::Dot | Structural::Norm | Structural::LogSumExp => {
                self.push(Form::Gather, x, y, dim, gradient_of(op, index, record));
            }
            Structural::Max | Structural::Min => {
                let gradient = gradient_of(op, index, record);
                // Selected: an entry that was not taken has no part in the result.
                for (start, count) in runs(dim, |entry| gradient.entry(entry) != 0.0) {
                    let share = Value::number(gradient.entry(start));
                    self.push(Form::Gather, x + start as u32, y, count, share);
                }
            }
            Structural::CumulativeSum { from_back: false } => {
                self.push(Form::RunningSum, x, y, dim, one);
            }
            Structural::CumulativeSum { from_back: true } => {
                self.push(Form::RunningSumFromBack, x, y, dim, one);
            }
            Structural::Broadcast { dim } => self.push(Form::Spread, x, y, *dim, one),
            Structural::Slice(span) => {
                for (entry, place) in (0..).zip(span.places()) {
                    self.copy(x + place as u32, y + entry, 1);
                }
            }
            Structural::Index { place, .. } => self.copy(x + *place as u32, y, 1),
            Structural::Scatter { places, .. } => self.copy(x, y + places[index] as u32, 1),
            Structural::Embed(span) => self.copy_to_places(x, y, *span),
            Structural::Take(places) => {
                for (entry, &place) in (0..).zip(places.at.iter()) {
                    self.copy(x + place as u32, y + entry, 1);
                }
            }
            Structural::Put(places) => {
                for (entry, &place) in (0..).zip(places.at.iter()) {
                    self.copy(x + entry, y + place as u32, 1);
                }
            }
            Structural::Concatenate { spans } => self.copy_to_places(x, y, spans[index]),
            Structural::Where { mask } => {
                for (start, count) in runs(record.shape.dim(), |entry| {
                    (mask.entry(entry) != 0.0) == (index == 0)
                }) {
                    let own = if dim == 1 { x } else { x + start as u32 };
                    let form = if dim == 1 {
                        Form::Spread
                    } else {
                        Form::Entrywise
                    };
                    self.push(form, own, y + start as u32, count, one.clone());
                }
            }
            Structural::Product { matrix, .. } => {
                for row in 0..matrix.rows() {
                    self.push(Form::Gather, x, y + row as u32, dim, matrix.row(row));
                }
            }
            Structural::Custom { .. } => {}
        }
    }

    fn copy_to_places(&mut self, x: u32, y: u32, span: Span) {
        if span.step == 1 {
            self.copy(x, y + span.start as u32, span.count);
            return;
        }
        for (entry, place) in (0..).zip(span.places()) {
            self.copy(x + entry, y + place as u32, 1);
        }
    }

    fn finish(self, outputs: &[(NodeId, usize)]) -> Linearized {
        let place = |node, dim| Place {
            start: self.start_of(node).filter(|_| node != SINK),
            dim,
        };
        let inputs = self.inputs.iter();
        Linearized {
            inputs: memory::collect_few(inputs.map(|&node| place(node, self.tape.dim(node)))),
            outputs: memory::collect_few(outputs.iter().map(|&(node, dim)| place(node, dim))),
            terms: self.terms,
            entries: self.entries,
        }
    }
}

/// Whether the derivative is 0 whatever the cotangent: not a partial of 0, which an infinite one
/// makes nan.
fn is_flat(op: &Structural, record: &Record) -> bool {
    let y = record.output.as_ref().and_then(Value::as_number);
    y == Some(if matches!(op, Structural::Norm) {
        0.0
    } else {
        f64::NEG_INFINITY
    })
}

/// The gradient of an operation whose result is a number.
fn gradient_of(op: &Structural, index: usize, record: &Record) -> Value {
    let (operands, y) = record.saved();
    op.pull_back(index, &operands, &y, &Value::number(1.0))
}

/// Where entries that `holds` of begin without a gap, and how many there are each time.
fn runs(dim: usize, holds: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for entry in (0..dim).filter(|&entry| holds(entry)) {
        match runs.last_mut() {
            Some((start, count)) if *start + *count == entry => *count += 1,
            _ => memory::push(&mut runs, (entry, 1)),
        }
    }
    runs
}
