//! The Hessian of a function of numbers: the sweep of second order, several directions at a time.

use smallvec::SmallVec;

use super::plain_tangent::{ByRecord, IRREGULAR};
use super::values::Values;
use super::{Node, NodeId, Tape, tag};
use crate::memory;

/// The directions of one pass up and down: entries `first` to `first + LANES` of the inputs.
type Lanes<const LANES: usize> = [f64; LANES];

/// Where the entries of an input stand among those of all.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: usize,
    dim: usize,
}

/// What all passes over a graph share.
struct Graph<'t> {
    values: Values<'t>,
    nodes: &'t [Node],
    first: NodeId,
    /// Adjoints, by node.
    bars: Vec<f64>,
    /// The scalar inputs.
    numbers: SmallVec<[(NodeId, usize); 4]>,
    /// The inputs that are vectors, and other leaves that are.
    vectors: ByRecord<Option<Place>>,
    dim: usize,
}

impl Tape {
    /// The matrix of second derivatives of `output`, a number, by the entries of `inputs`, one
    /// input after the other: row after row.
    ///
    /// `None` where [`Tape::hessian_product`] gives none, if there are operations with whole
    /// vectors on the way, and if there is no memory for the matrix.
    #[must_use]
    pub fn hessian(&mut self, output: NodeId, inputs: &[NodeId]) -> Option<Vec<f64>> {
        let is_plain = |&id: &NodeId| self.is_plain_leaf(id) && id <= output;
        let first = inputs.iter().copied().min()?;
        if self.dim(output) != 1 || !inputs.iter().all(is_plain) || output == first {
            return None;
        }
        let arrays = [self.scratch.take(), self.scratch.take()];
        let bars = self.scratch.take();
        let graph = Graph::new(self, first, output, inputs, arrays, bars)?;
        let dim = graph.dim;
        let mut hessian = Vec::new();
        if !memory::try_reserve_exact(&mut hessian, dim.checked_mul(dim)?) {
            return None;
        }
        memory::resize(&mut hessian, dim * dim, 0.0);
        match dim {
            ..=4 => graph.fill::<4>(&mut hessian),
            _ => graph.fill::<8>(&mut hessian),
        }
        let Graph { values, bars, .. } = graph;
        let [first, second] = values.into_arrays();
        for array in [first, second, bars] {
            self.scratch.put(array);
        }
        hessian.iter().all(|x| x.is_finite()).then_some(hessian)
    }

    /// Whether a node is an input that was never given another value.
    pub(super) fn is_plain_leaf(&self, id: NodeId) -> bool {
        let leaf = self.leaf_of(id).map(|leaf| self.leaf(leaf));
        leaf.is_some_and(|leaf| !leaf.is_reassigned)
    }
}

impl<'t> Graph<'t> {
    fn new(
        tape: &'t Tape,
        first: NodeId,
        output: NodeId,
        inputs: &[NodeId],
        arrays: [Vec<f64>; 2],
        bars: Vec<f64>,
    ) -> Option<Self> {
        let nodes = &tape.nodes[first as usize..=output as usize];
        let mut vectors = ByRecord::new();
        for node in nodes.iter().filter(|node| node.has_record()) {
            if !node.is_leaf() {
                return None;
            }
            vectors.push(node.record, None);
        }
        let mut graph = Self {
            values: Values::new(tape, first, output, arrays)?,
            nodes,
            first,
            bars,
            numbers: SmallVec::new(),
            vectors,
            dim: 0,
        };
        for &id in inputs {
            let (node, dim) = (tape.node(id), tape.dim(id));
            let place = Place {
                offset: graph.dim,
                dim,
            };
            graph.dim += dim;
            match graph.vectors.get_mut(node.record) {
                Some(vector) if node.has_record() => *vector = Some(place),
                _ => graph.numbers.push((id, place.offset)),
            }
        }
        graph.pull_back();
        Some(graph)
    }

    /// The adjoints of all numbers.
    fn pull_back(&mut self) {
        memory::resize(&mut self.bars, self.nodes.len(), 0.0);
        if let Some(last) = self.bars.last_mut() {
            *last = 1.0;
        }
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let bar = self.bars[index];
            if node.tag & IRREGULAR != 0 || bar == 0.0 {
                continue;
            }
            for (operand, partial) in [(node.a, node.partial_a), (node.b, node.partial_b)] {
                if let Some(place) = self.index(operand) {
                    self.bars[place] += bar * partial;
                }
            }
        }
    }

    #[inline(always)]
    fn index(&self, node: NodeId) -> Option<usize> {
        node.checked_sub(self.first).map(|index| index as usize)
    }

    fn fill<const LANES: usize>(&self, hessian: &mut [f64]) {
        let count = self.nodes.len();
        // One more in front, for what is constant.
        let mut tangents = memory::filled(count + 1, [0.0; LANES]);
        let mut dots = memory::filled(count + 1, [0.0; LANES]);
        for lane in (0..self.dim).step_by(LANES) {
            self.push_forward(lane, &mut tangents);
            dots.fill([0.0; LANES]);
            self.pull_back_lanes(lane, &tangents, &mut dots, hessian);
        }
    }

    /// The entry of the inputs that a node is, if it is one.
    fn entry_of(&self, node: &Node) -> Option<usize> {
        let leaf = self.nodes.get(self.index(node.a)?)?;
        let place = (*self.vectors.get(leaf.record)?)?;
        let entry = node.record as usize;
        (entry < place.dim).then_some(place.offset + entry)
    }

    fn slot(&self, node: NodeId) -> usize {
        (node + 1).saturating_sub(self.first) as usize
    }

    fn push_forward<const LANES: usize>(&self, lane: usize, tangents: &mut [Lanes<LANES>]) {
        let unit = |entry: usize| -> Lanes<LANES> {
            std::array::from_fn(|k| f64::from(u8::from(lane + k == entry)))
        };
        for (id, entry) in &self.numbers {
            tangents[self.slot(*id)] = unit(*entry);
        }
        for (index, node) in self.nodes.iter().enumerate() {
            tangents[index + 1] = match node.tag & IRREGULAR {
                0 => {
                    let (a, b) = (tangents[self.slot(node.a)], tangents[self.slot(node.b)]);
                    std::array::from_fn(|k| node.partial_a * a[k] + node.partial_b * b[k])
                }
                tag::INDEX => self.entry_of(node).map_or([0.0; LANES], unit),
                // The tangents of inputs are there already, and those of other leaves stay 0.
                _ => continue,
            };
        }
    }

    fn pull_back_lanes<const LANES: usize>(
        &self,
        lane: usize,
        tangents: &[Lanes<LANES>],
        dots: &mut [Lanes<LANES>],
        hessian: &mut [f64],
    ) {
        let lanes = LANES.min(self.dim - lane);
        let mut add_row = |entry: usize, dot: &Lanes<LANES>| {
            let row = &mut hessian[entry * self.dim + lane..][..lanes];
            row.iter_mut().zip(dot).for_each(|(sum, dot)| *sum += dot);
        };
        for (index, node) in self.nodes.iter().enumerate().rev() {
            let (bar, dot) = (self.bars[index], dots[index + 1]);
            if bar == 0.0 && dot == [0.0; LANES] {
                continue;
            }
            match node.tag & IRREGULAR {
                0 => {
                    let [aa, ab, ba, bb] = self
                        .values
                        .curvature(self.first + index as NodeId)
                        .map(|x| bar * x);
                    let (a, b) = (self.slot(node.a), self.slot(node.b));
                    let (a_dot, b_dot) = (tangents[a], tangents[b]);
                    for k in 0..LANES {
                        dots[a][k] += dot[k] * node.partial_a + (aa * a_dot[k] + ab * b_dot[k]);
                    }
                    for k in 0..LANES {
                        dots[b][k] += dot[k] * node.partial_b + (ba * a_dot[k] + bb * b_dot[k]);
                    }
                }
                tag::INDEX => {
                    if let Some(entry) = self.entry_of(node) {
                        add_row(entry, &dot);
                    }
                }
                _ => {}
            }
        }
        for (id, entry) in &self.numbers {
            add_row(*entry, &dots[self.slot(*id)]);
        }
    }
}
