//! Choice between two vectors, entry by entry.

use super::{Algebra, Structural};
use crate::array::Value;

pub(super) fn choose(mask: &Value, a: &Value, b: &Value) -> Value {
    // They go together, as has been checked.
    let both = a.shape().broadcast(b.shape()).unwrap_or(a.shape());
    let shape = mask.shape().broadcast(both).unwrap_or(both);
    Value::build(shape, |out| {
        let (mask, a, b) = (mask.as_slice(), a.as_slice(), b.as_slice());
        for (index, out) in out.iter_mut().enumerate() {
            let chosen = if entry(mask, index) != 0.0 { a } else { b };
            *out = entry(chosen, index);
        }
    })
}

/// The entry at `index`, where one stands for all.
#[inline(always)]
fn entry(entries: &[f64], index: usize) -> f64 {
    entries[if entries.len() == 1 { 0 } else { index }]
}

/// The cotangent where the operand was chosen, 0 elsewhere.
pub(super) fn pull_back<A: Algebra>(mask: &Value, index: usize, y_bar: &A) -> A {
    let rule = Structural::Where { mask: mask.clone() };
    let nothing = y_bar.number(0.0);
    if index == 0 {
        y_bar.structural(&rule, &[y_bar.clone(), nothing])
    } else {
        y_bar.structural(&rule, &[nothing, y_bar.clone()])
    }
}
