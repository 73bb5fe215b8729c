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
use autograd_core::structural::Structural;
use autograd_core::tape::{
    Operand, Paused, Record, RecordedPaused, RecordedSweep, SINK, Sweep, TangentPaused,
    TangentSweep,
};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};

use crate::errors::{describe, to_python};
use crate::hot::{self, cell::GilCell};
use crate::{anomaly, convert, modes};

struct Table {
    rules: BTreeMap<u64, Rule>,
    last_key: u64,
    /// Bytes that the rules hold, and at which to look for those that only hold each other.
    held: usize,
    due: usize,
}

/// The object that knows a derivative, and bytes that it holds.
struct Rule {
    object: Py<PyAny>,
    held: usize,
}

/// Bytes of rules below which it is not worth to look which of them only hold each other.
const LEAST_HELD: usize = 1 << 26;
/// What any rule counts for at least: the objects that it is made of.
const RULE_BYTES: usize = 1 << 11;

static TABLE: GilCell<Table> = GilCell::new(Table {
    rules: BTreeMap::new(),
    last_key: 0,
    held: 0,
    due: LEAST_HELD,
});

impl Table {
    fn insert(&mut self, object: Py<PyAny>, held: usize) -> u64 {
        let held = held.saturating_add(RULE_BYTES);
        self.last_key += 1;
        self.held += held;
        self.rules.insert(self.last_key, Rule { object, held });
        self.last_key
    }

    fn remove(&mut self, key: u64) -> Option<Rule> {
        let rule = self.rules.remove(&key)?;
        self.held -= rule.held;
        Some(rule)
    }
}

/// Forgets the rules of records that died.
pub(crate) fn release(py: Python<'_>, dead: &[Record]) {
    let keys = dead.iter().filter_map(|record| match record.structural {
        Some(Structural::Custom { key, .. }) => Some(key),
        _ => None,
    });
    forget(py, keys);
}

fn forget(py: Python<'_>, keys: impl Iterator<Item = u64>) {
    let rules: Vec<Option<Rule>> =
        TABLE.with(py, |table| keys.map(|key| table.remove(key)).collect());
    // Dropped here, where neither table nor tape is borrowed: this may run any code.
    drop(rules);
}

/// Lets go of the rules that nothing living can reach, such as one whose object keeps the result of
/// its operation. Not while somebody holds nodes without a `Variable`.
fn collect(py: Python<'_>) {
    if !hot::with_tape(py, |tape| tape.can_reclaim()) {
        return;
    }
    let rules: Vec<(u64, *mut ffi::PyObject)> = TABLE.with(py, |table| {
        let rules = table.rules.iter();
        rules
            .map(|(&key, rule)| (key, rule.object.as_ptr()))
            .collect()
    });
    if !rules.is_empty() {
        let dead = hot::unreachable_rules(py, &rules);
        forget(py, dead.into_iter());
    }
    TABLE.with(py, |table| table.due = LEAST_HELD.max(2 * table.held));
}

/// Called by the interpreter's collector: before it looks at all objects, it is shown those cycles
/// that lead through the tape.
#[pyfunction]
#[pyo3(signature = (phase, info, /))]
fn collect_rules(phase: &str, info: &Bound<'_, PyDict>) -> PyResult<()> {
    const ALL: u32 = 2;
    let generation = info.get_item("generation")?;
    let generation: Option<u32> = generation.map(|found| found.extract()).transpose()?;
    if phase == "start" && generation == Some(ALL) {
        collect(info.py());
    }
    Ok(())
}

/// Has the interpreter's collector call, from the first rule on, and looks at the rules when there
/// are many.
fn collect_in_time(py: Python<'_>) -> PyResult<()> {
    static CALLBACK: PyOnceLock<()> = PyOnceLock::new();
    CALLBACK.get_or_try_init(py, || {
        let callbacks = py.import("gc")?.getattr("callbacks")?;
        callbacks.call_method1("append", (wrap_pyfunction!(collect_rules, py)?,))?;
        Ok::<(), PyErr>(())
    })?;
    if TABLE.with(py, |table| table.held >= table.due) {
        collect(py);
    }
    Ok(())
}

fn rule(py: Python<'_>, key: u64) -> PyResult<Py<PyAny>> {
    let rule = TABLE.with(py, |table| {
        let rule = table.rules.get(&key)?;
        Some(rule.object.clone_ref(py))
    });
    rule.ok_or_else(|| PyRuntimeError::new_err("custom: the rule of an operation is gone"))
}

/// The name that the rule of an operation gives itself, if it does.
pub(crate) fn name_of(py: Python<'_>, key: u64) -> Option<String> {
    let name = rule(py, key).ok()?.bind(py).getattr("name").ok()?;
    name.extract().ok()
}

/// What a rule says to `has_reverse`, whether it can pull back without asking for entry by entry of
/// what it does forward, or `has_forward`, the other way round; one that says nothing can.
pub(crate) fn has_rule(py: Python<'_>, key: u64, name: &str) -> PyResult<bool> {
    let rule = rule(py, key)?;
    let answer = rule.bind(py).getattr_opt(name)?;
    answer.map_or(Ok(true), |answer| answer.extract())
}

/// Records an operation of the given value and operands, whose derivative `rule` knows, which holds
/// about so many bytes that nobody else does.
#[pyfunction]
#[pyo3(signature = (value, operands, rule, held=0, /))]
pub(crate) fn record_custom<'py>(
    value: &Bound<'py, PyAny>,
    operands: Vec<Bound<'py, PyAny>>,
    rule: Bound<'py, PyAny>,
    held: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let Some((value, _)) = convert::value("primitive", value)? else {
        return Err(PyTypeError::new_err(format!(
            "primitive: the function returned {}, wanted a number, Vector or array",
            describe(value)
        )));
    };
    hot::make_room_if_wanted(py)?;
    collect_in_time(py)?;
    let mut inputs = Vec::with_capacity(operands.len());
    for operand in &operands {
        inputs.push(convert::required("primitive", operand)?.0);
    }
    if inputs.iter().all(|input| input.node == SINK) {
        return Ok(hot::new_variable(py, Operand::constant(value)));
    }
    let key = TABLE.with(py, |table| table.insert(rule.unbind(), held));
    let op = Structural::Custom { key, held };
    let result = hot::with_tape(py, |tape| tape.structural_with_value(op, &inputs, value));
    let result = result.map_err(to_python)?;
    // From here on the object keeps the rule, whatever is called.
    let variable = hot::new_variable(py, result.clone());
    if modes::current(py)?.detects_anomaly {
        let name = name_of(py, key).unwrap_or_else(|| "custom".to_owned());
        anomaly::inspect(py, &name, &inputs, &result)?;
    }
    Ok(variable)
}

fn values<'py>(py: Python<'py>, operands: &[Operand]) -> PyResult<Bound<'py, PyList>> {
    let vectors = operands
        .iter()
        .map(|operand| hot::new_vector(py, operand.value.clone()));
    PyList::new(py, vectors.collect::<PyResult<Vec<_>>>()?)
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
    let given: Vec<Bound<'_, PyAny>> = given.try_iter()?.collect::<PyResult<_>>()?;
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
        cotangents.push((index, bar));
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
    tracked
        .map(|(index, operand)| (index, zero(operand.value.dim())))
        .collect()
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
