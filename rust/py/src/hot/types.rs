//! The type `Variable`: the raw slots over the methods of its base.

use std::ffi::{c_int, c_void};
use std::ptr;

use autograd_core::ops::{binary_rules, unary_rules};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::object::{VariableObject, deallocate, set_type, update_fast_type};
use super::slots::{
    binary_slot, compare_slot, guarded, hash_slot, item_slot, matmul_slot, methods, power_slot,
    subscript_slot, unary_slot,
};
use crate::variable;

/// `tp_new`.
///
/// # Safety
/// Called by the interpreter with valid arguments.
unsafe extern "C" fn construct(
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
        Ok(variable::construct(&arguments, keywords.as_ref())?.into_ptr())
    })
}

/// `tp_traverse`: a `Variable` refers to no object.
///
/// It is never called, as the type is not one that the collector tracks. It is there because a
/// type that has it does not inherit from its base that it is tracked: our objects have no header
/// for the collector, which would read, and write, what lies before them.
///
/// # Safety
/// None is needed.
unsafe extern "C" fn traverse(_: *mut ffi::PyObject, _: ffi::visitproc, _: *mut c_void) -> c_int {
    0
}

/// Makes the type `Variable` on `base`, which has the methods that need not be fast.
pub(crate) fn make_variable_type<'py>(base: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyType>> {
    let py = base.py();
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    macro_rules! slots {
        ($($id:ident = $function:expr => $kind:ty),* $(,)?) => {
            vec![$(slot(ffi::$id, $function as $kind as *mut c_void)),*]
        };
    }
    let mut slots = slots! {
        Py_nb_add = binary_slot::<binary_rules::Add> => ffi::binaryfunc,
        Py_nb_subtract = binary_slot::<binary_rules::Sub> => ffi::binaryfunc,
        Py_nb_multiply = binary_slot::<binary_rules::Mul> => ffi::binaryfunc,
        Py_nb_true_divide = binary_slot::<binary_rules::Div> => ffi::binaryfunc,
        Py_nb_floor_divide = binary_slot::<binary_rules::Floordiv> => ffi::binaryfunc,
        Py_nb_remainder = binary_slot::<binary_rules::Remainder> => ffi::binaryfunc,
        Py_nb_power = power_slot => ffi::ternaryfunc,
        Py_nb_matrix_multiply = matmul_slot => ffi::binaryfunc,
        Py_nb_negative = unary_slot::<unary_rules::Neg> => ffi::unaryfunc,
        Py_nb_absolute = unary_slot::<unary_rules::Abs> => ffi::unaryfunc,
        Py_tp_richcompare = compare_slot => ffi::richcmpfunc,
        Py_tp_hash = hash_slot => ffi::hashfunc,
        Py_mp_subscript = subscript_slot => ffi::binaryfunc,
        Py_sq_item = item_slot => ffi::ssizeargfunc,
        Py_tp_dealloc = deallocate => ffi::destructor,
        Py_tp_new = construct => ffi::newfunc,
        Py_tp_traverse = traverse => ffi::traverseproc,
    };
    // The interpreter keeps the definitions of methods, so they must live as long as it does.
    slots.push(slot(
        ffi::Py_tp_methods,
        methods().leak().as_mut_ptr().cast(),
    ));
    slots.push(slot(
        ffi::Py_tp_doc,
        variable::DOC.as_ptr().cast_mut().cast(),
    ));
    slots.push(slot(0, ptr::null_mut()));
    let mut specification = ffi::PyType_Spec {
        name: c"autograd_rs.Variable".as_ptr(),
        basicsize: size_of::<VariableObject>() as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_IMMUTABLETYPE) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the specification and its slots are valid while the call runs, and what the type
    // keeps of them lives for ever. The base has no fields, so that the layout of ours, which
    // begins with the header of an object, extends it. A reference to the type is kept for ever,
    // since its objects do not hold one each.
    unsafe {
        let made = ffi::PyType_FromSpecWithBases(&raw mut specification, base.as_ptr());
        let made = Bound::from_owned_ptr_or_err(py, made)?;
        let pointer = made.clone().into_ptr().cast::<ffi::PyTypeObject>();
        set_type(py, pointer);
        update_fast_type(py, true);
        Ok(made.cast_into::<PyType>()?)
    }
}
