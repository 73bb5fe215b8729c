//! Operations whose derivative Python code gives.
//!
//! The tape knows such an operation by a key; the object with the rules is kept here until the
//! record with the key dies. The object has two methods, which get values where a plain sweep
//! asks and Variables where a recorded one does:
//!
//! - `pull_back(y_bar, y, operands)` gives the cotangents of the operands, or None for some;
//! - `push_forward(tangents, y, operands)` gives the tangent of the output; tangents may be None.

use std::collections::BTreeMap;

use autograd_core::array::Value;
use autograd_core::memory;
use autograd_core::structural::Structural;
use autograd_core::tape::{
    Operand, Paused, RecordedPaused, RecordedSweep, SINK, Sweep, TangentPaused, TangentSweep,
};
use autograd_macros::guarded;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::errors::{describe, to_python};
use crate::hot::{self, cell::GilCell};
use crate::{anomaly, convert, modes};

struct Table {
    rules: BTreeMap<u64, Py<PyAny>>,
    last_key: u64,
}

static TABLE: GilCell<Table> = GilCell::new(Table {
    rules: BTreeMap::new(),
    last_key: 0,
});

/// Forgets the rules of operations that died.
pub(crate) fn release(py: Python<'_>, dead: &[u64]) {
    let rules: Vec<Option<Py<PyAny>>> = TABLE.with(py, |table| {
        memory::collect(dead.iter().map(|key| table.rules.remove(key)))
    });
    // Dropped here, where neither table nor tape is borrowed: this may run any code.
    drop(rules);
}

fn rule(py: Python<'_>, key: u64) -> PyResult<Py<PyAny>> {
    let rule = TABLE.with(py, |table| {
        table.rules.get(&key).map(|rule| rule.clone_ref(py))
    });
    rule.ok_or_else(|| PyRuntimeError::new_err("custom: the rule of an operation is gone"))
}

/// The name that the rule of an operation gives itself, if it does.
pub(crate) fn name_of(py: Python<'_>, key: u64) -> Option<String> {
    let name = rule(py, key).ok()?.bind(py).getattr("name").ok()?;
    name.extract().ok()
}

/// Whether a rule can pull back without asking for entry by entry of what it does forward; one that
/// says nothing can.
pub(crate) fn has_reverse(py: Python<'_>, key: u64) -> PyResult<bool> {
    let rule = rule(py, key)?;
    let answer = rule.bind(py).getattr_opt("has_reverse")?;
    answer.map_or(Ok(true), |answer| answer.extract())
}

/// Records an operation of the given value and operands, whose derivative `rule` knows.
#[guarded]
#[pyfunction]
#[pyo3(signature = (value, operands, rule, /))]
pub(crate) fn record_custom<'py>(
    value: &Bound<'py, PyAny>,
    operands: Vec<Bound<'py, PyAny>>,
    rule: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let Some((value, _)) = convert::value("primitive", value)? else {
        return Err(PyTypeError::new_err(format!(
            "primitive: the function returned {}, wanted a number, Vector or array",
            describe(value)
        )));
    };
    hot::make_room_if_wanted(py)?;
    let mut inputs = memory::with_capacity(operands.len());
    for operand in &operands {
        inputs.push(convert::required("primitive", operand)?.0);
    }
    if inputs.iter().all(|input| input.node == SINK) {
        return Ok(hot::new_variable(py, Operand::constant(value)));
    }
    let key = TABLE.with(py, |table| {
        table.last_key += 1;
        table.rules.insert(table.last_key, rule.unbind());
        table.last_key
    });
    let op = Structural::Custom { key };
    let result = hot::with_tape(py, |tape| tape.structural_with_value(op, &inputs, value));
    let result = result.map_err(to_python)?;
    if modes::current(py)?.detects_anomaly {
        let name = name_of(py, key).unwrap_or_else(|| "custom".to_owned());
        anomaly::inspect(py, &name, &inputs, &result)?;
    }
    Ok(hot::new_variable(py, result))
}

fn values<'py>(py: Python<'py>, operands: &[Operand]) -> PyResult<Bound<'py, PyList>> {
    let vectors = operands
        .iter()
        .map(|operand| hot::new_vector(py, operand.value.clone()));
    PyList::new(py, convert::collected(vectors)?)
}

fn variables<'py>(py: Python<'py>, operands: &[Operand]) -> PyResult<Bound<'py, PyList>> {
    PyList::new(
        py,
        operands
            .iter()
            .map(|operand| hot::new_variable(py, operand.clone())),
    )
}

/// The cotangents that a rule gave, one for each operand that is no constant and has one.
fn cotangents(operands: &[Operand], given: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, Operand)>> {
    let given = convert::collected(given.try_iter()?)?;
    if given.len() != operands.len() {
        return Err(PyValueError::new_err(format!(
            "defvjp: the rules gave {} cotangents, wanted {}",
            given.len(),
            operands.len()
        )));
    }
    let mut cotangents = Vec::new();
    for (index, (bar, operand)) in given.iter().zip(operands).enumerate() {
        if operand.node == SINK || bar.is_none() {
            continue;
        }
        let (bar, _) = convert::required("defvjp", bar)?;
        let (dim, wanted) = (bar.value.dim(), operand.value.dim());
        if dim != wanted {
            return Err(PyValueError::new_err(format!(
                "defvjp: the cotangent of operand {index} has {dim} entries, wanted {wanted}"
            )));
        }
        memory::push(&mut cotangents, (index, bar));
    }
    Ok(cotangents)
}

/// Whether a cotangent is 0, and nobody asks how it changes: absolute zero, whatever the rule would
/// make of it.
fn is_zero(y_bar: &Operand) -> bool {
    y_bar.node == SINK && y_bar.value.as_slice().iter().all(|&entry| entry == 0.0)
}

/// A cotangent of 0 for each operand that is no constant.
fn zeros(operands: &[Operand]) -> Vec<(usize, Operand)> {
    let operands = operands.iter().enumerate();
    let tracked = operands.filter(|(_, operand)| operand.node != SINK);
    let zero = |dim| Operand::constant(Value::filled(dim, 0.0));
    memory::collect(tracked.map(|(index, operand)| (index, zero(operand.value.dim()))))
}

/// Lets the rule of a paused sweep contribute.
pub(crate) fn pull_back(py: Python<'_>, sweep: &mut Sweep, paused: Paused) -> PyResult<()> {
    let bars = if is_zero(&Operand::constant(paused.y_bar.clone())) {
        zeros(&paused.operands)
    } else {
        let y_bar = hot::new_vector(py, paused.y_bar.clone())?;
        let y = hot::new_vector(py, paused.output.clone())?;
        let arguments = (y_bar, y, values(py, &paused.operands)?);
        let rule = rule(py, paused.key)?;
        cotangents(
            &paused.operands,
            &rule.bind(py).call_method1("pull_back", arguments)?,
        )?
    };
    for (index, bar) in bars {
        hot::with_tape(py, |tape| {
            sweep.contribute_custom(tape, &paused, index, bar.value);
        });
    }
    Ok(())
}

/// Lets the rule of a paused recorded sweep contribute.
pub(crate) fn pull_back_recorded(
    py: Python<'_>,
    sweep: &mut RecordedSweep,
    paused: RecordedPaused,
) -> PyResult<()> {
    let bars = if is_zero(&paused.y_bar) {
        zeros(&paused.operands)
    } else {
        let y_bar = hot::new_variable(py, paused.y_bar);
        let y = hot::new_variable(py, paused.output);
        let arguments = (y_bar, y, variables(py, &paused.operands)?);
        let rule = rule(py, paused.key)?;
        cotangents(
            &paused.operands,
            &rule.bind(py).call_method1("pull_back", arguments)?,
        )?
    };
    for (index, bar) in bars {
        let node = paused.operands[index].node;
        hot::with_tape(py, |tape| sweep.contribute(tape, node, bar)).map_err(to_python)?;
    }
    Ok(())
}

/// Lets the rule of a paused tangent sweep say the tangent of its output.
pub(crate) fn push_forward(
    py: Python<'_>,
    sweep: &mut TangentSweep,
    paused: TangentPaused,
    is_recorded: bool,
) -> PyResult<()> {
    let wrap = |operand: Operand| -> PyResult<Bound<'_, PyAny>> {
        Ok(match is_recorded {
            true => hot::new_variable(py, operand),
            false => hot::new_vector(py, operand.value)?,
        })
    };
    let operands = if is_recorded {
        variables(py, &paused.operands)?
    } else {
        values(py, &paused.operands)?
    };
    let tangents: Vec<Option<Bound<'_, PyAny>>> = paused
        .tangents
        .iter()
        .map(|tangent| tangent.clone().map(wrap).transpose())
        .collect::<PyResult<_>>()?;
    let dim = paused.output.value.dim();
    let arguments = (
        PyList::new(py, tangents)?,
        wrap(paused.output.clone())?,
        operands,
    );
    let given = rule(py, paused.key)?
        .bind(py)
        .call_method1("push_forward", arguments)?;
    if given.is_none() {
        sweep.resume(None);
        return Ok(());
    }
    let (tangent, _) = convert::required("defjvp", &given)?;
    if tangent.value.dim() != dim {
        return Err(PyValueError::new_err(format!(
            "defjvp: the tangent has {} entries, wanted {dim}",
            tangent.value.dim()
        )));
    }
    if modes::current(py)?.detects_anomaly {
        anomaly::inspect_tangent(py, &paused, &tangent)?;
    }
    sweep.resume(Some(tangent));
    Ok(())
}
