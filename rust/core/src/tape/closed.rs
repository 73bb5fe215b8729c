//! Whether a stretch of the tape stands for itself.

use super::{Node, NodeId, Op, SINK, Tape};

impl Tape {
    /// Whether everything from `oldest` to `output` was computed from `inputs`, which are leaves,
    /// and constants. Quick, as it asks of no node whether the output needs it: where the answer
    /// is no, the output may still depend on nothing else.
    #[must_use]
    pub fn is_closed(&self, oldest: NodeId, output: NodeId, inputs: &[NodeId]) -> bool {
        if oldest > output || inputs.iter().any(|&id| !self.node(id).is_leaf()) {
            return false;
        }
        let is_inside = |operand: NodeId| operand == SINK || operand >= oldest;
        let own = |node: &Node, id: NodeId| {
            if node.is_leaf() {
                inputs.contains(&id) || self.leaf(node.a).owner == 0
            } else {
                let record = self.record_of(node);
                record.is_none_or(|record| record.inputs.iter().all(|input| is_inside(input.node)))
            }
        };
        let nodes = &self.nodes[oldest as usize..=output as usize];
        nodes.iter().zip(oldest..).all(|(node, id)| {
            if node.has_record() || matches!(node.op, Op::Leaf) {
                own(node, id)
            } else {
                is_inside(node.a) && is_inside(node.b)
            }
        })
    }
}
