//! The arrays of a reverse sweep.
//!
//! Adjoints of numbers lie in one array by node id, those of vectors beside the records. Both are
//! cleared as they are consumed, so that the arrays are ready for the next sweep whatever this one
//! touched. Which blocks of nodes were touched is kept as a byte each: what lies between the parts
//! of a graph is skipped a thousand nodes at a time, and a sweep costs what its graph costs.
//!
//! Nodes older than all that is asked for have no adjoint: what goes to them is left to the sink, so
//! that a sweep over a young graph touches nothing of an old one.
//!
//! A node that was reached with an adjoint of 0 is not the same as one that was not reached: the
//! first has a gradient, 0. So an adjoint starts as -0.0, which no sum of contributions can be:
//! adding 0.0 to each makes a contribution of -0.0 a 0.0.

use super::{Node, NodeId, SINK, tag};
use crate::array::{Shape, Value};
use crate::{kernels, memory};

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
    /// Nodes below have no adjoint.
    lowest: NodeId,
}

impl Workspace {
    /// Prepares for a sweep over the nodes from `lowest` on.
    pub(super) fn begin(&mut self, lowest: NodeId, nodes: usize, records: usize) {
        self.lowest = lowest;
        let blocks = nodes.div_ceil(BLOCK);
        if self.touched.len() < blocks {
            memory::resize(&mut self.touched, blocks, 0);
            // Doubling would touch, and pay for, memory that no sweep needs.
            let nodes = blocks * BLOCK;
            memory::resize(&mut self.adjoints, nodes, UNREACHED);
        }
        if self.arrays.len() < records {
            memory::resize(&mut self.arrays, records, None);
            memory::resize_with(&mut self.entries, records, Vec::new);
        }
    }

    #[inline(always)]
    pub(super) fn add_number(&mut self, node: NodeId, contribution: f64) {
        if node >= self.lowest {
            self.adjoints[node as usize] += contribution + 0.0;
            self.touched[node as usize / BLOCK] = 1;
        }
    }

    /// Says that a vector was reached; false if it has no adjoint.
    fn reach(&mut self, node: NodeId) -> bool {
        if node < self.lowest {
            return false;
        }
        self.adjoints[node as usize] = 1.0;
        self.touched[node as usize / BLOCK] = 1;
        true
    }

    /// Adds to the adjoint of a vector: the first contribution is moved in, the next are added.
    pub(super) fn add_array(&mut self, node: NodeId, record: usize, contribution: Value) {
        if !self.reach(node) {
            return;
        }
        match &mut self.arrays[record] {
            Some(sum) => kernels::add_assign(sum.make_mut(), contribution.as_slice()),
            place @ None => *place = Some(contribution),
        }
    }

    /// Adds `factor * x` to the adjoint of a vector.
    pub(super) fn add_scaled(&mut self, node: NodeId, record: usize, factor: f64, x: &[f64]) {
        if !self.reach(node) {
            return;
        }
        match &mut self.arrays[record] {
            Some(sum) => kernels::add_scaled(sum.make_mut(), factor, x),
            place @ None => {
                let scale = |out: &mut [f64]| kernels::scale(factor, x, out);
                *place = Some(Value::build(Shape::vector(x.len()), scale));
            }
        }
    }

    /// Adds to the entry of a vector.
    pub(super) fn add_entry(
        &mut self,
        node: NodeId,
        record: usize,
        dim: usize,
        place: usize,
        bar: f64,
    ) {
        if !self.reach(node) {
            return;
        }
        let entries = &mut self.entries[record];
        memory::resize(entries, dim, 0.0);
        entries[place] += bar;
    }

    /// Whether an adjoint is finite; for a vector by its record.
    pub(super) fn is_finite(&self, node: NodeId, record: Option<usize>) -> bool {
        let is_finite = |entries: &[f64]| entries.iter().all(|x| x.is_finite());
        self.adjoints[node as usize].is_finite()
            && record.is_none_or(|record| {
                let whole = self.arrays[record].as_ref();
                whole.is_none_or(|whole| is_finite(whole.as_slice()))
                    && is_finite(&self.entries[record])
            })
    }

    /// The adjoint of a vector, which is none from now on.
    pub(super) fn take_array(&mut self, record: usize) -> Option<Value> {
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

    /// The adjoint of a vector that is not below the lowest.
    pub(super) fn array_mut(&mut self, node: NodeId, record: usize, shape: Shape) -> &mut [f64] {
        self.reach(node);
        self.arrays[record]
            .get_or_insert_with(|| Value::filled(shape, 0.0))
            .make_mut()
    }

    /// The highest block that was touched, of the nodes from the lowest to below `next`: its first
    /// node, and the one above its last.
    pub(super) fn touched_block(&self, next: NodeId) -> (NodeId, NodeId) {
        let lowest = self.lowest as usize / BLOCK;
        let below = &self.touched[lowest..(next as usize).div_ceil(BLOCK)];
        let blocks = match below.last() {
            Some(0) => last_touched(below),
            _ => below.len(),
        };
        let first = (lowest + blocks.saturating_sub(1)) * BLOCK;
        (
            first as NodeId,
            next.min(((lowest + blocks) * BLOCK) as NodeId),
        )
    }

    /// Says that the block that begins with this node is consumed.
    pub(super) fn leave_block(&mut self, first: NodeId) {
        self.touched[first as usize / BLOCK] = 0;
    }

    /// Clears what was reached below `next`, where the sweep ended.
    pub(super) fn clear_below(&mut self, next: NodeId, nodes: &[Node]) {
        for block in self.lowest as usize / BLOCK..(next as usize).div_ceil(BLOCK) {
            if std::mem::take(&mut self.touched[block]) == 0 {
                continue;
            }
            for id in block * BLOCK..(block + 1) * BLOCK {
                let adjoint = &mut self.adjoints[id];
                if !is_reached(*adjoint) {
                    continue;
                }
                *adjoint = UNREACHED;
                if let Some(node) = nodes.get(id).filter(|node| node.has_record()) {
                    drop(self.take_array(node.record as usize));
                }
            }
        }
        self.adjoints[SINK as usize] = UNREACHED;
        self.touched[SINK as usize / BLOCK] = 0;
    }

    /// Consumes adjoints from `next` down to `bottom`, both in one block, as long as the nodes are
    /// scalar operations. Gives where it stopped, and the adjoint of the node that stopped it.
    #[inline(always)]
    pub(super) fn pull_back_scalars(
        &mut self,
        nodes: &[Node],
        mut next: NodeId,
        bottom: NodeId,
        is_watched: bool,
    ) -> (NodeId, Option<f64>) {
        let (adjoints, touched) = (&mut self.adjoints[..], &mut self.touched[..]);
        let lowest = self.lowest;
        let or_sink = |node: NodeId| if node < lowest { SINK } else { node };
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
            for (operand, bar) in [(or_sink(node.a), a), (or_sink(node.b), b)] {
                adjoints[operand as usize] += bar;
                touched[operand as usize / BLOCK] = 1;
            }
        }
        (next, None)
    }
}

/// What a scalar operation contributes to its operands. Absolute zero: an adjoint of 0
/// contributes 0, against any partial.
#[inline(always)]
pub(super) fn scalar_contributions(node: &Node, y_bar: f64) -> [f64; 2] {
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
