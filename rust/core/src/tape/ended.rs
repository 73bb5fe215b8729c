//! Arguments of transforms that have ended.

use super::leaf::LeafId;
use super::marks::Marks;
use super::{NodeId, SINK, Tape};

impl Tape {
    /// Whether a leaf is the argument of a transform that has ended: nobody differentiates with
    /// respect to it any more. A transform keeps the handles of its arguments.
    #[must_use]
    pub fn has_ended(&self, leaf: LeafId) -> bool {
        let leaf = self.leaf(leaf);
        leaf.is_argument && (leaf.has_ended || leaf.owner == 0)
    }

    /// Whether all that `outputs` were computed from, besides `inputs`, are arguments of
    /// transforms that have ended; false if it is nothing.
    #[must_use]
    pub fn come_from_ended(&self, outputs: &[NodeId], inputs: &[NodeId]) -> bool {
        let Some(latest) = outputs.iter().copied().max() else {
            return false;
        };
        let mut marks = Marks::new(latest as usize + 1);
        outputs.iter().for_each(|&output| marks.insert(output));
        marks.insert_ancestors(self, |id| !inputs.contains(&id));
        let others = marks
            .iter()
            .filter(|id| *id != SINK && !inputs.contains(id));
        let mut leaves = others.filter_map(|id| self.leaf_of(id)).peekable();
        leaves.peek().is_some() && leaves.all(|leaf| self.has_ended(leaf))
    }
}
