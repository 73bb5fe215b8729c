//! Recording an operation: its value now, its node for later.
//!
//! These are the general entries, for numbers and vectors alike. A binding may compute a scalar
//! operation itself, with the same rules, and push the node.

use smallvec::{SmallVec, smallvec};

use super::node::{Input, Record};
use super::{Error, Node, NodeId, Op, SINK, Tape};
use crate::array::{Rank, Shape, Value, common_dim};
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
            shape: self.value.shape(),
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
        let node = if let (Value::Number(x_value, rank), Value::Number(y, _)) = (&x.value, &value) {
            let partial = number_unary_partial(op, *x_value, *y);
            self.push_scalar(Op::Unary(op), *rank, [x.node, SINK], [partial, 0.0])?
        } else {
            let [saves_x, saves_y] = unary_saves(op);
            let record = Record {
                inputs: smallvec![x.input(saves_x)],
                structural: None,
                shape: value.shape(),
                output: saves_y.then(|| value.clone()),
            };
            self.push_record(Op::Unary(op), record)?
        };
        Ok(Operand { node, value })
    }

    /// Records an elementwise operation of two arguments.
    ///
    /// # Errors
    /// If the shapes do not go together, or there is no memory for it.
    pub fn binary(&mut self, op: BinaryOp, a: &Operand, b: &Operand) -> Result<Recorded, Error> {
        let (shape_a, shape_b) = (a.value.shape(), b.value.shape());
        shape_a.broadcast(shape_b).map_err(|shapes| Error::Shape {
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
            if let (Value::Number(a_value, _), Value::Number(b_value, _), Value::Number(y, rank)) =
                numbers
            {
                let [partial_a, partial_b] = number_partials(op, *a_value, *b_value, *y, wanted);
                let slot_a = if wanted[0] { partial_a } else { *a_value };
                let slot_b = if wanted[1] { partial_b } else { *b_value };
                self.push_scalar(Op::Binary(op), *rank, [a.node, b.node], [slot_a, slot_b])?
            } else {
                let [saves_a, saves_b, saves_y] = binary_saves(op, wanted);
                let record = Record {
                    inputs: smallvec![a.input(saves_a), b.input(saves_b)],
                    structural: None,
                    shape: value.shape(),
                    output: saves_y.then(|| value.clone()),
                };
                self.push_record(Op::Binary(op), record)?
            };
        Ok(Operand { node, value })
    }

    /// Records an operation on whole vectors.
    ///
    /// # Errors
    /// If the shapes do not go together, or there is no memory for it.
    pub fn structural(&mut self, op: Structural, operands: &[Operand]) -> Result<Recorded, Error> {
        if let Structural::Index { place, .. } = op {
            return self.index(&operands[0], place, Rank::NUMBER);
        }
        if let Structural::Slice(Span {
            start, count: 1, ..
        }) = op
        {
            return self.index(&operands[0], start, Rank::VECTOR);
        }
        check_shapes(&op, operands)?;
        if let (Structural::Dot, [a, b]) = (&op, operands)
            && a.value.dim() == 1
        {
            // A product of numbers needs no record.
            let product = self.binary(BinaryOp::Mul, a, b)?;
            return self.ranked(&product, Rank::NUMBER);
        }
        check_memory(op.dim(operands.iter().map(|operand| operand.value.dim())))?;
        let values: SmallVec<[&Value; 4]> = operands.iter().map(|operand| &operand.value).collect();
        let value = op.value(&values);
        self.structural_with_value(op, operands, value)
    }

    /// Records the entry of a vector at `place`, which is below its length: as a number, or as a
    /// vector of one entry.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn index(&mut self, x: &Operand, place: usize, rank: Rank) -> Result<Recorded, Error> {
        if x.value.dim() == 1 {
            return self.ranked(x, rank);
        }
        let value = Value::Number(x.value.as_slice()[place], rank);
        if x.node == SINK {
            return Ok(Operand::constant(value));
        }
        if self.wants_room() {
            self.make_room()?;
        }
        let node = self.push(Node {
            rank,
            ..Node::index(x.node, place as u32)
        });
        Ok(Operand { node, value })
    }

    /// Records one entry in another rank; what has it already is itself.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn ranked(&mut self, x: &Operand, rank: Rank) -> Result<Recorded, Error> {
        let Value::Number(number, own) = x.value else {
            return Ok(x.clone());
        };
        if own == rank {
            return Ok(x.clone());
        }
        let value = Value::Number(number, rank);
        if x.node == SINK {
            return Ok(Operand::constant(value));
        }
        let node = self.push_scalar(Op::Identity, rank, [x.node, SINK], [1.0, number])?;
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
            shape: value.shape(),
            output: op.saves_output().then(|| value.clone()),
            structural: Some(op),
        };
        let node = self.push_record(Op::Structural, record)?;
        Ok(Operand { node, value })
    }

    /// Records a copy, which can be differentiated with respect to apart from the original.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn identity(&mut self, x: &Operand) -> Result<Recorded, Error> {
        let node = match &x.value {
            Value::Number(number, rank) => {
                let slot = if x.node == SINK { *number } else { 1.0 };
                // The value is kept where the second partial would be, which nothing reads.
                self.push_scalar(Op::Identity, *rank, [x.node, SINK], [slot, *number])?
            }
            Value::Array(_) => {
                let record = Record {
                    inputs: smallvec![x.input(false)],
                    structural: None,
                    shape: x.value.shape(),
                    output: Some(x.value.clone()),
                };
                self.push_record(Op::Identity, record)?
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
        rank: Rank,
        [a, b]: [NodeId; 2],
        [partial_a, partial_b]: [f64; 2],
    ) -> Result<NodeId, Error> {
        if self.wants_room() {
            self.make_room()?;
        }
        Ok(self.push(Node {
            op,
            tag: 0,
            rank,
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
    let shape = |index: usize| {
        let operand = operands.get(index);
        operand.map_or(Shape::NUMBER, |operand| operand.value.shape())
    };
    let dim = |index: usize| shape(index).dim();
    let shapes = match op {
        Structural::Dot => common_dim(dim(0), dim(1)).map(|_| ()),
        Structural::Where { mask } => (mask.shape().broadcast(shape(0)))
            .and_then(|both| both.broadcast(shape(1)))
            .map(|_| ()),
        Structural::Slice(Span { dim: wanted, .. }) | Structural::Index { dim: wanted, .. } => {
            common_dim(dim(0), *wanted).map(|_| ())
        }
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
