//! Functions of the package that begin natively: `grad`, which is called once for every graph, and
//! `jvp`, whose call is all that it costs beyond the function. What they do not know goes to the
//! Python function behind them.

use std::ffi::CString;

use autograd_core::array::Value;
use pyo3::ffi;
use pyo3::prelude::*;

use super::guard::guarded;
use super::object::{VariableObject, tag};
use super::operands::is_fast;
use crate::gradient;
use crate::scope::Scope;
use crate::transform::{Outcome, jvp_at};

/// `grad(x, argnums=0, *, ...)`: straight to the sweep where it is given a result and nothing else.
///
/// # Safety
/// Called by the interpreter with `count` valid objects, and the values of the keywords after
/// them; `general` is a valid object.
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

/// `jvp(fun, primals, tangents)`: `general` takes the inputs and the result after these, if the
/// function has run.
///
/// # Safety
/// As for [`grad`].
unsafe extern "C" fn jvp(
    general: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are valid while the function runs.
    unsafe {
        if count != 3 || !keywords.is_null() {
            return ffi::PyObject_Vectorcall(general, arguments, count.cast_unsigned(), keywords);
        }
        guarded(|py| {
            let argument = |place| Bound::from_borrowed_ptr(py, *arguments.add(place));
            let (fun, primals, tangents) = (argument(0), argument(1), argument(2));
            let general = Bound::from_borrowed_ptr(py, general);
            let _scope = Scope::new(py);
            let derivative = match jvp_at(&fun, &primals, &tangents)? {
                Outcome::Done(derivative) => derivative,
                Outcome::Ran(inputs, result) => {
                    general.call1((fun, primals, tangents, (inputs, result)))?
                }
                Outcome::Unusual => general.call1((fun, primals, tangents))?,
            };
            Ok(derivative.into_ptr())
        })
    }
}

/// A function of this signature and documentation that leaves what it does not know to `general`.
fn front<'py>(
    general: &Bound<'py, PyAny>,
    signature: &str,
    doc: &str,
    call: ffi::PyCFunctionFastWithKeywords,
) -> PyResult<Bound<'py, PyAny>> {
    let name = signature.split('(').next().unwrap_or_default();
    let name = CString::new(name)?;
    let doc = CString::new(format!("{signature}\n--\n\n{doc}"))?;
    // The interpreter keeps the definition, so it must live as long as it does.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.into_raw(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunctionFastWithKeywords: call,
        },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc.into_raw(),
    }));
    let module = general.getattr("__module__")?;
    // SAFETY: the definition lives for ever, and the objects are valid; the function holds a
    // reference to `general`.
    unsafe {
        let function = ffi::PyCFunction_NewEx(definition, general.as_ptr(), module.as_ptr());
        Bound::from_owned_ptr_or_err(general.py(), function)
    }
}

/// Puts `grad` in front of the function that does all of it.
#[pyfunction]
#[pyo3(signature = (general, doc, /))]
pub(crate) fn native_grad<'py>(
    general: &Bound<'py, PyAny>,
    doc: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let signature = "grad(x, argnums=0, *, has_aux=False, wrt=None, seed=None, create_graph=False)";
    front(general, signature, doc, grad)
}

/// Puts `jvp` in front of the function that does all of it.
#[pyfunction]
#[pyo3(signature = (general, doc, /))]
pub(crate) fn native_jvp<'py>(
    general: &Bound<'py, PyAny>,
    doc: &str,
) -> PyResult<Bound<'py, PyAny>> {
    front(general, "jvp(fun, primals, tangents)", doc, jvp)
}
