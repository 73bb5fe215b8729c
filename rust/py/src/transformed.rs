//! The objects that transforms of functions return: called natively where the argument is plain,
//! and by the general code of the Python package everywhere else.

use std::sync::OnceLock;

use autograd_macros::guarded;
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::derivatives::Mode;
use crate::jacobian::{hessian_at, jacobian_at};
use crate::second::hvp_at;
use crate::transform::{Outcome, gradient_at};

/// What a transform gives.
#[derive(Clone, Copy, Debug)]
enum Derivative {
    Gradient { has_value: bool },
    Jacobian(Mode),
    Hessian,
    Product,
}

/// A function, and how to differentiate it by one plain argument.
#[derive(Debug)]
struct Plain {
    fun: Py<PyAny>,
    derivative: Derivative,
    place: isize,
}

impl Plain {
    fn at<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Outcome<'py>> {
        let fun = self.fun.bind(args.py());
        let place = self.place;
        match self.derivative {
            Derivative::Gradient { has_value } => gradient_at(fun, args, kwargs, place, has_value),
            Derivative::Jacobian(mode) => jacobian_at(fun, args, kwargs, place, mode),
            Derivative::Hessian => hessian_at(fun, args, kwargs, place),
            Derivative::Product => hvp_at(fun, args, kwargs),
        }
    }
}

/// The base of the transforms of the Python package.
///
/// A call goes to `_start(args, kwargs)` where an argument is not plain, and to
/// `_resume(args, inputs, result)` where the result is not.
#[pyclass(subclass, frozen, module = "autograd_rs._core", name = "TransformBase")]
pub(crate) struct TransformBase {
    plain: OnceLock<Plain>,
}

#[guarded]
#[pymethods]
impl TransformBase {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            plain: OnceLock::new(),
        }
    }

    /// Says what a call with a plain argument at `place` gives: `kind` is `gradient`,
    /// `value_and_gradient`, `hessian`, `product`, or the mode of a Jacobian.
    #[pyo3(signature = (fun, kind, place, /))]
    fn _set_plain(&self, fun: Py<PyAny>, kind: &str, place: isize) {
        let derivative = match kind {
            "gradient" => Derivative::Gradient { has_value: false },
            "value_and_gradient" => Derivative::Gradient { has_value: true },
            "hessian" => Derivative::Hessian,
            "product" => Derivative::Product,
            mode => Derivative::Jacobian(Mode::named(mode)),
        };
        // Once: `__init__` is not called again on what is in use.
        let _ = self.plain.set(Plain {
            fun,
            derivative,
            place,
        });
    }

    /// Differentiates at these arguments.
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let outcome = match slf.get().plain.get() {
            Some(plain) => plain.at(args, kwargs)?,
            None => Outcome::Unusual,
        };
        match outcome {
            Outcome::Done(derivative) => Ok(derivative),
            Outcome::Ran(inputs, result) => {
                slf.call_method1(intern!(py, "_resume"), (args, inputs, result))
            }
            Outcome::Unusual => {
                let kwargs = kwargs.cloned().unwrap_or_else(|| PyDict::new(py));
                slf.call_method1(intern!(py, "_start"), (args, kwargs))
            }
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.plain.get() {
            Some(plain) => visit.call(&plain.fun),
            None => Ok(()),
        }
    }
}
