//! Arrays of NumPy's that hold results.

use autograd_core::array::Value;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::hot;

/// Up to so many entries are copied; making an array on memory that is there takes NumPy longer.
const FEW: usize = 1 << 10;

/// An array of this shape, whose entries are these, row after row.
pub(crate) fn new_array<'py>(
    py: Python<'py>,
    entries: Value,
    shape: &[usize],
) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    if entries.dim() <= FEW
        && let Some(array) = hot::new_array(py, entries.as_slice(), shape)?
    {
        return Ok(array);
    }
    let (array_type, entry_type) = MAKE.get_or_try_init(py, || {
        let numpy = py.import("numpy")?;
        let entry_type = numpy.getattr("dtype")?.call1(("float64",))?;
        PyResult::Ok((numpy.getattr("ndarray")?.unbind(), entry_type.unbind()))
    })?;
    let shape = PyTuple::new(py, shape)?;
    let memory = hot::new_vector(py, entries)?;
    array_type
        .bind(py)
        .call1((shape, entry_type.bind(py), memory))
}

/// An array of bools that says where a mask of 0 and 1 is not 0.
pub(crate) fn new_mask<'py>(py: Python<'py>, mask: &Value) -> PyResult<Bound<'py, PyAny>> {
    if let Some(array) = hot::new_mask(py, mask.as_slice())? {
        return Ok(array);
    }
    let memory = hot::new_vector(py, mask.clone())?;
    let array = py.import("numpy")?.call_method1("asarray", (memory,))?;
    array.call_method1("astype", ("bool",))
}
