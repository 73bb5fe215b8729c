//! The usual calls of NumPy's functions with Variables among the operands, without a detour through
//! Python. Whatever is not usual gets `None` here, and is for the rules of `autograd_rs._numpy`.

use std::collections::HashMap;

use autograd_core::array::{Value, broadcast};
use autograd_core::ops::{BinaryOp, UnaryOp};
use autograd_core::structural::Structural;
use autograd_core::tape::{Operand, Tape};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use smallvec::SmallVec;

use crate::convert::Kind;
use crate::transform::is_array;
use crate::{arithmetic, convert, hot, modes};

#[derive(Clone, Copy)]
enum Rule {
    Unary(UnaryOp),
    Binary(BinaryOp),
}

/// What is known of NumPy.
struct Known {
    /// The rules of universal functions, by their addresses.
    rules: HashMap<usize, (Py<PyAny>, Rule)>,
    concatenate: Py<PyAny>,
    hstack: Py<PyAny>,
    stack: Py<PyAny>,
    empty: Py<PyAny>,
    object: Py<PyAny>,
}

fn known(py: Python<'_>) -> PyResult<&'static Known> {
    static KNOWN: PyOnceLock<Known> = PyOnceLock::new();
    KNOWN.get_or_try_init(py, || {
        let numpy = py.import("numpy")?;
        let unary = UnaryOp::ALL.iter().map(|op| (op.facts(), Rule::Unary(*op)));
        let binary = BinaryOp::ALL
            .iter()
            .map(|op| (op.facts(), Rule::Binary(*op)));
        let mut rules = HashMap::new();
        for (facts, rule) in unary.chain(binary) {
            for &name in facts.numpy {
                if let Some(ufunc) = numpy.getattr_opt(name)? {
                    rules.insert(ufunc.as_ptr() as usize, (ufunc.unbind(), rule));
                }
            }
        }
        let own = |name: &str| PyResult::Ok(numpy.getattr(name)?.unbind());
        Ok(Known {
            rules,
            concatenate: own("concatenate")?,
            hstack: own("hstack")?,
            stack: own("stack")?,
            empty: own("empty")?,
            object: numpy.getattr("dtype")?.call1(("O",))?.unbind(),
        })
    })
}

/// An operand of a type that is read without running Python code.
fn usual_operand(x: &Bound<'_, PyAny>) -> PyResult<Option<Operand>> {
    if let Some(operand) = hot::operand_of(x) {
        return Ok(Some(operand));
    }
    let value = if let Ok(number) = x.cast::<PyFloat>() {
        Some(Value::Number(number.value()))
    } else if let Ok(number) = x.cast_exact::<PyInt>() {
        number.extract().ok().map(Value::Number)
    } else if let Some(vector) = hot::vector_of(x) {
        Some(vector.value(x.py()))
    } else if is_array(x)? {
        convert::floats_of(x)
    } else {
        None
    };
    Ok(value.map(Operand::constant))
}

/// Readies the tape; gives whether operations are recorded as usual.
fn is_usual_mode(py: Python<'_>) -> PyResult<bool> {
    hot::make_room_if_wanted(py)?;
    Ok(modes::current(py)?.records)
}

/// Answers a call of an elementwise function of the op table.
pub(crate) fn elementwise<'py>(
    ufunc: &Bound<'py, PyAny>,
    method: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = ufunc.py();
    if kwargs.is_some_and(|kwargs| !kwargs.is_empty())
        || method.cast::<PyString>()? != "__call__"
        || !is_usual_mode(py)?
    {
        return Ok(None);
    }
    let Some((_, rule)) = known(py)?.rules.get(&(ufunc.as_ptr() as usize)) else {
        return Ok(None);
    };
    let mut operands: SmallVec<[Operand; 2]> = SmallVec::new();
    let mut has_variable = false;
    for x in inputs.iter() {
        has_variable |= hot::is_variable(&x);
        match usual_operand(&x)? {
            Some(operand) => operands.push(operand),
            None => return Ok(None),
        }
    }
    match (*rule, &operands[..]) {
        (Rule::Unary(op), [_]) if has_variable => {
            let name = op.facts().name;
            let work = |tape: &mut Tape, operands: &[Operand]| tape.unary(op, &operands[0]);
            arithmetic::record(py, Kind::Variable, name, &operands, work).map(Some)
        }
        // Lengths that differ: the general way knows what to say.
        (Rule::Binary(op), [a, b])
            if has_variable && broadcast(a.value.dim(), b.value.dim()).is_ok() =>
        {
            let name = op.facts().name;
            let work =
                |tape: &mut Tape, operands: &[Operand]| tape.binary(op, &operands[0], &operands[1]);
            arithmetic::record(py, Kind::Variable, name, &operands, work).map(Some)
        }
        _ => Ok(None),
    }
}

/// Answers `concatenate`, `hstack` or `stack` of a list or tuple and nothing else.
pub(crate) fn joining<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
    kwargs: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = function.py();
    let (Ok(args), Ok(kwargs)) = (args.cast::<PyTuple>(), kwargs.cast::<PyDict>()) else {
        return Ok(None);
    };
    let known = known(py)?;
    let is_stack = function.is(&known.stack);
    let is_joining = is_stack || function.is(&known.concatenate) || function.is(&known.hstack);
    if !is_joining || args.len() != 1 || !kwargs.is_empty() || !is_usual_mode(py)? {
        return Ok(None);
    }
    let sequence = args.get_item(0)?;
    let entries: SmallVec<[Bound<'py, PyAny>; 4]> =
        if let Ok(list) = sequence.cast_exact::<PyList>() {
            list.iter().collect()
        } else if let Ok(tuple) = sequence.cast_exact::<PyTuple>() {
            tuple.iter().collect()
        } else {
            return Ok(None);
        };
    let mut operands: SmallVec<[Operand; 4]> = SmallVec::new();
    for entry in &entries {
        let operand = match entry.cast_exact::<PyList>() {
            Ok(list) if !is_stack => numbers_of(list).map(Operand::constant),
            _ => usual_operand(entry)?,
        };
        match operand.filter(|operand| !is_stack || operand.value.dim() == 1) {
            Some(operand) => operands.push(operand),
            None => return Ok(None),
        }
    }
    if !entries.iter().any(hot::is_variable) {
        return Ok(None);
    }
    let dims: SmallVec<[usize; 4]> = operands.iter().map(|own| own.value.dim()).collect();
    let name = if is_stack { "stack" } else { "concatenate" };
    let work = |tape: &mut Tape, operands: &[Operand]| {
        tape.structural(Structural::concatenate(&dims), operands)
    };
    arithmetic::record(py, Kind::Variable, name, &operands, work).map(Some)
}

/// The entries of a list of floats.
fn numbers_of(list: &Bound<'_, PyList>) -> Option<Value> {
    let numbers: Option<SmallVec<[f64; 8]>> = list
        .iter()
        .map(|entry| Some(entry.cast_exact::<PyFloat>().ok()?.value()))
        .collect();
    numbers.map(|numbers| Value::from_slice(&numbers))
}

/// An array without dimensions that holds a number, of which NumPy asks for each entry of a list.
pub(crate) fn array_of_number<'py>(number: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = number.py();
    let known = known(py)?;
    let nothing = PyTuple::empty(py);
    let array = known
        .empty
        .bind(py)
        .call1((&nothing, known.object.bind(py)))?;
    array.set_item(nothing, number)?;
    Ok(array)
}
