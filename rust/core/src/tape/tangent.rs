//! The tangent sweep: from inputs up to an output, over the same partials as the reverse sweep.
//!
//! A plain sweep computes numbers; a recorded one records what it computes, so that its result
//! can be differentiated again. In both, entries of the result that are infinite or nan are for
//! reverse sweeps to decide, as in [`super::plain_tangent`].

use smallvec::SmallVec;

use super::in_session::Pullbacks;
use super::node::{Input, Record};
use super::path::{Path, Shaped, operands_of, output_of};
use super::record::Operand;
use super::traced::{
    Session, Traced, binary_partial, reshaped, structural_in, traced, unary_partial,
};
use super::wanted::{self, Wanted};
use super::watch::Origin;
use super::{Error, Handles, Hold, Node, NodeId, Op, Tape};
use crate::array::{Shape, Value};
use crate::memory;
use crate::ops::{BinaryOp, Saved};
use crate::structural::{Span, Structural};

/// A tangent sweep under way. One that is dropped before its end leaves nothing behind but nodes
/// that nobody needs.
#[derive(Debug)]
pub struct TangentSweep {
    hold: Hold,
    path: Path,
    /// Of the nodes on the path.
    tangents: Vec<Option<Operand>>,
    is_recorded: bool,
    /// Positions below are done.
    next: usize,
    /// Which nodes were recorded for which, in a sweep that is to say so.
    origins: Option<Vec<Origin>>,
}

/// What a tangent sweep came to.
#[derive(Debug)]
pub enum TangentStep {
    /// The end.
    Done,
    /// A custom operation: the caller computes the tangent of its output.
    Custom(TangentPaused),
}

/// A custom operation that a tangent sweep waits for.
#[derive(Debug)]
pub struct TangentPaused {
    /// The node.
    pub node: NodeId,
    /// The caller's key.
    pub key: u64,
    /// The operands, as they were.
    pub operands: Vec<Operand>,
    /// Their tangents; `None` where nothing changes.
    pub tangents: Vec<Option<Operand>>,
    /// The output, as it was.
    pub output: Operand,
}

impl TangentSweep {
    /// A sweep from the nodes of `inputs`, with their tangents, to `output`; one that is recorded may
    /// ask the handles for values.
    pub fn new(
        tape: &mut Tape,
        output: NodeId,
        inputs: Vec<(NodeId, Operand)>,
        recorded: Option<&impl Handles>,
    ) -> Self {
        let hold = tape.hold();
        let lowest = wanted::lowest(tape, inputs.iter().map(|(node, _)| *node));
        let wanted = Wanted::new(tape, inputs.iter().map(|(node, _)| *node));
        let path = Path::new(tape, output, &wanted, lowest);
        if let Some(handles) = recorded {
            path.find_numbers(tape, handles);
        }
        let mut tangents = memory::filled(path.ids.len(), None);
        for (&id, tangent) in path.ids.iter().zip(&mut tangents) {
            *tangent = wanted
                .places(tape, id)
                .next()
                .map(|place| inputs[place].1.clone());
        }
        Self {
            hold,
            path,
            tangents,
            is_recorded: recorded.is_some(),
            next: 0,
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
    pub fn run(&mut self, tape: &mut Tape) -> Result<TangentStep, Error> {
        Session::run(tape, |session| self.run_in(session))
    }

    fn run_in(&mut self, session: &Session) -> TangentStep {
        while self.next < self.path.ids.len() {
            let id = self.path.ids[self.next];
            let (node, record) =
                session.read(|tape| (*tape.node(id), tape.record_of(tape.node(id)).cloned()));
            let is_given = self.tangents[self.next].is_some();
            if !is_given {
                if let Some(Record {
                    structural: Some(Structural::Custom { key, .. }),
                    inputs,
                    ..
                }) = &record
                {
                    let tangent_of = |input: &Input| self.tangent(input.node).cloned();
                    let tangents = memory::collect(inputs.iter().map(tangent_of));
                    if tangents.iter().any(Option::is_some) {
                        return TangentStep::Custom(TangentPaused {
                            node: id,
                            key: *key,
                            operands: memory::collect(inputs.iter().map(Input::saved_operand)),
                            tangents,
                            output: session.read(|tape| output_of(tape, id)),
                        });
                    }
                } else {
                    session.forget_arrays();
                    let start = session.read(Tape::len);
                    self.tangents[self.next] =
                        self.push_forward(session, id, &node, record.as_ref());
                    if let Some(origins) = &mut self.origins {
                        memory::push(origins, Origin::new(start, session, id));
                    }
                }
            }
            self.next += 1;
        }
        TangentStep::Done
    }

    /// The tangent of a custom operation, from the caller; the sweep can go on.
    pub fn resume(&mut self, tangent: Option<Operand>) {
        self.tangents[self.next] = tangent;
        self.next += 1;
    }

    fn tangent(&self, node: NodeId) -> Option<&Operand> {
        let position = self.path.position(node)?;
        self.tangents[position].as_ref()
    }

    fn push_forward(
        &self,
        session: &Session,
        id: NodeId,
        node: &Node,
        record: Option<&Record>,
    ) -> Option<Operand> {
        if node.is_leaf() {
            return None;
        }
        if !self.is_recorded && record.is_none() {
            return self.push_number_forward(node);
        }
        let own = |operand: Operand| match self.is_recorded {
            true => traced(session, operand),
            false => traced(session, Operand::constant(operand.value)),
        };
        let operands = session.read(|tape| operands_of(tape, node, record));
        let tangent_of =
            |(operand, _): &Shaped| Some(traced(session, self.tangent(operand.node)?.clone()));
        let tangents: SmallVec<[Option<Traced<'_>>; 2]> =
            memory::collect_few(operands.iter().map(tangent_of));
        if tangents.iter().all(Option::is_none) {
            return None;
        }
        let shape = session.read(|tape| tape.shape(id));
        let y = || own(session.read(|tape| output_of(tape, id)));
        let operand = |index: usize| own(operands[index].0.clone());
        let tangent = match node.op {
            Op::Sink | Op::Leaf => None,
            Op::Identity => tangents[0],
            Op::Index => {
                let (place, dim) = (node.record as usize, operands[0].1.dim());
                let index = match node.rank.is_number() {
                    true => Structural::Index { place, dim },
                    false => Structural::Slice(Span::one(place, dim)),
                };
                tangents[0].map(|tangent| structural_in(session, &index, &[tangent]))
            }
            Op::Unary(op) => {
                tangents[0].map(|tangent| product(tangent, unary_partial(op, operand(0), y())))
            }
            Op::Binary(op) => {
                let saved = Saved {
                    a: operand(0),
                    b: operand(1),
                    y: y(),
                };
                let terms = tangents.iter().enumerate().filter_map(|(index, tangent)| {
                    let partial = binary_partial(op, index, saved);
                    Some(product((*tangent)?, partial))
                });
                terms.reduce(|sum, term| sum + term)
            }
            Op::Structural => {
                let op = record.and_then(|record| record.structural.as_ref())?;
                let inputs: SmallVec<[Traced<'_>; 4]> =
                    memory::collect_few((0..operands.len()).map(operand));
                let shapes = operands.iter().map(|(_, shape)| *shape);
                push_structural_forward(session, op, &inputs, shapes, y(), &tangents)
            }
        };
        tangent.map(|tangent| reshaped(session, tangent, shape).operand())
    }

    /// The tangent of a scalar operation, by the partials that the node keeps.
    fn push_number_forward(&self, node: &Node) -> Option<Operand> {
        if node.op == Op::Index {
            let tangent = self.tangent(node.a)?.value.as_slice()[node.record as usize];
            return Some(Operand::constant(Value::Number(tangent, node.rank)));
        }
        let term =
            |operand: NodeId, partial: f64| Some(self.tangent(operand)?.value.only() * partial);
        let terms = [term(node.a, node.partial_a), term(node.b, node.partial_b)];
        let sum = terms.into_iter().flatten().reduce(|sum, term| sum + term);
        sum.map(|tangent| Operand::constant(Value::Number(tangent, node.rank)))
    }

    /// Ends the sweep, at its end or before, and gives the tangent of the output; `None` where it
    /// does not depend on the inputs.
    pub fn finish(mut self, tape: &mut Tape) -> Option<Operand> {
        self.path.finish(tape);
        tape.release(self.hold);
        self.tangents.pop().flatten()
    }
}

/// What a tangent contributes. One of 0 beside a partial that is infinite or nan makes nan, so that
/// the output tells that the reverse sweep has to decide.
fn product<'s>(tangent: Traced<'s>, partial: Traced<'s>) -> Traced<'s> {
    let is_finite = partial.primal().as_slice().iter().all(|x| x.is_finite());
    // Among finite numbers the two are one, and a constant 0 need not be recorded.
    let op = if is_finite {
        BinaryOp::Gated
    } else {
        BinaryOp::Mul
    };
    tangent.record_binary(op, partial)
}

fn push_structural_forward<'s>(
    session: &'s Session,
    op: &Structural,
    inputs: &[Traced<'s>],
    shapes: impl ExactSizeIterator<Item = Shape>,
    y: Traced<'s>,
    tangents: &[Option<Traced<'s>>],
) -> Option<Traced<'s>> {
    if op.is_linear() {
        let tangent_of = |(tangent, shape): (&Option<Traced<'s>>, Shape)| {
            let zero = || Value::filled(shape, 0.0);
            tangent.unwrap_or_else(|| traced(session, Operand::constant(zero())))
        };
        let tangents: SmallVec<[Traced<'s>; 4]> =
            memory::collect_few(tangents.iter().zip(shapes).map(tangent_of));
        return Some(structural_in(session, &op.of_tangents(), &tangents));
    }
    // The result is a number: its tangent is the inner product of the gradient and the tangents.
    let pullbacks = Pullbacks::new(session, op, inputs.iter().copied(), y);
    let terms = tangents.iter().enumerate().filter_map(|(index, tangent)| {
        let gradient = pullbacks.pull_back(index, Traced::number(1.0));
        Some(reshaped(
            session,
            product((*tangent)?, gradient),
            Shape::NUMBER,
        ))
    });
    terms.reduce(|sum, term| sum + term)
}
