//! What the transforms of the Python package need of the tape, each in one call.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use autograd_core::array::Value;
use autograd_core::memory;
use autograd_core::tape::{NodeId, Op, Operand, SINK, Tape};
use autograd_macros::guarded;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyList, PyTuple, PyType};
use smallvec::SmallVec;

use crate::arrays::new_array;
use crate::decided::decided;
use crate::forward::push_forward;
use crate::gradient::gradients_of;
use crate::{convert, hot, modes};

/// NumPy's type of arrays, once one was seen.
static ARRAY_TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// How many transforms of arrays are running, in all threads: comparisons of numbers ask, and seldom
/// have to look further.
static OF_ARRAYS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// How many transforms this thread is in, and how many of them have an array among their
    /// arguments.
    static RUNNING: Cell<[usize; 2]> = const { Cell::new([0; 2]) };
}

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

/// While it lives, this thread is in the function of a transform.
pub(crate) struct Running {
    has_array: bool,
}

impl Running {
    /// Says whether there is an array among the arguments.
    pub(crate) fn new(has_array: bool) -> Self {
        let [all, with_array] = RUNNING.get();
        RUNNING.set([all + 1, with_array + usize::from(has_array)]);
        OF_ARRAYS.fetch_add(usize::from(has_array), Ordering::Relaxed);
        Self { has_array }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let [all, with_array] = RUNNING.get();
        RUNNING.set([all - 1, with_array - usize::from(self.has_array)]);
        OF_ARRAYS.fetch_sub(usize::from(self.has_array), Ordering::Relaxed);
    }
}

/// Whether this thread is in the function of a transform.
pub(crate) fn is_running() -> bool {
    RUNNING.get()[0] > 0
}

/// Whether derivatives of Variables are wanted as arrays of them: whether they are taken inside of
/// a function that a transform runs on an array.
#[guarded]
#[pyfunction]
pub(crate) fn wants_arrays() -> bool {
    OF_ARRAYS.load(Ordering::Relaxed) > 0 && RUNNING.get()[1] > 0
}

/// Calls the function of a transform, where an array may be among the arguments.
#[guarded]
#[pyfunction]
#[pyo3(signature = (fun, args, kwargs, has_array, /))]
pub(crate) fn call_differentiated<'py>(
    fun: &Bound<'py, PyAny>,
    args: Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
    has_array: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let _running = Running::new(has_array);
    fun.call(args, Some(kwargs))
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
    hot::operand_of(x).is_some_and(|operand| operand.node != SINK)
}

/// Whether a result was computed from Variables that do not come from `inputs`: then its
/// derivative can be differentiated with respect to them, and must be recorded.
///
/// What a copied input came from counts, unless `counts_origins` is false, and so does a leaf made
/// since the inputs, if it lives.
#[guarded]
#[pyfunction]
#[pyo3(signature = (output, inputs, counts_origins=true, /))]
pub(crate) fn depends_on_others(
    output: &Bound<'_, PyAny>,
    inputs: Vec<Bound<'_, PyAny>>,
    counts_origins: bool,
) -> PyResult<bool> {
    let py = output.py();
    let Some(output) = hot::operand_of(output).filter(|output| output.node != SINK) else {
        return Ok(false);
    };
    let inputs: Vec<NodeId> = inputs
        .iter()
        .filter_map(hot::operand_of)
        .map(|input| input.node)
        .collect();
    Ok(hot::with_tape(py, |tape| {
        comes_from_others(tape, output.node, &inputs, counts_origins)
    }))
}

fn comes_from_others(tape: &Tape, output: NodeId, inputs: &[NodeId], counts_origins: bool) -> bool {
    any_comes_from_others(tape, &[output], inputs, counts_origins)
}

/// Walks from `outputs` down to the oldest of `inputs`: whatever is older is another's, since the
/// inputs were made when the function began.
pub(crate) fn any_comes_from_others(
    tape: &Tape,
    outputs: &[NodeId],
    inputs: &[NodeId],
    counts_origins: bool,
) -> bool {
    let Some(latest) = outputs.iter().copied().max() else {
        return false;
    };
    let oldest = inputs.iter().copied().min().unwrap_or(latest);
    if outputs.iter().any(|&output| output < oldest) {
        return true;
    }
    if tape.is_closed(oldest, latest, inputs) {
        return false;
    }
    let mut is_ancestor = memory::filled((latest - oldest) as usize + 1, false);
    for output in outputs {
        is_ancestor[(output - oldest) as usize] = true;
    }
    for place in (0..is_ancestor.len()).rev() {
        if !is_ancestor[place] {
            continue;
        }
        let id = oldest + place as NodeId;
        let node = tape.node(id);
        if node.op == Op::Leaf || node.op == Op::Identity {
            if inputs.contains(&id) {
                // A copy of a Variable: what it was copied from is another's.
                if counts_origins && node.op == Op::Identity {
                    return true;
                }
                continue;
            }
            if let Some(leaf) = tape.leaf_of(id) {
                if tape.leaf(leaf).owner != 0 && !tape.has_ended(leaf) {
                    return true;
                }
                continue;
            }
        }
        let mut is_older = false;
        tape.for_each_operand(id, |operand| {
            if operand >= oldest {
                is_ancestor[(operand - oldest) as usize] = true;
            } else {
                is_older |= operand != SINK;
            }
        });
        if is_older {
            return true;
        }
    }
    false
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
        Value::Number(x.value())
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
    let is_number = x.is_exact_instance_of::<PyFloat>();
    hot::new_argument(x.py(), value, !is_number).map(Some)
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
    let _running = Running::new(is_array(&x)?);
    let result = if count == 1 && kwargs.is_none() {
        fun.call1((&input,))
    } else {
        let args = args.iter().enumerate();
        let args: Vec<Bound<'py, PyAny>> = args
            .map(|(index, arg)| if index == place { input.clone() } else { arg })
            .collect();
        fun.call(PyTuple::new(fun.py(), args)?, kwargs)
    };
    let result = result.inspect_err(|_| hot::end_argument(&input))?;
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

/// A number that was computed from `input` alone; None for any other result.
pub(crate) fn plain_number(output: &Bound<'_, PyAny>, input: &Operand) -> Option<Operand> {
    let found = hot::operand_of(output)?;
    let is_plain = found.node != SINK
        && found.value.as_number().is_some()
        && !hot::with_tape(output.py(), |tape| {
            comes_from_others(tape, found.node, &[input.node], true)
        });
    is_plain.then_some(found)
}

/// Value and gradient, in the type of the argument `x`, of a result that was computed from `input`
/// alone and is a number; None for any other.
fn plain_value_and_grad<'py>(
    output: &Bound<'py, PyAny>,
    input: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
) -> PyResult<Option<(f64, Bound<'py, PyAny>)>> {
    let py = output.py();
    let Some(input) = hot::operand_of(input) else {
        return Ok(None);
    };
    let Some(output) = plain_number(output, &input) else {
        return Ok(None);
    };
    let value = output.value.as_number().unwrap_or(f64::NAN);
    let seed = Operand::constant(Value::Number(1.0));
    let inputs = std::slice::from_ref(&input);
    let gradients = gradients_of(py, &output, &seed, inputs, false)?;
    let Some(gradient) = gradients.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some((value, as_type_of(x, gradient.value)?)))
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
    let dim = hot::operand_of(&input).map(|input| input.value.dim());
    Ok(direction
        .map(|(direction, _)| direction)
        .filter(|direction| dim == Some(direction.dim()))
        .map(|direction| (input, direction)))
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
        let _running = Running::new(kind.is_some());
        match &inputs[..] {
            [input] => fun.call1((input,)),
            inputs => fun.call1(PyTuple::new(py, inputs)?),
        }
    };
    let result = result.inspect_err(|_| inputs.iter().for_each(hot::end_argument))?;
    let nodes = inputs.iter().filter_map(hot::operand_of);
    let changes: SmallVec<[(NodeId, Value); 2]> =
        nodes.map(|input| input.node).zip(directions).collect();
    let plain = hot::operand_of(&result).filter(|output| {
        let nodes: SmallVec<[NodeId; 2]> = changes.iter().map(|(node, _)| *node).collect();
        let is_others = |tape: &mut Tape| comes_from_others(tape, output.node, &nodes, true);
        output.node != SINK && !hot::with_tape(py, is_others)
    });
    let Some(output) = plain else {
        return Ok(Outcome::Ran(PyList::new(py, &inputs)?, result));
    };
    let plain = hot::with_tape(py, |tape| tape.plain_tangent(output.node, &changes));
    let tangent = match plain {
        Some(tangent) => decided(&result, &inputs, &changes, tangent)?,
        // A custom operation on the way: its rule is Python code.
        None => match push_forward(&result, inputs.to_vec(), tangents.iter().collect(), false)? {
            Some(tangent) => convert::required("jvp", &tangent)?.0.value,
            None => Value::filled(output.value.dim(), 0.0),
        },
    };
    let value = as_result(py, kind.as_ref(), output.value)?;
    inputs.iter().for_each(hot::end_argument);
    let tangent = as_result(py, kind.as_ref(), tangent)?;
    Ok(Outcome::Done(
        (value, tangent).into_pyobject(py)?.into_any(),
    ))
}

/// Entries as a float if there is one; else an array where an argument is one, and a `Vector`.
fn as_result<'py>(
    py: Python<'py>,
    array: Option<&Bound<'py, PyAny>>,
    entries: Value,
) -> PyResult<Bound<'py, PyAny>> {
    match (entries.as_number(), array) {
        (Some(number), _) => Ok(PyFloat::new(py, number).into_any()),
        (None, Some(array)) => as_type_of(array, entries),
        (None, None) => hot::new_vector(py, entries),
    }
}

/// Entries as a float, a `Vector` or an array, whichever `x` is.
pub(crate) fn as_type_of<'py>(
    x: &Bound<'py, PyAny>,
    entries: Value,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    if let (Value::Number(number), true) = (&entries, x.is_exact_instance_of::<PyFloat>()) {
        return Ok(PyFloat::new(py, *number).into_any());
    }
    if hot::vector_of(x).is_some() {
        return hot::new_vector(py, entries);
    }
    let dim = entries.dim();
    new_array(py, entries, &[dim])
}
