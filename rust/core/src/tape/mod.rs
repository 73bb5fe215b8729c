//! The tape: an arena of nodes in the order of their creation.
//!
//! Recording appends ([`Tape::unary`] and its siblings), a reverse sweep walks down ([`Sweep`]),
//! a tangent sweep walks up ([`TangentSweep`]), and [`Tape::reclaim`] drops what no live
//! handle can reach. Nothing recurses, whatever the depth of the graph.

mod closed;
mod decided;
mod drawing;
mod elementwise;
mod ended;
mod hessian;
mod leaf;
mod linearize;
mod linearized;
mod marks;
mod node;
mod numbers;
mod path;
mod plain_tangent;
mod reach;
mod reclaim;
mod record;
mod recorded;
mod replay;
mod rows;
mod scratch;
mod second;
mod sweep;
mod tangent;
mod traced;
mod values;
mod wanted;
mod watch;
mod workspace;

use std::fmt;

pub use drawing::{Drawing, DrawnNode};
pub use leaf::{Leaf, LeafId};
pub use linearized::{LANES, Linearized};
pub use node::{Input, Node, NodeId, Op, Record, SINK, tag};
pub use numbers::{Handles, NoHandles};
pub use reach::Reach;
pub use reclaim::Moved;
pub use record::{Operand, Recorded};
pub use recorded::{RecordedPaused, RecordedStep, RecordedSweep};
pub use rows::Rows;
pub use sweep::{Paused, Sweep, SweepStep};
pub use tangent::{TangentPaused, TangentStep, TangentSweep};
pub use wanted::NodeSet;
pub use watch::{Finding, Origin};

use crate::array::{ShapeError, Value};

/// Nodes below which reclaiming is not worth its while.
pub const RECLAIM_NODES: usize = 8 << 10;
/// Nodes at which losing the handle of the last node is a reason to reclaim.
const TAIL_NODES: usize = 128 << 10;
/// Bytes of saved vectors below which reclaiming is not worth its while. As much as a second-level
/// cache holds: more, and every vector would be written to memory that is in no cache.
const RECLAIM_BYTES: usize = 1 << 18;
/// Nodes of capacity that are kept even if they are not used.
const KEPT_NODES: usize = 1 << 20;
/// Node ids above this are not given out.
const MOST_NODES: usize = u32::MAX as usize - 64;

/// What can go wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// Shapes that do not go together.
    Shape {
        /// The operation.
        op: &'static str,
        /// The shapes.
        shapes: ShapeError,
    },
    /// No memory for another node or its value.
    Memory,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { op, shapes } => write!(formatter, "{op}: {shapes}"),
            Self::Memory => formatter.write_str("tape: no memory for another result"),
        }
    }
}

impl std::error::Error for Error {}

/// The graph arena.
#[derive(Debug)]
pub struct Tape {
    nodes: Vec<Node>,
    records: Vec<Record>,
    leaves: leaf::Leaves,
    /// Length at which [`Tape::wants_room`] says yes: never above the capacity of `nodes`.
    limit: usize,
    /// Nodes at which the next reclaiming is due.
    due_nodes: usize,
    /// Nodes at which it is due once the last node has no handle any more.
    due_tail: usize,
    is_tail_dead: bool,
    /// Bytes of records pushed since the last reclaiming, and at which the next is due.
    bytes: usize,
    due_bytes: usize,
    /// While this is above 0 node ids are held by somebody who is not a handle.
    holds: u32,
    /// Whether an operation was recorded whose derivative may fail.
    has_custom: bool,
    /// Reclaims in a row that found most of the capacity unused.
    roomy: u32,
    reclaims: u64,
    workspaces: Vec<workspace::Workspace>,
    scratch: scratch::Scratch,
    marks: Vec<marks::Marks>,
    numbers: numbers::Numbers,
    rooted: ended::Rooted,
}

impl Default for Tape {
    fn default() -> Self {
        Self::new()
    }
}

impl Tape {
    /// An empty tape.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            nodes: Vec::new(),
            records: Vec::new(),
            leaves: leaf::Leaves::new(),
            limit: 0,
            due_nodes: RECLAIM_NODES,
            due_tail: TAIL_NODES,
            is_tail_dead: false,
            bytes: 0,
            due_bytes: RECLAIM_BYTES,
            holds: 0,
            has_custom: false,
            roomy: 0,
            reclaims: 0,
            workspaces: Vec::new(),
            scratch: scratch::Scratch::new(),
            marks: Vec::new(),
            numbers: numbers::Numbers::new(),
            rooted: ended::Rooted::new(),
        }
    }

    /// How many nodes there are, the sink included.
    #[must_use]
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was ever recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many nodes there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.nodes.capacity()
    }

    /// The node at `id`.
    #[must_use]
    #[inline(always)]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The record of a node that has one.
    #[must_use]
    pub fn record_of(&self, node: &Node) -> Option<&Record> {
        if node.has_record() {
            self.records.get(node.record as usize)
        } else {
            None
        }
    }

    /// How many entries the value of a node has.
    #[must_use]
    pub fn dim(&self, id: NodeId) -> usize {
        self.record_of(self.node(id)).map_or(1, |record| record.dim)
    }

    /// Calls `visit` with each operand of a node; constants are given as [`SINK`].
    #[inline]
    pub fn for_each_operand(&self, id: NodeId, mut visit: impl FnMut(NodeId)) {
        let node = &self.nodes[id as usize];
        if node.tag & (tag::LEAF | tag::RECORD) == 0 {
            visit(node.a);
            visit(node.b);
        } else if let Some(record) = self.record_of(node) {
            record.inputs.iter().for_each(|input| visit(input.node));
        }
    }

    /// Bars reclaiming until [`Tape::release`], for whoever holds node ids across a push.
    pub fn hold(&mut self) {
        self.holds += 1;
    }

    /// Ends the latest [`Tape::hold`].
    pub fn release(&mut self) {
        self.holds = self.holds.saturating_sub(1);
        if self.wants_reclaim() {
            self.limit = 0;
        }
    }

    /// Says that a handle of a node went. If it was the last node, a large graph has probably
    /// come to its end, and is not to wait until as much again is recorded.
    #[inline(always)]
    pub fn handle_went(&mut self, id: NodeId) {
        if id as usize + 1 == self.nodes.len() && self.nodes.len() >= self.due_tail {
            self.is_tail_dead = true;
            self.limit = 0;
        }
    }

    /// Whether [`Tape::make_room`] must be called before the next push.
    #[must_use]
    #[inline(always)]
    pub fn wants_room(&self) -> bool {
        self.nodes.len() >= self.limit
    }

    /// The nodes, for a caller who pushes where [`Tape::wants_room`] said that it need not be made:
    /// then there is capacity for one more.
    #[inline(always)]
    pub fn nodes_mut(&mut self) -> &mut Vec<Node> {
        debug_assert!(self.limit <= self.nodes.capacity());
        &mut self.nodes
    }

    /// Whether a reclaiming is due and nobody bars it.
    #[must_use]
    pub fn wants_reclaim(&self) -> bool {
        self.holds == 0
            && (self.nodes.len() >= self.due_nodes
                || self.bytes >= self.due_bytes
                || self.is_tail_dead)
    }

    /// How often nodes have got new ids.
    #[must_use]
    pub fn reclaims(&self) -> u64 {
        self.reclaims
    }

    /// Whether nobody bars reclaiming.
    #[must_use]
    pub fn can_reclaim(&self) -> bool {
        self.holds == 0
    }

    /// Makes room for at least one more node.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn make_room(&mut self) -> Result<(), Error> {
        if self.nodes.is_empty() {
            self.nodes.try_reserve(1024).map_err(|_| Error::Memory)?;
            self.nodes.push(Node::SINK);
        }
        if self.nodes.len() == self.nodes.capacity() {
            // Large blocks are moved by the operating system, not copied, and what is not touched
            // takes no memory: doubling costs nothing.
            let more = self.nodes.len().min(MOST_NODES - self.nodes.len());
            if more == 0 || self.nodes.try_reserve_exact(more).is_err() {
                return Err(Error::Memory);
            }
        }
        self.set_limit();
        Ok(())
    }

    fn set_limit(&mut self) {
        let capacity = self.nodes.capacity();
        self.limit = if self.holds == 0 && self.nodes.len() < self.due_nodes {
            capacity.min(self.due_nodes)
        } else {
            capacity
        };
    }

    /// Appends a node. [`Tape::wants_room`] has been answered.
    #[inline(always)]
    pub fn push(&mut self, node: Node) -> NodeId {
        let id = self.nodes.len() as NodeId;
        self.nodes.push(node);
        id
    }

    /// Appends a node with a record; its value is kept here if it is a number.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn push_record(&mut self, op: Op, record: Record, value: &Value) -> Result<NodeId, Error> {
        if self.wants_room() {
            self.make_room()?;
        }
        self.bytes += record.bytes();
        if self.bytes >= self.due_bytes && self.holds == 0 {
            self.limit = 0;
        }
        let index = self.records.len() as u32;
        self.records.push(record);
        let node = Node {
            op,
            tag: tag::RECORD,
            record: index,
            partial_b: value.as_number().unwrap_or(f64::NAN),
            ..Node::SINK
        };
        Ok(self.push(node))
    }
}
