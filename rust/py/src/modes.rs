//! Modes: what operations do besides computing, each in its own context.
//!
//! A context variable has the modes that are in force, so that threads and asyncio tasks have their
//! own. While nobody anywhere has a mode, a count of 0 says so and no operation looks at the
//! variable.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

use crate::{anomaly, hot};

const NO_GRAD: u32 = 1;
const ANOMALY: u32 = 2;

static ACTIVE: AtomicUsize = AtomicUsize::new(0);
static VARIABLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The modes of a context.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Modes {
    /// Whether operations on Variables are recorded.
    pub(crate) records: bool,
    /// Whether nan and inf are looked for.
    pub(crate) detects_anomaly: bool,
}

fn variable(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let variable = VARIABLE.get_or_try_init(py, || -> PyResult<Py<PyAny>> {
        let arguments = ("autograd_rs.mode",);
        Ok(py
            .import("contextvars")?
            .getattr("ContextVar")?
            .call1(arguments)?
            .unbind())
    })?;
    Ok(variable.bind(py))
}

/// The bits of the modes of this context, and the modes in the order in which they were entered;
/// an empty tuple stands for no bits and no modes.
fn state(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    let state = variable(py)?.call_method1(intern!(py, "get"), (PyTuple::empty(py),))?;
    Ok(state.cast_into::<PyTuple>()?)
}

fn bits(py: Python<'_>) -> PyResult<u32> {
    state(py)?
        .iter_borrowed()
        .next()
        .map_or(Ok(0), |bits| bits.extract())
}

fn entered(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyAny>>> {
    Ok(state(py)?.iter().skip(1).collect())
}

/// Says which modes are in force in this context.
fn set_entered<'py>(py: Python<'py>, modes: Vec<Bound<'py, PyAny>>) -> PyResult<()> {
    let mut bits = 0;
    for mode in &modes {
        let name = mode.getattr(intern!(py, "_name"))?;
        bits = match name.extract()? {
            "no_grad" => bits | NO_GRAD,
            "enable_grad" => bits & !NO_GRAD,
            _ => bits | ANOMALY,
        };
    }
    let bits = bits.into_pyobject(py)?.into_any();
    let state = PyTuple::new(py, [vec![bits], modes].concat())?;
    variable(py)?.call_method1(intern!(py, "set"), (state,))?;
    Ok(())
}

/// The modes in force here.
pub(crate) fn current(py: Python<'_>) -> PyResult<Modes> {
    let bits = if ACTIVE.load(Ordering::Relaxed) == 0 {
        0
    } else {
        bits(py)?
    };
    Ok(Modes {
        records: bits & NO_GRAD == 0,
        detects_anomaly: bits & ANOMALY != 0,
    })
}

/// Enters a mode in this context.
fn enter(mode: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = mode.py();
    let mut modes = entered(py)?;
    modes.push(mode.clone());
    set_entered(py, modes)?;
    ACTIVE.fetch_add(1, Ordering::Relaxed);
    hot::set_fast(py, false);
    Ok(())
}

/// Leaves a mode that was entered, and no other, in whatever order they are left; says whether it
/// was entered in this context.
fn exit(mode: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = mode.py();
    let mut modes = entered(py)?;
    let Some(place) = modes.iter().rposition(|entered| entered.is(mode)) else {
        // It stays in force where it was entered, and is to be seen there.
        return Ok(false);
    };
    modes.remove(place);
    set_entered(py, modes)?;
    if ACTIVE.fetch_sub(1, Ordering::Relaxed) == 1 {
        anomaly::forget(py);
        hot::set_fast(py, true);
    }
    Ok(true)
}

/// The base of the modes of the Python package, which enters and leaves them.
///
/// It is native since an interrupt comes between two instructions of Python. A method of Python
/// has some between the switch of the mode and its own end, where no `with` undoes the switch; from
/// here the interpreter goes on into the block at once.
#[pyclass(subclass, frozen, module = "autograd_rs._core", name = "ModeBase")]
#[derive(Debug)]
pub(crate) struct ModeBase {
    /// How often it is in force, in all contexts.
    entries: AtomicUsize,
}

#[pymethods]
impl ModeBase {
    #[new]
    fn new() -> Self {
        Self {
            entries: AtomicUsize::new(0),
        }
    }

    fn __enter__(slf: &Bound<'_, Self>) -> PyResult<()> {
        enter(slf)?;
        slf.get().entries.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    #[pyo3(signature = (_kind, _error, _traceback, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: &Bound<'_, PyAny>,
        _error: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let entries = &slf.get().entries;
        if exit(slf)? {
            entries.fetch_sub(1, Ordering::Relaxed);
            return Ok(());
        }
        let name = slf.get_type().name()?;
        let what = match entries.load(Ordering::Relaxed) {
            0 => format!("left, but not entered before; use it as `with {name}():`"),
            _ => {
                "left in another thread, task or context than it was entered in, wanted the same; \
                  close a generator where it runs"
                    .to_owned()
            }
        };
        Err(PyRuntimeError::new_err(format!("{name}: {what}")))
    }

    /// A copy is a mode of the same kind that is not in force.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, Bound<'py, PyTuple>) {
        (slf.get_type(), PyTuple::empty(slf.py()))
    }
}
