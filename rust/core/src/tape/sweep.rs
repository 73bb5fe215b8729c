//! The reverse sweep: from an output down to what it was computed from.

use smallvec::SmallVec;

use super::elementwise::reshaped_pull_back;
use super::node::{Input, Record};
use super::wanted::{self, Few, Wanted};
use super::watch::Finding;
use super::workspace::{Workspace, scalar_contributions};
use super::{Hold, Node, NodeId, Op, Recorded, SINK, Tape, tag};
use crate::array::{Shape, Value};
use crate::structural::dual::spread;
use crate::structural::{Structural, add_at};
use crate::{kernels, memory};

/// A reverse sweep under way. One that is dropped before its end leaves nothing behind.
#[derive(Debug)]
pub struct Sweep {
    hold: Hold,
    pub(super) workspace: Workspace,
    /// Where the sweep stands: nodes above are done.
    pub(super) next: NodeId,
    /// Nodes below are not visited, the sink among them.
    pub(super) lowest: NodeId,
    goal: Goal,
    /// Gradients of leaves that are not written yet, where the sweep may still fail.
    pending: Vec<(u32, Value)>,
    /// What was seen, in a sweep that looks for it.
    pub(super) findings: Option<Vec<Finding>>,
}

#[derive(Debug)]
enum Goal {
    /// Leave gradients at the leaves; the serial number of this sweep.
    Leaves(u64),
    /// The adjoints of these nodes.
    Nodes {
        wanted: Wanted,
        found: Few<Option<Value>>,
    },
}

/// What a sweep came to.
#[derive(Debug)]
pub enum SweepStep {
    /// The end.
    Done,
    /// A custom operation: the caller computes the cotangents of its operands.
    Custom(Paused),
}

/// A custom operation that a sweep waits for.
#[derive(Debug)]
pub struct Paused {
    /// The node.
    pub node: NodeId,
    /// The caller's key.
    pub key: u64,
    /// Cotangent of the output.
    pub y_bar: Value,
    /// The operands, as they were.
    pub operands: Vec<Recorded>,
    /// The value of the output, as it was.
    pub output: Value,
}

impl Sweep {
    /// A sweep from `output` that leaves gradients at all leaves it reaches.
    pub fn to_leaves(tape: &mut Tape, output: NodeId, seed: Value) -> Self {
        tape.leaves.sweeps += 1;
        let serial = tape.leaves.sweeps;
        Self::new(tape, output, seed, SINK + 1, Goal::Leaves(serial))
    }

    /// A sweep from `output` for the adjoints of `nodes`; leaves keep the gradients they have.
    pub fn to_nodes(tape: &mut Tape, output: NodeId, seed: Value, nodes: &[NodeId]) -> Self {
        let lowest = wanted::lowest(tape, nodes.iter().copied()).max(SINK + 1);
        tape.tag_wanted(nodes);
        let goal = Goal::Nodes {
            wanted: Wanted::new(tape, nodes.iter().copied()),
            found: memory::collect_few(nodes.iter().map(|_| None)),
        };
        Self::new(tape, output, seed, lowest, goal)
    }

    fn new(tape: &mut Tape, output: NodeId, seed: Value, lowest: NodeId, goal: Goal) -> Self {
        let hold = tape.hold();
        let mut workspace = tape.workspaces.pop().unwrap_or_default();
        workspace.begin(lowest, tape.nodes.len(), tape.records.len());
        let node = tape.node(output);
        if node.has_record() && tape.dim(output) != 1 {
            let seed = spread(seed, tape.shape(output));
            workspace.add_array(output, node.record as usize, seed);
        } else {
            workspace.add_number(output, seed.only());
        }
        Self {
            hold,
            workspace,
            next: output + 1,
            lowest,
            goal,
            pending: Vec::new(),
            findings: None,
        }
    }

    /// Sweeps to the next custom operation or to the end.
    pub fn run(&mut self, tape: &mut Tape) -> SweepStep {
        while self.next > self.lowest {
            let (first, end) = self.workspace.touched_block(self.next);
            let bottom = first.max(self.lowest);
            self.next = end;
            while self.next > bottom {
                let is_watched = self.findings.is_some();
                let (next, stopped) =
                    self.workspace
                        .pull_back_scalars(&tape.nodes, self.next, bottom, is_watched);
                self.next = next;
                if let Some(y_bar) = stopped
                    && let Some(paused) = self.visit(tape, y_bar)
                {
                    return SweepStep::Custom(paused);
                }
            }
            if bottom == first {
                self.workspace.leave_block(first);
            }
        }
        SweepStep::Done
    }

    /// A node off the fast path: an input, a vector, or one that is asked for.
    fn visit(&mut self, tape: &mut Tape, y_bar: f64) -> Option<Paused> {
        let id = self.next;
        let node = *tape.node(id);
        let y_bar = match tape.record_of(&node) {
            Some(record) if record.shape.dim() != 1 => {
                let sum = self.workspace.take_array(node.record as usize);
                debug_assert!(sum.is_some(), "a vector was reached by nothing");
                sum.unwrap_or_else(|| Value::filled(record.shape, 0.0))
            }
            _ => Value::Number(y_bar, node.rank),
        };
        if node.tag & (tag::WANTED | tag::LEAF) != 0
            && let Goal::Nodes { wanted, found, .. } = &mut self.goal
        {
            for place in wanted.places(tape, id) {
                match &mut found[place] {
                    // Another node of the same leaf.
                    Some(sum) => kernels::add_assign(sum.make_mut(), y_bar.as_slice()),
                    place @ None => *place = Some(y_bar.clone()),
                }
            }
        }
        if node.is_leaf() {
            if let Goal::Leaves(serial) = self.goal {
                if self.may_fail(tape) {
                    memory::push(&mut self.pending, (node.a, y_bar));
                } else {
                    tape.deposit(node.a, serial, y_bar);
                }
            }
            return None;
        }
        if self.findings.is_some() {
            return self.pull_back_watched(tape, &node, y_bar);
        }
        self.pull_back_node(tape, &node, y_bar)
    }

    /// Contributes to the operands of a node that is no leaf.
    #[inline(always)]
    pub(super) fn pull_back_node(
        &mut self,
        tape: &mut Tape,
        node: &Node,
        y_bar: Value,
    ) -> Option<Paused> {
        if node.op == Op::Index {
            let (record, dim) = (tape.node(node.a).record as usize, tape.dim(node.a));
            let bar = y_bar.only();
            self.workspace
                .add_entry(node.a, record, dim, node.record as usize, bar);
            return None;
        }
        if node.has_record() {
            self.release_old_gradients(tape, node);
        }
        let Some(record) = tape.record_of(node) else {
            let [a, b] = scalar_contributions(node, y_bar.only());
            self.workspace.add_number(node.a, a);
            self.workspace.add_number(node.b, b);
            return None;
        };
        if let Some(Structural::Custom { key, .. }) = record.structural {
            let operands = memory::collect(record.inputs.iter().map(Input::saved_operand));
            let (_, output) = record.saved();
            return Some(Paused {
                node: self.next,
                key,
                y_bar,
                operands,
                output,
            });
        }
        self.pull_back(tape, node, record, y_bar);
        None
    }

    /// Drops the gradients that an earlier sweep left at those operands that are leaves. This sweep
    /// will replace them, and what is freed first is the storage that it takes next: it is in the
    /// cache, where another would not be.
    fn release_old_gradients(&self, tape: &mut Tape, node: &Node) {
        let Goal::Leaves(serial) = self.goal else {
            return;
        };
        if self.may_fail(tape) {
            return;
        }
        for input in &tape.records[node.record as usize].inputs {
            let operand = &tape.nodes[input.node as usize];
            if operand.is_leaf() {
                let leaf = &mut tape.leaves.table[operand.a as usize];
                if leaf.sweep != serial {
                    leaf.gradient = None;
                }
            }
        }
    }

    /// Whether Python code runs on the way, so that the sweep may end before its end.
    fn may_fail(&self, tape: &Tape) -> bool {
        tape.has_custom || self.findings.is_some()
    }

    fn pull_back(&mut self, tape: &Tape, node: &Node, record: &Record, y_bar: Value) {
        match node.op {
            Op::Identity => self.contribute(tape, record.inputs[0].node, y_bar),
            Op::Unary(_) | Op::Binary(_) => {
                for (index, input) in record.inputs.iter().enumerate() {
                    if input.node >= self.lowest
                        && let Some(bar) = reshaped_pull_back(node.op, index, record, &y_bar)
                    {
                        self.contribute_reshaped(tape, input.node, input.shape, bar);
                    }
                }
            }
            Op::Structural => {
                if let Some(structural) = &record.structural {
                    self.pull_back_structural(tape, structural, record, &y_bar);
                }
            }
            Op::Sink | Op::Leaf | Op::Index => {}
        }
    }

    fn pull_back_structural(
        &mut self,
        tape: &Tape,
        op: &Structural,
        record: &Record,
        y_bar: &Value,
    ) {
        if let Structural::Slice(span) = op {
            // In place: a loop over the entries of a vector must not cost its length each time.
            let input = &record.inputs[0];
            if input.shape.dim() != 1 && input.node >= self.lowest {
                let target = tape.node(input.node).record as usize;
                let sum = self.workspace.array_mut(input.node, target, input.shape);
                add_at(sum, *span, y_bar.as_slice());
                return;
            }
        }
        if let (Structural::Dot, Some(y_bar)) = (op, y_bar.as_number().filter(|bar| *bar != 0.0)) {
            for (index, input) in record.inputs.iter().enumerate() {
                if input.node >= self.lowest
                    && let Some(other) = &record.inputs[1 - index].saved
                {
                    let target = tape.node(input.node).record as usize;
                    self.workspace
                        .add_scaled(input.node, target, y_bar, other.as_slice());
                }
            }
            return;
        }
        let (operands, y) = record.saved();
        for (index, input) in record.inputs.iter().enumerate() {
            if input.node >= self.lowest {
                let bar = op.pull_back(index, &operands, &y, y_bar);
                self.contribute_reshaped(tape, input.node, input.shape, bar);
            }
        }
    }

    /// Adds to the adjoint of an operand, of which the contribution may be a broadcast.
    fn contribute_reshaped(&mut self, tape: &Tape, node: NodeId, shape: Shape, bar: Value) {
        let dim = shape.dim();
        if bar.dim() == dim {
            self.contribute(tape, node, bar);
        } else if dim == 1 {
            self.contribute(tape, node, Value::number(kernels::sum(bar.as_slice())));
        } else {
            self.contribute(tape, node, Value::filled(shape, bar.only()));
        }
    }

    /// Adds to the adjoint of a node that has as many entries as `bar`, for the caller that
    /// computes a custom operation.
    pub fn contribute(&mut self, tape: &Tape, node: NodeId, bar: Value) {
        match bar {
            Value::Number(number, _) => self.workspace.add_number(node, number),
            Value::Array(_) if node < self.lowest => {}
            Value::Array(_) => {
                self.workspace
                    .add_array(node, tape.node(node).record as usize, bar);
            }
        }
    }

    /// Writes the gradients of leaves, for a sweep that has come to its end.
    pub fn settle(&mut self, tape: &mut Tape) {
        if let Goal::Leaves(serial) = self.goal {
            for (leaf, gradient) in self.pending.drain(..) {
                tape.deposit(leaf, serial, gradient);
            }
        }
    }

    /// Whether a sweep that has come to its end found no leaf for a gradient, but arguments of
    /// transforms that have ended.
    #[must_use]
    pub fn has_found_ended_only(&self, tape: &Tape) -> bool {
        let Goal::Leaves(serial) = self.goal else {
            return false;
        };
        tape.leaves.meeting_ended == serial && tape.leaves.depositing != serial
    }

    /// Ends the sweep, at its end or before: the arrays are zero again. Gives the adjoints that
    /// were asked for, in the order asked; `None` where the output does not depend on the node.
    pub fn finish(mut self, tape: &mut Tape) -> SmallVec<[Option<Value>; 2]> {
        // What was reached below the place where the sweep ended, the sink among it.
        self.workspace.clear_below(self.next, &tape.nodes);
        tape.workspaces.push(self.workspace);
        tape.release(self.hold);
        match self.goal {
            Goal::Leaves(_) => Few::new(),
            Goal::Nodes { found, .. } => found,
        }
    }
}
