//! The reverse sweep that records itself, so that its result can be differentiated again.
//!
//! It walks the same graph and applies the same partials, on the tape instead of on numbers. No
//! node is skipped because its adjoint is 0, as the derivative of that adjoint may not be.

use std::sync::Arc;

use smallvec::SmallVec;

use super::in_session::Pullbacks;
use super::node::{Input, Record};
use super::path::{Path, operands_of, output_of};
use super::record::Operand;
use super::traced::{
    Session, Traced, binary_partial, reshaped, structural_in, traced, unary_partial,
};
use super::wanted::{self, Wanted};
use super::watch::Origin;
use super::{Error, Handles, Hold, Node, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::memory;
use crate::ops::{BinaryOp, Saved};
use crate::structural::Structural;

/// The adjoint of a node while contributions come in.
#[derive(Clone, Debug, Default)]
struct Adjoint {
    sum: Option<Operand>,
    /// Contributions to single entries of a vector, put together when the adjoint is consumed:
    /// a loop over the entries must not cost the length of the vector each time.
    entries: Vec<(usize, Operand)>,
}

/// A recorded reverse sweep under way. One that is dropped before its end leaves nothing behind but
/// nodes that nobody needs.
#[derive(Debug)]
pub struct RecordedSweep {
    hold: Hold,
    path: Path,
    /// Of the nodes on the path.
    adjoints: Vec<Adjoint>,
    wanted: Wanted,
    found: Vec<Option<Operand>>,
    /// Positions above are done.
    next: usize,
    /// Which nodes were recorded for which, in a sweep that is to say so.
    origins: Option<Vec<Origin>>,
}

/// What a recorded sweep came to.
#[derive(Debug)]
pub enum RecordedStep {
    /// The end.
    Done,
    /// A custom operation: the caller computes the cotangents of its operands.
    Custom(RecordedPaused),
}

/// A custom operation that a recorded sweep waits for.
#[derive(Debug)]
pub struct RecordedPaused {
    /// The node.
    pub node: NodeId,
    /// The caller's key.
    pub key: u64,
    /// Cotangent of the output.
    pub y_bar: Operand,
    /// The operands, as they were.
    pub operands: Vec<Operand>,
    /// The output, as it was.
    pub output: Operand,
}

impl RecordedSweep {
    /// A sweep from `output` for the adjoints of `nodes`.
    pub fn new(
        tape: &mut Tape,
        output: NodeId,
        seed: Operand,
        nodes: &[NodeId],
        handles: &impl Handles,
    ) -> Self {
        let hold = tape.hold();
        let wanted = Wanted::new(tape, nodes.iter().copied());
        let lowest = wanted::lowest(tape, nodes.iter().copied());
        let path = Path::new(tape, output, &wanted, lowest);
        path.find_numbers(tape, handles);
        let count = path.ids.len();
        let mut adjoints = memory::filled(count, Adjoint::default());
        if let Some(last) = adjoints.last_mut() {
            let shape = tape.shape(output);
            let seed = match seed.value.as_number() {
                Some(number) if seed.node == SINK => {
                    Operand::constant(Value::filled(shape, number))
                }
                _ => seed,
            };
            last.sum = Some(seed);
        }
        let found = memory::filled(nodes.len(), None);
        Self {
            hold,
            path,
            adjoints,
            wanted,
            found,
            next: count,
            origins: None,
        }
    }

    /// Makes the sweep say what it recorded for which node.
    pub fn keep_origins(&mut self) {
        self.origins = Some(Vec::new());
    }

    /// Which nodes were recorded for which, if that was to be kept.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        self.origins.as_deref().unwrap_or_default()
    }

    /// Sweeps to the next custom operation or to the end.
    ///
    /// # Errors
    /// If there is no memory for what is recorded.
    pub fn run(&mut self, tape: &mut Tape) -> Result<RecordedStep, Error> {
        Session::run(tape, |session| self.run_in(session))
    }

    fn run_in(&mut self, session: &Session) -> RecordedStep {
        while self.next > 0 {
            self.next -= 1;
            session.forget_arrays();
            let start = session.read(Tape::len);
            let adjoint = std::mem::take(&mut self.adjoints[self.next]);
            let id = self.path.ids[self.next];
            let shape = session.read(|tape| tape.shape(id));
            let Some(y_bar) = assemble(session, adjoint, shape.dim()) else {
                continue;
            };
            // Contributions may have other ranks, those of a rule of the caller's among them.
            let y_bar = reshaped(session, y_bar, shape);
            for place in session.read(|tape| self.wanted.places(tape, id)) {
                let found = &mut self.found[place];
                // More than one node of a leaf: their adjoints add.
                *found = Some(match found.take() {
                    Some(sum) => (traced(session, sum) + y_bar).operand(),
                    None => y_bar.operand(),
                });
            }
            let (node, record) =
                session.read(|tape| (*tape.node(id), tape.record_of(tape.node(id)).cloned()));
            if let Some(Record {
                structural: Some(Structural::Custom { key, .. }),
                inputs,
                ..
            }) = &record
            {
                return RecordedStep::Custom(RecordedPaused {
                    node: id,
                    key: *key,
                    y_bar: y_bar.operand(),
                    operands: memory::collect(inputs.iter().map(Input::saved_operand)),
                    output: session.read(|tape| output_of(tape, id)),
                });
            }
            self.pull_back(session, id, &node, record.as_ref(), y_bar);
            if let Some(origins) = &mut self.origins {
                memory::push(origins, Origin::new(start, session, id));
            }
        }
        RecordedStep::Done
    }

    fn pull_back<'s>(
        &mut self,
        session: &'s Session,
        id: NodeId,
        node: &Node,
        record: Option<&Record>,
        y_bar: Traced<'s>,
    ) {
        let y = || traced(session, session.read(|tape| output_of(tape, id)));
        let operands = session.read(|tape| operands_of(tape, node, record));
        let operand = |index: usize| traced(session, operands[index].0.clone());
        let is_wanted = |index: usize| self.path.contains(operands[index].0.node);
        let mut bars: SmallVec<[(usize, Traced<'s>); 2]> = memory::room_for_few(operands.len());
        match node.op {
            Op::Sink | Op::Leaf => {}
            Op::Identity => bars.push((0, y_bar)),
            Op::Index => {
                if let Some(position) = self.path.position(node.a) {
                    let entry = (node.record as usize, y_bar.operand());
                    memory::push(&mut self.adjoints[position].entries, entry);
                }
            }
            Op::Unary(op) => {
                if is_wanted(0) {
                    let partial = unary_partial(op, operand(0), y());
                    bars.push((0, y_bar.record_binary(BinaryOp::Gated, partial)));
                }
            }
            Op::Binary(op) => {
                let saved = Saved {
                    a: operand(0),
                    b: operand(1),
                    y: y(),
                };
                for index in (0..2).filter(|&index| is_wanted(index)) {
                    let partial = binary_partial(op, index, saved);
                    bars.push((index, y_bar.record_binary(BinaryOp::Gated, partial)));
                }
            }
            Op::Structural => {
                let Some(op) = record.and_then(|record| record.structural.as_ref()) else {
                    return;
                };
                let operands = (0..operands.len()).map(operand);
                let count = operands.len();
                let pullbacks = Pullbacks::new(session, op, operands, y());
                for index in (0..count).filter(|&index| is_wanted(index)) {
                    bars.push((index, pullbacks.pull_back(index, y_bar)));
                }
            }
        }
        for (index, bar) in bars {
            let (operand, shape) = &operands[index];
            let bar = reshaped(session, bar, *shape);
            self.add(session, operand.node, bar);
        }
    }

    fn add(&mut self, session: &Session, node: NodeId, bar: Traced<'_>) {
        let Some(position) = self.path.position(node) else {
            return;
        };
        let sum = match self.adjoints[position].sum.take() {
            Some(sum) => (traced(session, sum) + bar).operand(),
            None => bar.operand(),
        };
        self.adjoints[position].sum = Some(sum);
    }

    /// Adds to the adjoint of a node, for the caller that computes a custom operation.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn contribute(&mut self, tape: &mut Tape, node: NodeId, bar: Operand) -> Result<(), Error> {
        Session::run(tape, |session| {
            self.add(session, node, traced(session, bar));
        })
    }

    /// Ends the sweep, at its end or before, and gives the adjoints that were asked for.
    pub fn finish(self, tape: &mut Tape) -> Vec<Option<Operand>> {
        self.path.finish(tape);
        tape.release(self.hold);
        self.found
    }
}

/// The adjoint that all contributions make, if there were any.
fn assemble(session: &Session, adjoint: Adjoint, dim: usize) -> Option<Traced<'_>> {
    let sum = adjoint.sum.map(|sum| traced(session, sum));
    if adjoint.entries.is_empty() {
        return sum;
    }
    let entries = adjoint.entries;
    if dim == 1 {
        let entries = entries.into_iter().map(|(_, entry)| traced(session, entry));
        return sum
            .into_iter()
            .chain(entries)
            .reduce(|sum, entry| sum + entry);
    }
    let scatter = Structural::Scatter {
        places: Arc::new(memory::collect(entries.iter().map(|(place, _)| *place))),
        dim,
    };
    let entries = memory::collect(entries.into_iter().map(|(_, entry)| traced(session, entry)));
    let scattered = structural_in(session, &scatter, &entries);
    Some(match sum {
        Some(sum) => sum + scattered,
        None => scattered,
    })
}
