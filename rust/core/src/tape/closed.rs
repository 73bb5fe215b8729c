//! Whether a stretch of the tape stands for itself.

use super::{NodeId, Tape, tag};

impl Tape {
    /// Whether everything from `oldest` to `output` was computed from `inputs`, which are leaves,
    /// and constants. Quick, as it asks of no node whether the output needs it: where the answer
    /// is no, the output may still depend on nothing else.
    #[must_use]
    pub fn is_closed(&self, oldest: NodeId, output: NodeId, inputs: &[NodeId]) -> bool {
        if oldest > output || inputs.iter().any(|&id| !self.node(id).is_leaf()) {
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
                return inputs.contains(&id) || self.leaf(node.a).owner == 0;
            }
            let record = self.record_of(node);
            record.is_none_or(|record| record.inputs.iter().all(|input| is_inside(input.node)))
        })
    }
}
