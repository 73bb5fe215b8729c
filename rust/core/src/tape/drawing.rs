//! A graph as pictures show it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::replay::Replay;
use super::{Node, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::structural::Structural;

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
    /// The key of an operation known only to the caller.
    pub key: Option<u64>,
}

/// A graph, or the end of one that is too large for a picture.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// How many ancestors there are, the output included.
    pub count: usize,
    /// How many of each operation (leaves are `leaf`), by falling number.
    pub census: Vec<(&'static str, usize)>,
    /// The ancestors and the constants that they use, operands first. Operands that were left
    /// out have ids that are not among these.
    pub nodes: Vec<DrawnNode>,
}

impl Tape {
    /// The ancestors of a node: all of them up to `most`, and beyond that the last `last` and
    /// the leaves that these use.
    #[must_use]
    pub fn drawing(&self, output: NodeId, most: usize, last: usize) -> Drawing {
        let replay = Replay::new(self, output);
        let count = replay.ids.len();
        let first = if count > most {
            count - last.clamp(1, count)
        } else {
            0
        };
        let mut next_constant = output + 1;
        let mut nodes = Vec::new();
        for position in self.shown(&replay, first) {
            let (id, value) = (replay.ids[position], &replay.values[position]);
            let node = self.node(id);
            let mut operands = Vec::new();
            for operand in replay.operands_of(self, id) {
                if operand.node != SINK {
                    operands.push(operand.node);
                    continue;
                }
                operands.push(next_constant);
                nodes.push(DrawnNode {
                    id: next_constant,
                    kind: "constant",
                    name: String::new(),
                    operands: Vec::new(),
                    value: operand.value,
                    key: None,
                });
                next_constant += 1;
            }
            nodes.push(DrawnNode {
                id,
                kind: if node.is_leaf() { "leaf" } else { "op" },
                name: self.name_of(id),
                operands,
                value: value.clone(),
                key: self.key_of(id),
            });
        }
        Drawing {
            count,
            census: self.census(&replay),
            nodes,
        }
    }

    /// The positions from `first` on, and before them those of the leaves they use.
    fn shown(&self, replay: &Replay, first: usize) -> Vec<usize> {
        let mut positions: Vec<usize> = (first..replay.ids.len()).collect();
        for position in first..replay.ids.len() {
            self.for_each_operand(replay.ids[position], |operand| {
                if self.node(operand).is_leaf() {
                    positions.extend(
                        replay
                            .marks
                            .position(operand)
                            .filter(|&found| found < first),
                    );
                }
            });
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    fn census(&self, replay: &Replay) -> Vec<(&'static str, usize)> {
        let mut numbers = BTreeMap::new();
        for &id in &replay.ids {
            let node = self.node(id);
            let name = if node.is_leaf() {
                "leaf"
            } else {
                self.op_name(node)
            };
            *numbers.entry(name).or_insert(0) += 1;
        }
        let mut census: Vec<_> = numbers.into_iter().collect();
        census.sort_by_key(|&(_, number)| Reverse(number));
        census
    }

    /// The name of a leaf, or of the operation of a node.
    #[must_use]
    pub fn name_of(&self, id: NodeId) -> String {
        let node = self.node(id);
        match node.op {
            Op::Leaf => self.leaf(node.a).name.as_deref().unwrap_or_default(),
            Op::Sink | Op::Identity | Op::Index | Op::Unary(_) | Op::Binary(_) | Op::Structural => {
                self.op_name(node)
            }
        }
        .to_owned()
    }

    /// The caller's key of a custom operation.
    #[must_use]
    pub fn key_of(&self, id: NodeId) -> Option<u64> {
        match self.record_of(self.node(id))?.structural {
            Some(Structural::Custom { key, .. }) => Some(key),
            _ => None,
        }
    }

    fn op_name(&self, node: &Node) -> &'static str {
        match node.op {
            Op::Sink | Op::Leaf => "",
            Op::Identity => "copy",
            Op::Index => "index",
            Op::Unary(op) => op.facts().name,
            Op::Binary(op) => op.facts().name,
            Op::Structural => self
                .record_of(node)
                .and_then(|record| record.structural.as_ref())
                .map_or("", |op| op.name()),
        }
    }
}
