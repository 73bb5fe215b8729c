//! Forward mode where something is infinite or nan: reverse mode decides.
//!
//! Absolute zero speaks of adjoints. A tangent sweep has none: it can tell that something infinite or
//! nan was on the way, as that makes the result so, but not what it would have met on the way down.
//! So for the entries of the result that are infinite or nan, and for no others, rows of the Jacobian
//! are asked of reverse sweeps, and multiplied by the direction. Both modes then give the same.

use autograd_core::array::Value;
use autograd_core::kernels;
use autograd_core::ops::BinaryOp;
use autograd_core::structural::Structural;
use autograd_core::tape::{Error, LANES, Linearized, NodeId, NodeSet, Operand, Rows, SINK, Tape};
use pyo3::prelude::*;

use crate::derivatives::node_of;
use crate::errors::to_python;
use crate::gradient::{gradients_of, tracked};
use crate::{convert, custom, hot, modes};

/// Entries that are looked at, in all lanes, before the next look for an interrupt.
const UNINTERRUPTED: usize = 1 << 20;

/// What a row of a Jacobian is asked for: called with the row, a column and the entry there.
type Visit<'v> = &'v mut dyn FnMut(usize, usize, f64);

/// Whether all are finite. Nearly always they are, and their sum is the quickest way to know it.
fn is_finite(entries: &[f64]) -> bool {
    match entries {
        [entry] => entry.is_finite(),
        _ => kernels::sum(entries).is_finite() || entries.iter().all(|entry| entry.is_finite()),
    }
}

/// Where the entries are that forward mode does not decide.
fn undecided(pushed: &[f64]) -> Vec<usize> {
    let entries = pushed.iter().enumerate();
    entries
        .filter(|(_, entry)| !entry.is_finite())
        .map(|(index, _)| index)
        .collect()
}

/// A vector of `dim` entries that is 1 at `places` and 0 elsewhere.
pub(crate) fn indicator(dim: usize, places: &[usize]) -> Value {
    Value::build(dim, |out| {
        out.fill(0.0);
        places.iter().for_each(|&place| out[place] = 1.0);
    })
}

fn nodes_of(inputs: &[Bound<'_, PyAny>]) -> NodeSet {
    NodeSet::new(inputs.iter().map(|input| node_of(input).0))
}

/// Whether all operations on the way have a rule for reverse mode.
fn has_reverse(output: &Bound<'_, PyAny>, inputs: &[Bound<'_, PyAny>]) -> PyResult<bool> {
    if node_of(output).0 == SINK {
        return Ok(false);
    }
    have_rules(std::slice::from_ref(output), inputs, "has_reverse")
}

/// Whether all operations on the way say that they have the rule of this name.
pub(crate) fn have_rules(
    outputs: &[Bound<'_, PyAny>],
    inputs: &[Bound<'_, PyAny>],
    name: &str,
) -> PyResult<bool> {
    let Some(py) = outputs.first().map(|output| output.py()) else {
        return Ok(true);
    };
    let nodes = nodes_of(inputs);
    let outputs: Vec<NodeId> = outputs.iter().map(|output| node_of(output).0).collect();
    for key in hot::with_tape(py, |tape| tape.custom_keys(&outputs, &nodes)) {
        if !custom::has_rule(py, key, name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The better way to a Jacobian by rows of a recorded graph: `mode`, unless an operation on the way
/// has a rule for the other only, of which each answer would take as many as there are entries.
#[pyfunction]
#[pyo3(signature = (outputs, inputs, mode, /))]
pub(crate) fn better_mode(
    outputs: Vec<Bound<'_, PyAny>>,
    inputs: Vec<Bound<'_, PyAny>>,
    mode: &str,
) -> PyResult<&'static str> {
    let is_better = mode != "fwd"
        || !have_rules(&outputs, &inputs, "has_forward")?
            && have_rules(&outputs, &inputs, "has_reverse")?;
    Ok(if is_better { "rev" } else { "fwd" })
}

/// The tangent of `output` where the inputs change by `changes`, which `pushed` is where it is finite.
/// Where an operation on the way has no rule for reverse mode, it stays as it is.
pub(crate) fn decided(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
    changes: &[(NodeId, Value)],
    mut pushed: Value,
) -> PyResult<Value> {
    if is_finite(pushed.as_slice()) || !has_reverse(output, inputs)? {
        return Ok(pushed);
    }
    let rows = undecided(pushed.as_slice());
    let directions = changes.iter().flat_map(|(_, change)| change.as_slice());
    let directions: Vec<f64> = directions.copied().collect();
    let entries = pushed.make_mut();
    rows.iter().for_each(|&row| entries[row] = 0.0);
    for_each_entry(output, inputs, &rows, &mut |row, column, adjoint| {
        let direction = directions[column];
        // What is not owed anything, and what does not change, contribute 0 whatever they meet.
        if adjoint != 0.0 && direction != 0.0 {
            entries[row] += adjoint * direction;
        }
    })?;
    Ok(pushed)
}

/// Decides the entries of a Jacobian that forward mode did not, of a graph that calls Python.
pub(crate) fn decide_matrix(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
    columns: usize,
    matrix: &mut [f64],
) -> PyResult<()> {
    if is_finite(matrix) || !has_reverse(output, inputs)? {
        return Ok(());
    }
    decide_rows(columns, matrix, |rows, visit| {
        for_each_entry(output, inputs, rows, visit)
    })
}

/// Decides the entries of a Jacobian that forward mode did not.
pub(crate) fn decide_lanes(
    py: Python<'_>,
    linearized: &Linearized,
    matrix: &mut [f64],
) -> PyResult<()> {
    if is_finite(matrix) {
        return Ok(());
    }
    decide_rows(linearized.columns(), matrix, |rows, visit| {
        read_rows(py, linearized, rows, visit)
    })
}

/// Puts what `read` finds in rows of a matrix in place of entries that are infinite or nan; 0 where
/// it finds nothing.
fn decide_rows(
    columns: usize,
    matrix: &mut [f64],
    read: impl FnOnce(&[usize], Visit<'_>) -> PyResult<()>,
) -> PyResult<()> {
    // A nan that no arithmetic makes: a second matrix beside a large one may be too much.
    const OPEN: u64 = 0x7ff8_6f70_656e_0000;
    let mut rows = Vec::new();
    for (index, row) in matrix.chunks_exact_mut(columns).enumerate() {
        if !is_finite(row) {
            rows.push(index);
            let open = row.iter_mut().filter(|entry| !entry.is_finite());
            open.for_each(|entry| *entry = f64::from_bits(OPEN));
        }
    }
    read(&rows, &mut |row, column, adjoint| {
        let entry = &mut matrix[row * columns + column];
        if entry.to_bits() == OPEN {
            *entry = adjoint;
        }
    })?;
    for row in rows {
        let open = &mut matrix[row * columns..][..columns];
        let open = open.iter_mut().filter(|entry| entry.to_bits() == OPEN);
        open.for_each(|entry| *entry = 0.0);
    }
    Ok(())
}

/// Reads rows of the Jacobian of `output` by `inputs`: a single one by a sweep, more of them from
/// the graph as a list of products, if it can be one.
fn for_each_entry(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
    rows: &[usize],
    visit: Visit<'_>,
) -> PyResult<()> {
    let py = output.py();
    let Some(found) = hot::operand_of(output).filter(|found| found.node != SINK) else {
        return Ok(());
    };
    // Whether a contribution is infinite is looked at a sweep at a time.
    if rows.len() > 1 && !modes::current(py)?.detects_anomaly {
        let outputs = [(found.node, found.value.dim())];
        let nodes: Vec<NodeId> = inputs.iter().map(|input| node_of(input).0).collect();
        let linearized = hot::with_tape(py, |tape| tape.linearize(&outputs, &nodes));
        if let Some(linearized) = linearized {
            return read_rows(py, &linearized, rows, visit);
        }
    }
    for &row in rows {
        // Nodes are read for each row: what the sweep calls may move them.
        let Some(found) = hot::operand_of(output) else {
            continue;
        };
        let inputs: Vec<Operand> = inputs.iter().filter_map(hot::operand_of).collect();
        let seed = Operand::constant(indicator(found.value.dim(), &[row]));
        let gradients = gradients_of(py, &found, &seed, &inputs, false)?;
        let adjoints = gradients
            .iter()
            .flat_map(|gradient| gradient.value.as_slice());
        adjoints
            .enumerate()
            .for_each(|(column, &adjoint)| visit(row, column, adjoint));
        py.check_signals()?;
    }
    Ok(())
}

fn read_rows(
    py: Python<'_>,
    linearized: &Linearized,
    rows: &[usize],
    visit: Visit<'_>,
) -> PyResult<()> {
    let mut reader = Rows::new(linearized);
    let mut since = linearized.entries();
    for some in rows.chunks(LANES) {
        since += reader.pull_back(some, |column, adjoints| {
            for (&row, &adjoint) in some.iter().zip(adjoints) {
                visit(row, column, adjoint);
            }
        });
        if since > UNINTERRUPTED {
            since = 0;
            py.check_signals()?;
        }
    }
    Ok(())
}

/// The recorded tangent of `output` along `tangents` of the inputs, which `pushed` is where it is
/// finite. Rows are recorded one by one, but for a graph that goes entry by entry, of which one
/// sweep has them all.
pub(crate) fn decided_recorded<'py>(
    output: &Bound<'py, PyAny>,
    inputs: &[Bound<'py, PyAny>],
    tangents: &[Bound<'py, PyAny>],
    pushed: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = output.py();
    let (value, _) = convert::required("jvp", &pushed)?;
    if is_finite(value.value.as_slice()) || !has_reverse(output, inputs)? {
        return Ok(pushed);
    }
    let rows = undecided(value.value.as_slice());
    let (found, nodes) = (convert::required("jvp", output)?.0, nodes_of(inputs));
    let dim = found.value.dim();
    let is_lanewise = hot::with_tape(py, |tape| tape.is_lanewise(found.node, &nodes));
    let changes = if dim == 1 || is_lanewise {
        changes_along(&found, indicator(dim, &rows), inputs, tangents)?
    } else {
        vec![rows_along(output, &rows, inputs, tangents)?]
    };
    let pushed = convert::required("jvp", &pushed)?.0;
    let tangent = hot::with_tape(py, |tape| {
        let sum = summed(tape, changes, dim)?;
        let mask = indicator(dim, &rows);
        tape.structural(Structural::Where { mask }, &[sum, pushed])
    });
    tracked(py, tangent.map_err(to_python)?)
}

/// The recorded tangents of some entries of `output`, each at its place among zeros.
fn rows_along(
    output: &Bound<'_, PyAny>,
    rows: &[usize],
    inputs: &[Bound<'_, PyAny>],
    tangents: &[Bound<'_, PyAny>],
) -> PyResult<Operand> {
    let py = output.py();
    let dim = convert::required("jvp", output)?.0.value.dim();
    // Objects keep the nodes, whatever is called meanwhile.
    let mut entries = Vec::with_capacity(rows.len());
    for &row in rows {
        let (output, nodes) = (convert::required("jvp", output)?.0, nodes_of(inputs));
        let (source, seed) = hot::with_tape(py, |tape| {
            let (node, place) = tape.source_of(output.node, row, &nodes);
            let value = Value::Number(f64::NAN);
            (Operand { node, value }, indicator(tape.dim(node), &[place]))
        });
        let changes = changes_along(&source, seed, inputs, tangents)?;
        let sum = hot::with_tape(py, |tape| summed(tape, changes, 1)).map_err(to_python)?;
        entries.push(hot::new_variable(py, sum));
        py.check_signals()?;
    }
    let entries: Vec<Operand> = entries.iter().filter_map(hot::operand_of).collect();
    let places = rows.into();
    let scatter = Structural::Scatter { places, dim };
    hot::with_tape(py, |tape| tape.structural(scatter, &entries)).map_err(to_python)
}

/// What each input contributes to the tangent of what the seed selects, entry by entry, recorded.
fn changes_along(
    output: &Operand,
    seed: Value,
    inputs: &[Bound<'_, PyAny>],
    tangents: &[Bound<'_, PyAny>],
) -> PyResult<Vec<Operand>> {
    let Some(py) = inputs.first().map(|input| input.py()) else {
        return Ok(Vec::new());
    };
    let converted = tangents
        .iter()
        .map(|tangent| convert::required("jvp", tangent));
    let tangents: Vec<Operand> = converted
        .map(|tangent| Ok(tangent?.0))
        .collect::<PyResult<_>>()?;
    let own: Vec<Operand> = inputs.iter().filter_map(hot::operand_of).collect();
    let adjoints = gradients_of(py, output, &Operand::constant(seed), &own, true)?;
    let mut changes = Vec::with_capacity(adjoints.len());
    for (adjoint, tangent) in adjoints.iter().zip(&tangents) {
        let is_zero = adjoint.value.as_slice().iter().all(|&entry| entry == 0.0);
        if adjoint.node == SINK && is_zero {
            continue;
        }
        let change = hot::with_tape(py, |tape| tape.along(adjoint, tangent));
        changes.push(change.map_err(to_python)?);
    }
    Ok(changes)
}

/// The sum of changes: of all of their entries for a number, else entry by entry.
fn summed(tape: &mut Tape, changes: Vec<Operand>, dim: usize) -> Result<Operand, Error> {
    let mut sum = None;
    for mut change in changes {
        if change.value.dim() != dim {
            change = tape.structural(Structural::Sum, &[change])?;
        }
        sum = Some(match sum {
            Some(sum) => tape.binary(BinaryOp::Add, &sum, &change)?,
            None => change,
        });
    }
    Ok(sum.unwrap_or_else(|| Operand::constant(Value::filled(dim, 0.0))))
}
