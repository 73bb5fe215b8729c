//! `Vector`: numbers in a row.
//!
//! NumPy looks at the numbers without copying them, by the buffer protocol (`hot::buffer`). While
//! it does (`exports` is above 0), the storage belongs to this vector alone and is not replaced.
//! Operations that would share it take a copy.

use std::ffi::CStr;
use std::iter;
use std::mem;

use autograd_core::array::{Buffer, Shape, Value};
use autograd_core::memory;
use autograd_macros::guarded;
use pyo3::exceptions::{PyBufferError, PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{
    IntoPyDict, PyDict, PyFloat, PyFrozenSet, PyList, PyMemoryView, PySet, PyString, PyTuple,
    PyType,
};

use crate::convert::{self, Kind};
use crate::dropped::end_gradient;
use crate::errors::{describe, wrong_type};
use crate::hot;
use crate::hot::cell::GilCell;
use crate::indices::{Index, index_of};
use crate::numbers::{self, Numbers};
use crate::numpy_calls;

/// Entries that a text shows in full; of longer vectors it shows both ends.
const SHOWN: usize = 1000;
const SHOWN_AT_ENDS: usize = 3;

struct Storage {
    value: Value,
    /// How many views are open.
    exports: usize,
    /// The length, for views to point to: the object, and so this place, does not move.
    len: isize,
}

/// What `help(Vector)` says.
pub(crate) const DOC: &CStr = c"Vector(data)
--

Numbers in a row, each a 64-bit float; or one number of no dimension.

Parameters
----------
data : sequence or iterator of numbers, or a NumPy array of one dimension
    The entries; they are copied.

Raises
------
TypeError
    If `data` is none of these, or an entry is no number.
ValueError
    If `data` is an array of more than one dimension.

Examples
--------
>>> import autograd_rs as ag
>>> v = ag.Vector([1, 2, 3])
>>> v * 2 + 1
Vector([3.0, 5.0, 7.0])
>>> v @ v
Vector(14.0)";

/// The methods of `Vector` that its type does not get elsewhere.
#[pyclass(
    extends = Numbers,
    subclass,
    frozen,
    immutable_type,
    module = "autograd_rs._core",
    name = "Vector"
)]
pub(crate) struct VectorBase;

/// The numbers of an object of `Vector`.
pub(crate) struct Vector {
    storage: GilCell<Storage>,
}

impl Vector {
    pub(crate) fn new(value: Value) -> Self {
        let len = value.dim() as isize;
        Self {
            storage: GilCell::new(Storage {
                value,
                exports: 0,
                len,
            }),
        }
    }

    /// The value, which nobody will change: it is shared until this vector is written to, or
    /// copied at once where somebody may write to it from outside.
    pub(crate) fn value(&self, py: Python<'_>) -> Value {
        self.storage.with(py, |storage| match &storage.value {
            Value::Array(buffer) if storage.exports > 0 => {
                Value::Array(Buffer::from_slice(buffer.as_slice()))
            }
            value @ (Value::Number(..) | Value::Array(_)) => value.clone(),
        })
    }

    /// The number, if it is one.
    #[inline(always)]
    pub(crate) fn number(&self, py: Python<'_>) -> Option<f64> {
        self.storage.with(py, |storage| match storage.value {
            Value::Number(number, rank) if rank.is_number() => Some(number),
            Value::Number(..) | Value::Array(_) => None,
        })
    }

    /// The one entry, if there is one.
    #[inline(always)]
    pub(crate) fn one_entry(&self, py: Python<'_>) -> Option<f64> {
        self.storage.with(py, |storage| storage.value.as_number())
    }

    /// The entry at a place; negative ones count from the end.
    pub(crate) fn entry(&self, py: Python<'_>, place: isize) -> Option<f64> {
        self.storage.with(py, |storage| {
            let entries = storage.value.as_slice();
            let place = if place < 0 {
                place + entries.len() as isize
            } else {
                place
            };
            entries.get(usize::try_from(place).ok()?).copied()
        })
    }

    pub(crate) fn shape(&self, py: Python<'_>) -> Shape {
        self.storage.with(py, |storage| storage.value.shape())
    }

    pub(crate) fn dim(&self, py: Python<'_>) -> usize {
        self.shape(py).dim()
    }

    /// Opens a view: gives the addresses of the entries and of their number, which stay what they
    /// are until [`Vector::end_export`].
    pub(crate) fn export(&self, py: Python<'_>) -> (*mut f64, *mut isize) {
        self.storage.with(py, |storage| {
            // Its own storage from now on: what was recorded of this vector before does not see
            // what is written through the view.
            let entries = storage.value.make_mut().as_mut_ptr();
            storage.exports += 1;
            (entries, &raw mut storage.len)
        })
    }

    /// Closes a view.
    pub(crate) fn end_export(&self, py: Python<'_>) {
        self.storage.with(py, |storage| storage.exports -= 1);
    }

    fn write(&self, py: Python<'_>, work: impl FnOnce(&mut [f64])) {
        self.storage
            .with(py, |storage| work(storage.value.make_mut()));
    }
}

/// The text of a value: a number, or a list, shortened if it is long.
pub(crate) fn text_of(py: Python<'_>, value: &Value) -> PyResult<String> {
    let number = |x: &f64| Ok::<_, PyErr>(PyFloat::new(py, *x).repr()?.to_string());
    let join = |numbers: &[f64]| {
        Ok::<_, PyErr>(
            numbers
                .iter()
                .map(number)
                .collect::<PyResult<Vec<_>>>()?
                .join(", "),
        )
    };
    match value.as_slice() {
        [x] if value.rank().is_number() => number(x),
        numbers if numbers.len() <= SHOWN => Ok(format!("[{}]", join(numbers)?)),
        numbers => {
            let (head, tail) = (
                &numbers[..SHOWN_AT_ENDS],
                &numbers[numbers.len() - SHOWN_AT_ENDS..],
            );
            Ok(format!("[{}, ..., {}]", join(head)?, join(tail)?))
        }
    }
}

/// The entries of a sequence of numbers, or of an array.
fn entries(op: &str, data: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(list) = data.cast_exact::<PyList>() {
        return sequence_entries(op, list.as_any());
    }
    if hot::is_variable(data) {
        end_gradient(data, "Vector()")?;
        return numbers::value(data);
    }
    if let Some((value, kind)) = convert::value(op, data)? {
        if kind == Kind::Number && !data.get_type().hasattr("__len__")? {
            return Err(wrong_type(
                op,
                "not a sequence",
                data,
                "a sequence of numbers",
            ));
        }
        return Ok(value);
    }
    if convert::is_sequence(data)? {
        return sequence_entries(op, data);
    }
    if is_in_order(data)? {
        return entries_of(op, data, 0);
    }
    Err(wrong_type(
        op,
        "not a sequence",
        data,
        "a sequence of numbers",
    ))
}

/// Whether an object that is no sequence gives numbers in an order that means something.
fn is_in_order(data: &Bound<'_, PyAny>) -> PyResult<bool> {
    let is_other = data.is_instance_of::<PyDict>()
        || data.is_instance_of::<PySet>()
        || data.is_instance_of::<PyFrozenSet>()
        || data.is_instance_of::<PyString>()
        || data.is_instance_of::<PyType>();
    Ok(!is_other && data.get_type().hasattr("__iter__")?)
}

fn sequence_entries(op: &str, data: &Bound<'_, PyAny>) -> PyResult<Value> {
    entries_of(op, data, data.len()?)
}

/// The numbers of an iterable, which may be more than the `count` that is expected.
fn entries_of(op: &str, data: &Bound<'_, PyAny>, count: usize) -> PyResult<Value> {
    let numbers = memory::caught(|| memory::with_capacity(count));
    let mut numbers = numbers.map_err(|_| no_memory(op, count))?;
    for (index, entry) in data.try_iter()?.enumerate() {
        memory::push(&mut numbers, entry_number(op, index, &entry?)?);
    }
    Ok(Value::from_slice(&numbers))
}

fn entry_number(op: &str, index: usize, entry: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Ok(float) = entry.cast_exact::<PyFloat>() {
        return Ok(float.value());
    }
    if hot::is_variable(entry) {
        return Err(PyTypeError::new_err(format!(
            "{op}: entry {index} is a Variable, wanted a number; use stack([...]) to keep its \
             gradient"
        )));
    }
    match convert::value(op, entry)? {
        Some((Value::Number(number, _), _)) => Ok(number),
        Some((value, _)) => Err(PyTypeError::new_err(format!(
            "{op}: entry {index} has {} entries, wanted a number",
            value.dim()
        ))),
        None => Err(PyTypeError::new_err(format!(
            "{op}: entry {index} is {}, wanted a number",
            describe(entry)
        ))),
    }
}

/// A dimension, as `ones` and `zeros` take it.
fn dimension(op: &str, dim: &Bound<'_, PyAny>) -> PyResult<usize> {
    if !dim.get_type().hasattr("__index__")? {
        return Err(wrong_type(op, "wrong dim", dim, "a whole number"));
    }
    let number = dim.call_method0("__index__")?;
    let too_large = || {
        PyValueError::new_err(format!(
            "{op}: wrong dim: got {number}, wanted 0 to {}",
            1_u64 << 40
        ))
    };
    let number = number.extract::<u64>().map_err(|_| too_large())?;
    if number > 1 << 40 {
        return Err(too_large());
    }
    Ok(number as usize)
}

fn no_memory(op: &str, dim: usize) -> PyErr {
    PyMemoryError::new_err(format!("{op}: no memory for {dim} entries"))
}

/// A `Vector` of `dim` entries, or a `MemoryError`.
fn repeated<'py>(op: &str, dim: &Bound<'py, PyAny>, number: f64) -> PyResult<Bound<'py, PyAny>> {
    let py = dim.py();
    let dim = dimension(op, dim)?;
    let value = memory::caught(|| Value::filled(Shape::vector(dim), number));
    hot::new_vector(py, value.map_err(|_| no_memory(op, dim))?)
}

/// A number, from what a pickle keeps of it.
#[guarded]
#[pyfunction]
#[pyo3(signature = (number, /))]
pub(crate) fn restore_number(py: Python<'_>, number: f64) -> PyResult<Bound<'_, PyAny>> {
    hot::new_vector(py, Value::number(number))
}

/// `Vector(data)`.
pub(crate) fn construct<'py>(
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let [data] = numbers::arguments("Vector", ["data"], arguments, keywords)?;
    let data = data
        .ok_or_else(|| PyTypeError::new_err("Vector: got no data, wanted a sequence of numbers"))?;
    let mut value = entries("Vector", &data)?;
    if let Value::Array(buffer) = &mut value {
        // Its own storage from the beginning: writing to it need not copy.
        if !buffer.is_unique() {
            *buffer = Buffer::from_slice(buffer.as_slice());
        }
    }
    hot::new_vector(arguments.py(), value)
}

/// The entries that an index takes.
pub(crate) fn get_item<'py>(
    x: &Bound<'py, PyAny>,
    index: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let value = numbers::value(x)?;
    match index_of("Vector", index, value.dim())? {
        Some(places) => hot::new_vector(x.py(), places.into_operation().value(&[value])),
        None => numpy_calls::shaped_entries(x, index),
    }
}

/// The entries that are to be assigned or deleted.
fn own_index(index: &Bound<'_, PyAny>, dim: usize) -> PyResult<Index> {
    index_of("Vector", index, dim)?.ok_or_else(|| {
        let wanted = "places in one dimension";
        wrong_type("Vector", "wrong index", index, wanted)
    })
}

/// Writes entries to places; one entry to all of them.
fn write_at(out: &mut [f64], places: impl Iterator<Item = usize>, entries: &[f64]) {
    for (place, index) in places.zip(0..) {
        out[place] = match entries {
            [entry] => *entry,
            entries => entries[index],
        };
    }
}

/// The vector that a method was called on.
fn own<'a>(slf: &'a Bound<'_, VectorBase>) -> PyResult<&'a Vector> {
    hot::vector_of(slf).ok_or_else(|| wrong_type("Vector", "not one", slf, "a Vector"))
}

#[guarded]
#[pymethods]
impl VectorBase {
    /// A vector of `dim` ones.
    #[classmethod]
    fn ones<'py>(_: &Bound<'py, PyType>, dim: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        repeated("ones", dim, 1.0)
    }

    /// A vector of `dim` zeros.
    #[classmethod]
    fn zeros<'py>(_: &Bound<'py, PyType>, dim: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        repeated("zeros", dim, 0.0)
    }

    /// A copy.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        hot::new_vector(slf.py(), numbers::value(slf)?)
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::copy(slf)
    }

    fn __deepcopy__<'py>(
        slf: &Bound<'py, Self>,
        _memo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::copy(slf)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let (py, value) = (slf.py(), numbers::value(slf)?);
        if let (Value::Number(number, _), true) = (&value, value.rank().is_number()) {
            let restore = py.import("autograd_rs._core")?.getattr("restore_number")?;
            return (restore, (*number,)).into_pyobject(py);
        }
        (slf.get_type(), (hot::new_list(py, value.as_slice())?,)).into_pyobject(py)
    }

    /// An array of the entries. NumPy views them by the buffer protocol, and asks for this where that
    /// failed, of which it says nothing: without an answer it would take the vector for one object.
    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let view = PyMemoryView::from(slf)?;
        let named = [("dtype", dtype), ("copy", copy)].into_py_dict(slf.py())?;
        let numpy = slf.py().import("numpy")?;
        numpy.call_method("array", (view,), Some(&named))
    }

    /// A vector of as many entries, each `value`.
    fn fill<'py>(slf: &Bound<'py, Self>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let number = entry_number("fill", 0, value)?;
        let shape = own(slf)?.shape(slf.py());
        hot::new_vector(slf.py(), Value::filled(shape, number))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let text = text_of(slf.py(), &numbers::value(slf)?)?;
        Ok(format!("Vector({text})"))
    }

    fn __setitem__(
        slf: &Bound<'_, Self>,
        index: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (vector, py) = (own(slf)?, slf.py());
        let places = own_index(index, vector.dim(py))?;
        if hot::is_variable(value) {
            return Err(wrong_type(
                "Vector",
                "wrong entry",
                value,
                "a number; use .value or where",
            ));
        }
        if let Index::Entry { place, .. } = places {
            let number = entry_number("Vector", place, value)?;
            vector.write(py, |out| out[place] = number);
            return Ok(());
        }
        let entries = match convert::value("Vector", value)? {
            Some((entries, _)) => entries,
            None => entries("Vector", value)?,
        };
        if entries.dim() != places.count() && entries.dim() != 1 {
            return Err(PyValueError::new_err(format!(
                "Vector: lengths differ: {} places and {} entries, wanted equal",
                places.count(),
                entries.dim()
            )));
        }
        vector.write(py, |out| match &places {
            Index::Entry { place, .. } => write_at(out, iter::once(*place), entries.as_slice()),
            Index::Span(span) => write_at(out, span.places(), entries.as_slice()),
            Index::Places(places) => {
                write_at(out, places.at.iter().copied(), entries.as_slice());
            }
        });
        Ok(())
    }

    fn __delitem__(slf: &Bound<'_, Self>, index: &Bound<'_, PyAny>) -> PyResult<()> {
        let (vector, py) = (own(slf)?, slf.py());
        let mut left = memory::collect(vector.value(py).as_slice().iter().copied());
        let mut is_left = memory::filled(left.len(), true);
        match own_index(index, left.len())? {
            Index::Entry { place, .. } => is_left[place] = false,
            Index::Span(span) => span.places().for_each(|place| is_left[place] = false),
            Index::Places(places) => places.at.iter().for_each(|&place| is_left[place] = false),
        }
        let mut is_left = is_left.into_iter();
        left.retain(|_| is_left.next().unwrap_or(true));
        let left = Value::from_slice(&left);
        let replaced = vector.storage.with(py, |storage| {
            if storage.exports > 0 {
                return None;
            }
            storage.len = left.dim() as isize;
            Some(mem::replace(&mut storage.value, left))
        });
        replaced.map(drop).ok_or_else(|| {
            PyBufferError::new_err("Vector: entries cannot be deleted while an array views them")
        })
    }

    fn __bool__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        match numbers::value(slf)? {
            Value::Number(number, _) => Ok(number != 0.0),
            Value::Array(buffer) => Err(PyValueError::new_err(format!(
                "bool: got {} entries, wanted one; use all() or any()",
                buffer.len()
            ))),
        }
    }
}
