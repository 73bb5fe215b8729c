//! From a vector to a number.

use super::{Algebra, Structural};
use crate::array::Value;
use crate::kernels;
use crate::ops::{BinaryOp, UnaryOp};

pub(super) fn sum(x: &Value) -> Value {
    Value::number(kernels::sum(x.as_slice()))
}

pub(super) fn dot(a: &Value, b: &Value) -> Value {
    Value::number(kernels::dot(a.as_slice(), b.as_slice()))
}

pub(super) fn norm(x: &Value) -> Value {
    Value::number(kernels::norm(x.as_slice()))
}

pub(super) fn logsumexp(x: &Value) -> Value {
    Value::number(kernels::logsumexp(x.as_slice()))
}

pub(super) fn max(x: &Value) -> Value {
    Value::number(kernels::greatest(x.as_slice()))
}

pub(super) fn min(x: &Value) -> Value {
    Value::number(kernels::least(x.as_slice()))
}

/// `x / |x|`, and 0 at the origin.
pub(super) fn pull_back_norm<A: Algebra>(x: &A, y: &A, y_bar: &A) -> A {
    if y.primal().only() == 0.0 {
        return x.constant(Value::filled(x.primal().shape(), 0.0));
    }
    y_bar.gated(&x.binary(BinaryOp::Div, y))
}

/// `exp(x - m) / sum(exp(x - m))` with the greatest entry `m` taken out, which loses less than
/// `exp(x - y)` where `y` is large. An infinite `y` is an entry, or all of them: it goes to the entries that are inf,
/// and to none where all are `-inf`.
pub(super) fn pull_back_logsumexp<A: Algebra>(x: &A, y: &A, y_bar: &A) -> A {
    let value = y.primal().only();
    if value == f64::NEG_INFINITY {
        return x.constant(Value::filled(x.primal().shape(), 0.0));
    }
    if value == f64::INFINITY {
        return pull_back_extreme(x, y, y_bar);
    }
    let greatest = x.number(kernels::greatest(x.primal().as_slice()));
    let terms = x.binary(BinaryOp::Sub, &greatest).unary(UnaryOp::Exp);
    let sum = terms.arranged(&Structural::Sum);
    y_bar.gated(&terms.binary(BinaryOp::Div, &sum))
}

/// The share of each entry in the extreme one.
pub(super) fn pull_back_extreme<A: Algebra>(x: &A, y: &A, y_bar: &A) -> A {
    let primal = x.primal();
    let extreme = y.primal().only();
    let shares = Value::build(primal.shape(), |out| {
        kernels::exclusive_shares(primal.as_slice(), extreme, out);
    });
    // Selected rather than multiplied: an entry that was not taken has no part in the result.
    let shared = y_bar.gated(&x.constant(shares.clone()));
    let nothing = y_bar.number(0.0);
    y_bar.structural(&Structural::Where { mask: shares }, &[shared, nothing])
}
