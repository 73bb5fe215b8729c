//! What the transforms of the Python package need of the tape, each in one call.

use std::sync::atomic::{AtomicBool, Ordering};

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, SINK};
use autograd_macros::guarded;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyList, PyTuple, PyType};
use smallvec::SmallVec;

use crate::arrays::new_array;
use crate::decided::decided;
use crate::derivatives::shape_of;
use crate::forward::{plain_tangent, push_forward};
use crate::gradient::{gradients_of, node_set_of, nodes_of, ones};
use crate::running::Running;
use crate::{convert, dropped, hot, modes};

/// NumPy's type of arrays, once one was seen.
static ARRAY_TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// What a call of a transform comes to, that looks for the usual case.
pub(crate) enum Outcome<'py> {
    /// All of what the transform returns.
    Done(Bound<'py, PyAny>),
    /// The function ran, but its result is not plain, or depends on something else than its inputs:
    /// these and the result.
    Ran(Bound<'py, PyList>, Bound<'py, PyAny>),
    /// An argument is not plain, and the function did not run.
    Unusual,
}

/// Calls the function of a transform, to be differentiated by `inputs`; an array may be among the
/// arguments.
#[guarded]
#[pyfunction]
#[pyo3(signature = (fun, args, kwargs, inputs, has_array, /))]
pub(crate) fn call_differentiated<'py>(
    fun: &Bound<'py, PyAny>,
    args: Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
    inputs: Vec<Bound<'py, PyAny>>,
    has_array: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let _running = Running::new(fun.py(), &inputs, has_array);
    fun.call(args, Some(kwargs))
        .map_err(|error| failed(fun.py(), error))
}

/// Whether operations on Variables are recorded here, that is, outside of `no_grad`.
#[guarded]
#[pyfunction]
pub(crate) fn is_recording(py: Python<'_>) -> PyResult<bool> {
    Ok(modes::current(py)?.records)
}

/// Whether a Variable has a derivative: it is a leaf, or was computed from one.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn is_tracked(x: &Bound<'_, PyAny>) -> bool {
    hot::is_tracked(x)
}

/// Whether results were computed from Variables that do not come from `inputs`: then their
/// derivatives can be differentiated with respect to them, and must be recorded.
///
/// What a copied input came from counts, unless `counts_origins` is false, and so does a leaf made
/// since the inputs, if it lives.
#[guarded]
#[pyfunction]
#[pyo3(signature = (outputs, inputs, counts_origins=true, /))]
pub(crate) fn depend_on_others(
    py: Python<'_>,
    outputs: Vec<Bound<'_, PyAny>>,
    inputs: Vec<Bound<'_, PyAny>>,
    counts_origins: bool,
) -> PyResult<bool> {
    Ok(hot::with_tape(py, |tape| {
        let mut outputs: Vec<NodeId> = nodes_of(tape, &outputs);
        outputs.retain(|node| *node != SINK);
        let inputs = node_set_of(tape, &inputs);
        tape.comes_from_others(&outputs, &inputs, counts_origins)
    }))
}

/// The same for each of some objects; false for those that are no Variables.
#[guarded]
#[pyfunction]
#[pyo3(signature = (outputs, inputs, /))]
pub(crate) fn which_depend_on_others(
    py: Python<'_>,
    outputs: Vec<Bound<'_, PyAny>>,
    inputs: Vec<Bound<'_, PyAny>>,
) -> PyResult<Vec<bool>> {
    Ok(hot::with_tape(py, |tape| {
        let outputs: Vec<NodeId> = nodes_of(tape, &outputs);
        let inputs = node_set_of(tape, &inputs);
        tape.which_come_from_others(&outputs, &inputs)
    }))
}

fn comes_from_others(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
    counts_origins: bool,
) -> bool {
    hot::is_tracked(output)
        && hot::with_tape(output.py(), |tape| {
            let inputs = node_set_of(tape, inputs);
            tape.comes_from_others(&[hot::node_of(tape, output)], &inputs, counts_origins)
        })
}

/// Whether an object is an array of NumPy's own type.
pub(crate) fn is_array(x: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = x.py();
    let kind = x.get_type();
    if let Some(array_type) = ARRAY_TYPE.get(py) {
        return Ok(kind.is(array_type));
    }
    // Asking for the name of a type takes longer than an operation.
    if x.is_exact_instance_of::<PyFloat>() || hot::is_variable(x) || hot::vector_of(x).is_some() {
        return Ok(false);
    }
    if kind.name()? != "ndarray" || kind.module()? != "numpy" {
        return Ok(false);
    }
    let _ = ARRAY_TYPE.set(py, kind.unbind());
    Ok(true)
}

/// Sees to it that arrays of NumPy's are known to who reads them where they lie, if `x` is one.
/// May run Python code, the first time.
pub(crate) fn meet_array(x: &Bound<'_, PyAny>) -> PyResult<()> {
    static HAS_MET: AtomicBool = AtomicBool::new(false);
    if HAS_MET.load(Ordering::Relaxed) || !is_array(x)? {
        return Ok(());
    }
    HAS_MET.store(true, Ordering::Relaxed);
    hot::set_array_type(&x.get_type())
}

/// A new input for a float, a `Vector` or an array of floats of one dimension; None for anything
/// else, and where operations are not recorded. The short way into a transform, for the usual argument.
pub(crate) fn plain_input<'py>(x: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = if let Ok(x) = x.cast_exact::<PyFloat>() {
        Value::number(x.value())
    } else if let Some(vector) = hot::vector_of(x) {
        vector.value(x.py())
    } else if is_array(x)? {
        meet_array(x)?;
        match hot::doubles_of(x).or_else(|| convert::floats_of(x)) {
            Some(value) => value,
            None => return Ok(None),
        }
    } else {
        return Ok(None);
    };
    if !modes::current(x.py())?.records {
        return Ok(None);
    }
    hot::new_argument(x.py(), value).map(Some)
}

/// Adds to an error of a function what is known of its cause here.
pub(crate) fn explain(py: Python<'_>, error: &PyErr) {
    if error.is_instance_of::<PyTypeError>(py)
        && let Ok(hints) = py.import("autograd_rs._hints")
    {
        // An explanation that fails is none: the error itself is what counts.
        let _ = hints.call_method1("explain", (error.value(py),));
    }
}

/// The error of the function of a transform, as its caller gets it.
fn failed(py: Python<'_>, error: PyErr) -> PyErr {
    let error = dropped::unwrapped(py, error);
    explain(py, &error);
    error
}

/// An argument, the input that stood for it, and the result of the function.
pub(crate) type Run<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Calls a function with an input in place of the plain argument at `place`; None, and no call, if
/// it is not there or not plain.
pub(crate) fn run_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    place: isize,
) -> PyResult<Option<Run<'py>>> {
    let count = args.len();
    let place = place + if place < 0 { count as isize } else { 0 };
    let Some(place) = usize::try_from(place).ok().filter(|&place| place < count) else {
        return Ok(None);
    };
    let x = args.get_item(place)?;
    let Some(input) = plain_input(&x)? else {
        return Ok(None);
    };
    let running = Running::new(fun.py(), std::slice::from_ref(&input), is_array(&x)?);
    let result = if count == 1 && kwargs.is_none() {
        fun.call1((&input,))
    } else {
        let args = args.iter().enumerate();
        let args: Vec<Bound<'py, PyAny>> = args
            .map(|(index, arg)| if index == place { input.clone() } else { arg })
            .collect();
        fun.call(PyTuple::new(fun.py(), args)?, kwargs)
    };
    drop(running);
    let result = result.map_err(|error| {
        hot::end_argument(&input);
        failed(fun.py(), error)
    })?;
    Ok(Some((x, input, result)))
}

/// The gradient of a function by the plain argument at `place`, in the type of that; with its value
/// before it if that is wanted.
pub(crate) fn gradient_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    place: isize,
    has_value: bool,
) -> PyResult<Outcome<'py>> {
    let py = fun.py();
    let Some((x, input, result)) = run_at(fun, args, kwargs, place)? else {
        return Ok(Outcome::Unusual);
    };
    let Some((value, gradient)) = plain_value_and_grad(&result, &input, &x)? else {
        return Ok(Outcome::Ran(PyList::new(py, [input])?, result));
    };
    hot::end_argument(&input);
    Ok(Outcome::Done(match has_value {
        true => (value, gradient).into_pyobject(py)?.into_any(),
        false => gradient,
    }))
}

/// The number that was computed from `input` alone; None for any other result.
pub(crate) fn plain_number(output: &Bound<'_, PyAny>, input: &Bound<'_, PyAny>) -> Option<Value> {
    let value = hot::variable_value(output).filter(|value| value.dim() == 1)?;
    let is_plain =
        hot::is_tracked(output) && !comes_from_others(output, std::slice::from_ref(input), true);
    is_plain.then_some(value)
}

/// Value and gradient, in the type of the argument `x`, of a result that was computed from `input`
/// alone and is a number; None for any other.
fn plain_value_and_grad<'py>(
    output: &Bound<'py, PyAny>,
    input: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let Some(value) = plain_number(output, input) else {
        return Ok(None);
    };
    let gradients = gradients_of(output, &ones(), std::slice::from_ref(input))?;
    let Some(gradient) = gradients.into_iter().next() else {
        return Ok(None);
    };
    let array = is_array(x)?.then_some(x);
    let value = as_result(output.py(), array, value)?;
    Ok(Some((value, as_type_of(x, gradient)?)))
}

/// Whether a direction is of the kind of what it changes: a float, or a `Vector` or an array of as
/// many entries.
fn is_like(direction: &Bound<'_, PyAny>, x: &Bound<'_, PyAny>) -> PyResult<bool> {
    if x.is_exact_instance_of::<PyFloat>() {
        return Ok(direction.is_exact_instance_of::<PyFloat>());
    }
    if hot::vector_of(x).is_some() {
        return Ok(hot::vector_of(direction).is_some() && direction.len()? == x.len()?);
    }
    Ok(is_array(direction)? && direction.len()? == x.len()?)
}

/// A new input for a plain argument, and the direction in which it changes; None if one of them is
/// none for [`plain_input`], or they are of different kinds.
pub(crate) fn moving_input<'py>(
    x: &Bound<'py, PyAny>,
    direction: &Bound<'py, PyAny>,
    caller: &str,
) -> PyResult<Option<(Bound<'py, PyAny>, Value)>> {
    if !is_like(direction, x).unwrap_or(false) {
        return Ok(None);
    }
    let Some(input) = plain_input(x)? else {
        return Ok(None);
    };
    // What is wrong with a direction is told where arguments of all kinds are told apart.
    let direction = convert::value(caller, direction).ok().flatten();
    let shape = shape_of(&input);
    Ok(direction
        .map(|(direction, _)| direction)
        .filter(|direction| direction.dim() == shape.dim())
        .map(|direction| (input, direction.shaped_like(shape))))
}

/// The value of a function at plain arguments, and its tangent along `tangents`.
pub(crate) fn jvp_at<'py>(
    fun: &Bound<'py, PyAny>,
    primals: &Bound<'py, PyAny>,
    tangents: &Bound<'py, PyAny>,
) -> PyResult<Outcome<'py>> {
    let py = fun.py();
    let (Ok(primals), Ok(tangents)) = (
        primals.cast_exact::<PyTuple>(),
        tangents.cast_exact::<PyTuple>(),
    ) else {
        return Ok(Outcome::Unusual);
    };
    if primals.is_empty() || primals.len() != tangents.len() || !fun.is_callable() {
        return Ok(Outcome::Unusual);
    }
    let mut inputs: SmallVec<[Bound<'py, PyAny>; 2]> = SmallVec::new();
    let mut directions: SmallVec<[Value; 2]> = SmallVec::new();
    for (x, tangent) in primals.iter().zip(tangents.iter()) {
        let Some((input, direction)) = moving_input(&x, &tangent, "jvp")? else {
            return Ok(Outcome::Unusual);
        };
        inputs.push(input);
        directions.push(direction);
    }
    let kind = primals.iter().find(|x| is_array(x).unwrap_or(false));
    let result = {
        let _running = Running::new(py, &inputs, kind.is_some());
        match &inputs[..] {
            [input] => fun.call1((input,)),
            inputs => fun.call1(PyTuple::new(py, inputs)?),
        }
    };
    let result = result.map_err(|error| {
        inputs.iter().for_each(hot::end_argument);
        failed(py, error)
    })?;
    let plain = hot::variable_value(&result)
        .filter(|_| hot::is_tracked(&result) && !comes_from_others(&result, &inputs, true));
    let Some(value) = plain else {
        return Ok(Outcome::Ran(PyList::new(py, &inputs)?, result));
    };
    let tangent = match plain_tangent(&result, &inputs, &directions) {
        Some(tangent) => decided(&result, &inputs, &directions, tangent)?,
        // A custom operation on the way: its rule is Python code.
        None => match push_forward(&result, inputs.to_vec(), tangents.iter().collect(), false)? {
            Some(tangent) => convert::required("jvp", &tangent)?.value(),
            None => Value::filled(value.shape(), 0.0),
        },
    };
    let value = as_result(py, kind.as_ref(), value)?;
    inputs.iter().for_each(hot::end_argument);
    let tangent = as_result(py, kind.as_ref(), tangent)?;
    Ok(Outcome::Done(
        (value, tangent).into_pyobject(py)?.into_any(),
    ))
}

/// Entries as a float if they are a number; else an array where an argument is one, or a `Vector`.
fn as_result<'py>(
    py: Python<'py>,
    array: Option<&Bound<'py, PyAny>>,
    entries: Value,
) -> PyResult<Bound<'py, PyAny>> {
    match (entries, array) {
        (Value::Number(number, rank), _) if rank.is_number() => {
            Ok(PyFloat::new(py, number).into_any())
        }
        (entries, Some(array)) => as_type_of(array, entries),
        (entries, None) => hot::new_vector(py, entries),
    }
}

/// Entries as a float, a `Vector` or an array, whichever `x` is.
pub(crate) fn as_type_of<'py>(
    x: &Bound<'py, PyAny>,
    entries: Value,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if let (Value::Number(number, _), true) = (&entries, x.is_exact_instance_of::<PyFloat>()) {
        return Ok(PyFloat::new(py, *number).into_any());
    }
    if let Some(vector) = hot::vector_of(x) {
        return hot::new_vector(py, entries.shaped_like(vector.shape(py)));
    }
    let dim = entries.dim();
    new_array(py, entries, &[dim])
}
