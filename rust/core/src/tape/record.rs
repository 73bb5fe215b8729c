//! Recording an operation: its value now, its node for later.
//!
//! These are the general entries, for numbers and vectors alike. A binding may compute a scalar
//! operation itself, with the same rules, and push the node.

use smallvec::{SmallVec, smallvec};

use super::node::{Input, Record};
use super::{Error, Node, NodeId, Op, SINK, Tape};
use crate::array::{Value, broadcast, common_dim};
use crate::ops::Saved;
use crate::ops::{BinaryOp, BinaryRule, BinaryVisitor, UnaryOp, UnaryRule, UnaryVisitor};
use crate::structural::{Span, Structural, binary_of, number_partials, unary_of};

/// An operand: its value, and its node if it is not a constant.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The node, or [`SINK`] for a constant.
    pub node: NodeId,
    /// The value.
    pub value: Value,
}

impl Operand {
    /// An operand without derivative.
    #[must_use]
    pub fn constant(value: Value) -> Self {
        Self { node: SINK, value }
    }

    fn input(&self, is_saved: bool) -> Input {
        let is_saved = is_saved || self.node == SINK;
        Input {
            node: self.node,
            dim: self.value.dim(),
            saved: is_saved.then(|| self.value.clone()),
        }
    }
}

/// What recording gives: a node and its value.
pub type Recorded = Operand;

/// What the partials of an elementwise operation of one argument need: the input, the output.
pub(super) fn unary_saves(op: UnaryOp) -> [bool; 2] {
    struct Visitor;
    impl UnaryVisitor for Visitor {
        type Output = [bool; 2];
        fn visit<R: UnaryRule>(self) -> [bool; 2] {
            [R::SAVES_X, R::SAVES_Y]
        }
    }
    op.visit(Visitor)
}

/// What the wanted partials of an operation of two arguments need: the inputs, the output.
pub(super) fn binary_saves(op: BinaryOp, wanted: [bool; 2]) -> [bool; 3] {
    struct Visitor([bool; 2]);
    impl BinaryVisitor for Visitor {
        type Output = [bool; 3];
        fn visit<R: BinaryRule>(self) -> [bool; 3] {
            let [for_a, for_b] = self.0;
            std::array::from_fn(|k| for_a && R::SAVES_FOR_A[k] || for_b && R::SAVES_FOR_B[k])
        }
    }
    op.visit(Visitor(wanted))
}

fn number_unary_partial(op: UnaryOp, x: f64, y: f64) -> f64 {
    struct Visitor(Saved<f64>);
    impl UnaryVisitor for Visitor {
        type Output = f64;
        fn visit<R: UnaryRule>(self) -> f64 {
            R::partial(self.0)
        }
    }
    op.visit(Visitor(Saved { a: x, b: x, y }))
}

impl Tape {
    /// Records an elementwise operation of one argument. An operation on a constant is a constant.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn unary(&mut self, op: UnaryOp, x: &Operand) -> Result<Recorded, Error> {
        check_memory(x.value.dim())?;
        let value = unary_of(op, &x.value);
        if x.node == SINK {
            return Ok(Operand::constant(value));
        }
        let node = if let (Value::Number(x_value), Value::Number(y)) = (&x.value, &value) {
            let partial = number_unary_partial(op, *x_value, *y);
            self.push_scalar(Op::Unary(op), x.node, SINK, partial, 0.0)?
        } else {
            let [saves_x, saves_y] = unary_saves(op);
            let record = Record {
                inputs: smallvec![x.input(saves_x)],
                structural: None,
                dim: value.dim(),
                output: saves_y.then(|| value.clone()),
            };
            self.push_record(Op::Unary(op), record, &value)?
        };
        Ok(Operand { node, value })
    }

    /// Records an elementwise operation of two arguments.
    ///
    /// # Errors
    /// If the shapes do not go together, or there is no memory for it.
    pub fn binary(&mut self, op: BinaryOp, a: &Operand, b: &Operand) -> Result<Recorded, Error> {
        broadcast(a.value.dim(), b.value.dim()).map_err(|shapes| Error::Shape {
            op: op.facts().name,
            shapes,
        })?;
        if let (BinaryOp::Pow, SINK, Value::Array(_), Some(2.0)) =
            (op, b.node, &a.value, b.value.as_number())
        {
            // A product instead of a power for each entry: within an ulp, and ten times faster.
            return self.unary(UnaryOp::Square, a);
        }
        check_memory(a.value.dim().max(b.value.dim()))?;
        let value = binary_of(op, &a.value, &b.value);
        let wanted = [a.node != SINK, b.node != SINK];
        if wanted == [false, false] {
            return Ok(Operand::constant(value));
        }
        let numbers = (&a.value, &b.value, &value);
        let node =
            if let (Value::Number(a_value), Value::Number(b_value), Value::Number(y)) = numbers {
                let [partial_a, partial_b] = number_partials(op, *a_value, *b_value, *y, wanted);
                let slot_a = if wanted[0] { partial_a } else { *a_value };
                let slot_b = if wanted[1] { partial_b } else { *b_value };
                self.push_scalar(Op::Binary(op), a.node, b.node, slot_a, slot_b)?
            } else {
                let [saves_a, saves_b, saves_y] = binary_saves(op, wanted);
                let record = Record {
                    inputs: smallvec![a.input(saves_a), b.input(saves_b)],
                    structural: None,
                    dim: value.dim(),
                    output: saves_y.then(|| value.clone()),
                };
                self.push_record(Op::Binary(op), record, &value)?
            };
        Ok(Operand { node, value })
    }

    /// Records an operation on whole vectors.
    ///
    /// # Errors
    /// If the shapes do not go together, or there is no memory for it.
    pub fn structural(&mut self, op: Structural, operands: &[Operand]) -> Result<Recorded, Error> {
        if let Structural::Slice(Span {
            start, count: 1, ..
        }) = op
        {
            return self.index(&operands[0], start);
        }
        check_shapes(&op, operands)?;
        check_memory(op.dim(operands.iter().map(|operand| operand.value.dim())))?;
        let values: SmallVec<[&Value; 4]> = operands.iter().map(|operand| &operand.value).collect();
        let value = op.value(&values);
        self.structural_with_value(op, operands, value)
    }

    /// Records the entry of a vector at `place`, which is below its length.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn index(&mut self, x: &Operand, place: usize) -> Result<Recorded, Error> {
        let value = Value::Number(x.value.as_slice()[place]);
        if x.node == SINK || x.value.dim() == 1 {
            return Ok(Operand {
                node: x.node,
                value,
            });
        }
        if self.wants_room() {
            self.make_room()?;
        }
        let node = self.push(Node::index(x.node, place as u32, x.value.entry(place)));
        Ok(Operand { node, value })
    }

    /// Records an operation on whole vectors whose value is known.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn structural_with_value(
        &mut self,
        op: Structural,
        operands: &[Operand],
        value: Value,
    ) -> Result<Recorded, Error> {
        if operands.iter().all(|operand| operand.node == SINK) {
            return Ok(Operand::constant(value));
        }
        self.has_custom |= matches!(op, Structural::Custom { .. });
        let saves = op.saves_operands();
        let record = Record {
            inputs: operands
                .iter()
                .map(|operand| operand.input(saves))
                .collect(),
            dim: value.dim(),
            output: op.saves_output().then(|| value.clone()),
            structural: Some(op),
        };
        let node = self.push_record(Op::Structural, record, &value)?;
        Ok(Operand { node, value })
    }

    /// Records a copy, which can be differentiated with respect to apart from the original.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn identity(&mut self, x: &Operand) -> Result<Recorded, Error> {
        let node = match &x.value {
            Value::Number(number) => {
                let slot = if x.node == SINK { *number } else { 1.0 };
                // The value is kept where the second partial would be, which nothing reads.
                self.push_scalar(Op::Identity, x.node, SINK, slot, *number)?
            }
            Value::Array(_) => {
                let record = Record {
                    inputs: smallvec![x.input(false)],
                    structural: None,
                    dim: x.value.dim(),
                    output: Some(x.value.clone()),
                };
                self.push_record(Op::Identity, record, &x.value)?
            }
        };
        Ok(Operand {
            node,
            value: x.value.clone(),
        })
    }

    /// Appends the node of a scalar operation.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn push_scalar(
        &mut self,
        op: Op,
        a: NodeId,
        b: NodeId,
        partial_a: f64,
        partial_b: f64,
    ) -> Result<NodeId, Error> {
        if self.wants_room() {
            self.make_room()?;
        }
        Ok(self.push(Node {
            op,
            tag: 0,
            gap: 0,
            a,
            b,
            record: 0,
            partial_a,
            partial_b,
        }))
    }
}

/// Says before a large vector is made whether there is memory for it.
fn check_memory(dim: usize) -> Result<(), Error> {
    const LARGE: usize = 1 << 20;
    if dim >= LARGE && Vec::<f64>::new().try_reserve_exact(dim).is_err() {
        return Err(Error::Memory);
    }
    Ok(())
}

fn check_shapes(op: &Structural, operands: &[Operand]) -> Result<(), Error> {
    let dim = |index: usize| operands.get(index).map_or(1, |operand| operand.value.dim());
    let shapes = match op {
        Structural::Dot => common_dim(dim(0), dim(1)).map(|_| ()),
        Structural::Where { mask } => broadcast(mask.dim(), dim(0))
            .and_then(|both| broadcast(both, dim(1)))
            .map(|_| ()),
        Structural::Slice(Span { dim: wanted, .. }) => common_dim(dim(0), *wanted).map(|_| ()),
        Structural::Take(places) => common_dim(dim(0), places.dim).map(|_| ()),
        Structural::Product { matrix, .. } => common_dim(matrix.columns(), dim(0)).map(|_| ()),
        Structural::Sum
        | Structural::Norm
        | Structural::LogSumExp
        | Structural::Max
        | Structural::Min
        | Structural::CumulativeSum { .. }
        | Structural::Broadcast { .. }
        | Structural::Scatter { .. }
        | Structural::Embed(_)
        | Structural::Put(_)
        | Structural::Concatenate { .. }
        | Structural::Custom { .. } => Ok(()),
    };
    shapes.map_err(|shapes| Error::Shape {
        op: op.name(),
        shapes,
    })
}
