//! The types `Variable` and `Vector`: raw slots over the methods of their bases.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use autograd_core::array::Value;
use autograd_core::ops::{binary_rules, unary_rules};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::attributes;
use super::buffer::{get_buffer, release_buffer};
use super::guard::guarded;
use super::object::{VariableObject, new_leaf, update_fast_type};
use super::operands::is_float;
use super::pool;
use super::slots::{self, compare_slot, divmod_slot, hash_slot, matmul_slot, power_slot};
use super::vector::{self, VectorObject};
use super::{entries, functions};
use crate::variable;

/// A `tp_new`: `make` gets the arguments and the keywords.
macro_rules! constructor {
    ($name:ident, $make:path) => {
        /// `tp_new`.
        ///
        /// # Safety
        /// Called by the interpreter with valid arguments.
        unsafe extern "C" fn $name(
            _: *mut ffi::PyTypeObject,
            arguments: *mut ffi::PyObject,
            keywords: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            guarded(|py| {
                // SAFETY: the interpreter gives a tuple, and a dict or null.
                let (arguments, keywords) = unsafe {
                    (
                        Bound::from_borrowed_ptr(py, arguments),
                        Bound::from_borrowed_ptr_or_opt(py, keywords),
                    )
                };
                let arguments = arguments.cast_into::<PyTuple>()?;
                let keywords = keywords
                    .map(|keywords| keywords.cast_into::<PyDict>())
                    .transpose()?;
                Ok($make(&arguments, keywords.as_ref())?.into_ptr())
            })
        }
    };
}

constructor!(construct_variable, variable::construct);
constructor!(construct_vector, crate::vector::construct);

/// `tp_vectorcall` of `Variable`: a leaf for a float at once; everything else as [`construct_variable`]
/// has it.
///
/// # Safety
/// Called by the interpreter with valid objects: as many as `count` says, and after them the values
/// of the keywords.
unsafe extern "C" fn call_variable(
    _: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are valid while the function runs, and the keywords null or a tuple.
    unsafe {
        let count = ffi::PyVectorcall_NARGS(count).cast_unsigned();
        if count == 1 && keywords.is_null() && is_float(*arguments) {
            let number = Value::number(ffi::PyFloat_AS_DOUBLE(*arguments));
            return guarded(|py| Ok(new_leaf(py, number)?.into_ptr()));
        }
        guarded(|py| {
            let at = |place| Bound::from_borrowed_ptr(py, *arguments.add(place));
            let given = PyTuple::new(py, (0..count).map(at))?;
            let named = PyDict::new(py);
            if let Some(names) = Bound::from_borrowed_ptr_or_opt(py, keywords) {
                for (place, name) in names.cast::<PyTuple>()?.iter().enumerate() {
                    named.set_item(name, at(count + place))?;
                }
            }
            Ok(variable::construct(&given, Some(&named))?.into_ptr())
        })
    }
}

/// `tp_traverse`: our objects refer to no object.
///
/// It is never called, as the types are none that the collector tracks. It is there because a
/// type that has it does not inherit from its base that it is tracked: our objects have no header
/// for the collector, which would read, and write, what lies before them.
///
/// # Safety
/// None is needed.
unsafe extern "C" fn traverse(_: *mut ffi::PyObject, _: ffi::visitproc, _: *mut c_void) -> c_int {
    0
}

fn slot(slot: c_int, pfunc: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot, pfunc }
}

macro_rules! slots {
    ($($id:ident = $function:expr => $kind:ty),* $(,)?) => {
        [$(slot(ffi::$id, $function as $kind as *mut c_void)),*]
    };
}

/// The slots that both types have: the operators of `$module`, the indices of `$entries`, and what
/// is the same in both.
macro_rules! operators {
    ($module:ident, $entries:ident) => {
        slots! {
            Py_nb_add = $module::binary_slot::<binary_rules::Add> => ffi::binaryfunc,
            Py_nb_subtract = $module::binary_slot::<binary_rules::Sub> => ffi::binaryfunc,
            Py_nb_multiply = $module::binary_slot::<binary_rules::Mul> => ffi::binaryfunc,
            Py_nb_true_divide = $module::binary_slot::<binary_rules::Div> => ffi::binaryfunc,
            Py_nb_floor_divide = $module::binary_slot::<binary_rules::Floordiv> => ffi::binaryfunc,
            Py_nb_remainder = $module::binary_slot::<binary_rules::Remainder> => ffi::binaryfunc,
            Py_nb_negative = $module::unary_slot::<unary_rules::Neg> => ffi::unaryfunc,
            Py_nb_absolute = $module::unary_slot::<unary_rules::Abs> => ffi::unaryfunc,
            Py_nb_divmod = divmod_slot => ffi::binaryfunc,
            Py_nb_power = power_slot => ffi::ternaryfunc,
            Py_nb_matrix_multiply = matmul_slot => ffi::binaryfunc,
            Py_tp_richcompare = compare_slot => ffi::richcmpfunc,
            Py_mp_subscript = $entries::subscript_slot => ffi::binaryfunc,
            Py_sq_item = $entries::item_slot => ffi::ssizeargfunc,
            Py_tp_traverse = traverse => ffi::traverseproc,
        }
    };
}

/// Makes a type on `base`, which has the methods that need not be fast.
///
/// # Safety
/// The slots are valid ones, for objects of `size` bytes that begin with the header of an object,
/// and what they point to lives for ever. `base` has no fields.
unsafe fn make_type<'py>(
    base: &Bound<'py, PyType>,
    name: &'static CStr,
    doc: &'static CStr,
    size: usize,
    mut slots: Vec<ffi::PyType_Slot>,
) -> PyResult<Bound<'py, PyType>> {
    // The interpreter keeps the definitions of methods, so they must live as long as it does.
    let methods = functions::methods().leak();
    slots.push(slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast()));
    slots.push(slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()));
    slots.push(slot(0, ptr::null_mut()));
    let mut specification = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: size as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_IMMUTABLETYPE) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification and its slots are valid while the call runs, and what the type
    // keeps of them lives for ever.
    unsafe {
        let made = ffi::PyType_FromSpecWithBases(&raw mut specification, base.as_ptr());
        let made = Bound::from_owned_ptr_or_err(base.py(), made)?;
        Ok(made.cast_into::<PyType>()?)
    }
}

/// Makes the type `Variable`. A reference to it is kept for ever, since its objects do not hold
/// one each.
pub(crate) fn make_variable_type<'py>(base: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyType>> {
    let mut slots = operators!(slots, entries).to_vec();
    slots.extend(slots! {
        Py_tp_hash = hash_slot => ffi::hashfunc,
        Py_tp_dealloc = pool::deallocate => ffi::destructor,
        Py_tp_new = construct_variable => ffi::newfunc,
    });
    let attributes = attributes::of_variable().leak();
    slots.push(slot(ffi::Py_tp_getset, attributes.as_mut_ptr().cast()));
    let name = c"autograd_rs.Variable";
    let size = size_of::<VariableObject>();
    // SAFETY: the slots are of the signatures that they are cast from, and take `VariableObject`s.
    let made = unsafe { make_type(base, name, variable::DOC, size, slots)? };
    let pointer = made.clone().into_ptr().cast::<ffi::PyTypeObject>();
    // SAFETY: the type is new, and nobody calls it yet; the function is of the signature wanted.
    unsafe { (*pointer).tp_vectorcall = Some(call_variable) };
    pool::set_type(base.py(), pointer);
    update_fast_type(base.py(), true);
    Ok(made)
}

/// Makes the type `Vector`.
pub(crate) fn make_vector_type<'py>(base: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyType>> {
    let mut slots = operators!(vector, vector).to_vec();
    slots.extend(slots! {
        Py_tp_dealloc = vector::deallocate => ffi::destructor,
        Py_tp_new = construct_vector => ffi::newfunc,
        Py_bf_getbuffer = get_buffer => ffi::getbufferproc,
        Py_bf_releasebuffer = release_buffer => ffi::releasebufferproc,
    });
    let name = c"autograd_rs.Vector";
    let size = size_of::<VectorObject>();
    // SAFETY: the slots are of the signatures that they are cast from, and take `VectorObject`s.
    let made = unsafe { make_type(base, name, crate::vector::DOC, size, slots)? };
    vector::set_type(base.py(), made.clone().into_ptr().cast());
    Ok(made)
}
