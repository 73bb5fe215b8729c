//! A set of nodes, as bits, and the walk down the graph that fills it.

use super::{NodeId, SINK, Tape};
use crate::memory;

/// What it takes to mark so many nodes.
pub(super) const fn bytes(nodes: usize) -> usize {
    nodes / 8 + nodes / 16
}

/// A set of node ids below a bound.
#[derive(Debug, Default)]
pub(super) struct Marks {
    words: Vec<u64>,
    /// How many members the words before each word have; filled by [`Marks::count`].
    ranks: Vec<u32>,
}

impl Marks {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            words: memory::filled(bound.div_ceil(64), 0),
            ranks: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn insert(&mut self, node: NodeId) {
        self.words[node as usize / 64] |= 1 << (node % 64);
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
        self.ranks.clear();
        memory::reserve(&mut self.ranks, self.words.len());
        self.ranks.extend(self.words.iter().map(|word| {
            let before = total;
            total += word.count_ones();
            before
        }));
        total as usize
    }

    /// How many members are below `node`.
    #[inline]
    pub(super) fn rank(&self, node: NodeId) -> usize {
        let word = node as usize / 64;
        let below = self.words[word] & ((1 << (node % 64)) - 1);
        (self.ranks[word] + below.count_ones()) as usize
    }

    /// The members in growing order.
    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.iter_from(SINK)
    }

    /// The members from `first` on, in growing order.
    pub(super) fn iter_from(&self, first: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let word = first as usize / 64;
        let rest = self
            .words
            .get(word)
            .map_or(0, |word| word >> (first % 64) << (first % 64));
        let bits = move |index: usize, word: u64| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(index as u32 * 64 + bit)
            })
        };
        let after = self.words.iter().enumerate().skip(word + 1);
        bits(word, rest).chain(after.flat_map(move |(index, &word)| bits(index, word)))
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

    /// Adds everything that the members were computed from, but goes on only from nodes of which
    /// `descends` says so. Nodes that nothing needs are skipped 64 at a time, and none is looked at.
    pub(super) fn insert_ancestors(&mut self, tape: &Tape, descends: impl Fn(NodeId) -> bool) {
        for index in (0..self.words.len()).rev() {
            let mut done = 0_u64;
            // An operand may lie in the same word, below: look again until no bit is new.
            loop {
                let fresh = self.words[index] & !done;
                if fresh == 0 {
                    break;
                }
                let bit = 63 - fresh.leading_zeros();
                done |= 1 << bit;
                let id = index as u32 * 64 + bit;
                if descends(id) {
                    tape.for_each_operand(id, |operand| self.insert(operand));
                }
            }
        }
        if let Some(first) = self.words.first_mut() {
            *first &= !(1 << SINK);
        }
    }
}
