//! Names that Variables have in other packages: what to write here instead.
//!
//! They are descriptors, and no `__getattr__`: with that the interpreter would look up every attribute
//! the slow way.

use autograd_macros::guarded;
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;

use crate::errors::describe;

/// A name that is no attribute, and what to write instead.
#[pyclass(frozen, module = "autograd_rs._core")]
pub(crate) struct Hint {
    name: &'static str,
    advice: &'static str,
}

impl Hint {
    fn error(&self, of: &str) -> PyErr {
        let Self { name, advice } = self;
        PyAttributeError::new_err(format!("{of}: no attribute '{name}': {advice}"))
    }
}

#[guarded]
#[pymethods]
impl Hint {
    fn __get__(&self, object: &Bound<'_, PyAny>, kind: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let of = match kind.filter(|_| object.is_none()) {
            Some(kind) => kind.getattr("__name__")?.extract()?,
            None => describe(object),
        };
        Err(self.error(&of))
    }

    fn __set__(&self, object: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(self.error(&describe(object)))
    }
}

/// The base on which the types have these names.
#[pyclass(
    subclass,
    frozen,
    immutable_type,
    module = "autograd_rs._core",
    name = "Vector"
)]
pub(crate) struct Hints;

macro_rules! hints {
    ($($name:ident = $advice:literal),* $(,)?) => {
        #[guarded]
        #[pymethods]
        impl Hints {
            $(
                #[classattr]
                fn $name() -> Hint {
                    Hint { name: stringify!($name), advice: $advice }
                }
            )*

            /// The names that can be used, for completion.
            fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<String>> {
                let object = slf.py().import("builtins")?.getattr("object")?;
                let names: Vec<String> = object.call_method1("__dir__", (slf,))?.extract()?;
                let hints = [$(stringify!($name)),*];
                Ok(names.into_iter().filter(|name| !hints.contains(&name.as_str())).collect())
            }
        }
    };
}

hints! {
    backward = "use autograd_rs.grad(loss), which sets .grad of every leaf",
    zero_grad = "leave it out: grad(loss) overwrites .grad",
    zero_ = "leave it out: grad(loss) overwrites .grad",
    retain_grad = "use autograd_rs.grad(loss, wrt=[x]) for the derivative by a result",
    requires_grad = "leave it out: every Variable is recorded; .is_leaf says whether it is an input, and \
                     .detach() gives its value without a gradient",
    requires_grad_ = "leave it out: Variable(x) is recorded as it is",
    grad_fn = "use .parents, or autograd_rs.draw(x)",
    data = "use .item() for a float, .value for a Vector; assign .value to update a Variable",
    numpy = "use numpy.asarray(x.value) of a Variable, numpy.asarray(x) of a Vector",
    clamp = "use autograd_rs.clip(x, low, high)",
    view = "use .reshape(...)",
    unsqueeze = "use x[None, :] or x[:, None]",
    norm = "use autograd_rs.norm(x)",
    clone = "use .copy()",
    to = "leave it out: all numbers are float64, in the memory of this process",
    cpu = "leave it out: all numbers are in the memory of this process",
    cuda = "leave it out: all numbers are in the memory of this process",
    device = "leave it out: all numbers are in the memory of this process",
    float = "leave it out: all numbers are float64; .item() gives a float",
    double = "leave it out: all numbers are float64",
    add_ = "assign w.value = w.value + step to update a Variable",
    sub_ = "assign w.value = w.value - step to update a Variable",
    mul_ = "assign w.value = w.value * factor to update a Variable",
    copy_ = "assign w.value = x to update a Variable",
    assign = "assign w.value = x to update a Variable",
    assign_add = "assign w.value = w.value + step to update a Variable",
    assign_sub = "assign w.value = w.value - step to update a Variable",
    at = "use autograd_rs.where(mask, new, x), or autograd_rs.stack(entries)",
    block_until_ready = "leave it out: results are computed at once",
    _value = "use .value",
    _prev = "use .parents",
    _op = "use autograd_rs.draw(x), which shows the operations",
}
