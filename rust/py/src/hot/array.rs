//! NumPy's arrays, read where they lie, and made.
//!
//! By the buffer protocol a look at an array takes longer than an operation on ten numbers: NumPy
//! writes a format for it each time. So the usual arrays are read by their headers. Calling NumPy
//! from Python for a new one takes five times as long as its own function for that.
//!
//! # What it relies on
//! - **The layout of the headers**, which belongs to NumPy's binary interface and has been the same
//!   since version 1.7: `PyArrayObject_fields` and the beginning of `PyArray_Descr` in its
//!   `ndarraytypes.h`. Of a version that is neither 1 nor 2 nothing is read.
//! - **The place of `PyArray_New`** in the table of functions that NumPy gives other modules in a
//!   capsule: 93, as `numpy_api.py` says, which keeps places once they are given.
//! - **The type**, compared by its address: classes that derive from it are not read.
//! - **The interpreter lock**: nobody resizes an array while it is copied, as that takes the lock.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use autograd_core::array::{Buffer, Shape, Value};
use autograd_core::structural::Matrix;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::cell::{GilCell, Pointer};
use crate::running::wants_arrays;

/// The beginning of an array.
#[repr(C)]
struct ArrayObject {
    _header: ffi::PyObject,
    data: *const u8,
    ndim: c_int,
    shape: *const isize,
    strides: *const isize,
    _base: *mut ffi::PyObject,
    dtype: *const DtypeObject,
}

/// The beginning of the type of the entries of an array.
#[repr(C)]
struct DtypeObject {
    _header: ffi::PyObject,
    _scalar: *mut ffi::PyTypeObject,
    _kind: c_char,
    _letter: c_char,
    byteorder: c_char,
    _flags: c_char,
    number: c_int,
}

/// `NPY_BOOL` and `NPY_DOUBLE`.
const BOOL: c_int = 0;
const DOUBLE: c_int = 12;

/// `PyArray_New`: type, dimensions, shape, number of the type of entries, strides, memory, size of
/// an entry, flags, and what to copy attributes from.
type NewArray = unsafe extern "C" fn(
    *mut ffi::PyTypeObject,
    c_int,
    *const isize,
    c_int,
    *const isize,
    *mut c_void,
    c_int,
    c_int,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// Where [`NewArray`] stands in NumPy's table.
const NEW_ARRAY: usize = 93;

/// NumPy's function that makes arrays, once an array was seen.
static MAKE: GilCell<Option<NewArray>> = GilCell::new(None);

/// NumPy's `False` and `True`, once an array was seen.
static TRUTHS: GilCell<[Pointer<ffi::PyObject>; 2]> =
    GilCell::new([Pointer(ptr::null_mut()), Pointer(ptr::null_mut())]);

/// What a comparison of numbers gives: inside of a function that a transform runs on an array, a
/// truth of NumPy's, as an entry of an array would give there: `~True` is -2.
///
/// # Safety
/// The interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn truth(holds: bool) -> *mut ffi::PyObject {
    // SAFETY: the lock is held; what is no null pointer is an object that is never given up.
    unsafe {
        if wants_arrays() {
            let own = (&(*TRUTHS.get()))[usize::from(holds)].0;
            if !own.is_null() {
                return ffi::Py_NewRef(own);
            }
        }
        ffi::PyBool_FromLong(holds.into())
    }
}

/// The same as a `Bound`.
pub(crate) fn truth_of(py: Python<'_>, holds: bool) -> Bound<'_, PyAny> {
    // SAFETY: the token proves that the lock is held; the reference is a new one.
    unsafe { Bound::from_owned_ptr(py, truth(holds)) }
}

/// NumPy's type of arrays, once one was seen; null before, and where its layout is not known.
static ARRAY_TYPE: GilCell<Pointer<ffi::PyTypeObject>> = GilCell::new(Pointer(ptr::null_mut()));

/// Tells this module NumPy's type of arrays. May run Python code.
pub(crate) fn set_array_type(array_type: &Bound<'_, PyType>) -> PyResult<()> {
    let py = array_type.py();
    let numpy = py.import("numpy")?;
    let version: String = numpy.getattr("__version__")?.extract()?;
    let size: usize = array_type.getattr("__basicsize__")?.extract()?;
    let is_known = numpy.getattr("ndarray")?.is(array_type)
        && (version.starts_with("1.") || version.starts_with("2."))
        && size >= size_of::<ArrayObject>();
    if is_known {
        let truth = numpy.getattr("bool_")?;
        for holds in [false, true] {
            let own = Pointer(truth.call1((holds,))?.into_ptr());
            TRUTHS.with(py, |truths| truths[usize::from(holds)] = own);
        }
        let make = make_of(py, version.starts_with("1."))?;
        MAKE.with(py, |own| *own = Some(make));
        let array_type = array_type.clone().into_ptr();
        ARRAY_TYPE.with(py, |own| own.0 = array_type.cast());
    }
    Ok(())
}

/// NumPy's function that makes arrays.
fn make_of(py: Python<'_>, is_first_version: bool) -> PyResult<NewArray> {
    let module = if is_first_version {
        "numpy.core.multiarray"
    } else {
        "numpy._core.multiarray"
    };
    let capsule = py.import(module)?.getattr("_ARRAY_API")?;
    // SAFETY: the capsule has no name, and holds a table of functions that lives as long as the
    // interpreter; the place is that of a function of this signature.
    unsafe {
        let table = ffi::PyCapsule_GetPointer(capsule.as_ptr(), ptr::null());
        if table.is_null() {
            return Err(PyErr::fetch(py));
        }
        let function = *table.cast::<*const c_void>().add(NEW_ARRAY);
        Ok(std::mem::transmute::<*const c_void, NewArray>(function))
    }
}

/// A new array of this shape with a copy of these entries, row after row; `None` while no array was
/// seen, or for more than two dimensions.
pub(crate) fn new_array<'py>(
    py: Python<'py>,
    entries: &[f64],
    shape: &[usize],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let ndim = shape.len() as c_int;
    let shape = match *shape {
        [count] => [count as isize, 1],
        [rows, columns] => [rows as isize, columns as isize],
        _ => return Ok(None),
    };
    if shape[0] * shape[1] != entries.len() as isize {
        return Ok(None);
    }
    // SAFETY: the shape has `ndim` entries or more; the new array has as many doubles as it says,
    // and nobody else knows of it.
    unsafe {
        let Some(made) = unwritten_array(py, &shape[..ndim as usize], DOUBLE)? else {
            return Ok(None);
        };
        let out = (*made.as_ptr().cast::<ArrayObject>()).data.cast_mut();
        ptr::copy_nonoverlapping(entries.as_ptr(), out.cast(), entries.len());
        Ok(Some(made))
    }
}

/// A new array of bools that says which entries are not 0; `None` while no array was seen.
pub(crate) fn new_mask<'py>(
    py: Python<'py>,
    entries: &[f64],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: the new array has as many bytes as there are entries, and nobody else knows of it.
    unsafe {
        let Some(made) = unwritten_array(py, &[entries.len() as isize], BOOL)? else {
            return Ok(None);
        };
        let out = (*made.as_ptr().cast::<ArrayObject>()).data.cast_mut();
        for (index, entry) in entries.iter().enumerate() {
            *out.add(index) = u8::from(*entry != 0.0);
        }
        Ok(Some(made))
    }
}

/// A new array of this shape, row after row, whose entries are to be written; `None` while no array
/// was seen.
///
/// # Safety
/// Nobody reads the array before its entries are written.
unsafe fn unwritten_array<'py>(
    py: Python<'py>,
    shape: &[isize],
    entry_type: c_int,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(make) = MAKE.with(py, |make| *make) else {
        return Ok(None);
    };
    let array_type = ARRAY_TYPE.with(py, |own| own.0);
    // SAFETY: the lock is held; without memory, strides and flags a new array has its entries row
    // after row, as many as the shape says.
    unsafe {
        let none = ptr::null_mut();
        let made = make(
            array_type,
            shape.len() as c_int,
            shape.as_ptr(),
            entry_type,
            ptr::null(),
            none,
            0,
            0,
            none.cast(),
        );
        Bound::from_owned_ptr_or_err(py, made).map(Some)
    }
}

/// The entries of an array along one axis.
#[derive(Clone, Copy)]
struct Axis {
    data: *const u8,
    count: usize,
    stride: isize,
}

impl Axis {
    /// Copies the entries, which are doubles.
    ///
    /// # Safety
    /// The axis is one of an array of doubles that is still there, and `out` has as many entries.
    unsafe fn copy_doubles(self, out: &mut [f64]) {
        debug_assert_eq!(out.len(), self.count);
        // SAFETY: the caller's; the entries may lie at any address, so they are read as bytes.
        unsafe {
            if self.stride == size_of::<f64>() as isize {
                let bytes = self.count * size_of::<f64>();
                ptr::copy_nonoverlapping(self.data, out.as_mut_ptr().cast(), bytes);
                return;
            }
            for (index, out) in out.iter_mut().enumerate() {
                let place = self.data.offset(self.stride * index as isize);
                *out = place.cast::<f64>().read_unaligned();
            }
        }
    }

    /// Copies the entries, which are bools.
    ///
    /// # Safety
    /// The axis is one of an array of bools that is still there, and `out` has as many entries.
    unsafe fn copy_bools(self, out: &mut [f64]) {
        debug_assert_eq!(out.len(), self.count);
        for (index, out) in out.iter_mut().enumerate() {
            // SAFETY: the caller's; a bool is a byte.
            let byte = unsafe { *self.data.offset(self.stride * index as isize) };
            *out = f64::from(u8::from(byte != 0));
        }
    }
}

/// The header of an array of so many dimensions and the number of its type of entries, if it is
/// of NumPy's own type and they are in the byte order of the machine.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
unsafe fn header_of<'a>(
    object: *mut ffi::PyObject,
    ndim: c_int,
) -> Option<(&'a ArrayObject, c_int)> {
    // SAFETY: the type is compared before the object is read as one of it; an array has a dtype.
    unsafe {
        if ffi::Py_TYPE(object) != (*ARRAY_TYPE.get()).0 {
            return None;
        }
        let array = &*object.cast::<ArrayObject>();
        let dtype = &*array.dtype;
        let is_native = matches!(dtype.byteorder as u8, b'=' | b'|');
        (array.ndim == ndim && is_native).then_some((array, dtype.number))
    }
}

/// The entries of an array of one dimension, of doubles or bools; `None` for anything else.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn array_value(object: *mut ffi::PyObject) -> Option<Value> {
    // SAFETY: the caller's; an array of one dimension has a length and a stride, and nothing here
    // runs Python code, so that it stays as it is.
    unsafe {
        let (array, entries) = header_of(object, 1)?;
        let axis = Axis {
            data: array.data,
            count: *array.shape as usize,
            stride: *array.strides,
        };
        let shape = Shape::vector(axis.count);
        match entries {
            DOUBLE => Some(Value::build(shape, |out| axis.copy_doubles(out))),
            BOOL => Some(Value::build(shape, |out| axis.copy_bools(out))),
            _ => None,
        }
    }
}

/// The entries of an array of one dimension, of doubles or bools; `None` for anything else.
#[inline(always)]
pub(crate) fn array_of(object: &Bound<'_, PyAny>) -> Option<Value> {
    // SAFETY: the object is valid and the lock is held, as there is a `Bound`.
    unsafe { array_value(object.as_ptr()) }
}

/// The entries of an array of one dimension, of doubles; `None` for anything else.
#[inline(always)]
pub(crate) fn doubles_of(object: &Bound<'_, PyAny>) -> Option<Value> {
    // SAFETY: the object is valid and the lock is held, as there is a `Bound`.
    let is_of_doubles = unsafe { matches!(header_of(object.as_ptr(), 1), Some((_, DOUBLE))) };
    is_of_doubles.then(|| array_of(object)).flatten()
}

/// A copy of an array of two dimensions, of doubles; `None` for anything else.
pub(crate) fn matrix_of(object: &Bound<'_, PyAny>) -> Option<Matrix> {
    // SAFETY: the object is valid and the lock is held, as there is a `Bound`; an array of two
    // dimensions has two lengths and strides, and nothing here runs Python code.
    unsafe {
        let (array, DOUBLE) = header_of(object.as_ptr(), 2)? else {
            return None;
        };
        let (rows, columns) = (*array.shape as usize, *array.shape.add(1) as usize);
        let (down, along) = (*array.strides, *array.strides.add(1));
        // An array that lies by columns is copied by columns, as the transpose of what is read.
        let is_transposed = down.abs() < along.abs();
        let [outer, inner] = if is_transposed {
            [(columns, along), (rows, down)]
        } else {
            [(rows, down), (columns, along)]
        };
        let is_gapless = outer.1 == inner.1 * inner.0 as isize;
        let entries = Buffer::build(rows * columns, |out| {
            if is_gapless {
                let axis = Axis {
                    data: array.data,
                    count: rows * columns,
                    stride: inner.1,
                };
                return axis.copy_doubles(out);
            }
            for (index, out) in out.chunks_exact_mut(inner.0.max(1)).enumerate() {
                let axis = Axis {
                    data: array.data.offset(outer.1 * index as isize),
                    count: inner.0,
                    stride: inner.1,
                };
                axis.copy_doubles(out);
            }
        });
        let matrix = Matrix::new(entries, outer.0, inner.0);
        Some(if is_transposed {
            matrix.transposed()
        } else {
            matrix
        })
    }
}
