//! Modes: what operations do besides computing, each in its own context.
//!
//! A context variable has the modes that are in force, so that threads and asyncio tasks have their
//! own. While nobody anywhere has a mode, a count of 0 says so and no operation looks at the
//! variable.

use std::sync::atomic::{AtomicUsize, Ordering};

use autograd_macros::guarded;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

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
#[guarded]
#[pyfunction]
#[pyo3(signature = (mode, /))]
pub(crate) fn enter_mode(mode: &Bound<'_, PyAny>) -> PyResult<()> {
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
#[guarded]
#[pyfunction]
#[pyo3(signature = (mode, /))]
pub(crate) fn exit_mode(mode: &Bound<'_, PyAny>) -> PyResult<bool> {
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
