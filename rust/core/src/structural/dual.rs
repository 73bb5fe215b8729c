//! Values that change: the rules of whole-vector operations, computed on them, give their own
//! derivatives.

use super::{Algebra, Structural, binary_of, unary_of};
use crate::array::{Shape, Value};
use crate::kernels::{self, Operand, Side};
use crate::memory;
use crate::ops::{BinaryOp, UnaryOp};

/// A value and its tangent, which is `None` where nothing changes.
#[derive(Clone, Debug)]
pub(crate) struct DualValue {
    pub(crate) value: Value,
    pub(crate) tangent: Option<Value>,
}

impl DualValue {
    pub(crate) const fn fixed(value: Value) -> Self {
        Self {
            value,
            tangent: None,
        }
    }
}

/// A tangent spread over the entries of a shape, if it is one number for all of them.
pub(crate) fn spread(tangent: Value, shape: Shape) -> Value {
    match tangent {
        Value::Number(number, _) => Value::filled(shape, number),
        Value::Array(_) => tangent,
    }
}

/// Adds a tangent to the sum of the others.
pub(crate) fn add(sum: &mut Option<Value>, term: Value) {
    match sum {
        Some(sum) => kernels::add_assign(sum.make_mut(), term.as_slice()),
        None => *sum = Some(term),
    }
}

/// The tangent of an operation on whole vectors, of which some operands change. A change of 0 beside
/// a partial that is infinite or nan makes nan.
pub(crate) fn push_forward(
    op: &Structural,
    operands: &[Value],
    y: &Value,
    changes: &[Option<Value>],
    shapes: impl Iterator<Item = Shape>,
) -> Value {
    if op.is_linear() {
        let zero = |shape| Value::filled(shape, 0.0);
        let changes = changes.iter().zip(shapes);
        let changes = memory::collect(
            changes.map(|(change, shape)| change.clone().unwrap_or_else(|| zero(shape))),
        );
        return op.of_tangents().value(&changes);
    }
    // The result is a number: its tangent is the inner product of the gradient and the tangents.
    let mut sum = 0.0;
    for (index, change) in changes.iter().enumerate() {
        let Some(change) = change else {
            continue;
        };
        sum += if matches!(op, Structural::Dot) {
            inner(change, &operands[1 - index])
        } else {
            inner(
                change,
                &op.pull_back(index, operands, y, &Value::number(1.0)),
            )
        };
    }
    Value::number(sum)
}

/// The inner product of a tangent and a gradient, either of which may be one number for all
/// entries of the other.
fn inner(tangent: &Value, gradient: &Value) -> f64 {
    if tangent.dim() == gradient.dim() {
        return kernels::dot(tangent.as_slice(), gradient.as_slice());
    }
    let dim = tangent.dim().max(gradient.dim());
    (0..dim)
        .map(|index| tangent.entry(index) * gradient.entry(index))
        .sum()
}

impl Algebra for DualValue {
    fn number(&self, value: f64) -> Self {
        Self::fixed(Value::number(value))
    }

    fn constant(&self, value: Value) -> Self {
        Self::fixed(value)
    }

    fn primal(&self) -> Value {
        self.value.clone()
    }

    fn unary(&self, op: UnaryOp) -> Self {
        let y = unary_of(op, &self.value);
        let tangent = self.tangent.as_ref().map(|change| {
            let saved = (Some(self.value.as_slice()), Some(y.as_slice()));
            Value::build(y.shape(), |out| {
                kernels::unary_pull_back(op, saved.0, saved.1, change.as_slice(), out);
            })
        });
        Self { value: y, tangent }
    }

    fn binary(&self, op: BinaryOp, other: &Self) -> Self {
        let y = binary_of(op, &self.value, &other.value);
        let dim = y.dim();
        let operands = [self, other].map(|x| Some(Operand::new(x.value.as_slice(), dim)));
        let mut sum = None;
        for (side, operand_of_side) in [(Side::A, self), (Side::B, other)] {
            let Some(change) = operand_of_side.tangent.clone() else {
                continue;
            };
            let change = spread(change, y.shape());
            let saved = (operands[0], operands[1], Some(y.as_slice()));
            let term = Value::build(y.shape(), |out| {
                kernels::binary_pull_back(op, side, saved, change.as_slice(), out);
            });
            add(&mut sum, term);
        }
        Self {
            value: y,
            tangent: sum,
        }
    }

    fn gated(&self, other: &Self) -> Self {
        let product = |a: &Value, b: &Value| binary_of(BinaryOp::Gated, a, b);
        let value = product(&self.value, &other.value);
        let mut tangent = other
            .tangent
            .as_ref()
            .map(|change| product(&self.value, change));
        if let Some(change) = &self.tangent {
            add(&mut tangent, product(change, &other.value));
        }
        Self { value, tangent }
    }

    fn structural(&self, op: &Structural, operands: &[Self]) -> Self {
        let values = memory::collect(operands.iter().map(|x| x.value.clone()));
        let changes = memory::collect(operands.iter().map(|x| x.tangent.clone()));
        let y = op.value(&values);
        if changes.iter().all(Option::is_none) {
            return Self::fixed(y);
        }
        let shapes = values.iter().map(Value::shape);
        let tangent = push_forward(op, &values, &y, &changes, shapes);
        Self {
            value: y,
            tangent: Some(tangent),
        }
    }
}
