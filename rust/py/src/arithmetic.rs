//! Operations on any mix of operands: the general code behind the slots and functions.

use std::ffi::c_int;

use autograd_core::array::Value;
use autograd_core::ops::{BinaryOp, UnaryOp};
use autograd_core::structural::{Matrix, Structural};
use autograd_core::tape::{Error, Operand, Tape};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyFloat;
use smallvec::SmallVec;

use crate::convert::{self, Converted, Kind, kind_of};
use crate::errors::{describe, to_python};
use crate::lists::{self, Read};
use crate::{anomaly, functions, hot, masks, modes, numpy_calls};

/// Records the operation of a name on operands, and gives its result as an object of `kind`.
pub(crate) fn record<'py>(
    py: Python<'py>,
    kind: Kind,
    name: &str,
    operands: &[Converted<'py>],
    work: impl FnOnce(&mut Tape, &[Operand]) -> Result<Operand, Error>,
) -> PyResult<Bound<'py, PyAny>> {
    hot::make_room_if_wanted(py)?;
    let mut read: SmallVec<[Operand; 4]> = SmallVec::new();
    let result = hot::with_tape(py, |tape| {
        read.extend(operands.iter().map(|operand| operand.read(tape)));
        work(tape, &read)
    });
    // The object is made before anything else: it keeps the node.
    let result = object(py, kind, result.map_err(to_python)?)?;
    if kind == Kind::Variable && modes::current(py)?.detects_anomaly {
        let values: Vec<Value> = read.into_iter().map(|operand| operand.value).collect();
        anomaly::inspect(name, &values, &result)?;
    }
    Ok(result)
}

/// A result as an object of `kind`.
pub(crate) fn object<'py>(
    py: Python<'py>,
    kind: Kind,
    result: Operand,
) -> PyResult<Bound<'py, PyAny>> {
    match (kind, &result.value) {
        (Kind::Variable, _) => Ok(hot::new_variable(py, result)),
        (Kind::Number | Kind::Array, Value::Number(number, rank)) if rank.is_number() => {
            Ok(number.into_pyobject(py)?.into_any())
        }
        (Kind::Array, _) => {
            let vector = hot::new_vector(py, result.value)?;
            py.import("numpy")?.call_method1("asarray", (vector,))
        }
        (Kind::Number | Kind::Vector, _) => hot::new_vector(py, result.value),
    }
}

/// An elementwise operation of one argument.
pub(crate) fn unary<'py>(op: UnaryOp, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let name = op.facts().name;
    if let Some(result) = numpy_calls::entrywise_of_objects(name, &[x])? {
        return Ok(result);
    }
    if let Some(entries) = lists::read_one(name, x)? {
        return unary(op, &entries);
    }
    let joined = functions::joined_objects(name, x)?;
    let operand = convert::required(name, joined.as_ref().unwrap_or(x))?;
    let work = |tape: &mut Tape, operands: &[Operand]| tape.unary(op, &operands[0]);
    record(x.py(), operand.kind(), name, &[operand], work)
}

/// The operands of an operator; `None`, which leaves it to the other one, also where that is an
/// array of two dimensions or more: NumPy then calls our functions for its entries. An array of
/// another package that knows NumPy's functions, as xarray's does, takes a Variable as its numbers.
fn operator_operands<'py>(
    op: &str,
    objects: [&Bound<'py, PyAny>; 2],
) -> PyResult<Option<[Converted<'py>; 2]>> {
    let found = operands(op, objects);
    if found.is_err() && objects.into_iter().any(has_more_dimensions) {
        return Ok(None);
    }
    if found.is_err() && objects.into_iter().any(hot::is_variable) {
        for object in objects {
            if is_array_of_others(object)? {
                return Ok(None);
            }
        }
    }
    found
}

/// Whether an object is an array of another package, which answers NumPy's functions itself.
fn is_array_of_others(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let kind = object.get_type();
    Ok(!hot::is_variable(object)
        && hot::vector_of(object).is_none()
        && kind.hasattr("__array_ufunc__")?
        // NumPy's own arrays have that, and those that derive from them.
        && !kind.hasattr("__array_interface__")?)
}

pub(crate) fn has_more_dimensions(object: &Bound<'_, PyAny>) -> bool {
    let ndim = object.getattr("ndim");
    ndim.and_then(|ndim| ndim.extract::<usize>())
        .is_ok_and(|ndim| ndim > 1)
}

/// An elementwise operation of two arguments; `NotImplemented` where an operand is none of ours.
pub(crate) fn binary_or_not_implemented<'py>(
    op: BinaryOp,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = op.facts().name;
    if let Some(operands) = plain_operands(a.py(), [a, b])? {
        return record_binary(a.py(), op, &operands);
    }
    match lists::read(name, [a, b])? {
        Some(Read::Vectors([a, b])) => return binary_or_not_implemented(op, &a, &b),
        Some(Read::Arrays([a, b])) => {
            let ufunc = op.facts().numpy.first().copied().unwrap_or(name);
            return a.py().import("numpy")?.call_method1(ufunc, (a, b));
        }
        None => {}
    }
    let Some(operands) = operator_operands(name, [a, b])? else {
        return Ok(a.py().NotImplemented().into_bound(a.py()));
    };
    record_binary(a.py(), op, &operands)
}

/// An elementwise operation of two arguments.
pub(crate) fn binary<'py>(
    op: BinaryOp,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = op.facts().name;
    if let Some(result) = numpy_calls::entrywise_of_objects(name, &[a, b])? {
        return Ok(result);
    }
    let Some(operands) = operands(name, [a, b])? else {
        return Err(wrong_operand(name, &[a, b]));
    };
    record_binary(a.py(), op, &operands)
}

/// The operands of an operation, if all are converted without running Python code and operations
/// are recorded as usual.
pub(crate) fn plain_operands<'py, const N: usize>(
    py: Python<'py>,
    objects: [&Bound<'py, PyAny>; N],
) -> PyResult<Option<[Converted<'py>; N]>> {
    if !modes::current(py)?.records {
        return Ok(None);
    }
    let mut found = [const { Converted::Constant(Value::number(0.0), Kind::Number) }; N];
    for (found, object) in found.iter_mut().zip(objects) {
        let Some(operand) = convert::plain_operand(object) else {
            return Ok(None);
        };
        *found = operand;
    }
    Ok(Some(found))
}

/// The operands of an operation; `None` where one is none of ours. May run Python code.
pub(crate) fn operands<'py, const N: usize>(
    op: &str,
    objects: [&Bound<'py, PyAny>; N],
) -> PyResult<Option<[Converted<'py>; N]>> {
    if let Some(first) = objects.first()
        && let Some(found) = plain_operands(first.py(), objects)?
    {
        return Ok(Some(found));
    }
    let mut found = [const { Converted::Constant(Value::number(0.0), Kind::Number) }; N];
    for (found, object) in found.iter_mut().zip(objects) {
        let joined = functions::joined_objects(op, object)?;
        let Some(operand) = convert::operand(op, joined.as_ref().unwrap_or(object))? else {
            return Ok(None);
        };
        *found = operand;
    }
    Ok(Some(found))
}

/// The inner product of two vectors; `NotImplemented` where an operand is none of ours.
pub(crate) fn matmul_or_not_implemented<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    if let Some(product) = plain_matmul(a, b)? {
        return Ok(product);
    }
    match lists::read("matmul", [a, b])? {
        Some(Read::Vectors([a, b])) => return matmul_or_not_implemented(&a, &b),
        Some(Read::Arrays([a, b])) => {
            return py.import("numpy")?.call_method1("matmul", (a, b));
        }
        None => {}
    }
    let Some(operands) = operator_operands("matmul", [a, b])? else {
        return Ok(py.NotImplemented().into_bound(py));
    };
    if let Some((object, _)) = [a, b]
        .into_iter()
        .zip(&operands)
        .find(|(_, operand)| operand.kind() == Kind::Number)
    {
        return Err(PyTypeError::new_err(format!(
            "matmul: got {}, wanted a Vector, Variable or array; use * for numbers",
            describe(object)
        )));
    }
    dot(py, &operands)
}

/// The product of two vectors of one length, or of a `Variable` and a constant matrix, which is
/// another; `None` for whatever is not usual.
pub(crate) fn plain_matmul<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if hot::is_variable(b)
        && let Some(matrix) = hot::matrix_of(a)
    {
        return matrix_product(matrix, b);
    }
    if hot::is_variable(a)
        && let Some(matrix) = hot::matrix_of(b)
    {
        return matrix_product(matrix.transposed(), a);
    }
    plain_inner(a, b)
}

/// The inner product of two vectors of one length, of which one is a `Variable`; `None` for
/// whatever is not usual.
pub(crate) fn plain_inner<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if (hot::is_variable(a) || hot::is_variable(b))
        && let Some(result) = plain_dot(a, b)?
    {
        return Ok(Some(result));
    }
    let Some(operands) = plain_operands(a.py(), [a, b])? else {
        return Ok(None);
    };
    if kind_of(&operands) != Kind::Variable
        || operands
            .iter()
            .any(|operand| operand.kind() == Kind::Number)
        || operands[0].dim() != operands[1].dim()
    {
        return Ok(None);
    }
    dot(a.py(), &operands).map(Some)
}

/// The inner product of two vectors of one length; `None` for whatever is not usual.
pub(crate) fn plain_dot<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    hot::plain_result([a, b], dot_of_vectors)
}

/// Records the inner product of vectors; `None` where an operand is a number, or lengths differ.
pub(crate) fn dot_of_vectors(tape: &mut Tape, operands: &[Operand; 2]) -> Option<Operand> {
    let are_vectors = operands
        .iter()
        .all(|operand| !operand.value.rank().is_number());
    are_vectors.then(|| tape.structural(Structural::Dot, operands).ok())?
}

/// The product of a matrix and a `Variable`, if their lengths go together.
fn matrix_product<'py>(
    matrix: Matrix,
    x: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = x.py();
    let Some(operands) = plain_operands(py, [x])? else {
        return Ok(None);
    };
    if operands[0].shape().rank().is_number() || operands[0].dim() != matrix.columns() {
        return Ok(None);
    }
    let op = Structural::Product {
        matrix,
        is_gated: false,
    };
    record(py, Kind::Variable, "matmul", &operands, |tape, operands| {
        tape.structural(op, operands)
    })
    .map(Some)
}

/// The inner product of two operands.
pub(crate) fn dot<'py>(
    py: Python<'py>,
    operands: &[Converted<'py>; 2],
) -> PyResult<Bound<'py, PyAny>> {
    let is_number = |operand: &Converted<'_>| operand.shape().rank().is_number();
    if operands.iter().any(is_number) && operands.iter().all(|own| own.dim() == 1) {
        // Numbers have a product of their own, without a record.
        return record_binary(py, BinaryOp::Mul, operands);
    }
    record(py, kind_of(operands), "dot", operands, |tape, operands| {
        tape.structural(Structural::Dot, operands)
    })
}

fn record_binary<'py>(
    py: Python<'py>,
    op: BinaryOp,
    operands: &[Converted<'py>; 2],
) -> PyResult<Bound<'py, PyAny>> {
    record(
        py,
        kind_of(operands),
        op.facts().name,
        operands,
        |tape, operands| tape.binary(op, &operands[0], &operands[1]),
    )
}

/// The error for operands of which one is none of ours.
pub(crate) fn wrong_operand(op: &str, objects: &[&Bound<'_, PyAny>]) -> PyErr {
    let is_joined = |object| matches!(convert::ndim_of_objects(object), Ok(Some(0 | 1)));
    let is_operand = |object| matches!(convert::operand(op, object), Ok(Some(_)));
    let wrong = objects
        .iter()
        .find(|object| !is_joined(object) && !is_operand(object));
    let came = wrong.map_or_else(|| "no operand".to_owned(), |object| describe(object));
    PyTypeError::new_err(format!(
        "{op}: got {came}, wanted a number, Vector, Variable or array"
    ))
}

/// The error for a wrong number of arguments.
pub(crate) fn wrong_count(op: &str, count: isize, wanted: isize) -> PyErr {
    let ending = if count == 1 { "" } else { "s" };
    PyTypeError::new_err(format!(
        "{op}: got {count} argument{ending}, wanted {wanted}"
    ))
}

/// A comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Relation {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    /// The comparison that the interpreter asks for.
    pub(crate) fn from_raw(relation: c_int) -> Self {
        match relation {
            ffi::Py_LT => Self::Less,
            ffi::Py_LE => Self::LessOrEqual,
            ffi::Py_EQ => Self::Equal,
            ffi::Py_NE => Self::NotEqual,
            ffi::Py_GT => Self::Greater,
            _ => Self::GreaterOrEqual,
        }
    }

    /// Whether it holds between two numbers; nan compares as in Python.
    #[inline(always)]
    pub(crate) fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Equal => a == b,
            Self::NotEqual => a != b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
        }
    }

    fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// What NumPy calls it.
    fn ufunc(self) -> &'static str {
        match self {
            Self::Less => "less",
            Self::LessOrEqual => "less_equal",
            Self::Equal => "equal",
            Self::NotEqual => "not_equal",
            Self::Greater => "greater",
            Self::GreaterOrEqual => "greater_equal",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// Compares with an object that is no operand. Equality of a `Variable` is for it to say, and it is
/// asked by the value: what tells numbers apart by `isinstance`, as `pytest.approx` does, does not
/// know a `Variable` for one.
fn compare_with_other<'py>(
    relation: Relation,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    let relation = match relation {
        Relation::Equal => CompareOp::Eq,
        Relation::NotEqual => CompareOp::Ne,
        Relation::Less | Relation::LessOrEqual | Relation::Greater | Relation::GreaterOrEqual => {
            return Ok(py.NotImplemented().into_bound(py));
        }
    };
    let Some(own) = hot::variable_value(a).filter(|_| !has_more_dimensions(b)) else {
        return Ok(py.NotImplemented().into_bound(py));
    };
    let value = match own {
        Value::Number(number, rank) if rank.is_number() => PyFloat::new(py, number).into_any(),
        entries @ (Value::Number(..) | Value::Array(_)) => hot::new_vector(py, entries)?,
    };
    b.rich_compare(value, relation)
}

/// Compares by value: two numbers give a bool if a `Variable` is among them, everything else a
/// `Vector` of 0 and 1.
pub(crate) fn compare_or_not_implemented<'py>(
    relation: Relation,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    if let Some(operands) = plain_operands(py, [a, b])? {
        return compare(relation, &operands, py);
    }
    match lists::read(relation.name(), [a, b]) {
        Ok(Some(Read::Vectors([a, b]))) => {
            return compare_or_not_implemented(relation, &a, &b);
        }
        Ok(Some(Read::Arrays([a, b]))) => {
            return py.import("numpy")?.call_method1(relation.ufunc(), (a, b));
        }
        Ok(None) => {}
        Err(error) if relation.is_equality() && error.is_instance_of::<PyException>(py) => {
            return compare_with_other(relation, a, b);
        }
        Err(error) => return Err(error),
    }
    let operands = match operator_operands(relation.name(), [a, b]) {
        Ok(Some(operands)) => operands,
        Ok(None) => return compare_with_other(relation, a, b),
        // Equality never fails: what is no number is not equal to one.
        Err(error) if relation.is_equality() && error.is_instance_of::<PyException>(py) => {
            return compare_with_other(relation, a, b);
        }
        Err(error) => return Err(error),
    };
    compare(relation, &operands, py)
}

fn compare<'py>(
    relation: Relation,
    operands: &[Converted<'py>; 2],
    py: Python<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let (a, b) = (operands[0].value(), operands[1].value());
    let kind = kind_of(operands);
    if let (Value::Number(x_a, rank_a), Value::Number(x_b, rank_b)) = (&a, &b)
        && rank_a.max(rank_b).is_number()
        && kind == Kind::Variable
    {
        return Ok(hot::truth_of(py, relation.holds(*x_a, *x_b)));
    }
    let op = relation.name();
    let answer = Value::mask(&a, &b, |a, b| relation.holds(a, b))
        .map_err(|shapes| to_python(Error::Shape { op, shapes }))?;
    masks::answer(py, answer, kind == Kind::Variable)
}
