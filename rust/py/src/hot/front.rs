//! Functions of the package that begin natively: `grad`, which is called once for every graph, and
//! `jvp`, whose call is all that it costs beyond the function. What they do not know goes to the
//! Python function behind them.

use std::ffi::CString;
use std::ptr;

use autograd_core::array::Value;
use autograd_macros::guarded;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::guard::guarded;
use super::object::{VariableObject, tag};
use super::operands::is_fast;
use crate::gradient;
use crate::transform::{Outcome, jvp_at};

/// What is done where the native code does not know how.
static GRAD: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static JVP: PyOnceLock<General> = PyOnceLock::new();

/// The Python code of `jvp`: the function that users see, and that which goes on where the
/// function to differentiate has run.
struct General {
    jvp: Py<PyAny>,
    resume: Py<PyAny>,
}

/// Calls what is behind a function, with the arguments that came.
///
/// # Safety
/// As for [`grad`].
unsafe fn call_general(
    general: Option<&Py<PyAny>>,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let Some(general) = general else {
        return guarded(|_| Err(not_imported()));
    };
    // SAFETY: the caller's.
    unsafe {
        ffi::PyObject_Vectorcall(general.as_ptr(), arguments, count.cast_unsigned(), keywords)
    }
}

/// `grad(x, argnums=0, *, ...)`: straight to the sweep where it is given a result and nothing else.
///
/// # Safety
/// Called by the interpreter with `count` valid objects, and the values of the keywords after
/// them.
unsafe extern "C" fn grad(
    _: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are valid; an object of the fast type is one of ours.
    unsafe {
        if count == 1 && keywords.is_null() && is_fast(*arguments) {
            let loss = (*arguments).cast::<VariableObject>();
            if (*loss).tag & tag::UNTRACKED == 0 {
                return guarded(|py| {
                    let loss = Bound::from_borrowed_ptr(py, *arguments);
                    gradient::sweep_to_leaves(&loss, Value::number(1.0))?;
                    Ok(py.None().into_ptr())
                });
            }
        }
        // SAFETY: the interpreter calls this, so the lock is held.
        let py = Python::assume_attached();
        call_general(GRAD.get(py), arguments, count, keywords)
    }
}

/// `jvp(fun, primals, tangents)`.
///
/// # Safety
/// As for [`grad`].
unsafe extern "C" fn jvp(
    _: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are valid while the function runs, and the lock is held.
    unsafe {
        let general = JVP.get(Python::assume_attached());
        if count != 3 || !keywords.is_null() {
            let jvp = general.map(|general| &general.jvp);
            return call_general(jvp, arguments, count, keywords);
        }
        guarded(|py| {
            let argument = |place| Bound::from_borrowed_ptr(py, *arguments.add(place));
            let (fun, primals, tangents) = (argument(0), argument(1), argument(2));
            let ran = match jvp_at(&fun, &primals, &tangents)? {
                Outcome::Done(derivative) => return Ok(derivative.into_ptr()),
                Outcome::Ran(inputs, result) => Some((inputs, result)),
                Outcome::Unusual => None,
            };
            let general = general.ok_or_else(not_imported)?;
            let derivative = general.resume.call1(py, (fun, primals, tangents, ran))?;
            Ok(derivative.into_ptr())
        })
    }
}

fn not_imported() -> PyErr {
    PyRuntimeError::new_err("autograd_rs: not imported")
}

/// A function of this signature, with the documentation and the place of one of Python. It is one
/// of the module, bound to nothing, so that pickles find it by its name.
fn front<'py>(
    general: &Bound<'py, PyAny>,
    signature: &str,
    call: ffi::PyCFunctionFastWithKeywords,
) -> PyResult<Bound<'py, PyAny>> {
    let name: String = general.getattr("__name__")?.extract()?;
    let doc: String = general.getattr("__doc__")?.extract()?;
    let doc = CString::new(format!("{name}({signature})\n--\n\n{doc}"))?;
    let name = CString::new(name)?;
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
    // SAFETY: the definition lives for ever, and the name of the module is a valid object.
    unsafe {
        let function = ffi::PyCFunction_NewEx(definition, ptr::null_mut(), module.as_ptr());
        Bound::from_owned_ptr_or_err(general.py(), function)
    }
}

/// Puts `grad` in front of the function that does all of it.
#[guarded]
#[pyfunction]
#[pyo3(signature = (general, /))]
pub(crate) fn native_grad<'py>(general: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let _ = GRAD.set(general.py(), general.clone().unbind());
    let signature = "x, argnums=0, *, has_aux=False, wrt=None, seed=None, create_graph=False";
    front(general, signature, grad)
}

/// Puts `jvp` in front of the function that does all of it; `resume` does it for arguments that
/// are not plain, and takes the inputs and the result as well where the function has run.
#[guarded]
#[pyfunction]
#[pyo3(signature = (general, resume, /))]
pub(crate) fn native_jvp<'py>(
    general: &Bound<'py, PyAny>,
    resume: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let jvp = general.clone().unbind();
    let _ = JVP.set(general.py(), General { jvp, resume });
    front(general, "fun, primals, tangents", self::jvp)
}
