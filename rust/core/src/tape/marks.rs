//! A set of nodes, as bits, and the walk down the graph that fills it.
//!
//! A set costs what its members cost, wherever on the tape they lie: which words of bits have members
//! is kept as bits, too, and a set that is done with is emptied and used again.

use super::{NodeId, SINK, Tape};
use crate::memory;

/// Sets that are kept for later.
const ENOUGH: usize = 4;

/// What it takes to mark so many nodes.
pub(super) const fn bytes(nodes: usize) -> usize {
    // Twice what a set takes: what is freed between its parts may lie where they do not fit.
    2 * (nodes / 8 + nodes / 16 + nodes / 512)
}

/// A set of node ids below a bound.
#[derive(Debug)]
pub(super) struct Marks {
    words: Vec<u64>,
    /// Which words are not 0.
    used: Vec<u64>,
    /// The first and the last word of `used` that is not 0, where there is a member.
    first: usize,
    last: usize,
    /// How many members the words before each word have, of words that are not 0; filled by
    /// [`Marks::count`].
    ranks: Vec<u32>,
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            used: Vec::new(),
            first: usize::MAX,
            last: 0,
            ranks: Vec::new(),
        }
    }
}

/// The bits of a word that are set, in growing order, counted from `first`.
#[inline(always)]
fn bits(first: usize, word: u64) -> impl Iterator<Item = usize> {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest == 0 {
            return None;
        }
        let bit = rest.trailing_zeros();
        rest &= rest - 1;
        Some(first + bit as usize)
    })
}

impl Marks {
    pub(super) fn new(bound: usize) -> Self {
        let mut marks = Self::default();
        marks.cover(bound);
        marks
    }

    fn cover(&mut self, bound: usize) {
        let words = bound.div_ceil(64);
        if self.words.len() < words {
            memory::resize(&mut self.words, words, 0);
            memory::resize(&mut self.used, words.div_ceil(64), 0);
        }
    }

    #[inline]
    pub(super) fn insert(&mut self, node: NodeId) {
        let word = node as usize / 64;
        self.words[word] |= 1 << (node % 64);
        let place = word / 64;
        self.used[place] |= 1 << (word % 64);
        self.first = self.first.min(place);
        self.last = self.last.max(place);
    }

    #[inline]
    pub(super) fn contains(&self, node: NodeId) -> bool {
        self.words
            .get(node as usize / 64)
            .is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    /// Prepares [`Marks::rank`] and returns the number of members.
    pub(super) fn count(&mut self) -> usize {
        let mut total = 0;
        // What words without members have here is never read.
        let words = self.words.len().max(self.ranks.len());
        memory::resize(&mut self.ranks, words, 0);
        for place in self.first..=self.last {
            for word in bits(place * 64, self.used[place]) {
                self.ranks[word] = total;
                total += self.words[word].count_ones();
            }
        }
        total as usize
    }

    /// How many members are below `node`, which is one.
    #[inline]
    pub(super) fn rank(&self, node: NodeId) -> usize {
        let word = node as usize / 64;
        let below = self.words[word] & ((1 << (node % 64)) - 1);
        (self.ranks[word] + below.count_ones()) as usize
    }

    /// Where a member stands among them, if the node is one.
    #[inline]
    pub(super) fn position(&self, node: NodeId) -> Option<usize> {
        self.contains(node).then(|| self.rank(node))
    }

    /// The members in growing order.
    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.iter_from(SINK)
    }

    /// The members from `first` on, in growing order.
    pub(super) fn iter_from(&self, first: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let start = first as usize / 64;
        let places = self.first.max(start / 64)..=self.last;
        let words = places.flat_map(|place| bits(place * 64, self.used[place]));
        words
            .skip_while(move |&word| word < start)
            .flat_map(move |word| {
                let below = if word == start { first % 64 } else { 0 };
                bits(word * 64, self.words[word] >> below << below)
            })
            .map(|node| node as NodeId)
    }

    /// The lowest id above the sink that is no member.
    pub(super) fn first_missing(&self) -> NodeId {
        for (index, &word) in self.words.iter().enumerate() {
            let word = if index == 0 { word | 1 << SINK } else { word };
            if word != u64::MAX {
                return index as u32 * 64 + word.trailing_ones();
            }
        }
        self.words.len() as u32 * 64
    }

    /// Adds everything that the members were computed from, from the node `lowest` on, but goes on
    /// only from nodes of which `descends` says so.
    pub(super) fn insert_ancestors(
        &mut self,
        tape: &Tape,
        lowest: NodeId,
        descends: impl Fn(NodeId) -> bool,
    ) {
        let lowest = lowest.max(SINK + 1);
        // Operands are older: what they add lies below, or in a word that is looked at again.
        let mut place = self.last + 1;
        while place > self.first {
            place -= 1;
            let mut done = 0_u64;
            while let Some(bit) = (self.used[place] & !done).checked_ilog2() {
                done |= 1 << bit;
                self.insert_ancestors_of(tape, place * 64 + bit as usize, lowest, &descends);
            }
        }
    }

    /// The same for the members in one word.
    #[inline(always)]
    fn insert_ancestors_of(
        &mut self,
        tape: &Tape,
        word: usize,
        lowest: NodeId,
        descends: &impl Fn(NodeId) -> bool,
    ) {
        let mut done = 0_u64;
        // An operand may lie in the same word, below: look again until no bit is new.
        while let Some(bit) = (self.words[word] & !done).checked_ilog2() {
            done |= 1 << bit;
            let id = (word * 64) as NodeId + bit;
            if descends(id) {
                tape.for_each_operand(id, |operand| {
                    if operand >= lowest {
                        self.insert(operand);
                    }
                });
            }
        }
    }

    fn clear(&mut self) {
        for place in self.first..=self.last {
            for word in bits(place * 64, std::mem::take(&mut self.used[place])) {
                self.words[word] = 0;
            }
        }
        (self.first, self.last) = (usize::MAX, 0);
    }
}

impl Tape {
    /// An empty set for all nodes that there are.
    pub(super) fn take_marks(&mut self) -> Marks {
        let mut marks = self.marks.pop().unwrap_or_default();
        marks.cover(self.nodes.len());
        marks
    }

    /// Takes a set back for the next who needs one.
    pub(super) fn put_marks(&mut self, mut marks: Marks) {
        if self.marks.len() < ENOUGH {
            marks.clear();
            self.marks.push(marks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Value;
    use crate::ops::UnaryOp;
    use crate::tape::{Error, Operand};

    fn members(marks: &Marks) -> Vec<NodeId> {
        marks.iter().collect()
    }

    #[test]
    fn members_far_from_each_other_are_counted_and_ranked() {
        let ids = [1, 63, 64, 4095, 4096, 4097, 99_999, 1_000_000];
        let mut marks = Marks::new(1_000_001);
        ids.iter().rev().for_each(|&id| marks.insert(id));
        assert_eq!(members(&marks), ids);
        assert_eq!(marks.count(), ids.len());
        for (place, &id) in ids.iter().enumerate() {
            assert_eq!(marks.position(id), Some(place));
        }
        assert_eq!(marks.position(4098), None);
        assert_eq!(marks.iter_from(64).collect::<Vec<_>>(), ids[2..]);
        assert_eq!(marks.iter_from(65).collect::<Vec<_>>(), ids[3..]);
        assert_eq!(marks.iter_from(4098).collect::<Vec<_>>(), ids[6..]);
        assert_eq!(marks.iter_from(1_000_001).count(), 0);
    }

    #[test]
    fn a_set_that_is_used_again_is_empty() {
        let mut marks = Marks::new(100_000);
        marks.insert(70);
        marks.insert(99_999);
        marks.count();
        marks.clear();
        assert_eq!(members(&marks), [] as [NodeId; 0]);
        assert_eq!(marks.count(), 0);
        marks.insert(99_998);
        assert_eq!(marks.count(), 1);
        assert_eq!(marks.position(99_998), Some(0));
    }

    #[test]
    fn ancestors_end_at_the_lowest_and_where_nothing_descends() -> Result<(), Error> {
        let mut tape = Tape::new();
        let value = Value::number(0.5);
        let mut x = Operand {
            node: tape.push_leaf(value.clone(), 0)?,
            value,
        };
        for _ in 0..9999 {
            x = tape.unary(UnaryOp::Sin, &x)?;
        }
        let mut marks = tape.take_marks();
        marks.insert(x.node);
        marks.insert_ancestors(&tape, 5000, |_| true);
        assert_eq!(members(&marks), (5000..=x.node).collect::<Vec<_>>());
        tape.put_marks(marks);
        let mut marks = tape.take_marks();
        marks.insert(x.node);
        marks.insert_ancestors(&tape, SINK, |id| id > 9990);
        assert_eq!(members(&marks), (9990..=x.node).collect::<Vec<_>>());
        tape.put_marks(marks);
        let mut marks = tape.take_marks();
        marks.insert(x.node);
        marks.insert_ancestors(&tape, SINK, |_| true);
        assert_eq!(marks.count(), 10_000);
        Ok(())
    }
}
