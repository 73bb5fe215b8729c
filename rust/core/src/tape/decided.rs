//! What forward mode needs to have the reverse sweep decide: see [`super::plain_tangent`].

use super::marks::Marks;
use super::record::Operand;
use super::wanted::{self, NodeSet};
use super::{Error, NodeId, Op, SINK, Tape};
use crate::array::Value;
use crate::memory;
use crate::ops::BinaryOp;
use crate::structural::Structural;

impl Tape {
    /// The keys of the custom operations between `inputs` and `outputs`.
    pub fn custom_keys(&mut self, outputs: &[NodeId], inputs: &NodeSet) -> Vec<u64> {
        if !self.has_custom {
            return Vec::new();
        }
        let ancestors = self.ancestors(outputs, inputs);
        let keys = memory::collect(ancestors.iter().filter_map(|id| self.key_of(id)));
        self.put_marks(ancestors);
        keys
    }

    /// Whether each entry of `output` depends on the same entry of `inputs` and on no other, because
    /// there are only elementwise operations on vectors of one length in between.
    pub fn is_lanewise(&mut self, output: NodeId, inputs: &NodeSet) -> bool {
        let ancestors = self.ancestors(&[output], inputs);
        let mut depends = self.take_marks();
        let is_lanewise = ancestors.iter().all(|id| {
            let is_input = inputs.contains(id);
            let mut does_depend = is_input;
            self.for_each_operand(id, |operand| does_depend |= depends.contains(operand));
            if does_depend {
                depends.insert(id);
            }
            let is_like = self.dim(id) == self.dim(output);
            !does_depend || is_like && (is_input || self.is_elementwise(id))
        });
        self.put_marks(depends);
        self.put_marks(ancestors);
        is_lanewise
    }

    fn is_elementwise(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let structural = self.record_of(node).map(|record| &record.structural);
        match node.op {
            Op::Unary(_) | Op::Binary(_) | Op::Identity => true,
            Op::Structural => matches!(structural, Some(Some(Structural::Where { .. }))),
            Op::Sink | Op::Leaf | Op::Index => false,
        }
    }

    /// The node, and which of its entries, that an entry of `output` is a copy of.
    #[must_use]
    pub fn source_of(&self, output: NodeId, entry: usize, inputs: &NodeSet) -> (NodeId, usize) {
        let (mut node, mut place) = (output, entry);
        while !inputs.contains(node)
            && let Some(source) = self.copied_by(node, place)
        {
            (node, place) = source;
        }
        (node, place)
    }

    fn copied_by(&self, id: NodeId, place: usize) -> Option<(NodeId, usize)> {
        let record = self.record_of(self.node(id))?;
        let (index, place) = match &record.structural {
            Some(Structural::Concatenate { spans }) => {
                spans.iter().enumerate().find_map(|(index, span)| {
                    Some((index, span.places().position(|at| at == place)?))
                })?
            }
            Some(Structural::Slice(span)) => (0, span.places().nth(place)?),
            _ => return None,
        };
        let input = &record.inputs[index];
        (input.node != SINK).then_some((input.node, place))
    }

    fn ancestors(&mut self, outputs: &[NodeId], inputs: &NodeSet) -> Marks {
        let lowest = wanted::lowest(self, inputs.iter());
        let mut ancestors = self.take_marks();
        outputs.iter().for_each(|&output| ancestors.insert(output));
        ancestors.insert_ancestors(self, lowest, |id| !inputs.contains(id));
        ancestors
    }

    /// The change of a result along `tangents`, entry by entry, where `adjoint` is what it owes to
    /// each: recorded. Of both a 0 wins over whatever it meets.
    ///
    /// # Errors
    /// If there is no memory for what is recorded.
    pub fn along(&mut self, adjoint: &Operand, tangent: &Operand) -> Result<Operand, Error> {
        let is_finite = |x: &f64| x.is_finite();
        // Beside a finite tangent an adjoint of 0 makes 0 by itself.
        let change = self.binary(BinaryOp::Gated, tangent, adjoint)?;
        if tangent.value.as_slice().iter().all(is_finite) {
            return Ok(change);
        }
        let mask = Value::build(tangent.value.shape(), |mask| {
            let tangents = tangent.value.as_slice().iter();
            let entries = mask.iter_mut().zip(tangents);
            entries.for_each(|(mask, x)| *mask = f64::from(u8::from(x.is_finite())));
        });
        let other = self.binary(BinaryOp::Gated, adjoint, tangent)?;
        self.structural(Structural::Where { mask }, &[change, other])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::UnaryOp;
    use crate::structural::Span;

    fn leaf(tape: &mut Tape, entries: &[f64]) -> Result<Operand, Error> {
        let value = Value::from_slice(entries);
        let node = tape.push_leaf(value.clone(), 0)?;
        Ok(Operand { node, value })
    }

    #[test]
    fn a_graph_is_lanewise_while_all_entries_keep_to_themselves() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, &[0.3, 0.7])?;
        let s = leaf(&mut tape, &[2.0])?;
        let sine = tape.unary(UnaryOp::Sin, &x)?;
        let scaled = tape.binary(BinaryOp::Mul, &sine, &s)?;
        let mask = Value::from_slice(&[1.0, 0.0]);
        let y = tape.structural(Structural::Where { mask }, &[scaled.clone(), x.clone()])?;
        assert!(tape.is_lanewise(y.node, &NodeSet::new([x.node])));
        // The number is for both entries.
        assert!(!tape.is_lanewise(y.node, &NodeSet::new([x.node, s.node])));
        let sums = Structural::CumulativeSum { from_back: false };
        let sums = tape.structural(sums, &[y])?;
        let z = tape.unary(UnaryOp::Exp, &sums)?;
        assert!(!tape.is_lanewise(z.node, &NodeSet::new([x.node])));
        Ok(())
    }

    #[test]
    fn an_entry_is_followed_to_what_it_is_a_copy_of() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, &[0.3, 0.7])?;
        let root = tape.unary(UnaryOp::Sqrt, &x)?;
        let span = |start, count| Span {
            start,
            step: 1,
            count,
            dim: 4,
        };
        let spans = vec![span(0, 2), span(2, 2)].into();
        let join = Structural::Concatenate { spans };
        let both = tape.structural(join, &[x.clone(), root.clone()])?;
        let reversed = Structural::Slice(Span {
            start: 3,
            step: -1,
            count: 4,
            dim: 4,
        });
        let y = tape.structural(reversed, &[both])?;
        let inputs = NodeSet::new([x.node]);
        assert_eq!(tape.source_of(y.node, 0, &inputs), (root.node, 1));
        assert_eq!(tape.source_of(y.node, 3, &inputs), (x.node, 0));
        Ok(())
    }

    #[test]
    fn zeros_of_adjoints_and_of_tangents_win_over_what_they_meet() -> Result<(), Error> {
        let mut tape = Tape::new();
        let infinite = f64::INFINITY;
        let adjoint = leaf(&mut tape, &[0.0, infinite, 2.0, 0.0])?;
        let finite = leaf(&mut tape, &[3.0, 0.0, 0.5, 0.0])?;
        let change = tape.along(&adjoint, &finite)?;
        assert_eq!(change.value.as_slice(), [0.0, 0.0, 1.0, 0.0]);
        let other = leaf(&mut tape, &[infinite, 0.0, infinite, f64::NAN])?;
        let change = tape.along(&adjoint, &other)?;
        assert_eq!(change.value.as_slice(), [0.0, 0.0, infinite, 0.0]);
        Ok(())
    }
}
