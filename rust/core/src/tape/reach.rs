//! Which custom operations some nodes were computed by.

use super::marks::Marks;
use super::{NodeId, SINK, Tape};
use crate::structural::Structural;

/// A walk down from nodes that become known one after the other: no node is looked at twice.
#[derive(Debug)]
pub struct Reach {
    seen: Marks,
}

impl Reach {
    /// A walk that has not begun.
    pub fn new(tape: &mut Tape) -> Self {
        Self {
            seen: tape.take_marks(),
        }
    }

    /// Goes on from these nodes; calls `visit` with the key of each custom operation that it comes to.
    pub fn go(
        &mut self,
        tape: &Tape,
        nodes: impl IntoIterator<Item = NodeId>,
        mut visit: impl FnMut(u64),
    ) {
        let mut waiting: Vec<NodeId> = Vec::new();
        for node in nodes {
            self.add(&mut waiting, node);
            while let Some(id) = waiting.pop() {
                let record = tape.record_of(tape.node(id));
                if let Some(Structural::Custom { key, .. }) =
                    record.and_then(|record| record.structural.as_ref())
                {
                    visit(*key);
                }
                tape.for_each_operand(id, |operand| self.add(&mut waiting, operand));
            }
        }
    }

    fn add(&mut self, waiting: &mut Vec<NodeId>, node: NodeId) {
        if node != SINK && !self.seen.contains(node) {
            self.seen.insert(node);
            waiting.push(node);
        }
    }

    /// Ends the walk.
    pub fn finish(self, tape: &mut Tape) {
        tape.put_marks(self.seen);
    }
}
