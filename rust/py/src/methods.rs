//! Attributes and methods that NumPy's arrays have, as functions of arrays use them on Variables.
//! Most are answered by the rule of NumPy's function of the same name.

use autograd_core::ops::BinaryOp;
use autograd_macros::guarded;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyTuple};

use crate::derivatives::shape_of;
use crate::errors::wrong_type;
use crate::numbers::Numbers;
use crate::{arithmetic, hot};

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
#[pyclass(
    extends = Numbers,
    subclass,
    frozen,
    immutable_type,
    module = "autograd_rs._core",
    name = "Variable"
)]
pub(crate) struct ArrayMethods;

fn dim_of(variable: &Bound<'_, PyAny>) -> PyResult<usize> {
    hot::variable_dim(variable)
        .ok_or_else(|| wrong_type("Variable", "not one", variable, "a Variable"))
}

macro_rules! array_methods {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        #[guarded]
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

            /// Number of entries of the value, by NumPy's name.
            #[getter]
            fn size(slf: &Bound<'_, Self>) -> PyResult<usize> {
                dim_of(slf)
            }

            /// The type of the entries, by NumPy's name; of a number it is `object`, as of the
            /// arrays that Variables are in.
            #[getter]
            fn dtype<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                // NumPy's reductions make their results of the type of the sum that they have:
                // of objects they leave it a Variable, of floats they would make a float of it.
                let is_number = shape_of(slf).rank().is_number();
                let name = if is_number { "object" } else { "float64" };
                slf.py().import("numpy")?.getattr("dtype")?.call1((name,))
            }

            /// The Variable itself, as it has one dimension.
            #[getter(T)]
            fn transposed<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
                slf.clone()
            }

            /// The Variable itself: it is real.
            #[getter]
            fn real<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
                slf.clone()
            }

            /// Zeros: it is real.
            #[getter]
            fn imag<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                by_numpy("imag", slf, &PyTuple::empty(slf.py()), None)
            }

            // What follows is called by NumPy's functions for the entries of an object array.

            /// The angle of the point `(x, self)`.
            fn arctan2<'py>(
                slf: &Bound<'py, Self>,
                x: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                arithmetic::binary(BinaryOp::Atan2, slf, x)
            }

            /// `sqrt(self**2 + other**2)`, without overflow.
            fn hypot<'py>(
                slf: &Bound<'py, Self>,
                other: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                arithmetic::binary(BinaryOp::Hypot, slf, other)
            }

            /// Remainder with the sign of the dividend.
            fn fmod<'py>(
                slf: &Bound<'py, Self>,
                divisor: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                arithmetic::binary(BinaryOp::Fmod, slf, divisor)
            }

            /// Radians as degrees.
            fn degrees<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                let degree = PyFloat::new(slf.py(), 1_f64.to_radians());
                arithmetic::binary(BinaryOp::Div, slf, &degree)
            }

            /// Radians as degrees.
            fn rad2deg<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                Self::degrees(slf)
            }

            /// Degrees as radians.
            fn radians<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                let degree = PyFloat::new(slf.py(), 1_f64.to_radians());
                arithmetic::binary(BinaryOp::Mul, slf, &degree)
            }

            /// Degrees as radians.
            fn deg2rad<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                Self::radians(slf)
            }

            /// The Variable itself: it is real.
            fn conjugate<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
                slf.clone()
            }
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
    /// Places in an order that puts one entry where it is in the sorted ones.
    argpartition,
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
    /// The Variable itself, as it has one dimension.
    swapaxes,
    /// The Variable itself, if the type is one of floats; it is an error for others.
    astype,
    /// The Variable itself, as it is real.
    conj,
}
