//! Modes: what operations do besides computing, each in its own context.
//!
//! The mode is a context variable, so that threads and asyncio tasks have their own. While nobody
//! anywhere has a mode, a count of 0 says so and no operation looks at the variable.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

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

fn bits(py: Python<'_>) -> PyResult<u32> {
    variable(py)?.call_method1("get", (0,))?.extract()
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

/// Enters a mode in this context; gives the token to leave it with.
#[pyfunction]
pub(crate) fn enter_mode<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let now = bits(py)?;
    let next = match name {
        "no_grad" => now | NO_GRAD,
        "enable_grad" => now & !NO_GRAD,
        _ => now | ANOMALY,
    };
    let token = variable(py)?.call_method1("set", (next,))?;
    ACTIVE.fetch_add(1, Ordering::Relaxed);
    hot::set_fast(py, false);
    Ok(token)
}

/// Leaves the mode that was entered with this token.
#[pyfunction]
pub(crate) fn exit_mode(py: Python<'_>, token: &Bound<'_, PyAny>) -> PyResult<()> {
    // Counted down even where the token is of another context: a mode that nobody can leave must
    // not keep everybody from the fast path.
    let outcome = variable(py)?.call_method1("reset", (token,)).map(drop);
    if ACTIVE.fetch_sub(1, Ordering::Relaxed) == 1 {
        anomaly::forget(py);
        hot::set_fast(py, true);
    }
    outcome
}
