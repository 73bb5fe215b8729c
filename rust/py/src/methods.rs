//! Methods that NumPy's arrays have, so that functions of arrays call them on Variables: answered by
//! the rule of NumPy's function of the same name.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::numbers::Numbers;

/// The answer to a method that was called with these arguments.
pub(crate) fn by_numpy<'py>(
    name: &str,
    x: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let module = x.py().import("autograd_rs._numpy")?;
    module.call_method1("array_method", (name, x, arguments, keywords))
}

/// The base of `Variable` that has these methods.
#[pyclass(extends = Numbers, subclass, frozen, module = "autograd_rs._core", name = "Variable")]
pub(crate) struct ArrayMethods;

macro_rules! array_methods {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        #[pymethods]
        impl ArrayMethods {
            $(
                $(#[$doc])*
                #[pyo3(signature = (*args, **kwargs))]
                fn $name<'py>(
                    slf: &Bound<'py, Self>,
                    args: &Bound<'py, PyTuple>,
                    kwargs: Option<&Bound<'py, PyDict>>,
                ) -> PyResult<Bound<'py, PyAny>> {
                    by_numpy(stringify!($name), slf, args, kwargs)
                }
            )*
        }
    };
}

array_methods! {
    /// Standard deviation, as `np.std` takes its arguments.
    std,
    /// Variance, as `np.var` takes its arguments.
    var,
    /// Running products.
    cumprod,
    /// The entries kept between two bounds.
    clip,
    /// Place of the greatest entry.
    argmax,
    /// Place of the least entry.
    argmin,
    /// Places in the order of the entries.
    argsort,
    /// Places of the entries that are not 0, in a tuple.
    nonzero,
    /// Where numbers would be put in, if the entries are sorted.
    searchsorted,
    /// The entries at some places.
    take,
    /// The entries at which a condition holds.
    compress,
    /// Every entry several times.
    repeat,
    /// In two dimensions or more, an array of Variables.
    reshape,
    /// The Variable itself, as it has one dimension.
    ravel,
    /// The Variable itself, as it has one dimension.
    flatten,
    /// The Variable itself, as it has one dimension.
    squeeze,
    /// The Variable itself, as it has one dimension.
    transpose,
    /// The Variable itself, if the type is one of floats; it is an error for others.
    astype,
    /// The Variable itself, as it is real.
    conj,
}
