//! Functions on whole vectors: of any operand, a list of Variables among them.

use autograd_core::array::{Rank, Value};
use autograd_core::memory;
use autograd_core::ops::{BinaryOp, UnaryOp};
use autograd_core::structural::{Span, Structural};
use autograd_core::tape::{Error, Operand, Tape};
use autograd_macros::guarded;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PyList, PySet, PyTuple, PyType};
use smallvec::SmallVec;

use crate::arithmetic::{self, record};
use crate::convert::{self, Converted, Kind, is_sequence, kind_of};
use crate::errors::describe;
use crate::{hot, modes};

/// An operand, or the operands of a sequence put together.
fn vector<'py>(op: &str, x: &Bound<'py, PyAny>) -> PyResult<Converted<'py>> {
    if x.cast_exact::<PyList>().is_err()
        && let Some(found) = convert::operand(op, x)?
    {
        return Ok(found);
    }
    let joined = match convert::ndim_of_objects(x)? {
        Some(_) => join(op, &x.call_method0("ravel")?)?,
        None => join(op, x)?,
    };
    convert::required(op, &joined)
}

/// The Variables and numbers in an array of objects of one dimension as one `Variable`; `None` for
/// anything else.
pub(crate) fn joined_objects<'py>(
    op: &str,
    x: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match convert::ndim_of_objects(x)? {
        Some(0 | 1) => join(op, &x.call_method0("ravel")?).map(Some),
        Some(_) | None => Ok(None),
    }
}

type Entries<'py> = Vec<Converted<'py>>;

/// The operands in a list or tuple, if all are converted without running Python code and operations
/// are recorded as usual.
fn plain_entries<'py>(sequence: &Bound<'py, PyAny>) -> PyResult<Option<Entries<'py>>> {
    if !modes::current(sequence.py())?.records {
        return Ok(None);
    }
    let mut entries = Entries::new();
    let convert = |entry: Bound<'py, PyAny>| {
        memory::push(&mut entries, convert::plain_operand(&entry)?);
        Some(())
    };
    let are_plain = if let Ok(list) = sequence.cast_exact::<PyList>() {
        list.iter().try_for_each(convert).is_some()
    } else if let Ok(tuple) = sequence.cast_exact::<PyTuple>() {
        tuple.iter().try_for_each(convert).is_some()
    } else {
        false
    };
    Ok(are_plain.then_some(entries))
}

/// Operands one after the other, as a vector at least.
pub(crate) fn join_operands<'py>(
    py: Python<'py>,
    op: &str,
    operands: &[Converted<'py>],
) -> PyResult<Bound<'py, PyAny>> {
    let kind = kind_of(operands).max(Kind::Vector);
    record(py, kind, op, operands, |tape, operands| {
        let dims: SmallVec<[usize; 8]> = operands.iter().map(|own| own.value.dim()).collect();
        tape.structural(Structural::concatenate(&dims), operands)
    })
}

/// The entries of a sequence of operands, one after the other.
fn join<'py>(op: &str, sequence: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = sequence.py();
    if let Some(operands) = plain_entries(sequence)? {
        return join_operands(py, op, &operands);
    }
    let wrong = || {
        PyTypeError::new_err(format!(
            "{op}: got {}, wanted a number, Vector, Variable, array or a sequence of them",
            describe(sequence)
        ))
    };
    if !is_sequence(sequence)? {
        return Err(wrong());
    }
    let entries = convert::collected(sequence.try_iter().map_err(|_| wrong())?)?;
    let operands = entries.iter().enumerate();
    let operands = convert::collected(operands.map(|(index, entry)| entry_of(op, index, entry)))?;
    join_operands(py, op, &operands)
}

/// An entry of a sequence of operands.
fn entry_of<'py>(op: &str, index: usize, entry: &Bound<'py, PyAny>) -> PyResult<Converted<'py>> {
    let joined = joined_objects(op, entry)?;
    let entry = joined.as_ref().unwrap_or(entry);
    convert::operand(op, entry)?.ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{op}: entry {index} is {}, wanted a number, Vector, Variable or array",
            describe(entry)
        ))
    })
}

/// A reduction of one operand; numbers are what it is of themselves.
fn reduce<'py>(op: Structural, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Some(result) = hot::plain_result([x], |tape, x| tape.structural(op.clone(), x).ok())? {
        return Ok(result);
    }
    let name = op.name();
    let operand = vector(name, x)?;
    record(
        x.py(),
        operand.kind(),
        name,
        &[operand],
        |tape, operands| tape.structural(op, operands),
    )
}

/// The extreme entry of one operand, which must have some.
fn extreme<'py>(op: Structural, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let extreme_of = |tape: &mut Tape, x: &[Operand; 1]| {
        let has_entries = x[0].value.dim() > 0;
        has_entries.then(|| tape.structural(op.clone(), x).ok())?
    };
    if let Some(result) = hot::plain_result([x], extreme_of)? {
        return Ok(result);
    }
    let name = op.name();
    let operand = vector(name, x)?;
    not_empty(name, &operand)?;
    record(
        x.py(),
        operand.kind(),
        name,
        &[operand],
        |tape, operands| tape.structural(op, operands),
    )
}

fn not_empty(op: &str, operand: &Converted<'_>) -> PyResult<()> {
    if operand.dim() == 0 {
        return Err(PyValueError::new_err(format!(
            "{op}: got no entries, wanted one or more"
        )));
    }
    Ok(())
}

/// Sum of the entries.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn sum<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    reduce(Structural::Sum, x)
}

/// Mean of the entries.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn mean<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let work = |tape: &mut Tape, operands: &[Operand]| {
        let count = Operand::constant(Value::number(operands[0].value.dim() as f64));
        let sum = tape.structural(Structural::Sum, operands)?;
        tape.binary(BinaryOp::Div, &sum, &count)
    };
    let mean_of = |tape: &mut Tape, x: &[Operand; 1]| {
        let has_entries = x[0].value.dim() > 0;
        has_entries.then(|| work(tape, x).ok())?
    };
    if let Some(result) = hot::plain_result([x], mean_of)? {
        return Ok(result);
    }
    let operand = vector("mean", x)?;
    not_empty("mean", &operand)?;
    record(x.py(), operand.kind(), "mean", &[operand], work)
}

/// Product of the entries, by halves: no division, so that zeros have their derivative.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn prod<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Some(result) = hot::plain_result([x], |tape, x| product(tape, &x[0]).ok())? {
        return Ok(result);
    }
    let operand = vector("prod", x)?;
    record(
        x.py(),
        operand.kind(),
        "prod",
        &[operand],
        |tape, operands| product(tape, &operands[0]),
    )
}

/// Up to so many entries a product is recorded number by number: that is quicker than vectors are.
const FEW: usize = 24;

/// Records the product of the entries.
fn product(tape: &mut Tape, x: &Operand) -> Result<Operand, Error> {
    if x.value.dim() == 0 {
        let none = tape.structural(Structural::Sum, std::slice::from_ref(x))?;
        return tape.binary(BinaryOp::Add, &none, &Operand::constant(Value::number(1.0)));
    }
    let mut operand = x.clone();
    while operand.value.dim() > FEW {
        operand = product_of_halves(tape, &operand)?;
    }
    let mut factors: SmallVec<[Operand; FEW]> = SmallVec::new();
    for place in 0..operand.value.dim() {
        factors.push(tape.index(&operand, place, Rank::NUMBER)?);
    }
    while factors.len() > 1 {
        let half = factors.len() / 2;
        for place in 0..half {
            factors[place] = tape.binary(BinaryOp::Mul, &factors[place], &factors[half + place])?;
        }
        if factors.len() % 2 == 1 {
            factors.swap_remove(half);
            factors.truncate(half + 1);
        } else {
            factors.truncate(half);
        }
    }
    Ok(factors.swap_remove(0))
}

/// Records the products of the entries of both halves, and the last entry where it is left over.
fn product_of_halves(tape: &mut Tape, operand: &Operand) -> Result<Operand, Error> {
    let dim = operand.value.dim();
    let span = |start, count| {
        Structural::Slice(Span {
            start,
            step: 1,
            count,
            dim,
        })
    };
    let half = dim / 2;
    let whole = std::slice::from_ref(operand);
    let first = tape.structural(span(0, half), whole)?;
    let second = tape.structural(span(half, half), whole)?;
    let product = tape.binary(BinaryOp::Mul, &first, &second)?;
    if dim.is_multiple_of(2) {
        return Ok(product);
    }
    let last = tape.structural(span(dim - 1, 1), whole)?;
    tape.structural(Structural::concatenate(&[half, 1]), &[product, last])
}

/// The error for more arguments than the one vector that `max` and `min` take.
fn not_of_several(op: &str, others: &Bound<'_, PyTuple>) -> PyErr {
    PyTypeError::new_err(format!(
        "{op}: got {} arguments, wanted one vector; use {op}imum(a, b) for the {op} of two",
        others.len() + 1
    ))
}

/// Greatest entry; equal ones share the derivative.
#[guarded]
#[pyfunction]
#[pyo3(name = "max", signature = (x, /, *others), text_signature = "(x, /)")]
pub(crate) fn max_of<'py>(
    x: &Bound<'py, PyAny>,
    others: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    if others.is_empty() {
        return max(x);
    }
    Err(not_of_several("max", others))
}

/// Least entry; equal ones share the derivative.
#[guarded]
#[pyfunction]
#[pyo3(name = "min", signature = (x, /, *others), text_signature = "(x, /)")]
pub(crate) fn min_of<'py>(
    x: &Bound<'py, PyAny>,
    others: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    if others.is_empty() {
        return min(x);
    }
    Err(not_of_several("min", others))
}

/// Greatest entry; equal ones share the derivative.
pub(crate) fn max<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    extreme(Structural::Max, x)
}

/// Least entry; equal ones share the derivative.
pub(crate) fn min<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    extreme(Structural::Min, x)
}

/// Euclidean length; the derivative at the origin is 0.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn norm<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    reduce(Structural::Norm, x)
}

/// `log(sum(exp(x)))`, without overflow.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn logsumexp<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    reduce(Structural::LogSumExp, x)
}

/// `exp(x) / sum(exp(x))`, without overflow.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn softmax<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let operand = vector("softmax", x)?;
    let kind = operand.kind();
    record(x.py(), kind, "softmax", &[operand], |tape, operands| {
        let greatest = Structural::Max.value(&[operands[0].value.clone()]);
        let shifted = tape.binary(BinaryOp::Sub, &operands[0], &Operand::constant(greatest))?;
        let terms = tape.unary(UnaryOp::Exp, &shifted)?;
        let sum = tape.structural(Structural::Sum, std::slice::from_ref(&terms))?;
        tape.binary(BinaryOp::Div, &terms, &sum)
    })
}

/// Running sums of the entries.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, /))]
pub(crate) fn cumsum<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    reduce(Structural::CumulativeSum { from_back: false }, x)
}

/// Inner product of two vectors of one length.
#[guarded]
#[pyfunction]
#[pyo3(signature = (a, b, /))]
pub(crate) fn dot<'py>(
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(result) = arithmetic::plain_dot(a, b)? {
        return Ok(result);
    }
    let (a, b) = (whole("dot", a)?, whole("dot", b)?);
    let Some(operands) = arithmetic::operands("dot", [&a, &b])? else {
        return Err(arithmetic::wrong_operand("dot", &[&a, &b]));
    };
    arithmetic::dot(a.py(), &operands)
}

/// The object itself if it is an operand, else its entries put together.
fn whole<'py>(op: &str, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match convert::operand(op, x)? {
        Some(_) => Ok(x.clone()),
        None => join(op, x),
    }
}

/// The entries of an iterator or of a view of a dict, in a list; `None` for what is a sequence itself, and
/// for what has no order.
fn listed<'py>(xs: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let is_other = xs.is_instance_of::<PySet>()
        || xs.is_instance_of::<PyFrozenSet>()
        || xs.get_type().hasattr("__getitem__")?
        || xs.is_instance_of::<PyType>();
    if is_other {
        return Ok(None);
    }
    let Ok(entries) = xs.try_iter() else {
        return Ok(None);
    };
    let entries: Vec<Bound<'py, PyAny>> = entries.collect::<PyResult<_>>()?;
    Ok(Some(PyList::new(xs.py(), entries)?.into_any()))
}

/// The operands of a sequence, one after the other, as one vector.
///
/// A list of Variables becomes one Variable through which the gradients of all flow.
#[guarded]
#[pyfunction]
#[pyo3(signature = (xs, /))]
pub(crate) fn concatenate<'py>(xs: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match listed(xs)? {
        Some(entries) => join("concatenate", &entries),
        None => join("concatenate", xs),
    }
}

/// The numbers of a sequence as one vector.
///
/// A list of Variables becomes one Variable through which the gradients of all flow.
#[guarded]
#[pyfunction]
#[pyo3(signature = (xs, /))]
pub(crate) fn stack<'py>(xs: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = xs.py();
    if let Some(operands) = plain_entries(xs)?
        && operands.iter().all(|operand| operand.dim() == 1)
    {
        return join_operands(py, "stack", &operands);
    }
    if convert::operand("stack", xs)?.is_some() {
        return join("stack", xs);
    }
    let Ok(entries) = xs.try_iter() else {
        return join("stack", xs);
    };
    let entries = convert::collected(entries)?;
    let mut operands = memory::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let operand = entry_of("stack", index, entry)?;
        if operand.dim() != 1 && convert::ndim_of_objects(entry)?.is_none() {
            return Err(PyValueError::new_err(format!(
                "stack: entry {index} has {} entries, wanted one; use concatenate",
                operand.dim()
            )));
        }
        operands.push(operand);
    }
    join_operands(py, "stack", &operands)
}

/// `a` where `condition` holds, `b` elsewhere, entry by entry.
///
/// The side that is not chosen has derivative 0, whatever it is there.
#[guarded]
#[pyfunction]
#[pyo3(name = "where", signature = (condition, a, b, /))]
pub(crate) fn choose<'py>(
    condition: &Bound<'py, PyAny>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let chosen_of = |tape: &mut Tape, operands: &[Operand; 3]| {
        let mask = operands[0].value.clone();
        tape.structural(Structural::Where { mask }, &operands[1..])
            .ok()
    };
    if (hot::is_variable(a) || hot::is_variable(b))
        && let Some(result) = hot::plain_result([condition, a, b], chosen_of)?
    {
        return Ok(result);
    }
    let py = condition.py();
    let mask = match convert::plain_operand(condition) {
        Some(mask) => mask,
        None => convert::required("where", &whole("where", condition)?)?,
    };
    let Some(operands) = arithmetic::operands("where", [a, b])? else {
        return Err(arithmetic::wrong_operand("where", &[a, b]));
    };
    let kind = kind_of(&operands).max(vector_kind(&mask));
    let mask = mask.value();
    record(py, kind, "where", &operands, |tape, operands| {
        tape.structural(Structural::Where { mask }, operands)
    })
}

/// A mask that is a vector makes one of two numbers.
fn vector_kind(mask: &Converted<'_>) -> Kind {
    if mask.shape().rank().is_number() {
        Kind::Number
    } else {
        Kind::Vector
    }
}

/// Bounds that make sense: one or both, and in order.
fn check_bounds(low: Option<&Bound<'_, PyAny>>, high: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let given = |bound: Option<&Bound<'_, PyAny>>| bound.is_some_and(|bound| !bound.is_none());
    if !given(low) && !given(high) {
        return Err(PyTypeError::new_err(
            "clip: got no bounds, wanted low, high or both",
        ));
    }
    if let (Some(low), Some(high)) = (low, high)
        && given(Some(low))
        && given(Some(high))
        && let Some(bounds) = arithmetic::operands("clip", [low, high])?
        && let (Some(low), Some(high)) =
            (bounds[0].value().as_number(), bounds[1].value().as_number())
        && low > high
    {
        return Err(PyValueError::new_err(format!(
            "clip: wrong bounds: got low {low} and high {high}, wanted low <= high"
        )));
    }
    Ok(())
}

/// `x` kept between `low` and `high`, entry by entry; either may be None.
///
/// The derivative is 1 in the closed interval and 0 outside.
#[guarded]
#[pyfunction]
#[pyo3(signature = (x, low=None, high=None))]
pub(crate) fn clip<'py>(
    x: &Bound<'py, PyAny>,
    low: Option<&Bound<'py, PyAny>>,
    high: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    check_bounds(low, high)?;
    let mut result = x.clone();
    let bounds = [
        (low, (|x, bound| x < bound) as fn(f64, f64) -> bool),
        (high, |x, bound| x > bound),
    ];
    for (bound, is_outside) in bounds {
        let Some(bound) = bound.filter(|bound| !bound.is_none()) else {
            continue;
        };
        let Some(operands) = arithmetic::operands("clip", [&result, bound])? else {
            return Err(arithmetic::wrong_operand("clip", &[&result, bound]));
        };
        let is_inside = |x, bound| !is_outside(x, bound);
        let kind = kind_of(&operands);
        result = record(result.py(), kind, "clip", &operands, |tape, operands| {
            let mask = Value::mask(&operands[0].value, &operands[1].value, is_inside)
                .map_err(|shapes| Error::Shape { op: "clip", shapes })?;
            tape.structural(Structural::Where { mask }, operands)
        })?;
    }
    Ok(result)
}

/// An iterator over the entries of `x`, from the last to the first of `dim`.
pub(crate) fn iterate_back<'py>(x: &Bound<'py, PyAny>, dim: usize) -> PyResult<Bound<'py, PyAny>> {
    let builtins = x.py().import("builtins")?;
    let range = (dim as isize - 1, -1, -1);
    let places = builtins.getattr("range")?.call1(range)?;
    builtins
        .getattr("map")?
        .call1((x.getattr("__getitem__")?, places))
}
