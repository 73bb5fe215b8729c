//! The nodes that somebody differentiates with respect to.
//!
//! An input is asked for by its leaf, not by a node: a graph may use the value that it had before
//! its last assignment, and so another node of it.

use smallvec::SmallVec;

use super::leaf::LeafId;
use super::{NodeId, SINK, Tape};

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

impl Wanted {
    pub(super) fn new(tape: &Tape, nodes: impl Iterator<Item = NodeId>) -> Self {
        let mut keys: Few<(Key, usize)> = nodes
            .enumerate()
            .map(|(place, node)| (key(tape, node), place))
            .collect();
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
