//! Sweeps that look for the first infinite or nan number, and for zeros that swallow one.

use std::ops::Range;

use smallvec::SmallVec;

use super::elementwise::elementwise_pull_back;
use super::node::Record;
use super::sweep::{Paused, Sweep};
use super::traced::Session;
use super::{Node, NodeId, Op, Tape};
use crate::array::Value;
use crate::memory;
use crate::structural::Structural;

/// Something that a watched sweep saw.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The node whose pullback it was.
    pub node: NodeId,
    /// Which operand the contribution went to.
    pub operand: usize,
    /// The cotangent of the node.
    pub y_bar: Value,
    /// Whether the adjoint of the operand became infinite or nan; else a zero cotangent met an
    /// infinite or nan partial, and contributed 0.
    pub is_made: bool,
}

/// What a recorded sweep put on the tape for one node.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The nodes that were recorded.
    pub recorded: Range<NodeId>,
    /// The node whose pullback or tangent they are.
    pub node: NodeId,
}

impl Origin {
    /// All that was recorded since the tape had `start` nodes.
    pub(super) fn new(start: usize, session: &Session, node: NodeId) -> Self {
        Self {
            recorded: start as NodeId..session.read(Tape::len) as NodeId,
            node,
        }
    }
}

/// Whether all entries are finite.
fn is_finite(value: &Value) -> bool {
    value.as_slice().iter().all(|x| x.is_finite())
}

/// 1 where an entry is 0, and 0 elsewhere; `None` if no entry is 0.
fn zeros_of(value: &Value) -> Option<Value> {
    let entries = value.as_slice();
    let has_zero = entries.contains(&0.0);
    has_zero.then(|| {
        let indicate = |out: &mut [f64]| {
            for (out, &x) in out.iter_mut().zip(entries) {
                *out = f64::from(x == 0.0);
            }
        };
        match value {
            Value::Number(_, rank) => Value::Number(1.0, *rank),
            Value::Array(_) => Value::build(value.shape(), indicate),
        }
    })
}

/// Whether a zero in `y_bar` meets an infinite or nan partial by an operand: the pullback of 1
/// for each zero tells, as it contributes nothing else.
fn swallows(node: &Node, record: Option<&Record>, operand: usize, y_bar: &Value) -> bool {
    let Some(zeros) = zeros_of(y_bar) else {
        return false;
    };
    let Some(record) = record else {
        let partial = [node.partial_a, node.partial_b][operand];
        return node.op != Op::Index && !partial.is_finite();
    };
    let pulled = match (&record.structural, node.op) {
        (Some(op), Op::Structural) => structural_pull_back(op, record, operand, &zeros),
        _ => elementwise_pull_back(node.op, operand, record, &zeros),
    };
    pulled.is_some_and(|pulled| !is_finite(&pulled))
}

fn structural_pull_back(
    op: &Structural,
    record: &Record,
    operand: usize,
    y_bar: &Value,
) -> Option<Value> {
    if matches!(op, Structural::Custom { .. }) {
        return None;
    }
    let (operands, y) = record.saved();
    Some(op.pull_back(operand, &operands, &y, y_bar))
}

/// The operands of a node that is no leaf, the sink for constants.
fn operands_of(tape: &Tape, node: &Node) -> SmallVec<[NodeId; 2]> {
    match tape.record_of(node) {
        Some(record) => memory::collect_few(record.inputs.iter().map(|input| input.node)),
        None if node.op == Op::Index => SmallVec::from_slice(&[node.a]),
        None => SmallVec::from_buf([node.a, node.b]),
    }
}

impl Sweep {
    /// Makes the sweep look for infinite and nan adjoints, and for zeros that swallow them.
    pub fn watch(&mut self) {
        self.findings = Some(Vec::new());
    }

    /// What a watched sweep has seen since this was last asked.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.findings
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Contributes to the operands of a node, and compares their adjoints with those before.
    #[cold]
    pub(super) fn pull_back_watched(
        &mut self,
        tape: &mut Tape,
        node: &Node,
        y_bar: Value,
    ) -> Option<Paused> {
        let operands = operands_of(tape, node);
        for (index, &operand) in operands.iter().enumerate() {
            if operand >= self.lowest && swallows(node, tape.record_of(node), index, &y_bar) {
                self.find(index, &y_bar, false);
            }
        }
        let is_finite_before = |&operand: &NodeId| self.is_adjoint_finite(tape, operand);
        let were_finite: SmallVec<[bool; 2]> =
            memory::collect_few(operands.iter().map(is_finite_before));
        let paused = self.pull_back_node(tape, node, y_bar.clone());
        for (index, &operand) in operands.iter().enumerate() {
            if were_finite[index] && !self.is_adjoint_finite(tape, operand) && is_finite(&y_bar) {
                self.find(index, &y_bar, true);
            }
        }
        paused
    }

    /// Adds to the adjoint of an operand of a custom operation, for the caller that computed `bar`.
    pub fn contribute_custom(&mut self, tape: &Tape, paused: &Paused, index: usize, bar: Value) {
        let operand = paused.operands[index].node;
        let was_finite = self.findings.is_some() && self.is_adjoint_finite(tape, operand);
        self.contribute(tape, operand, bar);
        if was_finite && !self.is_adjoint_finite(tape, operand) && is_finite(&paused.y_bar) {
            self.find(index, &paused.y_bar, true);
        }
    }

    fn is_adjoint_finite(&self, tape: &Tape, node: NodeId) -> bool {
        node < self.lowest || {
            let own = tape.node(node);
            let record = own.has_record().then_some(own.record as usize);
            self.workspace.is_finite(node, record)
        }
    }

    fn find(&mut self, operand: usize, y_bar: &Value, is_made: bool) {
        if let Some(findings) = &mut self.findings {
            let finding = Finding {
                node: self.next,
                operand,
                y_bar: y_bar.clone(),
                is_made,
            };
            memory::push(findings, finding);
        }
    }
}
