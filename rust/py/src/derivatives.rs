//! All derivatives of some results by some inputs, in one buffer.

use std::collections::HashSet;

use autograd_core::array::Value;
use autograd_core::structural::{Span, Structural};
use autograd_core::tape::{LANES, Linearized, NodeId, NodeSet, Op, Operand, Rows, SINK, Tape};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use smallvec::SmallVec;

use crate::decided::{decide_lanes, decide_matrix, have_rules, indicator};
use crate::forward::pushed;
use crate::gradient::gradients_of;
use crate::{functions, hot, modes};

/// Entries that are computed, in all lanes, before the next look for an interrupt.
const UNINTERRUPTED: usize = 1 << 20;

/// Numbers of which there may be no memory.
const LARGE: usize = 1 << 20;

/// How the matrix is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By whichever of the two takes fewer directions.
    Auto,
    /// By columns.
    Forward,
    /// By rows.
    Reverse,
}

impl Mode {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "fwd" => Self::Forward,
            "rev" => Self::Reverse,
            _ => Self::Auto,
        }
    }

    fn is_forward(self, rows: usize, columns: usize) -> bool {
        match self {
            Self::Auto => columns < rows,
            Self::Forward => true,
            Self::Reverse => false,
        }
    }
}

/// The node of a result, or the sink for a constant; and how many entries it has.
pub(crate) fn node_of(x: &Bound<'_, PyAny>) -> (NodeId, usize) {
    if let Some(found) = hot::operand_of(x) {
        return (found.node, found.value.dim());
    }
    let dim = hot::vector_of(x).map_or(1, |vector| vector.dim(x.py()));
    (SINK, dim)
}

pub(crate) fn dim_of(x: &Bound<'_, PyAny>) -> usize {
    node_of(x).1
}

/// A Jacobian: the entries of one row after the other.
pub(crate) struct Matrix {
    pub(crate) entries: Value,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// The Jacobian of `outputs` by `inputs`, a row for each entry of the outputs.
pub(crate) fn matrix_of<'py>(
    py: Python<'py>,
    outputs: &[Bound<'py, PyAny>],
    inputs: &[Bound<'py, PyAny>],
    mode: Mode,
) -> PyResult<Matrix> {
    let rows = outputs.iter().map(dim_of).sum();
    let columns = inputs.iter().map(dim_of).sum();
    let mut entries = zeros(rows, columns)?;
    if entries.dim() > 0 {
        let is_forward = mode.is_forward(rows, columns);
        // Whether a contribution is infinite is looked at a sweep at a time.
        let linearized = if modes::current(py)?.detects_anomaly {
            None
        } else {
            let outputs: SmallVec<[(NodeId, usize); 8]> = outputs.iter().map(node_of).collect();
            let inputs: SmallVec<[NodeId; 2]> = inputs.iter().map(|x| node_of(x).0).collect();
            hot::with_tape(py, |tape| tape.linearize(&outputs, &inputs))
        };
        let out = entries.make_mut();
        match linearized {
            Some(linearized) => run_lanes(py, &linearized, is_forward, out)?,
            None => sweep(py, outputs, inputs, is_forward, columns, out)?,
        }
    }
    Ok(Matrix {
        entries,
        rows,
        columns,
    })
}

fn run_lanes(
    py: Python<'_>,
    linearized: &Linearized,
    is_forward: bool,
    matrix: &mut [f64],
) -> PyResult<()> {
    let (rows, columns) = (linearized.rows(), linearized.columns());
    let directions = if is_forward { columns } else { rows };
    let mut start = if is_forward {
        0
    } else {
        run_rows(py, linearized, matrix)?
    };
    let mut since = 0;
    while start < directions {
        let end = start + linearized.lanes(directions - start);
        if is_forward {
            linearized.push_forward(start..end, matrix);
        } else {
            linearized.pull_back(start..end, matrix);
        }
        start = end;
        since += linearized.entries();
        if since > UNINTERRUPTED {
            since = 0;
            py.check_signals()?;
        }
    }
    if is_forward {
        decide_lanes(py, linearized, matrix)?;
    }
    Ok(())
}

/// Fills rows by what each depends on, as long as that is little: of residuals each depends on few
/// parameters and on few operations. Gives how many rows are filled.
fn run_rows(py: Python<'_>, linearized: &Linearized, matrix: &mut [f64]) -> PyResult<usize> {
    // An entry that is looked for takes about so many times as long as one that comes in order.
    const SLOWER: usize = 8;
    let (rows, columns) = (linearized.rows(), linearized.columns());
    if rows <= 8 * LANES {
        return Ok(0);
    }
    let mut reader = Rows::new(linearized);
    let (mut start, mut since) = (0, linearized.entries());
    // What may be looked at before the other way would have been the quicker one.
    let mut allowed = linearized.entries();
    while start < rows {
        let some: SmallVec<[usize; LANES]> = (start..rows.min(start + LANES)).collect();
        let looked_at = reader.pull_back(&some, |column, adjoints| {
            for (row, adjoint) in some.iter().zip(adjoints) {
                matrix[row * columns + column] = *adjoint;
            }
        });
        start += some.len();
        allowed += linearized.entries();
        match allowed.checked_sub(looked_at * SLOWER) {
            Some(left) => allowed = left,
            None => break,
        }
        since += looked_at;
        if since > UNINTERRUPTED {
            since = 0;
            py.check_signals()?;
        }
    }
    Ok(start)
}

fn zeros(rows: usize, columns: usize) -> PyResult<Value> {
    let entries = rows.checked_mul(columns);
    let fits =
        |&entries: &usize| entries < LARGE || Vec::<f64>::new().try_reserve_exact(entries).is_ok();
    let entries = entries.filter(fits);
    let entries = entries.ok_or_else(|| {
        PyMemoryError::new_err(format!(
            "jacobian: no memory for {rows} rows of {columns} entries"
        ))
    })?;
    Ok(Value::filled(entries, 0.0))
}

/// A sweep for each row or column, for graphs that call Python on the way: in the other direction
/// than asked for where some of that Python knows only the other, and would have to give each answer
/// entry by entry. Where something is infinite or nan, reverse mode stays what it is.
fn sweep(
    py: Python<'_>,
    outputs: &[Bound<'_, PyAny>],
    inputs: &[Bound<'_, PyAny>],
    is_forward: bool,
    columns: usize,
    matrix: &mut [f64],
) -> PyResult<()> {
    let has_forward = have_rules(outputs, inputs, "has_forward")?;
    let has_reverse = have_rules(outputs, inputs, "has_reverse")?;
    if is_forward && (has_forward || !has_reverse) {
        return sweep_forward(py, outputs, inputs, columns, matrix);
    }
    if !is_forward && has_forward && !has_reverse {
        sweep_forward(py, outputs, inputs, columns, matrix)?;
        if matrix.iter().all(|entry| entry.is_finite()) {
            return Ok(());
        }
        matrix.fill(0.0);
    }
    sweep_back(py, outputs, inputs, columns, matrix)
}

/// A sweep for each row, for graphs that call Python on the way.
fn sweep_back(
    py: Python<'_>,
    outputs: &[Bound<'_, PyAny>],
    inputs: &[Bound<'_, PyAny>],
    columns: usize,
    matrix: &mut [f64],
) -> PyResult<()> {
    let mut rows = matrix.chunks_exact_mut(columns);
    for output in outputs {
        for (index, row) in (0..dim_of(output)).zip(&mut rows) {
            // Nodes are read for each row: what the sweep calls may move them.
            let Some(found) = hot::operand_of(output).filter(|found| found.node != SINK) else {
                continue;
            };
            let inputs: Vec<Operand> = inputs.iter().filter_map(hot::operand_of).collect();
            let seed = Operand::constant(indicator(found.value.dim(), &[index]));
            let gradients = gradients_of(py, &found, &seed, &inputs, false)?;
            let entries = gradients
                .iter()
                .flat_map(|gradient| gradient.value.as_slice());
            row.iter_mut().zip(entries).for_each(|(out, &x)| *out = x);
            py.check_signals()?;
        }
    }
    Ok(())
}

/// A sweep for each column, for the same graphs.
fn sweep_forward<'py>(
    py: Python<'py>,
    outputs: &[Bound<'py, PyAny>],
    inputs: &[Bound<'py, PyAny>],
    columns: usize,
    matrix: &mut [f64],
) -> PyResult<()> {
    let joined = match outputs {
        [output] => output.clone(),
        outputs => functions::concatenate(PyList::new(py, outputs)?.as_any())?,
    };
    let mut column = 0;
    for input in inputs {
        let dim = dim_of(input);
        for index in 0..dim {
            // Read for each column: what the sweep calls may move the nodes.
            let node = node_of(input).0;
            if let Some(tangent) = pushed(&joined, &[(node, indicator(dim, &[index]))])? {
                let rows = matrix.chunks_exact_mut(columns);
                rows.zip(tangent.as_slice())
                    .for_each(|(row, &x)| row[column] = x);
            }
            column += 1;
            py.check_signals()?;
        }
    }
    decide_matrix(&joined, inputs, columns, matrix)
}

/// What the general way of a transform makes its Jacobians of: for each output, for each input,
/// the derivatives, an entry of the output after the other.
#[pyfunction]
#[pyo3(signature = (outputs, inputs, mode, /))]
pub(crate) fn derivatives<'py>(
    py: Python<'py>,
    outputs: Vec<Bound<'py, PyAny>>,
    inputs: Vec<Bound<'py, PyAny>>,
    mode: &str,
) -> PyResult<Vec<Vec<Bound<'py, PyAny>>>> {
    let matrix = matrix_of(py, &outputs, &inputs, Mode::named(mode))?;
    let columns = matrix.columns;
    let mut start = 0;
    let mut blocks = Vec::with_capacity(outputs.len());
    for output in &outputs {
        let end = start + dim_of(output) * columns;
        let rows = &matrix.entries.as_slice()[start..end];
        let mut column = 0;
        let mut own = Vec::with_capacity(inputs.len());
        for input in &inputs {
            let range = column..column + dim_of(input);
            column = range.end;
            let entries: Vec<f64> = rows
                .chunks_exact(columns.max(1))
                .flat_map(|row| &row[range.clone()])
                .copied()
                .collect();
            own.push(hot::new_vector(py, Value::from_slice(&entries))?);
        }
        blocks.push(own);
        start = end;
    }
    Ok(blocks)
}

/// Whether a result of one entry is an array of one, as the inputs are, and not a number: whether
/// it was computed from them entry by entry.
#[pyfunction]
#[pyo3(signature = (output, inputs, /))]
pub(crate) fn is_entrywise(output: &Bound<'_, PyAny>, inputs: Vec<Bound<'_, PyAny>>) -> bool {
    let nodes = NodeSet::new(inputs.iter().map(|input| node_of(input).0));
    let (py, output) = (output.py(), node_of(output).0);
    hot::with_tape(py, |tape| is_entrywise_of(tape, output, &nodes))
}

fn is_entrywise_of(tape: &Tape, output: NodeId, inputs: &NodeSet) -> bool {
    let oldest = inputs.oldest().unwrap_or(output);
    if output < oldest {
        return false;
    }
    // From the inputs up: whether a node has their shape.
    let mut is_like = vec![false; (output - oldest) as usize + 1];
    for id in oldest..=output {
        let mut any = inputs.contains(id);
        tape.for_each_operand(id, |operand| {
            any |= operand >= oldest && is_like[(operand - oldest) as usize];
        });
        is_like[(id - oldest) as usize] = any && !makes_number(tape, id);
    }
    is_like.pop().unwrap_or(false)
}

/// What was found of nodes of one entry, so that a loop which asks at every step does not walk down
/// to its beginning each time: for as long as nodes keep their ids.
#[derive(Default)]
pub(crate) struct Likeness {
    reclaims: u64,
    like: HashSet<NodeId>,
    unlike: HashSet<NodeId>,
}

impl Likeness {
    /// Whether a node of one entry was computed entry by entry from an argument of a transform, so
    /// that it is an array of one entry where the argument was.
    pub(crate) fn is_like_argument(&mut self, tape: &Tape, node: NodeId) -> bool {
        if self.reclaims != tape.reclaims() {
            *self = Self {
                reclaims: tape.reclaims(),
                ..Self::default()
            };
        }
        let (mut seen, mut waiting) = (HashSet::new(), vec![node]);
        while let Some(id) = waiting.pop() {
            let is_argument = || {
                let leaf = tape.leaf_of(id);
                leaf.is_some_and(|leaf| tape.leaf(leaf).is_array)
            };
            if self.like.contains(&id) || is_argument() {
                self.like.insert(node);
                return true;
            }
            let is_new = id != SINK && !self.unlike.contains(&id) && seen.insert(id);
            if is_new && !makes_number(tape, id) {
                tape.for_each_operand(id, |operand| waiting.push(operand));
            }
        }
        self.unlike.extend(seen);
        false
    }
}

/// Whether the result of an operation is a number whatever the shape of its operands.
fn makes_number(tape: &Tape, id: NodeId) -> bool {
    let node = tape.node(id);
    let Some(op) = tape
        .record_of(node)
        .and_then(|record| record.structural.as_ref())
    else {
        return node.op == Op::Index;
    };
    match op {
        Structural::Sum
        | Structural::Dot
        | Structural::Norm
        | Structural::LogSumExp
        | Structural::Max
        | Structural::Min => true,
        Structural::Slice(Span { count, .. }) => *count == 1,
        Structural::CumulativeSum { .. }
        | Structural::Broadcast { .. }
        | Structural::Scatter { .. }
        | Structural::Embed(_)
        | Structural::Take(_)
        | Structural::Put(_)
        | Structural::Concatenate { .. }
        | Structural::Where { .. }
        | Structural::Product { .. }
        | Structural::Custom { .. } => false,
    }
}
