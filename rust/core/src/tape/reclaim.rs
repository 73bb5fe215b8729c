//! Dropping what no live handle can reach.
//!
//! One pass down marks, one pass up moves the survivors together. Both look at survivors only:
//! the dead are skipped 64 at a time, so that the work is proportional to what is alive.

use super::leaf::Leaf;
use super::marks::Marks;
use super::{
    KEPT_NODES, Node, NodeId, RECLAIM_BYTES, RECLAIM_NODES, Record, SINK, TAIL_NODES, Tape, tag,
};
use crate::memory;

/// What a reclaiming moved where.
#[derive(Debug)]
pub struct Moved {
    marks: Marks,
    /// The caller's keys of the custom operations that died.
    pub dead: Vec<u64>,
}

impl Moved {
    /// Whether a node survived.
    #[must_use]
    pub fn has_survived(&self, id: NodeId) -> bool {
        self.marks.contains(id)
    }

    /// The new id of a node that survived.
    #[must_use]
    pub fn new_id(&self, id: NodeId) -> NodeId {
        if id == SINK {
            SINK
        } else {
            self.marks.rank(id) as NodeId + 1
        }
    }
}

impl Tape {
    /// Drops every node from which none of `roots` was computed. The caller gives the roots their
    /// new ids.
    pub fn reclaim(&mut self, roots: impl Iterator<Item = NodeId>) -> Moved {
        self.numbers.clear();
        self.rooted.clear();
        // All memory that it takes comes first: where there is none, nothing has moved.
        let mut marks = Marks::new(self.nodes.len());
        roots.for_each(|root| marks.insert(root));
        marks.insert_ancestors(self, SINK, |_| true);
        let survivors = marks.count();
        let examined = self.nodes.len() - 1;
        let leaves = &mut self.leaves;
        let most_freed = leaves.table.len() - leaves.free.len();
        memory::reserve(&mut leaves.free, most_freed);
        let customs = self.records.iter().filter_map(Record::custom_key);
        let mut dead = memory::with_capacity(customs.count());

        self.reclaims += 1;
        self.untag_wanted();
        let first_moved = self.first_moved(&marks);
        let mut kept_records = 0;
        let moved = Moved {
            marks,
            dead: Vec::new(),
        };
        for (next, id) in (first_moved..).zip(moved.marks.iter_from(first_moved)) {
            let mut node = self.nodes[id as usize];
            if node.tag & tag::RECORD != 0 {
                let index = node.record as usize;
                self.records.swap(kept_records, index);
                node.record = kept_records as u32;
                let record = &mut self.records[kept_records];
                for input in &mut record.inputs {
                    input.node = moved.new_id(input.node);
                }
                kept_records += 1;
            }
            if node.tag & tag::LEAF != 0 {
                self.leaves.table[node.a as usize].is_marked = true;
            } else {
                node.a = moved.new_id(node.a);
                node.b = moved.new_id(node.b);
            }
            self.nodes[next as usize] = node;
        }
        dead.extend(
            self.records[kept_records..]
                .iter()
                .filter_map(Record::custom_key),
        );
        self.records.truncate(kept_records);
        self.nodes.truncate(survivors + 1);
        if first_moved == SINK + 1 {
            self.free_leaves();
        }

        self.shrink(survivors);
        // Where nearly all was alive, a graph is growing: looking again soon would find the same.
        let factor = if survivors >= examined - examined / 8 {
            4
        } else {
            2
        };
        self.due_nodes = RECLAIM_NODES.max(factor * survivors);
        self.due_tail = TAIL_NODES.max(survivors + survivors / 2);
        self.is_tail_dead = false;
        self.bytes = 0;
        let bytes: usize = self.records.iter().map(Record::bytes).sum();
        self.due_bytes = RECLAIM_BYTES.max(bytes + survivors * size_of::<Node>());
        self.set_limit();
        Moved { dead, ..moved }
    }

    /// The first node that must be looked at. Where there are scalars only, and no leaf has lost
    /// its handle, all before the first dead node stays as it is.
    fn first_moved(&self, marks: &Marks) -> NodeId {
        let leaves = &self.leaves;
        let is_orphan = |leaf: &Leaf| leaf.owner == 0 && !leaf.is_free;
        if self.records.is_empty() && !leaves.table.iter().any(is_orphan) {
            marks.first_missing()
        } else {
            SINK + 1
        }
    }

    fn free_leaves(&mut self) {
        for (id, leaf) in self.leaves.table.iter_mut().enumerate() {
            if leaf.owner == 0 && !leaf.is_marked && !leaf.is_free {
                *leaf = Leaf {
                    is_free: true,
                    ..Leaf::default()
                };
                self.leaves.free.push(id as u32);
            }
            leaf.is_marked = false;
        }
        if self.leaves.free.len() > 1024 && self.leaves.free.len() == self.leaves.table.len() {
            self.leaves.table = Vec::new();
            self.leaves.free = Vec::new();
        }
    }

    /// Gives capacity back after it went mostly unused several times in a row: not at once, as a
    /// loop over large graphs would fetch it back each time.
    fn shrink(&mut self, survivors: usize) {
        let is_roomy = self.nodes.capacity() > KEPT_NODES.max(8 * survivors);
        self.roomy = if is_roomy { self.roomy + 1 } else { 0 };
        if self.roomy > 16 {
            self.nodes.shrink_to(KEPT_NODES.max(4 * survivors));
            self.workspaces.clear();
            self.marks.clear();
            self.roomy = 0;
        }
    }
}
