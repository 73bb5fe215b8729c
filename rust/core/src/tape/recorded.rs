//! The reverse sweep that records itself, so that its result can be differentiated again.
//!
//! It walks the same graph and applies the same partials, on the tape instead of on numbers. No
//! node is skipped because its adjoint is 0, as the derivative of that adjoint may not be.

use smallvec::SmallVec;

use super::node::{Input, Record};
use super::record::Operand;
use super::replay::Replay;
use super::traced::{
    Session, Traced, binary_partial, reshaped, structural_in, traced, unary_partial,
};
use super::wanted::{self, Wanted};
use super::watch::Origin;
use super::{Error, Node, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::ops::{BinaryOp, Saved};
use crate::structural::{Algebra, Structural};

/// The adjoint of a node while contributions come in.
#[derive(Clone, Debug, Default)]
struct Adjoint {
    sum: Option<Operand>,
    /// Contributions to single entries of a vector, put together when the adjoint is consumed:
    /// a loop over the entries must not cost the length of the vector each time.
    entries: Vec<(usize, Operand)>,
}

/// A recorded reverse sweep under way.
#[derive(Debug)]
pub struct RecordedSweep {
    replay: Replay,
    adjoints: Vec<Adjoint>,
    /// Which ancestors depend on a node that is asked for.
    is_active: Vec<bool>,
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
    pub fn new(tape: &mut Tape, output: NodeId, seed: Operand, nodes: &[NodeId]) -> Self {
        tape.hold();
        let wanted = Wanted::new(tape, nodes.iter().copied());
        let lowest = wanted::lowest(tape, nodes.iter().copied());
        let replay = Replay::new(tape, output, lowest);
        let count = replay.ids.len();
        let mut is_active = vec![false; count];
        for (index, &id) in replay.ids.iter().enumerate() {
            let mut active = wanted.places(tape, id).next().is_some();
            tape.for_each_operand(id, |operand| {
                active |= replay
                    .position(operand)
                    .is_some_and(|position| is_active[position]);
            });
            is_active[index] = active;
        }
        let mut adjoints = vec![Adjoint::default(); count];
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
        let found = vec![None; nodes.len()];
        Self {
            replay,
            adjoints,
            is_active,
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
        let session = Session::new(tape);
        let mut step = RecordedStep::Done;
        while self.next > 0 {
            self.next -= 1;
            if !self.is_active[self.next] {
                continue;
            }
            session.forget_arrays();
            let start = session.read(Tape::len);
            let adjoint = std::mem::take(&mut self.adjoints[self.next]);
            let id = self.replay.ids[self.next];
            let shape = self.replay.values[self.next].shape();
            let Some(y_bar) = assemble(&session, adjoint, shape.dim()) else {
                continue;
            };
            // Contributions may have other ranks, those of a rule of the caller's among them.
            let y_bar = reshaped(&session, y_bar, shape);
            for place in session.read(|tape| self.wanted.places(tape, id)) {
                let found = &mut self.found[place];
                // More than one node of a leaf: their adjoints add.
                *found = Some(match found.take() {
                    Some(sum) => (traced(&session, sum) + y_bar).operand(),
                    None => y_bar.operand(),
                });
            }
            let (node, record) =
                session.read(|tape| (*tape.node(id), tape.record_of(tape.node(id)).cloned()));
            if let Some(Record {
                structural: Some(Structural::Custom { key }),
                inputs,
                ..
            }) = &record
            {
                step = RecordedStep::Custom(RecordedPaused {
                    node: id,
                    key: *key,
                    y_bar: y_bar.operand(),
                    operands: inputs.iter().map(Input::saved_operand).collect(),
                    output: Operand {
                        node: id,
                        value: self.replay.value(id),
                    },
                });
                break;
            }
            self.pull_back(&session, id, &node, record.as_ref(), y_bar);
            if let Some(origins) = &mut self.origins {
                origins.push(Origin::new(start, &session, id));
            }
        }
        session.finish(tape)?;
        Ok(step)
    }

    fn pull_back<'s>(
        &mut self,
        session: &'s Session,
        id: NodeId,
        node: &Node,
        record: Option<&Record>,
        y_bar: Traced<'s>,
    ) {
        let y = || {
            traced(
                session,
                Operand {
                    node: id,
                    value: self.replay.value(id),
                },
            )
        };
        let operands: SmallVec<[Operand; 2]> = operands_of(&self.replay, node, record);
        let operand = |index: usize| traced(session, operands[index].clone());
        let is_wanted = |index: usize| self.is_active_node(operands[index].node);
        let mut bars: SmallVec<[(usize, Traced<'s>); 2]> = SmallVec::new();
        match node.op {
            Op::Sink | Op::Leaf => {}
            Op::Identity => bars.push((0, y_bar)),
            Op::Index => {
                if let Some(position) = self.replay.position(node.a) {
                    let entry = (node.record as usize, y_bar.operand());
                    self.adjoints[position].entries.push(entry);
                }
            }
            Op::Unary(op) => {
                if is_wanted(0) {
                    let partial = unary_partial(op, operand(0), y());
                    bars.push((0, y_bar.binary(BinaryOp::Gated, &partial)));
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
                    bars.push((index, y_bar.binary(BinaryOp::Gated, &partial)));
                }
            }
            Op::Structural => {
                let Some(op) = record.and_then(|record| record.structural.as_ref()) else {
                    return;
                };
                let inputs: SmallVec<[Traced<'s>; 4]> = (0..operands.len()).map(operand).collect();
                // The pullback of a linear operation sees the cotangent only: where that is a
                // constant of one entry, what it makes of it may have more.
                let y_bar = match op.is_linear() {
                    true => y_bar.in_session(session),
                    false => y_bar,
                };
                for index in (0..operands.len()).filter(|&index| is_wanted(index)) {
                    bars.push((index, op.pull_back(index, &inputs, &y(), &y_bar)));
                }
            }
        }
        for (index, bar) in bars {
            let bar = reshaped(session, bar, operands[index].value.shape());
            self.add(session, operands[index].node, bar);
        }
    }

    fn is_active_node(&self, node: NodeId) -> bool {
        self.replay
            .position(node)
            .is_some_and(|position| self.is_active[position])
    }

    fn add(&mut self, session: &Session, node: NodeId, bar: Traced<'_>) {
        let Some(position) = self.replay.position(node) else {
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
        let session = Session::new(tape);
        self.add(&session, node, traced(&session, bar));
        session.finish(tape)
    }

    /// Ends the sweep, at its end or before, and gives the adjoints that were asked for.
    pub fn finish(self, tape: &mut Tape) -> Vec<Option<Operand>> {
        tape.release();
        self.found
    }
}

/// The operands of a node as they were.
pub(super) fn operands_of(
    replay: &Replay,
    node: &Node,
    record: Option<&Record>,
) -> SmallVec<[Operand; 2]> {
    let operand = |node: NodeId, constant: f64| match node {
        SINK => Operand::constant(Value::number(constant)),
        _ => Operand {
            node,
            value: replay.value(node),
        },
    };
    match record {
        Some(record) => record
            .inputs
            .iter()
            .map(|input| Operand {
                node: input.node,
                value: input
                    .saved
                    .clone()
                    .unwrap_or_else(|| replay.value(input.node)),
            })
            .collect(),
        None if node.is_leaf() => SmallVec::new(),
        None => SmallVec::from_buf([
            operand(node.a, node.partial_a),
            operand(node.b, node.partial_b),
        ]),
    }
}

/// The adjoint that all contributions make, if there were any.
fn assemble(session: &Session, adjoint: Adjoint, dim: usize) -> Option<Traced<'_>> {
    let sum = adjoint.sum.map(|sum| traced(session, sum));
    if adjoint.entries.is_empty() {
        return sum;
    }
    let (places, entries): (Vec<usize>, Vec<Operand>) = adjoint.entries.into_iter().unzip();
    if dim == 1 {
        let entries = entries.into_iter().map(|entry| traced(session, entry));
        return sum
            .into_iter()
            .chain(entries)
            .reduce(|sum, entry| sum + entry);
    }
    let scatter = Structural::Scatter {
        places: places.into(),
        dim,
    };
    let entries: Vec<Traced<'_>> = entries
        .into_iter()
        .map(|entry| traced(session, entry))
        .collect();
    let scattered = structural_in(Some(session), &scatter, &entries);
    Some(match sum {
        Some(sum) => sum + scattered,
        None => scattered,
    })
}
