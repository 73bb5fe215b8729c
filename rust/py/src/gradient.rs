//! Gradients of results: the sweeps, run from Python.

use autograd_core::array::{Shape, Value};
use autograd_core::memory;
use autograd_core::tape::{
    NodeId, NodeSet, Operand, RecordedStep, RecordedSweep, Sweep, SweepStep, Tape,
};
use autograd_macros::guarded;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use smallvec::SmallVec;

use crate::convert::{Converted, Kind};
use crate::derivatives::shape_of;
use crate::errors::{describe, to_python};
use crate::hot;
use crate::{anomaly, convert, custom, modes};

/// An error that helps if this is no output to differentiate.
fn check_output(caller: &str, loss: &Bound<'_, PyAny>) -> PyResult<()> {
    if !hot::is_variable(loss) {
        let came = describe(loss);
        if caller == "grad" && holds_variables(loss)? {
            return Err(PyTypeError::new_err(format!(
                "grad: got a {came}, wanted one Variable or a function; use grad(loss, wrt=[...]) for \
                 derivatives by a list, and grad(stack(results)) for those of one"
            )));
        }
        return Err(PyTypeError::new_err(match may_be_a_result(loss) {
            true => format!(
                "{caller}: got {came}: it does not depend on any Variable (was it converted with \
                 float(), math.* or .item()?)"
            ),
            false if caller == "grad" => {
                format!("grad: got {came}, wanted a Variable or a function")
            }
            false => {
                format!("{caller}: got {came}, wanted a Variable, the result of a computation")
            }
        }));
    }
    if !hot::is_tracked(loss) {
        return Err(PyTypeError::new_err(format!(
            "{caller}: got a Variable without a gradient: it does not depend on any Variable (was \
             it computed under no_grad(), or detached?)"
        )));
    }
    Ok(())
}

/// Whether this is a list or tuple in which a Variable is.
fn holds_variables(x: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !x.is_instance_of::<PyList>() && !x.is_instance_of::<PyTuple>() {
        return Ok(false);
    }
    for entry in x.try_iter()? {
        if hot::is_variable(&entry?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether this could have been computed from Variables: a number, a vector or a container of them.
fn may_be_a_result(x: &Bound<'_, PyAny>) -> bool {
    let is_container = x.is_instance_of::<PyList>()
        || x.is_instance_of::<PyTuple>()
        || x.is_instance_of::<PyDict>();
    is_container || matches!(convert::value("grad", x), Ok(Some(_)))
}

/// The first cotangent of an output: ones, or what was given.
fn seed_of<'py>(
    output: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
) -> PyResult<Converted<'py>> {
    let Some(seed) = seed.filter(|seed| !seed.is_none()) else {
        return Ok(ones());
    };
    let seed = convert::required("grad", seed)?;
    let dim = hot::variable_dim(output).unwrap_or(1);
    if seed.dim() != dim && seed.dim() != 1 {
        return Err(PyValueError::new_err(format!(
            "grad: lengths differ: output {dim} and seed {}, wanted equal",
            seed.dim()
        )));
    }
    Ok(seed)
}

/// The usual first cotangent.
pub(crate) fn ones<'py>() -> Converted<'py> {
    Converted::Constant(Value::number(1.0), Kind::Number)
}

/// The Variables of a list of them.
fn variables_of<'py>(wrt: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if hot::is_variable(wrt) {
        return Err(PyTypeError::new_err(
            "grad: got a Variable as wrt, wanted a list of them; write wrt=[x]",
        ));
    }
    let entries = wrt.try_iter().map_err(|_| {
        let came = describe(wrt);
        PyTypeError::new_err(format!(
            "grad: got {came} as wrt, wanted a list of Variables"
        ))
    })?;
    let variables = convert::collected(entries)?;
    match variables
        .iter()
        .position(|variable| !hot::is_variable(variable))
    {
        None => Ok(variables),
        Some(index) => Err(PyTypeError::new_err(format!(
            "grad: entry {index} of wrt is {}, wanted a Variable",
            describe(&variables[index])
        ))),
    }
}

/// Gradients of a result; see the Python function of this name.
#[guarded]
#[pyfunction]
#[pyo3(signature = (loss, *, wrt=None, seed=None, create_graph=false))]
pub(crate) fn grad<'py>(
    loss: &Bound<'py, PyAny>,
    wrt: Option<&Bound<'py, PyAny>>,
    seed: Option<&Bound<'py, PyAny>>,
    create_graph: bool,
) -> PyResult<Option<Bound<'py, PyList>>> {
    let py = loss.py();
    let Some(wrt) = wrt.filter(|wrt| !wrt.is_none()) else {
        if create_graph {
            return Err(PyValueError::new_err(
                "grad: got create_graph=True without wrt, wanted wrt=[...]: recorded gradients \
                 are returned, not stored",
            ));
        }
        check_output("grad", loss)?;
        let seed = seed_of(loss, seed)?;
        sweep_to_leaves(loss, seed.value())?;
        return Ok(None);
    };
    let inputs = variables_of(wrt)?;
    check_output("grad", loss)?;
    let seed = seed_of(loss, seed)?;
    let gradients: Vec<Bound<'py, PyAny>> = if create_graph {
        let gradients = recorded_gradients_of(loss, &seed, &inputs)?;
        convert::collected(gradients.iter().map(tracked))?
    } else {
        let gradients = gradients_of(loss, &seed, &inputs)?.into_iter();
        let vectors = gradients.map(|gradient| hot::new_vector(py, gradient));
        convert::collected(vectors)?
    };
    PyList::new(py, gradients).map(Some)
}

/// A recorded gradient as a `Variable` of its own: a copy, as the node itself may be an input, may
/// be part of another gradient, or may not be, where the gradient is constant.
pub(crate) fn tracked<'py>(gradient: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    hot::record(gradient.py(), |tape| {
        let gradient = hot::operand_of(tape, gradient);
        tape.identity(&gradient.unwrap_or_else(|| Operand::constant(Value::number(f64::NAN))))
    })
}

pub(crate) fn sweep_to_leaves(output: &Bound<'_, PyAny>, seed: Value) -> PyResult<()> {
    let py = output.py();
    let sweep = hot::with_tape(py, |tape| {
        let output = hot::node_of(tape, output);
        Sweep::to_leaves(tape, output, seed)
    });
    run(py, sweep).map(drop)
}

/// Runs a sweep to its end; where Python code fails on the way, the sweep is ended all the same.
fn run(py: Python<'_>, mut sweep: Sweep) -> PyResult<SmallVec<[Option<Value>; 2]>> {
    let is_watched = modes::current(py).is_ok_and(|modes| modes.detects_anomaly);
    if is_watched {
        sweep.watch();
    }
    let mut outcome = Ok(());
    while outcome.is_ok() {
        let step = hot::with_tape(py, |tape| sweep.run(tape));
        if is_watched {
            outcome = anomaly::report(py, sweep.take_findings());
        }
        match (step, outcome.is_ok()) {
            (SweepStep::Custom(paused), true) => {
                outcome = custom::pull_back(py, &mut sweep, paused);
            }
            _ => break,
        }
    }
    let is_complete = outcome.is_ok();
    let (found, has_found_ended_only) = hot::with_tape(py, |tape| {
        if is_complete {
            sweep.settle(tape);
        }
        let has_found_ended_only = sweep.has_found_ended_only(tape);
        (sweep.finish(tape), has_found_ended_only)
    });
    outcome?;
    if has_found_ended_only {
        return Err(PyTypeError::new_err(
            "grad: got a result that depends on an argument of a transform that has ended, wanted \
             one of other Variables; keep a value of a function for later by .item() or .detach()",
        ));
    }
    Ok(found)
}

/// The same for a recorded sweep. What it found are objects when it comes back: these keep the
/// nodes.
fn run_recorded(
    py: Python<'_>,
    mut sweep: RecordedSweep,
) -> PyResult<Vec<Option<Bound<'_, PyAny>>>> {
    let mut outcome = Ok(());
    if modes::current(py).is_ok_and(|modes| modes.detects_anomaly) {
        sweep.keep_origins();
    }
    while outcome.is_ok() {
        outcome = match hot::with_tape(py, |tape| sweep.run(tape)) {
            Ok(RecordedStep::Done) => break,
            Ok(RecordedStep::Custom(paused)) => custom::pull_back_recorded(py, &mut sweep, paused),
            Err(error) => Err(to_python(error)),
        };
    }
    anomaly::inherit(py, sweep.origins());
    let found = hot::with_tape(py, |tape| sweep.finish(tape)).into_iter();
    let found = found.map(|found| Some(hot::new_variable(py, found?)));
    let found = found.collect();
    outcome.map(|()| found)
}

/// The gradients of `output` with respect to `inputs`; 0 where it does not depend on one.
pub(crate) fn gradients_of(
    output: &Bound<'_, PyAny>,
    seed: &Converted<'_>,
    inputs: &[Bound<'_, PyAny>],
) -> PyResult<SmallVec<[Value; 2]>> {
    let py = output.py();
    let shapes: SmallVec<[Shape; 2]> = memory::collect_few(inputs.iter().map(shape_of));
    let sweep = hot::with_tape(py, |tape| {
        let nodes: SmallVec<[NodeId; 2]> = nodes_of(tape, inputs);
        let output = hot::node_of(tape, output);
        Sweep::to_nodes(tape, output, seed.value(), &nodes)
    });
    let found = run(py, sweep)?.into_iter().zip(shapes);
    let found = found.map(|(found, shape)| found.unwrap_or_else(|| Value::filled(shape, 0.0)));
    Ok(memory::collect_few(found))
}

/// The same, recorded: Variables, or constants. A gradient may be one of the inputs itself.
pub(crate) fn recorded_gradients_of<'py>(
    output: &Bound<'py, PyAny>,
    seed: &Converted<'py>,
    inputs: &[Bound<'py, PyAny>],
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = output.py();
    if modes::current(py)?.detects_anomaly {
        // Recorded sweeps are not watched, so one that is comes first.
        gradients_of(output, seed, inputs)?;
    }
    let shapes: SmallVec<[Shape; 2]> = memory::collect_few(inputs.iter().map(shape_of));
    let sweep = hot::with_tape(py, |tape| {
        let nodes: SmallVec<[NodeId; 2]> = nodes_of(tape, inputs);
        let (output, seed) = (hot::node_of(tape, output), seed.read(tape));
        RecordedSweep::new(tape, output, seed, &nodes, &hot::Variables(py))
    });
    let zero = |shape| hot::new_variable(py, Operand::constant(Value::filled(shape, 0.0)));
    let found = run_recorded(py, sweep)?.into_iter().zip(shapes);
    Ok(found
        .map(|(found, shape)| found.unwrap_or_else(|| zero(shape)))
        .collect())
}

/// The nodes of objects, for who has the tape.
pub(crate) fn nodes_of<T: FromIterator<NodeId>>(tape: &Tape, objects: &[Bound<'_, PyAny>]) -> T {
    let nodes = objects.iter().map(|object| hot::node_of(tape, object));
    nodes.collect()
}

/// The nodes of those objects that are Variables, as a set.
pub(crate) fn node_set_of(tape: &Tape, objects: &[Bound<'_, PyAny>]) -> NodeSet {
    let variables = objects.iter().filter(|object| hot::is_variable(object));
    NodeSet::new(variables.map(|object| hot::node_of(tape, object)))
}

/// A `Variable` with respect to which something is to be differentiated: a leaf for a plain
/// value, and for a Variable a copy, so that what comes through the original is kept apart.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn input_of<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if hot::is_tracked(x) {
        return tracked(x);
    }
    let operand = convert::required("Variable", x)?;
    hot::new_argument(x.py(), operand.value())
}

/// One node of a drawing: id, kind, operation or name, operands, value.
type DrawnNode<'py> = (u32, &'static str, String, Vec<u32>, Bound<'py, PyAny>);

/// A drawing: how many nodes there are, how many of each operation, and those that are shown.
type Drawing<'py> = (usize, Vec<(&'static str, usize)>, Vec<DrawnNode<'py>>);

/// The graph of a result, in the order of the tape: how many nodes, how many of each operation,
/// and of each node its id, its kind (leaf, constant or op), its name, the ids of its operands,
/// and its value. Of more than `most` nodes, only the last `last` and their leaves are given.
#[guarded]
#[pyfunction]
#[pyo3(signature = (caller, output, most, last, /))]
pub(crate) fn graph<'py>(
    caller: &str,
    output: &Bound<'py, PyAny>,
    most: usize,
    last: usize,
) -> PyResult<Drawing<'py>> {
    let py = output.py();
    check_output(caller, output)?;
    let drawing = hot::with_tape(py, |tape| {
        let output = hot::node_of(tape, output);
        tape.drawing(output, most, last)
    });
    let nodes = drawing.nodes.into_iter().map(|node| {
        let value = hot::new_vector(py, node.value)?;
        let own_name = node.key.and_then(|key| custom::name_of(py, key));
        let name = own_name.unwrap_or(node.name);
        Ok((node.id, node.kind, name, node.operands, value))
    });
    Ok((
        drawing.count,
        drawing.census,
        nodes.collect::<PyResult<_>>()?,
    ))
}
