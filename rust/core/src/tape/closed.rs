//! Whether results come from some inputs alone.

use super::marks::Marks;
use super::wanted::NodeSet;
use super::{NodeId, Op, SINK, Tape, tag};

impl Tape {
    /// Whether one of `outputs` was computed from something else than `inputs`, which were made
    /// when the function began that gave the outputs: whatever is older is another's.
    ///
    /// What a copied input came from counts if `counts_origins` says so, and so does a leaf made
    /// since the inputs, if it lives.
    pub fn comes_from_others(
        &mut self,
        outputs: &[NodeId],
        inputs: &NodeSet,
        counts_origins: bool,
    ) -> bool {
        let Some(latest) = outputs.iter().copied().max() else {
            return false;
        };
        let oldest = inputs.oldest().unwrap_or(latest);
        if outputs.iter().any(|&output| output < oldest) {
            return true;
        }
        if self.is_closed(oldest, latest, inputs) {
            return false;
        }
        let marks = self.marks_from(outputs, inputs, oldest);
        let is_others = |id| self.is_others(id, oldest, inputs, counts_origins);
        let found = marks.iter().any(is_others);
        self.put_marks(marks);
        found
    }

    /// The same for each output, [`SINK`] for one that is constant.
    pub fn which_come_from_others(&mut self, outputs: &[NodeId], inputs: &NodeSet) -> Vec<bool> {
        let oldest = inputs.oldest().unwrap_or(NodeId::MAX);
        let own: Vec<NodeId> = outputs.iter().copied().filter(|&id| id >= oldest).collect();
        let marks = self.marks_from(&own, inputs, oldest);
        let mut others = self.take_marks();
        for id in marks.iter() {
            let mut is_others = self.is_others(id, oldest, inputs, true);
            if !inputs.contains(id) {
                self.for_each_operand(id, |operand| is_others |= others.contains(operand));
            }
            if is_others {
                others.insert(id);
            }
        }
        let is_others = |&id: &NodeId| id != SINK && (id < oldest || others.contains(id));
        let found = outputs.iter().map(is_others).collect();
        self.put_marks(marks);
        self.put_marks(others);
        found
    }

    /// The nodes from `oldest` on that `outputs` were computed from, and not through `inputs`.
    fn marks_from(&mut self, outputs: &[NodeId], inputs: &NodeSet, oldest: NodeId) -> Marks {
        let mut marks = self.take_marks();
        outputs.iter().for_each(|&output| marks.insert(output));
        marks.insert_ancestors(self, oldest, |id| !inputs.contains(id));
        marks
    }

    /// Whether a node itself says that it is another's.
    fn is_others(
        &self,
        id: NodeId,
        oldest: NodeId,
        inputs: &NodeSet,
        counts_origins: bool,
    ) -> bool {
        let node = self.node(id);
        if matches!(node.op, Op::Leaf | Op::Identity) && inputs.contains(id) {
            // A copy of a Variable: what it was copied from is another's.
            return counts_origins && node.op == Op::Identity;
        }
        if let Some(leaf) = self.leaf_of(id) {
            return self.leaf(leaf).owner != 0 && !self.has_ended(leaf);
        }
        let mut is_older = false;
        self.for_each_operand(id, |operand| {
            is_older |= operand < oldest && operand != SINK
        });
        is_older
    }

    /// Whether everything from `oldest` to `output` was computed from `inputs`, which are leaves,
    /// and constants. Quick, as it asks of no node whether the output needs it: where the answer
    /// is no, the output may still depend on nothing else.
    fn is_closed(&self, oldest: NodeId, output: NodeId, inputs: &NodeSet) -> bool {
        if oldest > output || inputs.iter().any(|id| !self.node(id).is_leaf()) {
            return false;
        }
        // The sink, less 1, is the greatest of all numbers: a constant is inside as well.
        let is_inside = |operand: NodeId| operand.wrapping_sub(1) >= oldest.wrapping_sub(1);
        let nodes = &self.nodes[oldest as usize..=output as usize];
        nodes.iter().zip(oldest..).all(|(node, id)| {
            if node.tag & (tag::LEAF | tag::RECORD) == 0 {
                return is_inside(node.a) && is_inside(node.b);
            }
            if node.is_leaf() {
                return inputs.contains(id) || self.leaf(node.a).owner == 0;
            }
            let record = self.record_of(node);
            record.is_none_or(|record| record.inputs.iter().all(|input| is_inside(input.node)))
        })
    }
}
