//! The reverse sweep: from an output down to what it was computed from.
//!
//! Adjoints of numbers lie in one array by node id, those of vectors beside the records. Both are
//! cleared as they are consumed, so that the arrays are ready for the next sweep whatever this one
//! touched. Which blocks of nodes were touched is kept as a byte each: what lies between the
//! parts of a graph is skipped a thousand nodes at a time, and a sweep costs what its graph costs.
//!
//! A node that was reached with an adjoint of 0 is not the same as one that was not reached: the
//! first has a gradient, 0. So an adjoint starts as -0.0, which no sum of contributions can be:
//! adding 0.0 to each makes a contribution of -0.0 a 0.0.

use super::node::{Input, Record};
use super::wanted::{self, Wanted};
use super::{Node, NodeId, Op, Recorded, SINK, Tape, tag};
use crate::array::Value;
use crate::kernels::{self, Operand, Side};
use crate::structural::{Structural, add_at};

const BLOCK: usize = 16;
/// How long a list of entries is kept for the next sweep.
const KEPT_ENTRIES: usize = 1 << 12;
/// The adjoint of a node that was not reached.
const UNREACHED: f64 = -0.0;

fn is_reached(adjoint: f64) -> bool {
    adjoint.to_bits() != UNREACHED.to_bits()
}

/// The arrays of a sweep. Between sweeps nothing in them is reached.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// Adjoints of numbers; for a vector, anything that says that it was reached.
    adjoints: Vec<f64>,
    /// Adjoints of vectors, by record.
    arrays: Vec<Option<Value>>,
    /// What came to their entries one by one, to be added to that; empty where nothing did. A loop
    /// over the entries of a vector must not cost its length each time, nor look who shares it.
    entries: Vec<Vec<f64>>,
    touched: Vec<u8>,
}

impl Workspace {
    fn grow(&mut self, nodes: usize, records: usize) {
        let blocks = nodes.div_ceil(BLOCK);
        if self.touched.len() < blocks {
            self.touched.resize(blocks, 0);
            // Doubling would touch, and pay for, memory that no sweep needs.
            let nodes = blocks * BLOCK;
            self.adjoints.reserve_exact(nodes - self.adjoints.len());
            self.adjoints.resize(nodes, UNREACHED);
        }
        if self.arrays.len() < records {
            self.arrays.resize(records, None);
            self.entries.resize_with(records, Vec::new);
        }
    }

    #[inline(always)]
    fn add_number(&mut self, node: NodeId, contribution: f64) {
        self.adjoints[node as usize] += contribution + 0.0;
        self.touched[node as usize / BLOCK] = 1;
    }

    fn reach(&mut self, node: NodeId) {
        self.adjoints[node as usize] = 1.0;
        self.touched[node as usize / BLOCK] = 1;
    }

    /// Adds to the adjoint of a vector: the first contribution is moved in, the next are added.
    fn add_array(&mut self, node: NodeId, record: usize, contribution: Value) {
        self.reach(node);
        match &mut self.arrays[record] {
            Some(sum) => kernels::add_assign(sum.make_mut(), contribution.as_slice()),
            place @ None => *place = Some(contribution),
        }
    }

    /// Adds `factor * x` to the adjoint of a vector.
    fn add_scaled(&mut self, node: NodeId, record: usize, factor: f64, x: &[f64]) {
        self.reach(node);
        match &mut self.arrays[record] {
            Some(sum) => kernels::add_scaled(sum.make_mut(), factor, x),
            place @ None => {
                let scale = |out: &mut [f64]| kernels::scale(factor, x, out);
                *place = Some(Value::build(x.len(), scale));
            }
        }
    }

    /// Adds to the entry of a vector.
    fn add_entry(&mut self, node: NodeId, record: usize, dim: usize, place: usize, bar: f64) {
        self.reach(node);
        let entries = &mut self.entries[record];
        entries.resize(dim, 0.0);
        entries[place] += bar;
    }

    /// The adjoint of a vector, which is none from now on.
    fn take_array(&mut self, record: usize) -> Option<Value> {
        let whole = self.arrays[record].take();
        let entries = &mut self.entries[record];
        if entries.is_empty() {
            return whole;
        }
        let sum = match whole {
            Some(mut sum) => {
                kernels::add_assign(sum.make_mut(), entries);
                sum
            }
            None => Value::from_slice(entries),
        };
        entries.clear();
        entries.shrink_to(KEPT_ENTRIES);
        Some(sum)
    }

    fn array_mut(&mut self, node: NodeId, record: usize, dim: usize) -> &mut [f64] {
        self.reach(node);
        self.arrays[record]
            .get_or_insert_with(|| Value::filled(dim, 0.0))
            .make_mut()
    }

    /// Consumes adjoints from `next` down to `bottom`, both in one block, as long as the nodes are
    /// scalar operations. Gives where it stopped, and the adjoint of the node that stopped it.
    #[inline(always)]
    fn pull_back_scalars(
        &mut self,
        nodes: &[Node],
        mut next: NodeId,
        bottom: NodeId,
        is_watched: bool,
    ) -> (NodeId, Option<f64>) {
        let (adjoints, touched) = (&mut self.adjoints[..], &mut self.touched[..]);
        let entries = &mut self.entries[..];
        while next > bottom {
            next -= 1;
            let y_bar = adjoints[next as usize];
            if !is_reached(y_bar) {
                continue;
            }
            adjoints[next as usize] = UNREACHED;
            let node = &nodes[next as usize];
            if node.tag != 0 || is_watched {
                if node.tag == tag::INDEX && !is_watched {
                    let record = nodes[node.a as usize].record as usize;
                    if let Some(sum) = entries[record].get_mut(node.record as usize) {
                        *sum += y_bar;
                        continue;
                    }
                }
                return (next, Some(y_bar));
            }
            let [a, b] = scalar_contributions(node, y_bar);
            adjoints[node.a as usize] += a;
            touched[node.a as usize / BLOCK] = 1;
            adjoints[node.b as usize] += b;
            touched[node.b as usize / BLOCK] = 1;
        }
        (next, None)
    }
}

/// What a scalar operation contributes to its operands. Absolute zero: an adjoint of 0
/// contributes 0, against any partial.
#[inline(always)]
fn scalar_contributions(node: &Node, y_bar: f64) -> [f64; 2] {
    if y_bar == 0.0 {
        return [0.0; 2];
    }
    [y_bar * node.partial_a + 0.0, y_bar * node.partial_b + 0.0]
}

/// How many blocks there are up to the last one that was touched.
fn last_touched(touched: &[u8]) -> usize {
    // Many at a time where all of them were left alone.
    let mut rest = touched;
    while let Some((below, chunk)) = rest.split_last_chunk::<64>() {
        if chunk.iter().fold(0, |any, t| any | t) != 0 {
            break;
        }
        rest = below;
    }
    while let Some((below, chunk)) = rest.split_last_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        if word != 0 {
            return rest.len() - word.leading_zeros() as usize / 8;
        }
        rest = below;
    }
    rest.iter()
        .rposition(|&t| t != 0)
        .map_or(0, |last| last + 1)
}

/// A reverse sweep under way.
#[derive(Debug)]
pub struct Sweep {
    workspace: Workspace,
    /// Where the sweep stands: nodes above are done.
    next: NodeId,
    /// Nodes below are not visited.
    lowest: NodeId,
    goal: Goal,
    /// Gradients of leaves that are not written yet, where the sweep may still fail.
    pending: Vec<(u32, Value)>,
    /// What was seen, in a sweep that looks for it.
    findings: Option<Vec<Finding>>,
}

#[derive(Debug)]
enum Goal {
    /// Leave gradients at the leaves; the serial number of this sweep.
    Leaves(u64),
    /// The adjoints of these nodes.
    Nodes {
        nodes: Vec<NodeId>,
        wanted: Wanted,
        found: Vec<Option<Value>>,
    },
}

/// Something that a watched sweep saw.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The node whose pullback it was.
    pub node: NodeId,
    /// Which operand the contribution went to.
    pub operand: usize,
    /// The cotangent of the node.
    pub y_bar: Value,
    /// Whether an infinite or nan contribution was made; else a zero cotangent met an infinite or
    /// nan partial, and contributed 0.
    pub is_made: bool,
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
        for &node in nodes {
            tape.nodes[node as usize].tag |= tag::WANTED;
        }
        let goal = Goal::Nodes {
            nodes: nodes.to_vec(),
            wanted: Wanted::new(tape, nodes.iter().copied()),
            found: vec![None; nodes.len()],
        };
        Self::new(tape, output, seed, lowest, goal)
    }

    fn new(tape: &mut Tape, output: NodeId, seed: Value, lowest: NodeId, goal: Goal) -> Self {
        let mut workspace = tape.workspaces.pop().unwrap_or_default();
        workspace.grow(tape.nodes.len(), tape.records.len());
        tape.hold();
        let node = tape.node(output);
        if node.has_record() && tape.dim(output) != 1 {
            let dim = tape.dim(output);
            let seed = match seed {
                Value::Number(number) => Value::filled(dim, number),
                Value::Array(_) => seed,
            };
            workspace.add_array(output, node.record as usize, seed);
        } else {
            workspace.add_number(output, seed.as_number().unwrap_or(f64::NAN));
        }
        Self {
            workspace,
            next: output + 1,
            lowest,
            goal,
            pending: Vec::new(),
            findings: None,
        }
    }

    /// Makes the sweep look for infinite and nan contributions, and for zeros that swallow them.
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

    /// Sweeps to the next custom operation or to the end.
    pub fn run(&mut self, tape: &mut Tape) -> SweepStep {
        while self.next > self.lowest {
            let block = (self.next as usize - 1) / BLOCK;
            if self.workspace.touched[block] == 0 {
                let blocks = last_touched(&self.workspace.touched[..block]);
                self.next = (blocks * BLOCK) as NodeId;
                continue;
            }
            let bottom = (block * BLOCK).max(self.lowest as usize) as NodeId;
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
            if bottom as usize == block * BLOCK {
                self.workspace.touched[block] = 0;
            }
        }
        SweepStep::Done
    }

    /// A node off the fast path: an input, a vector, or one that is asked for.
    fn visit(&mut self, tape: &mut Tape, y_bar: f64) -> Option<Paused> {
        let id = self.next;
        let node = *tape.node(id);
        let y_bar = match tape.record_of(&node) {
            Some(record) if record.dim != 1 => self
                .workspace
                .take_array(node.record as usize)
                .unwrap_or(Value::Number(0.0)),
            _ => Value::Number(y_bar),
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
                    self.pending.push((node.a, y_bar));
                } else {
                    tape.deposit(node.a, serial, y_bar);
                }
            }
            return None;
        }
        if node.op == Op::Index {
            let (record, dim) = (tape.node(node.a).record as usize, tape.dim(node.a));
            let bar = y_bar.as_number().unwrap_or(f64::NAN);
            self.workspace
                .add_entry(node.a, record, dim, node.record as usize, bar);
            return None;
        }
        if node.has_record() {
            self.release_old_gradients(tape, &node);
        }
        let Some(record) = tape.record_of(&node) else {
            let [a, b] = scalar_contributions(&node, y_bar.as_number().unwrap_or(f64::NAN));
            if self.findings.is_some() {
                let operands = [(node.a, a, node.partial_a), (node.b, b, node.partial_b)];
                for (index, (operand, bar, partial)) in operands.into_iter().enumerate() {
                    if operand != SINK {
                        let bars = (Value::Number(bar), Value::Number(partial));
                        self.inspect(index, &y_bar, &bars.0, &bars.1);
                    }
                }
            }
            self.workspace.add_number(node.a, a);
            self.workspace.add_number(node.b, b);
            return None;
        };
        if let Some(Structural::Custom { key }) = record.structural {
            let operands = record.inputs.iter().map(Input::saved_operand).collect();
            let output = record.output.clone().unwrap_or(Value::Number(f64::NAN));
            return Some(Paused {
                node: id,
                key,
                y_bar,
                operands,
                output,
            });
        }
        if self.findings.is_some() {
            self.inspect_record(&node, record, &y_bar);
        }
        self.pull_back(tape, &node, record, y_bar);
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

    /// Compares a contribution with what made it.
    fn inspect(&mut self, operand: usize, y_bar: &Value, bar: &Value, partial: &Value) {
        let cotangents = y_bar.as_slice();
        let is_finite = |x: &f64| x.is_finite();
        let is_made = cotangents.iter().all(is_finite) && !bar.as_slice().iter().all(is_finite);
        let mut lanes = cotangents.iter().zip(partial.as_slice());
        let is_swallowed = lanes.any(|(&y_bar, partial)| y_bar == 0.0 && !partial.is_finite());
        if (is_made || is_swallowed)
            && let Some(findings) = &mut self.findings
        {
            findings.push(Finding {
                node: self.next,
                operand,
                y_bar: y_bar.clone(),
                is_made,
            });
        }
    }

    /// The same for an elementwise operation on vectors: its partials are the pullback of ones.
    fn inspect_record(&mut self, node: &Node, record: &Record, y_bar: &Value) {
        let ones = Value::filled(y_bar.dim(), 1.0);
        for (index, input) in record.inputs.iter().enumerate() {
            if input.node == SINK {
                continue;
            }
            if let (Some(bar), Some(partial)) = (
                elementwise_pull_back(node.op, index, record, y_bar),
                elementwise_pull_back(node.op, index, record, &ones),
            ) {
                self.inspect(index, y_bar, &bar, &partial);
            }
        }
    }

    fn pull_back(&mut self, tape: &Tape, node: &Node, record: &Record, y_bar: Value) {
        match node.op {
            Op::Identity => self.contribute(tape, record.inputs[0].node, y_bar),
            Op::Unary(_) | Op::Binary(_) => {
                for (index, input) in record.inputs.iter().enumerate() {
                    if input.node != SINK
                        && let Some(bar) = elementwise_pull_back(node.op, index, record, &y_bar)
                    {
                        self.contribute_reshaped(tape, input.node, input.dim, bar);
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
            if input.dim != 1 && input.node != SINK {
                let target = tape.node(input.node).record as usize;
                let sum = self.workspace.array_mut(input.node, target, input.dim);
                add_at(sum, *span, y_bar.as_slice());
                return;
            }
        }
        if let (Structural::Dot, Some(y_bar)) = (op, y_bar.as_number().filter(|bar| *bar != 0.0)) {
            for (index, input) in record.inputs.iter().enumerate() {
                if input.node != SINK
                    && let Some(other) = &record.inputs[1 - index].saved
                {
                    let target = tape.node(input.node).record as usize;
                    self.workspace
                        .add_scaled(input.node, target, y_bar, other.as_slice());
                }
            }
            return;
        }
        let unsaved = Value::Number(f64::NAN);
        let operands: smallvec::SmallVec<[Value; 4]> = record
            .inputs
            .iter()
            .map(|input| input.saved.clone().unwrap_or_else(|| unsaved.clone()))
            .collect();
        let y = record.output.clone().unwrap_or(unsaved);
        for (index, input) in record.inputs.iter().enumerate() {
            if input.node != SINK {
                let bar = op.pull_back(index, &operands, &y, y_bar);
                self.contribute_reshaped(tape, input.node, input.dim, bar);
            }
        }
    }

    /// Adds to the adjoint of an operand, of which the contribution may be a broadcast.
    fn contribute_reshaped(&mut self, tape: &Tape, node: NodeId, dim: usize, bar: Value) {
        if bar.dim() == dim {
            self.contribute(tape, node, bar);
        } else if dim == 1 {
            self.contribute(tape, node, Value::Number(kernels::sum(bar.as_slice())));
        } else {
            let number = bar.as_number().unwrap_or(f64::NAN);
            self.contribute(tape, node, Value::filled(dim, number));
        }
    }

    /// Adds to the adjoint of a node that has as many entries as `bar`, for the caller that
    /// computes a custom operation.
    pub fn contribute(&mut self, tape: &Tape, node: NodeId, bar: Value) {
        match bar {
            Value::Number(number) => self.workspace.add_number(node, number),
            Value::Array(_) if node == SINK => {}
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

    /// Ends the sweep, at its end or before: the arrays are zero again. Gives the adjoints that
    /// were asked for, in the order asked; `None` where the output does not depend on the node.
    pub fn finish(mut self, tape: &mut Tape) -> Vec<Option<Value>> {
        // What was reached below the place where the sweep ended, the sink among it.
        let workspace = &mut self.workspace;
        for block in 0..(self.next as usize).div_ceil(BLOCK) {
            if std::mem::take(&mut workspace.touched[block]) == 0 {
                continue;
            }
            for id in block * BLOCK..(block + 1) * BLOCK {
                if !is_reached(workspace.adjoints[id]) {
                    continue;
                }
                workspace.adjoints[id] = UNREACHED;
                if tape.nodes[id].has_record() {
                    drop(workspace.take_array(tape.nodes[id].record as usize));
                }
            }
        }
        tape.workspaces.push(self.workspace);
        tape.release();
        match self.goal {
            Goal::Leaves(_) => Vec::new(),
            Goal::Nodes { nodes, found, .. } => {
                for node in nodes {
                    tape.nodes[node as usize].tag &= !tag::WANTED;
                }
                found
            }
        }
    }
}

/// The contribution of an elementwise operation on vectors to one operand, an entry for each of
/// the output.
pub(super) fn elementwise_pull_back(
    op: Op,
    index: usize,
    record: &Record,
    y_bar: &Value,
) -> Option<Value> {
    let saved = |index: usize| record.inputs[index].saved.as_ref().map(Value::as_slice);
    let y = record.output.as_ref().map(Value::as_slice);
    match op {
        Op::Unary(op) => Some(Value::build(record.dim, |x_bar| {
            kernels::unary_pull_back(op, saved(0), y, y_bar.as_slice(), x_bar);
        })),
        Op::Binary(op) => {
            let operand = |index| Some(Operand::new(saved(index)?, record.dim));
            let side = if index == 0 { Side::A } else { Side::B };
            let saved = (operand(0), operand(1), y);
            Some(Value::build(record.dim, |bar| {
                kernels::binary_pull_back(op, side, saved, y_bar.as_slice(), bar);
            }))
        }
        Op::Sink | Op::Leaf | Op::Structural | Op::Index | Op::Identity => None,
    }
}
