//! All derivatives of some results by some inputs, in one buffer.

use autograd_core::array::{Shape, Value};
use autograd_core::memory;
use autograd_core::tape::{LANES, Linearized, NodeId, Rows};
use autograd_macros::guarded;
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use smallvec::SmallVec;

use crate::convert::{Converted, Kind};
use crate::decided::{decide_lanes, decide_matrix, have_rules, indicator};
use crate::forward::pushed;
use crate::gradient::{gradients_of, nodes_of};
use crate::{functions, hot, modes};

/// Entries that are computed, in all lanes, before the next look for an interrupt.
const UNINTERRUPTED: usize = 1 << 20;

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

/// The shape of a result.
pub(crate) fn shape_of(x: &Bound<'_, PyAny>) -> Shape {
    let constant = || {
        let vector = hot::vector_of(x);
        vector.map_or(Shape::NUMBER, |vector| vector.shape(x.py()))
    };
    hot::variable_shape(x).unwrap_or_else(constant)
}

/// How many entries a result has.
pub(crate) fn dim_of(x: &Bound<'_, PyAny>) -> usize {
    shape_of(x).dim()
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
            hot::with_tape(py, |tape| {
                let outputs = outputs.iter().map(|x| (hot::node_of(tape, x), dim_of(x)));
                let outputs: SmallVec<[(NodeId, usize); 8]> = memory::collect_few(outputs);
                let inputs: SmallVec<[NodeId; 2]> = nodes_of(tape, inputs);
                tape.linearize(&outputs, &inputs)
            })
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
    let zeros = entries
        .and_then(|entries| memory::caught(|| Value::filled(Shape::vector(entries), 0.0)).ok());
    zeros.ok_or_else(|| {
        PyMemoryError::new_err(format!(
            "jacobian: no memory for {rows} rows of {columns} entries"
        ))
    })
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
            if !hot::is_tracked(output) {
                continue;
            }
            let seed = Converted::Constant(indicator(shape_of(output), &[index]), Kind::Vector);
            let gradients = gradients_of(output, &seed, inputs)?;
            let entries = gradients.iter().flat_map(Value::as_slice);
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
        let shape = shape_of(input);
        for index in 0..shape.dim() {
            let change = indicator(shape, &[index]);
            let (input, change) = (std::slice::from_ref(input), std::slice::from_ref(&change));
            if let Some(tangent) = pushed(&joined, input, change)? {
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
#[guarded]
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
            let own_rows = rows.chunks_exact(columns.max(1));
            let entries = own_rows.flat_map(|row| &row[range.clone()]).copied();
            let entries = memory::collect(entries);
            own.push(hot::new_vector(py, Value::from_slice(&entries))?);
        }
        blocks.push(own);
        start = end;
    }
    Ok(blocks)
}
