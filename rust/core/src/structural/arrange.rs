//! Entries moved to other places: slices, concatenation, running sums.

use std::borrow::Borrow;

use super::{Places, Span};
use crate::array::{Shape, Value};
use crate::kernels;

pub(super) fn cumulative_sum(x: &Value, from_back: bool) -> Value {
    Value::build(Shape::vector(x.dim()), |out| {
        kernels::cumulative_sum(x.as_slice(), from_back, out)
    })
}

pub(super) fn broadcast(x: &Value, dim: usize) -> Value {
    Value::filled(Shape::vector(dim), x.only())
}

pub(super) fn slice(x: &Value, span: Span) -> Value {
    let entries = x.as_slice();
    Value::build(Shape::vector(span.count), |out| {
        if span.step == 1 {
            out.copy_from_slice(&entries[span.start..span.start + span.count]);
        } else {
            for (out, place) in out.iter_mut().zip(span.places()) {
                *out = entries[place];
            }
        }
    })
}

pub(super) fn index(x: &Value, place: usize) -> Value {
    Value::number(x.as_slice()[place])
}

pub(super) fn embed(x: &Value, span: Span) -> Value {
    Value::build(Shape::vector(span.dim), |out| {
        out.fill(0.0);
        add_at(out, span, x.as_slice());
    })
}

/// Adds `entries` to the places of `span`.
pub(crate) fn add_at(out: &mut [f64], span: Span, entries: &[f64]) {
    for (place, entry) in span.places().zip(entries) {
        out[place] += entry;
    }
}

pub(super) fn take(x: &Value, places: &Places) -> Value {
    let entries = x.as_slice();
    Value::build(Shape::vector(places.at.len()), |out| {
        for (out, &place) in out.iter_mut().zip(places.at.iter()) {
            *out = entries[place];
        }
    })
}

pub(super) fn put(x: &Value, places: &Places) -> Value {
    Value::build(Shape::vector(places.dim), |out| {
        out.fill(0.0);
        for (index, &place) in places.at.iter().enumerate() {
            out[place] += x.entry(index);
        }
    })
}

pub(super) fn scatter<V: Borrow<Value>>(operands: &[V], places: &[usize], dim: usize) -> Value {
    Value::build(Shape::vector(dim), |out| {
        out.fill(0.0);
        for (operand, &place) in operands.iter().zip(places) {
            out[place] += operand.borrow().only();
        }
    })
}

pub(super) fn concatenate<V: Borrow<Value>>(operands: &[V]) -> Value {
    let operands = || operands.iter().map(Borrow::borrow);
    let dim = operands().map(Value::dim).sum();
    Value::build(Shape::vector(dim), |out| {
        let mut rest = out;
        for operand in operands() {
            let (head, tail) = rest.split_at_mut(operand.dim());
            head.copy_from_slice(operand.as_slice());
            rest = tail;
        }
    })
}
