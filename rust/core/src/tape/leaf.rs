//! Inputs, and the gradients that a sweep leaves at them.
//!
//! A leaf outlives its nodes: assigning its value makes a new node, while a graph recorded before
//! keeps the old one; both lead to this leaf.

use std::sync::Arc;

use super::{Error, Node, NodeId, Op, Record, Tape, tag};
use crate::array::Value;
use crate::memory;

/// Index of a leaf.
pub type LeafId = u32;

/// An input.
#[derive(Debug, Default)]
pub struct Leaf {
    /// What the last sweep that reached it left.
    pub gradient: Option<Value>,
    /// Name in messages and pictures.
    pub name: Option<Arc<str>>,
    /// The caller's word for the handle of this leaf, 0 when it is gone.
    pub owner: usize,
    /// Whether a function is being differentiated with respect to it, rather than its owner having
    /// made it.
    pub is_argument: bool,
    /// Whether the transform that it is an argument of has ended, and its handle is still there.
    pub has_ended: bool,
    /// Whether there is, or was, more than one node of it.
    pub(super) is_reassigned: bool,
    pub(super) has_node: bool,
    /// Serial number of the sweep that wrote the gradient.
    pub(super) sweep: u64,
    /// Whether some node leads here; only right while reclaiming.
    pub(super) is_marked: bool,
    /// Whether the place is free for another leaf.
    pub(super) is_free: bool,
}

/// The leaves, and which places are free.
#[derive(Debug)]
pub(super) struct Leaves {
    pub(super) table: Vec<Leaf>,
    pub(super) free: Vec<LeafId>,
    pub(super) sweeps: u64,
    /// Serial numbers of the last sweep that left a gradient, and of the last that came to an
    /// argument of a transform that has ended.
    pub(super) depositing: u64,
    pub(super) meeting_ended: u64,
}

impl Leaves {
    pub(super) const fn new() -> Self {
        Self {
            table: Vec::new(),
            free: Vec::new(),
            sweeps: 0,
            depositing: 0,
            meeting_ended: 0,
        }
    }
}

impl Tape {
    /// A new leaf with its first node.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn push_leaf(&mut self, value: Value, owner: usize) -> Result<NodeId, Error> {
        let leaf = Leaf {
            owner,
            ..Leaf::default()
        };
        if self.wants_room() {
            self.make_room()?;
        }
        let id = match self.leaves.free.pop() {
            Some(id) => {
                self.leaves.table[id as usize] = leaf;
                id
            }
            None => {
                memory::push(&mut self.leaves.table, leaf);
                (self.leaves.table.len() - 1) as LeafId
            }
        };
        self.push_leaf_node(id, value)
    }

    /// A new node of a leaf, with another value. Graphs recorded before keep the one they used.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn push_leaf_node(&mut self, leaf: LeafId, value: Value) -> Result<NodeId, Error> {
        if self.wants_room() {
            self.make_room()?;
        }
        memory::reserve(&mut self.records, 1);
        let place = &mut self.leaves.table[leaf as usize];
        place.is_reassigned = place.has_node;
        place.has_node = true;
        match value {
            Value::Number(number, rank) => Ok(self.push(Node {
                op: Op::Leaf,
                tag: tag::LEAF,
                rank,
                a: leaf,
                partial_a: number,
                ..Node::SINK
            })),
            Value::Array(_) => {
                let record = Record {
                    inputs: smallvec::SmallVec::new(),
                    structural: None,
                    shape: value.shape(),
                    output: Some(value.clone()),
                };
                let id = self.push_record(Op::Leaf, record, &value)?;
                let node = &mut self.nodes[id as usize];
                node.tag |= tag::LEAF;
                node.a = leaf;
                Ok(id)
            }
        }
    }

    /// The leaf that a node leads to, if it is one.
    #[must_use]
    #[inline(always)]
    pub fn leaf_of(&self, id: NodeId) -> Option<LeafId> {
        let node = self.node(id);
        node.is_leaf().then_some(node.a)
    }

    /// The leaf at `id`.
    #[must_use]
    #[inline(always)]
    pub fn leaf(&self, id: LeafId) -> &Leaf {
        &self.leaves.table[id as usize]
    }

    /// The leaf at `id`, to be written.
    #[must_use]
    #[inline(always)]
    pub fn leaf_mut(&mut self, id: LeafId) -> &mut Leaf {
        &mut self.leaves.table[id as usize]
    }

    /// Gives a leaf its gradient: the first of a sweep replaces, the next ones of it add. The
    /// argument of a transform that has ended gets none.
    pub(super) fn deposit(&mut self, id: LeafId, sweep: u64, gradient: Value) {
        if self.has_ended(id) {
            self.leaves.meeting_ended = sweep;
            return;
        }
        self.leaves.depositing = sweep;
        let leaf = &mut self.leaves.table[id as usize];
        match &mut leaf.gradient {
            Some(sum) if leaf.sweep == sweep => {
                crate::kernels::add_assign(sum.make_mut(), gradient.as_slice());
            }
            place => *place = Some(gradient),
        }
        leaf.sweep = sweep;
    }
}
