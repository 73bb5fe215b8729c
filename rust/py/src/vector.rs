//! `Vector`: numbers in a row.
//!
//! NumPy looks at the numbers without copying them, by the buffer protocol (`hot::buffer`). While
//! it does (`exports` is above 0), the storage belongs to this vector alone and is not replaced.
//! Operations that would share it take a copy.

use std::mem;

use autograd_core::array::{Buffer, Value};
use autograd_core::ops::{BinaryOp, UnaryOp};
use autograd_core::structural::Span;
use pyo3::exceptions::{PyBufferError, PyIndexError, PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PySlice, PyTuple, PyType};

use crate::arithmetic::{self, Relation};
use crate::convert::{self, Kind};
use crate::errors::{describe, wrong_type};
use crate::functions;
use crate::hot::cell::GilCell;
use crate::variable;

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

/// Numbers in a row, each a 64-bit float. One number is a vector of one entry.
///
/// Parameters
/// ----------
/// data : sequence of numbers, or a NumPy array of one dimension
///     The entries; they are copied.
///
/// Raises
/// ------
/// TypeError
///     If `data` is no sequence, or an entry is no number.
/// ValueError
///     If `data` is an array of more than one dimension.
///
/// Examples
/// --------
/// >>> import autograd_rs as ag
/// >>> v = ag.Vector([1, 2, 3])
/// >>> v * 2 + 1
/// Vector([3.0, 5.0, 7.0])
/// >>> v @ v
/// Vector(14.0)
#[pyclass(frozen, module = "autograd_rs", name = "Vector")]
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
            value @ (Value::Number(_) | Value::Array(_)) => value.clone(),
        })
    }

    pub(crate) fn dim(&self, py: Python<'_>) -> usize {
        self.storage.with(py, |storage| storage.value.dim())
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

/// The one number of a value.
pub(crate) fn only_number(op: &str, value: &Value) -> PyResult<f64> {
    value.as_number().ok_or_else(|| {
        PyValueError::new_err(format!("{op}: got {} entries, wanted one", value.dim()))
    })
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
        [x] if matches!(value, Value::Number(_)) => number(x),
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

/// The span that an index or a slice takes of `dim` entries.
pub(crate) fn span_of(op: &str, index: &Bound<'_, PyAny>, dim: usize) -> PyResult<Span> {
    if let Ok(slice) = index.cast::<PySlice>() {
        let indices = slice.indices(dim as isize)?;
        return Ok(Span {
            start: indices.start.max(0) as usize,
            step: indices.step,
            count: indices.slicelength,
            dim,
        });
    }
    if index.is_exact_instance_of::<PyInt>()
        && let Ok(place) = index.extract::<isize>()
        && (0..dim as isize).contains(&place)
    {
        return Ok(Span::one(place as usize, dim));
    }
    let is_index = index.get_type().hasattr("__index__")?;
    if !is_index || index.is_instance_of::<pyo3::types::PyBool>() {
        return Err(wrong_type(
            op,
            "wrong index",
            index,
            "a whole number or a slice",
        ));
    }
    let number = index.call_method0("__index__")?;
    let place = number.extract::<isize>().unwrap_or(isize::MAX);
    let wrapped = if place < 0 {
        place.saturating_add(dim as isize)
    } else {
        place
    };
    if (0..dim as isize).contains(&wrapped) {
        return Ok(Span::one(wrapped as usize, dim));
    }
    let shown = number.str()?;
    Err(PyIndexError::new_err(format!(
        "{op}: index {shown} is out of range for {dim} entries"
    )))
}

/// The entries of a sequence of numbers, or of an array.
fn entries(op: &str, data: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(list) = data.cast_exact::<PyList>() {
        return sequence_entries(op, list.as_any());
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
    if !convert::is_sequence(data)? {
        return Err(wrong_type(
            op,
            "not a sequence",
            data,
            "a sequence of numbers",
        ));
    }
    sequence_entries(op, data)
}

fn sequence_entries(op: &str, data: &Bound<'_, PyAny>) -> PyResult<Value> {
    let mut numbers = Vec::new();
    let count = data.len()?;
    numbers
        .try_reserve_exact(count)
        .map_err(|_| no_memory(op, count))?;
    for (index, entry) in data.try_iter()?.enumerate() {
        numbers.push(entry_number(op, index, &entry?)?);
    }
    Ok(Value::from_slice(&numbers))
}

fn entry_number(op: &str, index: usize, entry: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Ok(float) = entry.cast_exact::<PyFloat>() {
        return Ok(float.value());
    }
    if crate::hot::is_variable(entry) {
        return Err(PyTypeError::new_err(format!(
            "{op}: entry {index} is a Variable, wanted a number; use stack([...]) to keep its \
             gradient"
        )));
    }
    match convert::value(op, entry)? {
        Some((Value::Number(number), _)) => Ok(number),
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
fn repeated(op: &str, dim: &Bound<'_, PyAny>, number: f64) -> PyResult<Vector> {
    let dim = dimension(op, dim)?;
    Vec::<f64>::new()
        .try_reserve_exact(dim)
        .map_err(|_| no_memory(op, dim))?;
    Ok(Vector::new(Value::filled(dim, number)))
}

#[pymethods]
impl Vector {
    #[new]
    fn construct(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut value = entries("Vector", data)?;
        if let Value::Array(buffer) = &mut value {
            // Its own storage from the beginning: writing to it need not copy.
            if !buffer.is_unique() {
                *buffer = Buffer::from_slice(buffer.as_slice());
            }
        }
        Ok(Self::new(value))
    }

    /// A vector of `dim` ones.
    #[classmethod]
    fn ones(_: &Bound<'_, PyType>, dim: &Bound<'_, PyAny>) -> PyResult<Self> {
        repeated("ones", dim, 1.0)
    }

    /// A vector of `dim` zeros.
    #[classmethod]
    fn zeros(_: &Bound<'_, PyType>, dim: &Bound<'_, PyAny>) -> PyResult<Self> {
        repeated("zeros", dim, 0.0)
    }

    /// Number of entries.
    #[getter(dim)]
    fn get_dim(&self, py: Python<'_>) -> usize {
        self.dim(py)
    }

    /// The one entry, as a float.
    fn item(&self, py: Python<'_>) -> PyResult<f64> {
        only_number("item", &self.value(py))
    }

    /// The entries, as a list of floats.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.value(py).as_slice())
    }

    /// A copy.
    fn copy(&self, py: Python<'_>) -> Self {
        Self::new(self.value(py))
    }

    fn __copy__(&self, py: Python<'_>) -> Self {
        self.copy(py)
    }

    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> Self {
        self.copy(py)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let list = slf.get().tolist(slf.py())?;
        (slf.get_type(), (list,)).into_pyobject(slf.py())
    }

    /// A vector of as many entries, each `value`.
    fn fill(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let number = entry_number("fill", 0, value)?;
        Ok(Self::new(Value::filled(self.dim(py), number)))
    }

    /// Whether every entry is true, that is, not 0.
    fn all(&self, py: Python<'_>) -> bool {
        self.value(py).as_slice().iter().all(|&x| x != 0.0)
    }

    /// Whether some entry is true, that is, not 0.
    fn any(&self, py: Python<'_>) -> bool {
        self.value(py).as_slice().iter().any(|&x| x != 0.0)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Vector({})", text_of(py, &self.value(py))?))
    }

    fn __format__<'py>(slf: &Bound<'py, Self>, form: &str) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match slf.get().value(py) {
            Value::Number(number) if !form.is_empty() => {
                PyFloat::new(py, number).call_method1("__format__", (form,))
            }
            Value::Number(_) | Value::Array(_) => slf.str()?.call_method1("__format__", (form,)),
        }
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.dim(py)
    }

    fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<Self> {
        let value = self.value(py);
        let span = span_of("Vector", index, value.dim())?;
        let slice = autograd_core::structural::Structural::Slice(span);
        Ok(Self::new(slice.value(&[value])))
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::iterate(slf.as_any(), slf.get().dim(slf.py()))
    }

    fn __reversed__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::iterate_back(slf.as_any(), slf.get().dim(slf.py()))
    }

    fn __setitem__(
        &self,
        py: Python<'_>,
        index: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let span = span_of("Vector", index, self.dim(py))?;
        if crate::hot::is_variable(value) {
            return Err(wrong_type(
                "Vector",
                "wrong entry",
                value,
                "a number; use .value or where",
            ));
        }
        if !index.is_instance_of::<PySlice>() {
            let number = entry_number("Vector", span.start, value)?;
            self.write(py, |out| out[span.start] = number);
            return Ok(());
        }
        let entries = match convert::value("Vector", value)? {
            Some((entries, _)) => entries,
            None => entries("Vector", value)?,
        };
        if entries.dim() != span.count && entries.dim() != 1 {
            return Err(PyValueError::new_err(format!(
                "Vector: lengths differ: {} places and {} entries, wanted equal",
                span.count,
                entries.dim()
            )));
        }
        self.write(py, |out| {
            for (place, index) in span.places().zip(0..) {
                let entries = entries.as_slice();
                out[place] = if entries.len() == 1 {
                    entries[0]
                } else {
                    entries[index]
                };
            }
        });
        Ok(())
    }

    fn __delitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut left = self.value(py).as_slice().to_vec();
        let span = span_of("Vector", index, left.len())?;
        let gone: std::collections::HashSet<usize> = span.places().collect();
        let mut place = 0..;
        left.retain(|_| !place.next().is_some_and(|place| gone.contains(&place)));
        let replaced = self.storage.with(py, |storage| {
            if storage.exports > 0 {
                return None;
            }
            storage.len = left.len() as isize;
            Some(mem::replace(&mut storage.value, Value::from_slice(&left)))
        });
        replaced.map(drop).ok_or_else(|| {
            PyBufferError::new_err("Vector: entries cannot be deleted while an array views them")
        })
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        match self.value(py) {
            Value::Number(number) => Ok(number != 0.0),
            Value::Array(buffer) => Err(PyValueError::new_err(format!(
                "bool: got {} entries, wanted one; use all() or any()",
                buffer.len()
            ))),
        }
    }

    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        only_number("float", &self.value(py))
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PyFloat::new(py, only_number("int", &self.value(py))?).call_method0("__int__")
    }

    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        &self,
        py: Python<'py>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let number = PyFloat::new(py, only_number("round", &self.value(py))?);
        number.call_method1("__round__", (ndigits,))
    }

    fn __neg__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::unary(UnaryOp::Neg, slf)
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __abs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::unary(UnaryOp::Abs, slf)
    }

    fn __add__<'py>(slf: &Bound<'py, Self>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Add, slf, b)
    }

    fn __radd__<'py>(slf: &Bound<'py, Self>, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Add, a, slf)
    }

    fn __sub__<'py>(slf: &Bound<'py, Self>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Sub, slf, b)
    }

    fn __rsub__<'py>(slf: &Bound<'py, Self>, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Sub, a, slf)
    }

    fn __mul__<'py>(slf: &Bound<'py, Self>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Mul, slf, b)
    }

    fn __rmul__<'py>(slf: &Bound<'py, Self>, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Mul, a, slf)
    }

    fn __truediv__<'py>(
        slf: &Bound<'py, Self>,
        b: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Div, slf, b)
    }

    fn __rtruediv__<'py>(
        slf: &Bound<'py, Self>,
        a: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Div, a, slf)
    }

    fn __floordiv__<'py>(
        slf: &Bound<'py, Self>,
        b: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Floordiv, slf, b)
    }

    fn __rfloordiv__<'py>(
        slf: &Bound<'py, Self>,
        a: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Floordiv, a, slf)
    }

    fn __mod__<'py>(slf: &Bound<'py, Self>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Remainder, slf, b)
    }

    fn __rmod__<'py>(slf: &Bound<'py, Self>, a: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary_or_not_implemented(BinaryOp::Remainder, a, slf)
    }

    fn __pow__<'py>(
        slf: &Bound<'py, Self>,
        b: &Bound<'py, PyAny>,
        modulus: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        no_modulus(modulus)?;
        arithmetic::binary_or_not_implemented(BinaryOp::Pow, slf, b)
    }

    fn __rpow__<'py>(
        slf: &Bound<'py, Self>,
        a: &Bound<'py, PyAny>,
        modulus: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        no_modulus(modulus)?;
        arithmetic::binary_or_not_implemented(BinaryOp::Pow, a, slf)
    }

    fn __matmul__<'py>(
        slf: &Bound<'py, Self>,
        b: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::matmul_or_not_implemented(slf, b)
    }

    fn __rmatmul__<'py>(
        slf: &Bound<'py, Self>,
        a: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::matmul_or_not_implemented(a, slf)
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        b: &Bound<'py, PyAny>,
        relation: pyo3::pyclass::CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let relation = match relation {
            pyo3::pyclass::CompareOp::Lt => Relation::Less,
            pyo3::pyclass::CompareOp::Le => Relation::LessOrEqual,
            pyo3::pyclass::CompareOp::Eq => Relation::Equal,
            pyo3::pyclass::CompareOp::Ne => Relation::NotEqual,
            pyo3::pyclass::CompareOp::Gt => Relation::Greater,
            pyo3::pyclass::CompareOp::Ge => Relation::GreaterOrEqual,
        };
        arithmetic::compare_or_not_implemented(relation, slf, b)
    }

    /// Sum of the entries.
    fn sum<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::sum(slf)
    }

    /// Mean of the entries.
    fn mean<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::mean(slf)
    }

    /// Product of the entries.
    fn prod<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::prod(slf)
    }

    /// Greatest entry.
    fn max<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::max(slf)
    }

    /// Least entry.
    fn min<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::min(slf)
    }

    /// `self ** exponent`, entry by entry.
    fn pow<'py>(
        slf: &Bound<'py, Self>,
        exponent: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary(BinaryOp::Pow, slf, exponent)
    }

    /// Inner product, `self @ other`.
    fn matmul<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        functions::dot(slf, other)
    }

    /// Inner product, `self @ other`.
    fn dot<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        functions::dot(slf, other)
    }

    #[pyo3(signature = (ufunc, method, *inputs, **kwargs))]
    fn __array_ufunc__<'py>(
        slf: &Bound<'py, Self>,
        ufunc: &Bound<'py, PyAny>,
        method: &Bound<'py, PyAny>,
        inputs: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        variable::array_ufunc(slf, ufunc, method, inputs, kwargs)
    }

    fn __array_function__<'py>(
        &self,
        function: &Bound<'py, PyAny>,
        types: &Bound<'py, PyAny>,
        args: &Bound<'py, PyAny>,
        kwargs: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        variable::array_function(function, types, args, kwargs)
    }
}

fn no_modulus(modulus: &Bound<'_, PyAny>) -> PyResult<()> {
    if modulus.is_none() {
        return Ok(());
    }
    Err(PyTypeError::new_err(
        "pow: got a modulus, wanted none: pow(x, y, z) is for whole numbers",
    ))
}
