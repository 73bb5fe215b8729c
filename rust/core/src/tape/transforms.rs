//! Which transforms are under way, so that an argument that outlives its own is told from others.

use super::leaf::LeafId;
use super::marks::Marks;
use super::{NodeId, SINK, Tape};

/// Serial number of a transform. That of none, which never ends, is 0.
pub type TransformId = u64;

/// The transforms that have begun and not ended.
#[derive(Debug)]
pub(super) struct Transforms {
    running: Vec<TransformId>,
    last: TransformId,
}

impl Transforms {
    pub(super) const fn new() -> Self {
        Self {
            running: Vec::new(),
            last: 0,
        }
    }

    fn has_ended(&self, id: TransformId) -> bool {
        id != 0 && !self.running.contains(&id)
    }
}

impl Tape {
    /// Begins a transform, whose arguments name it.
    pub fn begin_transform(&mut self) -> TransformId {
        self.transforms.last += 1;
        self.transforms.running.push(self.transforms.last);
        self.transforms.last
    }

    /// Ends a transform.
    pub fn end_transform(&mut self, id: TransformId) {
        // Nearly always the last: another thread may have begun one since.
        if self.transforms.running.last() == Some(&id) {
            self.transforms.running.pop();
        } else {
            self.transforms.running.retain(|&running| running != id);
        }
    }

    /// Whether a leaf is the argument of a transform that has ended: nobody differentiates with
    /// respect to it any more.
    #[must_use]
    pub fn has_ended(&self, leaf: LeafId) -> bool {
        let transform = self.leaf(leaf).argument_of;
        transform.is_some_and(|id| self.transforms.has_ended(id))
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
