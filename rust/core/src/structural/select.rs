//! Choice between two vectors, entry by entry.

use super::{Algebra, Structural};
use crate::array::Value;

/// The entry of `operand` at `index`, where one entry stands for all.
fn entry(operand: &[f64], index: usize) -> f64 {
    if operand.len() == 1 {
        operand[0]
    } else {
        operand[index]
    }
}

pub(super) fn choose(mask: &Value, a: &Value, b: &Value) -> Value {
    let dim = [mask.dim(), a.dim(), b.dim()]
        .into_iter()
        .find(|&dim| dim != 1)
        .unwrap_or(1);
    let (mask, a, b) = (mask.as_slice(), a.as_slice(), b.as_slice());
    Value::build(dim, |out| {
        for (index, out) in out.iter_mut().enumerate() {
            let chosen = if entry(mask, index) != 0.0 { a } else { b };
            *out = entry(chosen, index);
        }
    })
}

/// The cotangent where the operand was chosen, 0 elsewhere.
pub(super) fn pull_back<A: Algebra>(mask: &Value, index: usize, y_bar: &A) -> A {
    let rule = Structural::Where { mask: mask.clone() };
    if index == 0 {
        A::structural(&rule, &[y_bar.clone(), A::number(0.0)])
    } else {
        A::structural(&rule, &[A::number(0.0), y_bar.clone()])
    }
}
