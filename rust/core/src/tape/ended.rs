//! Arguments of transforms that have ended.

use super::leaf::LeafId;
use super::wanted::NodeSet;
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
    pub fn come_from_ended(&mut self, outputs: &[NodeId], inputs: &NodeSet) -> bool {
        let oldest = inputs.oldest().unwrap_or(NodeId::MAX);
        let mut marks = self.take_marks();
        outputs.iter().for_each(|&output| marks.insert(output));
        marks.insert_ancestors(self, SINK, |id| id >= oldest && !inputs.contains(id));
        // What lies outside, where the function used it: from there the way may be long.
        let ends: Vec<NodeId> = marks
            .iter()
            .filter(|&id| !inputs.contains(id) && (id < oldest || self.node(id).is_leaf()))
            .collect();
        self.put_marks(marks);
        if ends.iter().any(|&end| self.is_rooted(end)) {
            return false;
        }
        let mut seen = self.take_marks();
        ends.iter().for_each(|&end| seen.insert(end));
        seen.insert_ancestors(self, SINK, |_| true);
        let leaves: Vec<LeafId> = seen.iter().filter_map(|id| self.leaf_of(id)).collect();
        let are_ended = !leaves.is_empty() && leaves.iter().all(|&leaf| self.has_ended(leaf));
        self.put_marks(seen);
        are_ended
    }

    /// Whether a node was computed from a leaf that was never an argument.
    ///
    /// It stays so, and what was found is kept for as long as nodes keep their ids: a loop that asks
    /// at every step does not go back to its beginning each time.
    fn is_rooted(&mut self, id: NodeId) -> bool {
        let mut rooted = std::mem::take(&mut self.rooted);
        for next in rooted.until..=id {
            let mut is_rooted = self
                .leaf_of(next)
                .is_some_and(|leaf| !self.leaf(leaf).is_argument);
            self.for_each_operand(next, |operand| is_rooted |= rooted.contains(operand));
            rooted.push(is_rooted);
        }
        let is_rooted = rooted.contains(id);
        self.rooted = rooted;
        is_rooted
    }
}

/// Which of the first nodes of the tape were computed from leaves that were never arguments.
#[derive(Debug, Default)]
pub(super) struct Rooted {
    words: Vec<u64>,
    until: NodeId,
}

impl Rooted {
    pub(super) const fn new() -> Self {
        Self {
            words: Vec::new(),
            until: 0,
        }
    }

    fn contains(&self, id: NodeId) -> bool {
        let word = self.words.get(id as usize / 64);
        word.is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    fn push(&mut self, is_rooted: bool) {
        if self.until.is_multiple_of(64) {
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= u64::from(is_rooted) << (self.until % 64);
        }
        self.until += 1;
    }

    /// Forgets all, as nodes get other ids.
    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.until = 0;
    }
}
