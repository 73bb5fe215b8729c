//! The elementwise operations on values, numbers and vectors alike.

use crate::array::{Shape, Value};
use crate::kernels::{self, Operand};
use crate::ops::{BinaryOp, BinaryRule, BinaryVisitor, Saved, UnaryOp, UnaryRule, UnaryVisitor};

/// The value of `op` at a number.
#[must_use]
pub fn number_unary(op: UnaryOp, x: f64) -> f64 {
    struct Visitor(f64);
    impl UnaryVisitor for Visitor {
        type Output = f64;
        fn visit<R: UnaryRule>(self) -> f64 {
            R::value(self.0)
        }
    }
    op.visit(Visitor(x))
}

/// The value of `op` at two numbers.
#[must_use]
pub fn number_binary(op: BinaryOp, a: f64, b: f64) -> f64 {
    struct Visitor(f64, f64);
    impl BinaryVisitor for Visitor {
        type Output = f64;
        fn visit<R: BinaryRule>(self) -> f64 {
            R::value(self.0, self.1)
        }
    }
    op.visit(Visitor(a, b))
}

/// The partials of `op` at two numbers, those that are wanted.
#[must_use]
pub fn number_partials(op: BinaryOp, a: f64, b: f64, y: f64, wanted: [bool; 2]) -> [f64; 2] {
    struct Visitor(Saved<f64>, [bool; 2]);
    impl BinaryVisitor for Visitor {
        type Output = [f64; 2];
        fn visit<R: BinaryRule>(self) -> [f64; 2] {
            let Self(saved, [for_a, for_b]) = self;
            let partial_a = if for_a { R::partial_a(saved) } else { 0.0 };
            [partial_a, if for_b { R::partial_b(saved) } else { 0.0 }]
        }
    }
    op.visit(Visitor(Saved { a, b, y }, wanted))
}

/// The value of `op` at a number or each entry of a vector.
#[must_use]
pub fn unary_of(op: UnaryOp, x: &Value) -> Value {
    match x {
        Value::Number(number, rank) => Value::Number(number_unary(op, *number), *rank),
        Value::Array(buffer) => Value::build(x.shape(), |out| {
            kernels::unary_value(op, buffer.as_slice(), out)
        }),
    }
}

/// The value of `op` at two numbers, or each pair of entries. The shapes have been checked: entries
/// without a partner would be left out, and a build with debug assertions stops at them.
#[must_use]
pub fn binary_of(op: BinaryOp, a: &Value, b: &Value) -> Value {
    if let (Value::Number(a, rank_a), Value::Number(b, rank_b)) = (a, b) {
        return Value::Number(number_binary(op, *a, *b), (*rank_a).max(*rank_b));
    }
    if let (BinaryOp::Gated, Value::Number(factor, _), Value::Array(x)) = (op, a, b) {
        // The pullback of an inner product.
        return Value::build(b.shape(), |out| match *factor {
            0.0 => out.fill(0.0),
            factor => kernels::scale(factor, x.as_slice(), out),
        });
    }
    let shape = a.shape().broadcast(b.shape());
    debug_assert!(shape.is_ok(), "shapes that do not go together");
    let shape = shape.unwrap_or_else(|error| Shape::vector(error.left.min(error.right)));
    let dim = shape.dim();
    Value::build(shape, |out| {
        let (a, b) = (
            Operand::new(a.as_slice(), dim),
            Operand::new(b.as_slice(), dim),
        );
        kernels::binary_value(op, a, b, out);
    })
}
