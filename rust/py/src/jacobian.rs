//! Jacobians: all derivatives of some results by some inputs, in one buffer.

use autograd_core::array::Value;
use autograd_core::structural::{Span, Structural};
use autograd_core::tape::{Linearized, NodeId, Op, Operand, SINK, Tape};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyTuple, PyType};

use crate::gradient::{gradients_of, push_forward};
use crate::transform::{
    Arrays, any_comes_from_others, as_type_of, is_array, plain_input, plain_number,
};
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
    fn named(name: &str) -> Self {
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
fn node_of(x: &Bound<'_, PyAny>) -> (NodeId, usize) {
    if let Some(found) = hot::operand_of(x) {
        return (found.node, found.value.dim());
    }
    let dim = hot::vector_of(x).map_or(1, |vector| vector.dim(x.py()));
    (SINK, dim)
}

fn dim_of(x: &Bound<'_, PyAny>) -> usize {
    node_of(x).1
}

/// A Jacobian: the entries of one row after the other.
struct Matrix {
    entries: Value,
    rows: usize,
    columns: usize,
}

/// The Jacobian of `outputs` by `inputs`, a row for each entry of the outputs.
fn matrix_of<'py>(
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
            let outputs: Vec<(NodeId, usize)> = outputs.iter().map(node_of).collect();
            let inputs: Vec<NodeId> = inputs.iter().map(|x| node_of(x).0).collect();
            hot::with_tape(py, |tape| tape.linearize(&outputs, &inputs))
        };
        let out = entries.make_mut();
        match linearized {
            Some(linearized) => run_lanes(py, &linearized, is_forward, out)?,
            None if is_forward => sweep_forward(py, outputs, inputs, columns, out)?,
            None => sweep_back(py, outputs, inputs, columns, out)?,
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
    let (mut start, mut since) = (0, 0);
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
    Ok(())
}

fn zeros(rows: usize, columns: usize) -> PyResult<Value> {
    let entries = rows.checked_mul(columns);
    let entries = entries.filter(|&entries| Vec::<f64>::new().try_reserve_exact(entries).is_ok());
    let entries = entries.ok_or_else(|| {
        PyMemoryError::new_err(format!(
            "jacobian: no memory for {rows} rows of {columns} entries"
        ))
    })?;
    Ok(Value::filled(entries, 0.0))
}

fn unit(dim: usize, index: usize) -> Value {
    Value::build(dim, |out| {
        out.fill(0.0);
        out[index] = 1.0;
    })
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
            let seed = Operand::constant(unit(found.value.dim(), index));
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
            let direction = hot::new_vector(py, unit(dim, index))?;
            let found = push_forward(&joined, vec![input.clone()], vec![direction], false)?;
            if let Some(tangent) = found.as_ref().and_then(hot::vector_of) {
                let tangent = tangent.value(py);
                let rows = matrix.chunks_exact_mut(columns);
                rows.zip(tangent.as_slice())
                    .for_each(|(row, &x)| row[column] = x);
            }
            column += 1;
            py.check_signals()?;
        }
    }
    Ok(())
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
    let nodes: Vec<NodeId> = inputs.iter().map(|input| node_of(input).0).collect();
    let output = node_of(output).0;
    hot::with_tape(inputs[0].py(), |tape| is_entrywise_of(tape, output, &nodes))
}

fn is_entrywise_of(tape: &Tape, output: NodeId, inputs: &[NodeId]) -> bool {
    let oldest = inputs.iter().copied().min().unwrap_or(output);
    if output < oldest {
        return false;
    }
    // From the inputs up: whether a node has their shape.
    let mut is_like = vec![false; (output - oldest) as usize + 1];
    for id in oldest..=output {
        let mut any = inputs.contains(&id);
        tape.for_each_operand(id, |operand| {
            any |= operand >= oldest && is_like[(operand - oldest) as usize];
        });
        is_like[(id - oldest) as usize] = any && !makes_number(tape, id);
    }
    is_like.pop().unwrap_or(false)
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
        | Structural::Concatenate { .. }
        | Structural::Where { .. }
        | Structural::Custom { .. } => false,
    }
}

/// What a plain result is, and so how its derivatives come.
enum Form<'py> {
    /// A number: as the argument is.
    Number,
    /// A vector: an array where the argument is one.
    Vector,
    /// An array of this shape.
    Array(Bound<'py, PyAny>),
    /// A list or tuple of numbers, of which this is the type.
    Sequence(Bound<'py, PyType>),
}

/// The entries of a result and its form, if it was computed from `input` alone and has one of the
/// usual forms; None for any other.
fn plain_result<'py>(
    result: &Bound<'py, PyAny>,
    input: NodeId,
) -> PyResult<Option<(Vec<Bound<'py, PyAny>>, Form<'py>)>> {
    let (entries, form) = if hot::is_variable(result) {
        let form = if dim_of(result) == 1 {
            Form::Number
        } else {
            Form::Vector
        };
        (vec![result.clone()], form)
    } else if is_array(result)? {
        let shape = result.getattr("shape")?;
        let flat = if shape.len()? == 1 {
            result.call_method0("tolist")?
        } else {
            result.call_method0("ravel")?.call_method0("tolist")?
        };
        (flat.extract()?, Form::Array(shape))
    } else if result.is_exact_instance_of::<PyList>() || result.is_exact_instance_of::<PyTuple>() {
        (result.extract()?, Form::Sequence(result.get_type()))
    } else {
        return Ok(None);
    };
    let is_whole = matches!(form, Form::Number | Form::Vector);
    let mut nodes: Vec<NodeId> = Vec::with_capacity(entries.len());
    for entry in &entries {
        match hot::operand_of(entry) {
            Some(found) if is_whole || found.value.as_number().is_some() => nodes.push(found.node),
            None if entry.is_exact_instance_of::<PyFloat>()
                || entry.is_exact_instance_of::<PyInt>() => {}
            _ => return Ok(None),
        }
    }
    nodes.retain(|&node| node != SINK);
    let is_plain = !nodes.is_empty()
        && !hot::with_tape(result.py(), |tape| {
            any_comes_from_others(tape, &nodes, &[input], true)
        });
    Ok(is_plain.then_some((entries, form)))
}

/// Runs a function with a plain argument at `place`; gives its Jacobian by that, in a tuple. The
/// whole of the transform in one call, for the usual case.
///
/// Gives None, and does not run the function, if the argument is none for [`plain_input`]. Gives
/// the input and the result if the result is not plain, or depends on something else.
#[pyfunction]
#[pyo3(signature = (fun, args, kwargs, place, mode, /))]
pub(crate) fn jacobian_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
    place: isize,
    mode: &str,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let py = fun.py();
    let Some((x, input, result)) = run_at(fun, args, kwargs, place)? else {
        return Ok(None);
    };
    let Some((entries, form)) = plain_result(&result, node_of(&input).0)? else {
        return Ok(Some((input, result).into_pyobject(py)?));
    };
    let inputs = std::slice::from_ref(&input);
    if dim_of(&input) == 1 && is_array(&x)? {
        match form {
            Form::Number if is_entrywise(&result, inputs.to_vec()) => {
                let matrix = matrix_of(py, &entries, inputs, Mode::named(mode))?;
                let jacobian = as_array(py, matrix.entries, (1, 1))?;
                return Ok(Some((jacobian,).into_pyobject(py)?));
            }
            Form::Sequence(_) => return Ok(Some((input, result).into_pyobject(py)?)),
            Form::Number | Form::Vector | Form::Array(_) => {}
        }
    }
    let matrix = matrix_of(py, &entries, inputs, Mode::named(mode))?;
    Ok(Some((shaped(&x, form, matrix)?,).into_pyobject(py)?))
}

/// An argument, the input that stood for it, and the result of the function.
type Run<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Calls a function with an input in place of the plain argument at `place`; None, and no call, if
/// it is not there or not plain.
fn run_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
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
    let _arrays = Arrays::new(is_array(&x)?);
    let result = if count == 1 && kwargs.is_empty() {
        fun.call1((&input,))?
    } else {
        let args = args.iter().enumerate();
        let args: Vec<Bound<'py, PyAny>> = args
            .map(|(index, arg)| if index == place { input.clone() } else { arg })
            .collect();
        fun.call(PyTuple::new(fun.py(), args)?, Some(kwargs))?
    };
    Ok(Some((x, input, result)))
}

/// A Jacobian by the plain argument `x`, in the shape that the form of the result asks for.
fn shaped<'py>(
    x: &Bound<'py, PyAny>,
    form: Form<'py>,
    matrix: Matrix,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let (rows, columns) = (matrix.rows, matrix.columns);
    let is_number = x.is_exact_instance_of::<PyFloat>();
    match form {
        Form::Number => as_type_of(x, matrix.entries),
        Form::Array(shape) if is_number => as_array(py, matrix.entries, shape),
        Form::Array(shape) => {
            let columns = (columns,).into_pyobject(py)?;
            as_array(py, matrix.entries, shape.add(columns)?)
        }
        Form::Vector if is_number => hot::new_vector(py, matrix.entries),
        Form::Vector if is_array(x)? => as_array(py, matrix.entries, (rows, columns)),
        Form::Vector => Ok(rows_of(x, &matrix)?.into_any()),
        Form::Sequence(kind) if is_array(x)? => {
            kind.call1((as_array(py, matrix.entries, (rows, columns))?,))
        }
        Form::Sequence(kind) => kind.call1((rows_of(x, &matrix)?,)),
    }
}

/// The rows of a matrix, each in the type of `x`.
fn rows_of<'py>(x: &Bound<'py, PyAny>, matrix: &Matrix) -> PyResult<Bound<'py, PyList>> {
    let rows = PyList::empty(x.py());
    for row in 0..matrix.rows {
        let entries = &matrix.entries.as_slice()[row * matrix.columns..][..matrix.columns];
        rows.append(as_type_of(x, Value::from_slice(entries))?)?;
    }
    Ok(rows)
}

/// An array of this shape on the memory of the entries.
fn as_array<'py>(
    py: Python<'py>,
    entries: Value,
    shape: impl IntoPyObject<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let (array_type, entry_type) = MAKE.get_or_try_init(py, || {
        let numpy = py.import("numpy")?;
        let entry_type = numpy.getattr("dtype")?.call1(("float64",))?;
        PyResult::Ok((numpy.getattr("ndarray")?.unbind(), entry_type.unbind()))
    })?;
    array_type
        .bind(py)
        .call1((shape, entry_type.bind(py), hot::new_vector(py, entries)?))
}

/// Runs a function on a plain first argument; gives its Hessian, in a tuple. Gives what
/// [`jacobian_at`] gives where it is not so plain.
#[pyfunction]
#[pyo3(signature = (fun, args, kwargs, place, /))]
pub(crate) fn hessian_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
    place: isize,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let py = fun.py();
    let Some((x, input, result)) = run_at(fun, args, kwargs, place)? else {
        return Ok(None);
    };
    let plain = hot::operand_of(&input).and_then(|operand| {
        let output = plain_number(&result, &operand)?;
        Some((operand, output))
    });
    let Some((operand, output)) = plain else {
        return Ok(Some((input, result).into_pyobject(py)?));
    };
    let seed = Operand::constant(Value::Number(1.0));
    let gradients = gradients_of(py, &output, &seed, std::slice::from_ref(&operand), true)?;
    // An object keeps the nodes of the gradient, whatever is called meanwhile.
    let gradients: Vec<Bound<'py, PyAny>> = gradients
        .into_iter()
        .map(|gradient| hot::new_variable(py, gradient))
        .collect();
    let matrix = matrix_of(py, &gradients, std::slice::from_ref(&input), Mode::Reverse)?;
    let form = if x.is_exact_instance_of::<PyFloat>() {
        Form::Number
    } else {
        Form::Vector
    };
    Ok(Some((shaped(&x, form, matrix)?,).into_pyobject(py)?))
}
