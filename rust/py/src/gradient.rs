//! Gradients of results: the sweeps, run from Python.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, Operand, RecordedStep, RecordedSweep, SINK, Sweep, SweepStep};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use smallvec::SmallVec;

use crate::convert::Kind;
use crate::errors::{describe, to_python};
use crate::hot;
use crate::{anomaly, convert, custom, modes};

/// The output to differentiate; an error that helps if it is none.
fn output_of(caller: &str, loss: &Bound<'_, PyAny>) -> PyResult<Operand> {
    let Some(output) = hot::operand_of(loss) else {
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
    };
    if output.node == SINK {
        return Err(PyTypeError::new_err(format!(
            "{caller}: got a Variable without a gradient: it does not depend on any Variable (was \
             it computed under no_grad(), or detached?)"
        )));
    }
    Ok(output)
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

/// The first cotangent: ones, or what was given.
fn seed_of(output: &Operand, seed: Option<&Bound<'_, PyAny>>) -> PyResult<Operand> {
    let Some(seed) = seed.filter(|seed| !seed.is_none()) else {
        return Ok(Operand::constant(Value::Number(1.0)));
    };
    let (seed, _) = convert::required("grad", seed)?;
    let dim = output.value.dim();
    if seed.value.dim() != dim && seed.value.dim() != 1 {
        return Err(PyValueError::new_err(format!(
            "grad: lengths differ: output {dim} and seed {}, wanted equal",
            seed.value.dim()
        )));
    }
    Ok(seed)
}

/// The output and the first cotangent.
fn endpoints(
    loss: &Bound<'_, PyAny>,
    seed: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Operand, Operand)> {
    let first = seed_of(&output_of("grad", loss)?, seed)?;
    let again = seed
        .and_then(hot::operand_of)
        .filter(|_| first.node != SINK);
    Ok((output_of("grad", loss)?, again.unwrap_or(first)))
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
    let variables: Vec<Bound<'py, PyAny>> = entries.collect::<PyResult<_>>()?;
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
        let (output, seed) = endpoints(loss, seed)?;
        sweep_to_leaves(py, output.node, seed.value)?;
        return Ok(None);
    };
    let variables = variables_of(wrt)?;
    // Nodes are read last: iterating and converting may run code that moves them.
    let (output, seed) = endpoints(loss, seed)?;
    let inputs: Vec<Operand> = variables.iter().filter_map(hot::operand_of).collect();
    let gradients = gradients_of(py, &output, &seed, &inputs, create_graph)?;
    let mut objects = Vec::with_capacity(gradients.len());
    for gradient in gradients {
        objects.push(if create_graph {
            tracked(py, gradient)?
        } else {
            hot::new_vector(py, gradient.value)?
        });
    }
    PyList::new(py, objects).map(Some)
}

/// A recorded gradient as a `Variable` of its own: a copy, as the node itself may be an input, may
/// be part of another gradient, or may not be, where the gradient is constant.
pub(crate) fn tracked(py: Python<'_>, gradient: Operand) -> PyResult<Bound<'_, PyAny>> {
    let gradient = hot::with_tape(py, |tape| tape.identity(&gradient)).map_err(to_python)?;
    Ok(hot::new_variable(py, gradient))
}

pub(crate) fn sweep_to_leaves(py: Python<'_>, output: NodeId, seed: Value) -> PyResult<()> {
    let sweep = hot::with_tape(py, |tape| Sweep::to_leaves(tape, output, seed));
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

/// The same for a recorded sweep.
fn run_recorded(py: Python<'_>, mut sweep: RecordedSweep) -> PyResult<Vec<Option<Operand>>> {
    let mut outcome = Ok(());
    if modes::current(py)?.detects_anomaly {
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
    let found = hot::with_tape(py, |tape| sweep.finish(tape));
    outcome.map(|()| found)
}

/// The gradients of `output` with respect to `inputs`; 0 where it does not depend on one.
pub(crate) fn gradients_of(
    py: Python<'_>,
    output: &Operand,
    seed: &Operand,
    inputs: &[Operand],
    is_recorded: bool,
) -> PyResult<SmallVec<[Operand; 2]>> {
    let nodes: SmallVec<[NodeId; 2]> = inputs.iter().map(|input| input.node).collect();
    let found: SmallVec<[Option<Operand>; 2]> = if is_recorded {
        if modes::current(py)?.detects_anomaly {
            // Recorded sweeps are not watched, so one that is comes first.
            let seed = seed.value.clone();
            let sweep = hot::with_tape(py, |tape| Sweep::to_nodes(tape, output.node, seed, &nodes));
            run(py, sweep)?;
        }
        let seed = seed.clone();
        let sweep = hot::with_tape(py, |tape| {
            RecordedSweep::new(tape, output.node, seed, &nodes)
        });
        run_recorded(py, sweep)?.into()
    } else {
        let seed = seed.value.clone();
        let sweep = hot::with_tape(py, |tape| Sweep::to_nodes(tape, output.node, seed, &nodes));
        run(py, sweep)?
            .into_iter()
            .map(|value| value.map(Operand::constant))
            .collect()
    };
    Ok(found
        .into_iter()
        .zip(inputs)
        .map(|(found, input)| {
            found.unwrap_or_else(|| Operand::constant(Value::filled(input.value.dim(), 0.0)))
        })
        .collect())
}

/// A `Variable` with respect to which something is to be differentiated: a leaf for a plain
/// value, and for a Variable a copy, so that what comes through the original is kept apart.
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn input_of<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    hot::make_room_if_wanted(py)?;
    match hot::operand_of(x) {
        Some(operand) if operand.node != SINK => {
            let copy = hot::with_tape(py, |tape| tape.identity(&operand)).map_err(to_python)?;
            Ok(hot::new_variable(py, copy))
        }
        // By NumPy's count it is a number here if it has one entry.
        Some(operand) => hot::new_argument(py, operand.value, false),
        None => {
            let (operand, kind) = convert::required("Variable", x)?;
            hot::new_argument(py, operand.value, !matches!(kind, Kind::Number))
        }
    }
}

/// One node of a drawing: id, kind, operation or name, operands, value.
type DrawnNode<'py> = (u32, &'static str, String, Vec<u32>, Bound<'py, PyAny>);

/// A drawing: how many nodes there are, how many of each operation, and those that are shown.
type Drawing<'py> = (usize, Vec<(&'static str, usize)>, Vec<DrawnNode<'py>>);

/// The graph of a result, in the order of the tape: how many nodes, how many of each operation,
/// and of each node its id, its kind (leaf, constant or op), its name, the ids of its operands,
/// and its value. Of more than `most` nodes, only the last `last` and their leaves are given.
#[pyfunction]
#[pyo3(signature = (caller, output, most, last, /))]
pub(crate) fn graph<'py>(
    caller: &str,
    output: &Bound<'py, PyAny>,
    most: usize,
    last: usize,
) -> PyResult<Drawing<'py>> {
    let py = output.py();
    let output = output_of(caller, output)?;
    let drawing = hot::with_tape(py, |tape| tape.drawing(output.node, most, last));
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
