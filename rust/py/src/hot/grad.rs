//! `grad`, which is called once for every graph: straight to the sweep where it is given a result
//! and nothing else.

use std::ffi::CString;

use autograd_core::array::Value;
use pyo3::ffi;
use pyo3::prelude::*;

use super::guard::guarded;
use super::object::{VariableObject, tag};
use super::operands::is_fast;
use crate::gradient;

/// `grad(x, argnums=0, *, ...)`; `general` is the Python function that does all of it.
///
/// # Safety
/// Called by the interpreter with `count` valid objects, and the values of the keywords after
/// them.
unsafe extern "C" fn grad(
    general: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are valid; an object of the fast type is one of ours.
    unsafe {
        if count == 1 && keywords.is_null() && is_fast(*arguments) {
            let loss = (*arguments).cast::<VariableObject>();
            if (*loss).tag & tag::UNTRACKED == 0 {
                let node = (*loss).node;
                return guarded(|py| {
                    gradient::sweep_to_leaves(py, node, Value::Number(1.0))?;
                    Ok(py.None().into_ptr())
                });
            }
        }
        ffi::PyObject_Vectorcall(general, arguments, count.cast_unsigned(), keywords)
    }
}

/// Puts `grad` in front of the function that does all of it, with its name and documentation.
#[pyfunction]
#[pyo3(signature = (general, /))]
pub(crate) fn fast_grad<'py>(general: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = general.py();
    let doc: String = general.getattr("__doc__")?.extract()?;
    let signature = "grad(x, argnums=0, *, has_aux=False, wrt=None, seed=None, create_graph=False)";
    let doc = CString::new(format!("{signature}\n--\n\n{doc}"))?;
    // The interpreter keeps the definition, so it must live as long as it does.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: c"grad".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunctionFastWithKeywords: grad,
        },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc.into_raw(),
    }));
    let module = general.getattr("__module__")?;
    // SAFETY: the definition lives for ever, and the objects are valid; the function holds a
    // reference to `general`.
    unsafe {
        let function = ffi::PyCFunction_NewEx(definition, general.as_ptr(), module.as_ptr());
        Bound::from_owned_ptr_or_err(py, function)
    }
}
