//! What stands in the brackets of `x[...]`: a whole number, a slice, a mask, or whole numbers.

use std::fmt::Display;
use std::sync::Arc;

use autograd_core::array::Value;
use autograd_core::memory;
use autograd_core::structural::{Places, Span, Structural};
use pyo3::buffer::{ElementType, PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyEllipsis, PyInt, PySlice, PyTuple};

use crate::convert::{self, collected, is_sequence};
use crate::errors::wrong_type;
use crate::hot;
use crate::transform::is_array;

/// Entries of a vector that an index takes.
pub(crate) enum Index {
    /// One, as a number.
    Entry {
        /// Which one.
        place: usize,
        /// How many there are.
        dim: usize,
    },
    /// Evenly spaced ones.
    Span(Span),
    /// Any.
    Places(Places),
}

impl Index {
    /// How many entries are taken.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Entry { .. } => 1,
            Self::Span(span) => span.count,
            Self::Places(places) => places.at.len(),
        }
    }

    /// The operation that takes them.
    pub(crate) fn into_operation(self) -> Structural {
        match self {
            Self::Entry { place, dim } => Structural::Index { place, dim },
            Self::Span(span) => Structural::Slice(span),
            Self::Places(places) => Structural::Take(places),
        }
    }
}

/// The entries that an index takes of `dim`; `None` for one that makes dimensions, as `[:, None]`
/// does, or has a shape, which is NumPy's.
pub(crate) fn index_of(op: &str, index: &Bound<'_, PyAny>, dim: usize) -> PyResult<Option<Index>> {
    if let Some(span) = span_of(op, index, dim)? {
        return Ok(Some(if index.is_instance_of::<PySlice>() {
            Index::Span(span)
        } else {
            let place = span.start;
            Index::Entry { place, dim }
        }));
    }
    if let Ok(tuple) = index.cast::<PyTuple>() {
        // What np.where and np.nonzero give: a tuple of one index for each dimension.
        return match tuple.as_slice() {
            [only] => index_of(op, only, dim),
            _ => Ok(None),
        };
    }
    if index.is_none() || index.is_instance_of::<PyEllipsis>() {
        return Ok(None);
    }
    let is_bytes = index.is_instance_of::<PyBytes>() || index.is_instance_of::<PyByteArray>();
    if hot::is_variable(index) || is_bytes {
        return Err(wrong_index(op, index));
    }
    let at = if let Some(mask) = hot::vector_of(index) {
        Some(places_of_mask(op, &mask.value(index.py()), index, dim)?)
    } else if let Ok(buffer) = PyUntypedBuffer::get(index) {
        places_of_array(op, &buffer, index, dim)?
    } else {
        places_of_sequence(op, index, dim)?
    };
    Ok(at.map(|at| {
        Index::Places(Places {
            at: Arc::new(at),
            dim,
        })
    }))
}

/// The span that a whole number or a slice takes of `dim` entries; `None` for anything else.
pub(crate) fn span_of(op: &str, index: &Bound<'_, PyAny>, dim: usize) -> PyResult<Option<Span>> {
    if let Ok(slice) = index.cast::<PySlice>() {
        let indices = slice.indices(dim as isize)?;
        return Ok(Some(Span {
            start: indices.start.max(0) as usize,
            step: indices.step,
            count: indices.slicelength,
            dim,
        }));
    }
    if index.is_exact_instance_of::<PyInt>()
        && let Ok(place) = index.extract::<isize>()
        && (0..dim as isize).contains(&place)
    {
        return Ok(Some(Span::one(place as usize, dim)));
    }
    if truth_of(index).is_some() || !index.get_type().hasattr("__index__")? {
        return Ok(None);
    }
    // An array has `__index__`, too, and says only when asked that it is none.
    let number = match index.call_method0("__index__") {
        Ok(number) => number,
        Err(_) if is_array(index)? || PyUntypedBuffer::get(index).is_ok() => return Ok(None),
        Err(error) => return Err(error),
    };
    let place = number.extract::<isize>().unwrap_or(isize::MAX);
    let place = place_of(op, place, &number, dim)?;
    Ok(Some(Span::one(place, dim)))
}

/// A place among `dim` entries; negative ones count from the end.
fn place_of(op: &str, place: isize, shown: &dyn Display, dim: usize) -> PyResult<usize> {
    let wrapped = if place < 0 {
        place.saturating_add(dim as isize)
    } else {
        place
    };
    if (0..dim as isize).contains(&wrapped) {
        return Ok(wrapped as usize);
    }
    Err(PyIndexError::new_err(format!(
        "{op}: index {shown} is out of range for {dim} entries"
    )))
}

/// Whether an index is a whole number or a slice, which only what has an axis takes.
pub(crate) fn takes_places(index: &Bound<'_, PyAny>) -> bool {
    let is_slice = index.is_instance_of::<PySlice>();
    is_slice || (index.is_instance_of::<PyInt>() && truth_of(index).is_none())
}

/// A truth value, of Python's or NumPy's.
fn truth_of(object: &Bound<'_, PyAny>) -> Option<bool> {
    if let Ok(truth) = object.cast::<PyBool>() {
        return Some(truth.is_true());
    }
    let kind = object.get_type();
    let name = kind.name().ok()?;
    let is_numpys = (name == "bool" || name == "bool_") && kind.module().ok()? == "numpy";
    is_numpys.then(|| object.is_truthy().ok())?
}

fn wrong_index(op: &str, index: &Bound<'_, PyAny>) -> PyErr {
    let wanted = "a whole number, a slice, a mask or a list of whole numbers";
    wrong_type(op, "wrong index", index, wanted)
}

/// The places at which a mask holds.
fn places_of_mask(
    op: &str,
    mask: &Value,
    index: &Bound<'_, PyAny>,
    dim: usize,
) -> PyResult<Vec<usize>> {
    let mask = mask.as_slice();
    if mask.iter().any(|&entry| entry != 0.0 && entry != 1.0) {
        let wanted = "one of 0 and 1, as a comparison gives it; a list for places";
        return Err(wrong_type(op, "wrong mask", index, wanted));
    }
    if mask.len() != dim {
        return Err(PyIndexError::new_err(format!(
            "{op}: wrong mask: got {} entries, wanted {dim}",
            mask.len()
        )));
    }
    Ok(memory::collect(
        (0..dim).filter(|&place| mask[place] != 0.0),
    ))
}

/// The places that an array of one dimension says; `None` for more dimensions.
fn places_of_array(
    op: &str,
    buffer: &PyUntypedBuffer,
    index: &Bound<'_, PyAny>,
    dim: usize,
) -> PyResult<Option<Vec<usize>>> {
    if buffer.dimensions() != 1 {
        return Ok(None);
    }
    match ElementType::from_format(buffer.format()) {
        ElementType::Bool => {
            let mask = convert::required(op, index)?.value();
            places_of_mask(op, &mask, index, dim).map(Some)
        }
        ElementType::SignedInteger { .. } | ElementType::UnsignedInteger { .. } => {
            let Ok(buffer) = PyBuffer::<i64>::get(index) else {
                // Of another width: Python's own numbers hold them all.
                return places_of_sequence(op, &index.call_method0("tolist")?, dim);
            };
            let mut places = memory::filled(buffer.item_count(), 0);
            buffer.copy_to_slice(index.py(), &mut places)?;
            let places = places.into_iter();
            let places = places.map(|place| place_of(op, place as isize, &place, dim));
            collected(places).map(Some)
        }
        // What NumPy makes of an empty list.
        ElementType::Float { .. } if buffer.item_count() == 0 => Ok(Some(Vec::new())),
        ElementType::Float { .. } | ElementType::Unknown => Err(wrong_index(op, index)),
    }
}

/// The places that a sequence says; `None` where its entries are sequences.
fn places_of_sequence(
    op: &str,
    index: &Bound<'_, PyAny>,
    dim: usize,
) -> PyResult<Option<Vec<usize>>> {
    if let Some(holds) = truth_of(index).filter(|_| dim == 1) {
        // A comparison of one entry.
        return Ok(Some(if holds { vec![0] } else { Vec::new() }));
    }
    if !is_sequence(index)? {
        return Err(wrong_index(op, index));
    }
    // An array without dimensions looks like a sequence, and says only when asked that it is none.
    let entries = index.try_iter().map_err(|_| wrong_index(op, index))?;
    let entries = collected(entries)?;
    if !entries.is_empty() && entries.iter().all(|entry| truth_of(entry).is_some()) {
        let holds = entries.iter().map(|entry| truth_of(entry) == Some(true));
        let mask = memory::collect(holds.map(|holds| f64::from(u8::from(holds))));
        return places_of_mask(op, &Value::from_slice(&mask), index, dim).map(Some);
    }
    let mut places = memory::with_capacity(entries.len());
    for entry in &entries {
        match span_of(op, entry, dim)? {
            Some(span) if !entry.is_instance_of::<PySlice>() => places.push(span.start),
            Some(_) => return Err(wrong_index(op, entry)),
            None if !hot::is_variable(entry) && is_sequence(entry)? => return Ok(None),
            None => return Err(wrong_index(op, entry)),
        }
    }
    Ok(Some(places))
}
