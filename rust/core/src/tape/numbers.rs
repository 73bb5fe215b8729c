//! The numbers that elementwise operations gave, for derivatives of derivatives.
//!
//! Such a node keeps its partials, which is what the first derivative needs. Where its value is asked
//! for, it is computed again from its operands, and then known for as long as nodes keep their ids: a
//! loop that differentiates at every step does not go back to its beginning each time. What a living
//! handle holds need not be computed, so a long way down asks the handles first: whatever was recorded
//! after they were asked came from what they told.

use super::{Node, NodeId, Op, SINK, Tape};
use crate::memory;
use crate::structural::{number_binary, number_unary};

/// Numbers in a page.
const PAGE: usize = 128;
/// Nodes that are looked at before the handles are asked, or more where there are many handles.
const NEAR: usize = 64;
/// The number of a node that nobody has asked for: a nan that no arithmetic makes.
const UNKNOWN: u64 = 0x7ff8_dead_dead_dead;

/// The living handles of nodes, which hold their values.
pub trait Handles {
    /// How many there may be.
    fn count(&self) -> usize;
    /// Calls `visit` with the node and the value of each that is a number.
    fn for_each(&self, visit: &mut dyn FnMut(NodeId, f64));
}

/// For a caller who keeps no handles.
#[derive(Clone, Copy, Debug)]
pub struct NoHandles;

impl Handles for NoHandles {
    fn count(&self) -> usize {
        0
    }

    fn for_each(&self, _visit: &mut dyn FnMut(NodeId, f64)) {}
}

/// Numbers by node, in pages that are there where a number is.
#[derive(Debug)]
pub(super) struct Numbers {
    pages: Vec<Vec<u64>>,
    /// How many nodes were looked at to compute a number, since the tape was made.
    pub(super) looked_at: u64,
}

impl Numbers {
    pub(super) const fn new() -> Self {
        Self {
            pages: Vec::new(),
            looked_at: 0,
        }
    }

    fn get(&self, node: NodeId) -> Option<f64> {
        let page = self.pages.get(node as usize / PAGE)?;
        let number = *page.get(node as usize % PAGE)?;
        (number != UNKNOWN).then_some(f64::from_bits(number))
    }

    fn set(&mut self, node: NodeId, number: f64) {
        let place = node as usize / PAGE;
        if place >= self.pages.len() {
            memory::resize_with(&mut self.pages, place + 1, Vec::new);
        }
        let page = &mut self.pages[place];
        if page.is_empty() {
            *page = memory::filled(PAGE, UNKNOWN);
        }
        page[node as usize % PAGE] = number.to_bits();
    }

    /// Forgets all, as nodes get other ids.
    pub(super) fn clear(&mut self) {
        self.pages.clear();
    }
}

impl Tape {
    /// The value of a node that is a number, if it is known.
    pub(super) fn known_number(&self, id: NodeId) -> Option<f64> {
        let kept = self.node(id).kept_number();
        kept.or_else(|| self.numbers.get(id))
    }

    /// The value of an operand that is a number, or the constant that it is.
    fn operand_number(&self, id: NodeId, constant: f64) -> Option<f64> {
        match id {
            SINK => Some(constant),
            _ => self.known_number(id),
        }
    }

    /// The value of a node that is a number, computed if need be: from then on it is known.
    pub(super) fn find_number(&mut self, id: NodeId, handles: &impl Handles) -> f64 {
        if let Some(number) = self.known_number(id) {
            return number;
        }
        // Without recursion: what waits for its operands is in a list.
        let mut waiting = vec![id];
        let mut until_handles = NEAR.max(handles.count() / 8);
        while let Some(&next) = waiting.last() {
            if self.known_number(next).is_some() {
                waiting.pop();
                continue;
            }
            self.numbers.looked_at += 1;
            until_handles = until_handles.wrapping_sub(1);
            if until_handles == 0 {
                self.ask(handles);
                // What is waiting may not be needed any more.
                waiting.truncate(1);
                continue;
            }
            let node = *self.node(next);
            match self.number_of(&node) {
                Some(number) => {
                    self.numbers.set(next, number);
                    waiting.pop();
                }
                None => {
                    let is_unknown = |&&operand: &&NodeId| {
                        operand != SINK && self.known_number(operand).is_none()
                    };
                    waiting.extend([node.a, node.b].iter().filter(is_unknown));
                }
            }
        }
        self.known_number(id).unwrap_or(f64::NAN)
    }

    /// The value of an elementwise operation on numbers, if those of its operands are known.
    fn number_of(&self, node: &Node) -> Option<f64> {
        let a = self.operand_number(node.a, node.partial_a);
        Some(match node.op {
            Op::Unary(op) => number_unary(op, a?),
            Op::Binary(op) => number_binary(op, a?, self.operand_number(node.b, node.partial_b)?),
            // These keep their values.
            Op::Sink | Op::Leaf | Op::Index | Op::Identity | Op::Structural => f64::NAN,
        })
    }

    fn ask(&mut self, handles: &impl Handles) {
        handles.for_each(&mut |node, number| {
            if self.node(node).kept_number().is_none() {
                self.numbers.set(node, number);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Value;
    use crate::ops::{BinaryOp, UnaryOp};
    use crate::tape::{Error, Operand, RecordedStep, RecordedSweep};

    struct Few(Vec<(NodeId, f64)>);

    impl Handles for Few {
        fn count(&self) -> usize {
            self.0.len()
        }

        fn for_each(&self, visit: &mut dyn FnMut(NodeId, f64)) {
            self.0
                .iter()
                .for_each(|&(node, number)| visit(node, number));
        }
    }

    fn leaf(tape: &mut Tape, number: f64) -> Result<Operand, Error> {
        let value = Value::number(number);
        let node = tape.push_leaf(value.clone(), 1)?;
        Ok(Operand { node, value })
    }

    fn chain(tape: &mut Tape, mut x: Operand, length: usize) -> Result<Operand, Error> {
        for _ in 0..length {
            x = tape.unary(UnaryOp::Sin, &x)?;
        }
        Ok(x)
    }

    fn number(x: &Operand) -> f64 {
        x.value.as_number().unwrap_or(f64::NAN)
    }

    #[test]
    fn a_number_is_what_it_was_and_is_computed_once() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, 0.7)?;
        let y = chain(&mut tape, x, 10_000)?;
        assert_eq!(tape.find_number(y.node, &NoHandles), number(&y));
        let looked_at = tape.numbers.looked_at;
        // Down and up, and a part of the way twice.
        assert!(looked_at < 20_200);
        assert_eq!(tape.find_number(y.node - 1, &NoHandles).sin(), number(&y));
        assert_eq!(tape.numbers.looked_at, looked_at);
        Ok(())
    }

    #[test]
    fn a_long_way_down_ends_at_a_handle() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, 0.7)?;
        let old = chain(&mut tape, x, 100_000)?;
        let y = chain(&mut tape, old.clone(), 10)?;
        let handles = Few(vec![(old.node, number(&old)), (y.node, f64::NAN)]);
        assert_eq!(tape.find_number(y.node - 1, &handles).sin(), number(&y));
        assert!(tape.numbers.looked_at < 100);
        Ok(())
    }

    /// A loop that differentiates at every step looks at each node once, and not at all before.
    #[test]
    fn recorded_sweeps_in_a_loop_look_at_what_is_new() -> Result<(), Error> {
        let mut tape = Tape::new();
        let mut state = leaf(&mut tape, 0.7)?;
        state = chain(&mut tape, state, 1000)?;
        for _ in 0..200 {
            let input = tape.identity(&state)?;
            let sum = tape.binary(BinaryOp::Add, &input, &state)?;
            let y = tape.unary(UnaryOp::Exp, &sum)?;
            let seed = Operand::constant(Value::number(1.0));
            let nodes = [input.node];
            let mut sweep = RecordedSweep::new(&mut tape, y.node, seed, &nodes, &NoHandles);
            assert!(matches!(sweep.run(&mut tape)?, RecordedStep::Done));
            let slope = sweep.finish(&mut tape).pop().flatten();
            let slope = slope.unwrap_or_else(|| Operand::constant(Value::number(f64::NAN)));
            assert_eq!(number(&slope), (2.0 * number(&state)).exp());
            state = tape.unary(UnaryOp::Tanh, &slope)?;
        }
        assert!(tape.numbers.looked_at < 5000);
        Ok(())
    }

    #[test]
    fn numbers_are_forgotten_where_nodes_get_other_ids() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, 0.7)?;
        let gone = chain(&mut tape, x.clone(), 100)?;
        let other = leaf(&mut tape, 0.3)?;
        let kept = chain(&mut tape, other, 100)?;
        tape.find_number(gone.node, &NoHandles);
        tape.find_number(kept.node, &NoHandles);
        let moved = tape.reclaim([kept.node].into_iter());
        let node = moved.new_id(kept.node);
        assert_eq!(tape.find_number(node, &NoHandles), number(&kept));
        assert_eq!(tape.find_number(node - 1, &NoHandles).sin(), number(&kept));
        Ok(())
    }
}
