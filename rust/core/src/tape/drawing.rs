//! A graph as pictures show it.

use super::recorded::operands_of;
use super::replay::Replay;
use super::{NodeId, Op, SINK, Tape};
use crate::array::Value;

/// One node of a picture.
#[derive(Clone, Debug)]
pub struct DrawnNode {
    /// Its id; constants get ids of their own, above all nodes.
    pub id: NodeId,
    /// `leaf`, `constant` or `op`.
    pub kind: &'static str,
    /// The operation, or the name of a leaf.
    pub name: String,
    /// The operands.
    pub operands: Vec<NodeId>,
    /// The value.
    pub value: Value,
}

impl Tape {
    /// The ancestors of a node and the constants that they use, operands first, and how many
    /// ancestors there are. More than `most` are counted but not given.
    #[must_use]
    pub fn drawing(&self, output: NodeId, most: usize) -> (usize, Vec<DrawnNode>) {
        let replay = Replay::new(self, output);
        let mut drawn = Vec::new();
        if replay.ids.len() > most {
            return (replay.ids.len(), drawn);
        }
        let mut next_constant = output + 1;
        for (&id, value) in replay.ids.iter().zip(&replay.values) {
            let node = self.node(id);
            let record = self.record_of(node);
            let count = if matches!(node.op, Op::Unary(_) | Op::Identity) {
                1
            } else {
                usize::MAX
            };
            let mut operands = Vec::new();
            for operand in operands_of(&replay, node, record).into_iter().take(count) {
                if operand.node != SINK {
                    operands.push(operand.node);
                    continue;
                }
                operands.push(next_constant);
                drawn.push(DrawnNode {
                    id: next_constant,
                    kind: "constant",
                    name: String::new(),
                    operands: Vec::new(),
                    value: operand.value,
                });
                next_constant += 1;
            }
            drawn.push(DrawnNode {
                id,
                kind: if node.is_leaf() { "leaf" } else { "op" },
                name: self.name_of(id),
                operands,
                value: value.clone(),
            });
        }
        (replay.ids.len(), drawn)
    }

    /// The name of a leaf, or of the operation of a node.
    #[must_use]
    pub fn name_of(&self, id: NodeId) -> String {
        let node = self.node(id);
        match node.op {
            Op::Sink => String::new(),
            Op::Leaf => self
                .leaf(node.a)
                .name
                .as_deref()
                .unwrap_or_default()
                .to_owned(),
            Op::Identity => "copy".to_owned(),
            Op::Unary(op) => op.facts().name.to_owned(),
            Op::Binary(op) => op.facts().name.to_owned(),
            Op::Structural => self
                .record_of(node)
                .and_then(|record| record.structural.as_ref())
                .map_or_else(String::new, |op| op.name().to_owned()),
        }
    }
}
