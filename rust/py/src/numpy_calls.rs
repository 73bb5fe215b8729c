//! The usual calls of NumPy's functions with Variables among the operands, without a detour through
//! Python. Whatever is not usual gets `None` here, and is for the rules of `autograd_rs._numpy`.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use autograd_core::array::Value;
use autograd_core::memory;
use autograd_core::ops::{BinaryOp, UnaryOp};
use autograd_core::tape::{Operand, Tape};
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use smallvec::SmallVec;

use crate::convert::{Converted, Kind};
use crate::{arithmetic, convert, functions, hot, modes};

#[derive(Clone, Copy)]
enum Rule {
    Unary(UnaryOp),
    Binary(BinaryOp),
    Matmul,
}

/// Functions that are no universal functions.
#[derive(Clone, Copy)]
enum Function {
    Sum,
    Mean,
    Prod,
    Max,
    Min,
    Norm,
    CumulativeSum,
    Dot,
    InnerProduct,
    Where,
    Clip,
    Concatenate,
    Stack,
}

/// What they are called; some have several names, and older versions lack some.
const FUNCTIONS: [(&str, Function); 17] = [
    ("sum", Function::Sum),
    ("mean", Function::Mean),
    ("prod", Function::Prod),
    ("max", Function::Max),
    ("amax", Function::Max),
    ("min", Function::Min),
    ("amin", Function::Min),
    ("cumsum", Function::CumulativeSum),
    ("dot", Function::Dot),
    ("inner", Function::InnerProduct),
    ("vdot", Function::InnerProduct),
    ("where", Function::Where),
    ("clip", Function::Clip),
    ("concatenate", Function::Concatenate),
    ("hstack", Function::Concatenate),
    ("stack", Function::Stack),
    ("norm", Function::Norm),
];

/// Spreads the addresses of objects, which nobody chooses so that they collide.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_usize(byte.into()));
    }

    fn write_usize(&mut self, address: usize) {
        // The golden ratio as a fraction of 2**64: Knuth, The Art of Computer Programming, vol. 3,
        // 2nd ed., section 6.4.
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Something for each of some objects, by their addresses.
type ByAddress<T> = HashMap<usize, (Py<PyAny>, T), BuildHasherDefault<AddressHasher>>;

/// What is known of NumPy.
struct Known {
    /// The rules of universal functions.
    rules: ByAddress<Rule>,
    /// The other functions.
    functions: ByAddress<Function>,
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
        let mut rules = ByAddress::default();
        for (facts, rule) in unary.chain(binary) {
            for &name in facts.numpy {
                if let Some(ufunc) = numpy.getattr_opt(name)? {
                    rules.insert(ufunc.as_ptr() as usize, (ufunc.unbind(), rule));
                }
            }
        }
        let matmul = numpy.getattr("matmul")?;
        rules.insert(matmul.as_ptr() as usize, (matmul.unbind(), Rule::Matmul));
        let linalg = numpy.getattr("linalg")?;
        let mut functions = ByAddress::default();
        for (name, rule) in FUNCTIONS {
            let module = if name == "norm" { &linalg } else { &numpy };
            if let Some(function) = module.getattr_opt(name)? {
                functions.insert(function.as_ptr() as usize, (function.unbind(), rule));
            }
        }
        Ok(Known {
            rules,
            functions,
            empty: numpy.getattr("empty")?.unbind(),
            object: numpy.getattr("dtype")?.call1(("O",))?.unbind(),
        })
    })
}

/// Whether operations are recorded as usual.
fn is_usual_mode(py: Python<'_>) -> PyResult<bool> {
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
    let usual = match (*rule, inputs.as_slice()) {
        (Rule::Matmul, [a, b]) => return arithmetic::plain_matmul(a, b),
        (Rule::Unary(op), [x]) if hot::is_variable(x) => {
            hot::plain_result([x], |tape, [x]| tape.unary(op, x).ok())?
        }
        (Rule::Binary(op), [a, b]) if hot::is_variable(a) || hot::is_variable(b) => {
            hot::plain_result([a, b], |tape, [a, b]| tape.binary(op, a, b).ok())?
        }
        _ => None,
    };
    if usual.is_some() {
        return Ok(usual);
    }
    let mut operands: SmallVec<[Converted<'py>; 2]> = SmallVec::new();
    for x in inputs.iter_borrowed() {
        match convert::plain_operand(&x) {
            Some(operand) => operands.push(operand),
            None => return Ok(None),
        }
    }
    let has_variable = convert::kind_of(&operands) == Kind::Variable;
    match (*rule, &operands[..]) {
        (Rule::Unary(op), [_]) if has_variable => {
            let name = op.facts().name;
            let work = |tape: &mut Tape, operands: &[Operand]| tape.unary(op, &operands[0]);
            arithmetic::record(py, Kind::Variable, name, &operands, work).map(Some)
        }
        // Lengths that differ: the general way knows what to say.
        (Rule::Binary(op), [a, b]) if has_variable && a.shape().broadcast(b.shape()).is_ok() => {
            let name = op.facts().name;
            let work =
                |tape: &mut Tape, operands: &[Operand]| tape.binary(op, &operands[0], &operands[1]);
            arithmetic::record(py, Kind::Variable, name, &operands, work).map(Some)
        }
        _ => Ok(None),
    }
}

/// Answers a call of a function of NumPy's with nothing but what it is a function of.
pub(crate) fn call<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
    kwargs: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = function.py();
    let (Ok(args), Ok(kwargs)) = (args.cast::<PyTuple>(), kwargs.cast::<PyDict>()) else {
        return Ok(None);
    };
    let Some((_, rule)) = known(py)?.functions.get(&(function.as_ptr() as usize)) else {
        return Ok(None);
    };
    if !kwargs.is_empty() || !is_usual_mode(py)? {
        return Ok(None);
    }
    let args = args.as_slice();
    let of_variable = |answer: fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>| match args {
        [x] if hot::is_variable(x) => answer(x).map(Some),
        _ => Ok(None),
    };
    match rule {
        Function::Sum => of_variable(functions::sum),
        Function::Mean => of_variable(functions::mean),
        Function::Prod => of_variable(functions::prod),
        Function::Max => of_variable(functions::max),
        Function::Min => of_variable(functions::min),
        Function::Norm => of_variable(functions::norm),
        Function::CumulativeSum => of_variable(functions::cumsum),
        Function::Dot => match args {
            [a, b] => arithmetic::plain_matmul(a, b),
            _ => Ok(None),
        },
        Function::InnerProduct => match args {
            [a, b] => arithmetic::plain_inner(a, b),
            _ => Ok(None),
        },
        Function::Where => match args {
            [condition, a, b] if hot::is_variable(a) || hot::is_variable(b) => {
                or_unusual(py, functions::choose(condition, a, b))
            }
            _ => Ok(None),
        },
        Function::Clip => match args {
            [x, low, high] if hot::is_variable(x) && is_bound(low) && is_bound(high) => {
                or_unusual(py, functions::clip(x, Some(low), Some(high)))
            }
            _ => Ok(None),
        },
        Function::Concatenate | Function::Stack => match args {
            [sequence] => join(sequence, matches!(rule, Function::Stack)),
            _ => Ok(None),
        },
    }
}

/// Whether an object is a bound that `clip` takes as it is.
fn is_bound(object: &Bound<'_, PyAny>) -> bool {
    object.is_none()
        || hot::is_variable(object)
        || object.is_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyInt>()
}

/// An answer of the core, or none where it does not take an operand, which leaves it to who looks closer.
fn or_unusual<'py>(
    py: Python<'py>,
    answer: PyResult<Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match answer {
        Err(error)
            if error.is_instance_of::<PyTypeError>(py)
                || error.is_instance_of::<PyValueError>(py)
                || error.is_instance_of::<PyNotImplementedError>(py) =>
        {
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// Answers `concatenate`, `hstack` or `stack` of a list or tuple.
fn join<'py>(sequence: &Bound<'py, PyAny>, is_stack: bool) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = sequence.py();
    let entries: SmallVec<[Bound<'py, PyAny>; 4]> =
        if let Ok(list) = sequence.cast_exact::<PyList>() {
            memory::collect_few(list.iter())
        } else if let Ok(tuple) = sequence.cast_exact::<PyTuple>() {
            memory::collect_few(tuple.iter())
        } else {
            return Ok(None);
        };
    let mut operands = memory::with_capacity(entries.len());
    for entry in &entries {
        let operand = match entry.cast_exact::<PyList>() {
            Ok(list) if !is_stack => {
                numbers_of(list).map(|numbers| Converted::Constant(numbers, Kind::Vector))
            }
            _ => convert::plain_operand(entry),
        };
        match operand.filter(|operand| !is_stack || operand.shape().rank().is_number()) {
            Some(operand) => operands.push(operand),
            None => return Ok(None),
        }
    }
    if !entries.iter().any(hot::is_variable) {
        return Ok(None);
    }
    let name = if is_stack { "stack" } else { "concatenate" };
    functions::join_operands(py, name, &operands).map(Some)
}

/// The entries of a list of floats.
fn numbers_of(list: &Bound<'_, PyList>) -> Option<Value> {
    let mut numbers = memory::with_capacity(list.len());
    for entry in list.iter() {
        memory::push(&mut numbers, entry.cast_exact::<PyFloat>().ok()?.value());
    }
    Some(Value::from_slice(&numbers))
}

/// What NumPy's reading of an index takes of a `Variable` or a `Vector`: in more dimensions than one,
/// an array of Variables or of numbers.
pub(crate) fn shaped_entries<'py>(
    x: &Bound<'py, PyAny>,
    index: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let module = x.py().import("autograd_rs._numpy")?;
    module.call_method1("shaped_entries", (x, index))
}

/// An elementwise function of arrays of which one holds objects in two dimensions or more, entry by
/// entry; `None` for any other operands.
pub(crate) fn entrywise_of_objects<'py>(
    name: &str,
    operands: &[&Bound<'py, PyAny>],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(first) = operands.first() else {
        return Ok(None);
    };
    let mut has_dimensions = false;
    for operand in operands {
        has_dimensions |= convert::ndim_of_objects(operand)?.is_some_and(|ndim| ndim > 1);
    }
    if !has_dimensions {
        return Ok(None);
    }
    let module = first.py().import("autograd_rs._numpy")?;
    let operands = PyTuple::new(first.py(), operands)?;
    module.call_method1("entrywise", (name, operands)).map(Some)
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
