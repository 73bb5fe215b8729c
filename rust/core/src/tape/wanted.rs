//! The nodes that somebody differentiates with respect to.
//!
//! An input is asked for by its leaf, not by a node: a graph may use the value that it had before
//! its last assignment, and so another node of it.

use std::cell::Cell;

use smallvec::SmallVec;

use super::leaf::LeafId;
use super::{NodeId, SINK, Tape, tag};
use crate::memory;

/// Something of each of the nodes, which are mostly one or two.
pub(super) type Few<T> = SmallVec<[T; 2]>;

/// Nodes, sorted, so that one is found by halving.
#[derive(Clone, Debug)]
pub struct NodeSet(Few<NodeId>);

impl NodeSet {
    /// The set of these nodes.
    #[must_use]
    pub fn new(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        let mut nodes: Few<NodeId> = nodes.into_iter().collect();
        nodes.sort_unstable();
        Self(nodes)
    }

    /// Whether a node is one of them.
    #[must_use]
    #[inline]
    pub fn contains(&self, node: NodeId) -> bool {
        match &self.0[..] {
            [own] => *own == node,
            nodes => nodes.binary_search(&node).is_ok(),
        }
    }

    /// The oldest of them.
    #[must_use]
    pub fn oldest(&self) -> Option<NodeId> {
        self.0.first().copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> + Clone + '_ {
        self.0.iter().copied()
    }
}

/// Nodes and leaves, each with its places in the order asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Sorted, so that a place is found by halving.
    keys: Few<(Key, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Leaf(LeafId),
    Node(NodeId),
}

fn key(tape: &Tape, node: NodeId) -> Key {
    tape.leaf_of(node).map_or(Key::Node(node), Key::Leaf)
}

/// The lowest node that can matter to derivatives with respect to `nodes`.
pub(super) fn lowest(tape: &Tape, mut nodes: impl Iterator<Item = NodeId> + Clone) -> NodeId {
    // An older node of a leaf may lie anywhere below.
    let is_reassigned = |node: NodeId| {
        tape.leaf_of(node)
            .is_some_and(|leaf| tape.leaf(leaf).is_reassigned)
    };
    let lowest = nodes.clone().min();
    if nodes.any(is_reassigned) {
        SINK
    } else {
        lowest.unwrap_or(NodeId::MAX)
    }
}

impl Tape {
    /// Takes nodes out of the fast path of sweeps. They stay so as long as there is any sweep: one
    /// that ends does not know whether another wants the same.
    pub(super) fn tag_wanted(&mut self, nodes: &[NodeId]) {
        // What is left of a sweep that was dropped.
        if self.can_reclaim() {
            self.untag_wanted();
        }
        memory::reserve(&mut self.tagged, nodes.len());
        for &node in nodes {
            let tag = &mut self.nodes[node as usize].tag;
            if *tag & tag::WANTED == 0 {
                *tag |= tag::WANTED;
                self.tagged.push(node);
            }
        }
    }

    /// Puts nodes back that no sweep wants.
    pub(super) fn untag_wanted(&mut self) {
        for node in self.tagged.drain(..) {
            self.nodes[node as usize].tag &= !tag::WANTED;
        }
    }

    /// Whether `output` is one of `inputs`, or was computed from one.
    #[must_use]
    pub fn depends_on(&mut self, output: NodeId, inputs: &[NodeId]) -> bool {
        let lowest = lowest(self, inputs.iter().copied());
        if output == SINK || output < lowest {
            return false;
        }
        let wanted = Wanted::new(self, inputs.iter().copied());
        let mut marks = self.take_marks();
        marks.insert(output);
        let is_found = Cell::new(false);
        marks.insert_ancestors(self, lowest, |id| {
            if id != SINK && wanted.places(self, id).next().is_some() {
                is_found.set(true);
            }
            !is_found.get()
        });
        self.put_marks(marks);
        is_found.get()
    }
}

impl Wanted {
    pub(super) fn new(tape: &Tape, nodes: impl ExactSizeIterator<Item = NodeId>) -> Self {
        let nodes = nodes.enumerate();
        let mut keys: Few<(Key, usize)> =
            memory::collect_few(nodes.map(|(place, node)| (key(tape, node), place)));
        keys.sort_unstable();
        Self { keys }
    }

    /// The places at which a node was asked for.
    pub(super) fn places<'a>(
        &'a self,
        tape: &Tape,
        node: NodeId,
    ) -> impl Iterator<Item = usize> + use<'a> {
        let key = key(tape, node);
        let start = self.keys.partition_point(|(other, _)| *other < key);
        self.keys[start..]
            .iter()
            .take_while(move |(other, _)| *other == key)
            .map(|(_, place)| *place)
    }
}
