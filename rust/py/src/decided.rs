//! Forward mode where something is infinite or nan: reverse mode decides.
//!
//! Absolute zero speaks of adjoints. A tangent sweep has none: it can tell that something infinite or
//! nan was on the way, as that makes the result so, but not what it would have met on the way down.
//! So for the entries of the result that are infinite or nan, and for no others, rows of the Jacobian
//! are asked of reverse sweeps, and multiplied by the direction. Both modes then give the same.

use std::sync::Arc;

use autograd_core::array::{Shape, Value};
use autograd_core::kernels;
use autograd_core::memory;
use autograd_core::ops::BinaryOp;
use autograd_core::structural::Structural;
use autograd_core::tape::{Error, LANES, Linearized, NodeId, Operand, Rows, Tape};
use autograd_macros::guarded;
use pyo3::prelude::*;

use crate::convert::{Converted, Kind};
use crate::derivatives::{dim_of, shape_of};
use crate::gradient::{gradients_of, node_set_of, nodes_of, recorded_gradients_of, tracked};
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
    let undecided = entries.filter(|(_, entry)| !entry.is_finite());
    memory::collect(undecided.map(|(index, _)| index))
}

/// A value of this shape that is 1 at `places` and 0 elsewhere.
pub(crate) fn indicator(shape: Shape, places: &[usize]) -> Value {
    Value::build(shape, |out| {
        out.fill(0.0);
        places.iter().for_each(|&place| out[place] = 1.0);
    })
}

/// Whether all operations on the way have a rule for reverse mode.
fn has_reverse(output: &Bound<'_, PyAny>, inputs: &[Bound<'_, PyAny>]) -> PyResult<bool> {
    if !hot::is_tracked(output) {
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
    let keys = hot::with_tape(py, |tape| {
        let (outputs, inputs): (Vec<NodeId>, _) =
            (nodes_of(tape, outputs), node_set_of(tape, inputs));
        tape.custom_keys(&outputs, &inputs)
    });
    for key in keys {
        if !custom::has_rule(py, key, name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The better way to a Jacobian by rows of a recorded graph: `mode`, unless an operation on the way
/// has a rule for the other only, of which each answer would take as many as there are entries.
#[guarded]
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
    changes: &[Value],
    mut pushed: Value,
) -> PyResult<Value> {
    if is_finite(pushed.as_slice()) || !has_reverse(output, inputs)? {
        return Ok(pushed);
    }
    let rows = undecided(pushed.as_slice());
    let directions = memory::collect(changes.iter().flat_map(Value::as_slice).copied());
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
            memory::push(&mut rows, index);
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
    if !hot::is_tracked(output) {
        return Ok(());
    }
    let dim = dim_of(output);
    // Whether a contribution is infinite is looked at a sweep at a time.
    if rows.len() > 1 && !modes::current(py)?.detects_anomaly {
        let linearized = hot::with_tape(py, |tape| {
            let nodes: Vec<NodeId> = nodes_of(tape, inputs);
            tape.linearize(&[(hot::node_of(tape, output), dim)], &nodes)
        });
        if let Some(linearized) = linearized {
            return read_rows(py, &linearized, rows, visit);
        }
    }
    for &row in rows {
        let seed = Converted::Constant(indicator(shape_of(output), &[row]), Kind::Vector);
        let gradients = gradients_of(output, &seed, inputs)?;
        let adjoints = gradients.iter().flat_map(Value::as_slice);
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
    tangents: &[Converted<'py>],
    pushed: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = output.py();
    let value = convert::required("jvp", &pushed)?.value();
    if is_finite(value.as_slice()) || !has_reverse(output, inputs)? {
        return Ok(pushed);
    }
    let rows = undecided(value.as_slice());
    let shape = shape_of(output);
    let dim = shape.dim();
    let is_lanewise = hot::with_tape(py, |tape| {
        let nodes = node_set_of(tape, inputs);
        tape.is_lanewise(hot::node_of(tape, output), &nodes)
    });
    let changes = if dim == 1 || is_lanewise {
        changes_along(output, indicator(shape, &rows), inputs, tangents)?
    } else {
        vec![rows_along(output, &rows, inputs, tangents)?]
    };
    let pushed = convert::required("jvp", &pushed)?;
    let tangent = hot::record(py, |tape| {
        let sum = summed(tape, &changes, dim)?;
        let mask = indicator(shape, &rows);
        let pushed = pushed.read(tape);
        let tangent = tape.structural(Structural::Where { mask }, &[sum, pushed])?;
        tape.ranked(&tangent, shape.rank())
    })?;
    tracked(&tangent)
}

/// The recorded tangents of some entries of `output`, each at its place among zeros.
fn rows_along<'py>(
    output: &Bound<'py, PyAny>,
    rows: &[usize],
    inputs: &[Bound<'py, PyAny>],
    tangents: &[Converted<'py>],
) -> PyResult<Bound<'py, PyAny>> {
    let py = output.py();
    let mut entries = memory::with_capacity(rows.len());
    for &row in rows {
        let (source, seed) = source_of(output, row, inputs);
        let changes = changes_along(&source, seed, inputs, tangents)?;
        entries.push(hot::record(py, |tape| summed(tape, &changes, 1))?);
        py.check_signals()?;
    }
    let places = Arc::new(memory::collect(rows.iter().copied()));
    let dim = dim_of(output);
    let scatter = Structural::Scatter { places, dim };
    hot::record(py, |tape| {
        let operand_of = |entry| hot::operand_of(tape, entry);
        let entries: Vec<Operand> = entries.iter().filter_map(operand_of).collect();
        tape.structural(scatter, &entries)
    })
}

/// What an entry of `output` is a copy of, as an object that keeps the node and has not its value;
/// and 1 at the place there.
fn source_of<'py>(
    output: &Bound<'py, PyAny>,
    row: usize,
    inputs: &[Bound<'py, PyAny>],
) -> (Bound<'py, PyAny>, Value) {
    let py = output.py();
    let (source, seed) = hot::with_tape(py, |tape| {
        let nodes = node_set_of(tape, inputs);
        let (node, place) = tape.source_of(hot::node_of(tape, output), row, &nodes);
        let value = Value::number(f64::NAN);
        (
            Operand { node, value },
            indicator(tape.shape(node), &[place]),
        )
    });
    (hot::new_variable(py, source), seed)
}

/// What each input contributes to the tangent of what the seed selects, entry by entry, recorded.
fn changes_along<'py>(
    output: &Bound<'py, PyAny>,
    seed: Value,
    inputs: &[Bound<'py, PyAny>],
    tangents: &[Converted<'py>],
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = output.py();
    let seed = Converted::Constant(seed, Kind::Vector);
    let adjoints = recorded_gradients_of(output, &seed, inputs)?;
    let mut changes = Vec::with_capacity(adjoints.len());
    for (adjoint, tangent) in adjoints.iter().zip(tangents) {
        let value = hot::variable_value(adjoint).unwrap_or(Value::number(f64::NAN));
        let is_zero = value.as_slice().iter().all(|&entry| entry == 0.0);
        if !hot::is_tracked(adjoint) && is_zero {
            continue;
        }
        let change = hot::record(py, |tape| {
            let node = hot::node_of(tape, adjoint);
            let tangent = tangent.read(tape);
            tape.along(&Operand { node, value }, &tangent)
        })?;
        changes.push(change);
    }
    Ok(changes)
}

/// The sum of changes: of all of their entries for a number, else entry by entry.
fn summed(tape: &mut Tape, changes: &[Bound<'_, PyAny>], dim: usize) -> Result<Operand, Error> {
    let mut sum = None;
    for change in changes {
        let Some(mut change) = hot::operand_of(tape, change) else {
            continue;
        };
        if change.value.dim() != dim {
            change = tape.structural(Structural::Sum, &[change])?;
        }
        sum = Some(match sum {
            Some(sum) => tape.binary(BinaryOp::Add, &sum, &change)?,
            None => change,
        });
    }
    Ok(sum.unwrap_or_else(|| Operand::constant(Value::filled(Shape::vector(dim), 0.0))))
}
