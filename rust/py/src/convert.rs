//! What operations accept, as values.
//!
//! A number is an int, a float, or anything with `__float__` (NumPy scalars, fractions); a vector
//! is a `Vector`, or anything with a numeric buffer (a NumPy array, `array.array`). NumPy itself is
//! never imported here.

use autograd_core::array::{Rank, Shape, Value};
use autograd_core::memory;
use autograd_core::tape::{Operand, Tape};
use pyo3::buffer::{ElementType, PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyInt, PyMemoryView, PyString, PyType,
};

use crate::errors::describe;
use crate::transform::{is_array, meet_array};
use crate::{hot, modes};

/// What an operand was, which decides what the result is: the greatest kind among the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A number; results are floats.
    Number,
    /// A foreign array; results are NumPy arrays.
    Array,
    /// A `Vector`.
    Vector,
    /// A `Variable`.
    Variable,
}

/// An operand after its conversion, which is where code of Python may run.
///
/// A `Variable` stays an object. That code may record, in this thread or by letting another one run,
/// and nodes may get new ids: the node is read when all operands are converted and the tape is
/// borrowed, which [`Converted::read`] asks for.
#[derive(Debug)]
pub(crate) enum Converted<'py> {
    /// A `Variable`.
    Variable(Bound<'py, PyAny>),
    /// What has no derivative, which a `Variable` has none of under `no_grad`.
    Constant(Value, Kind),
}

impl Converted<'_> {
    /// What it was.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Variable(_) => Kind::Variable,
            Self::Constant(_, kind) => *kind,
        }
    }

    /// The value.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Variable(variable) => {
                let value = hot::variable_value(variable);
                value.unwrap_or(Value::number(f64::NAN))
            }
            Self::Constant(value, _) => value.clone(),
        }
    }

    /// The shape of the value.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Variable(variable) => hot::variable_shape(variable).unwrap_or(Shape::NUMBER),
            Self::Constant(value, _) => value.shape(),
        }
    }

    /// How many entries it has.
    pub(crate) fn dim(&self) -> usize {
        self.shape().dim()
    }

    /// Whether it has a node.
    pub(crate) fn is_tracked(&self) -> bool {
        match self {
            Self::Variable(variable) => hot::is_tracked(variable),
            Self::Constant(..) => false,
        }
    }

    /// The value and the node, for who has the tape.
    pub(crate) fn read(&self, tape: &Tape) -> Operand {
        let variable = match self {
            Self::Variable(variable) => hot::operand_of(tape, variable),
            Self::Constant(..) => None,
        };
        variable.unwrap_or_else(|| Operand::constant(self.value()))
    }
}

impl<'py> Converted<'py> {
    /// One entry in another rank; what has it already is itself.
    pub(crate) fn ranked(self, py: Python<'py>, rank: Rank) -> PyResult<Self> {
        if self.dim() != 1 || self.shape().rank() == rank {
            return Ok(self);
        }
        match self {
            Self::Constant(value, kind) => {
                Ok(Self::Constant(value.shaped_like(Shape::one(rank)), kind))
            }
            Self::Variable(variable) => hot::record(py, |tape| {
                let operand = hot::operand_of(tape, &variable);
                let operand = operand.unwrap_or_else(|| Operand::constant(Value::number(f64::NAN)));
                tape.ranked(&operand, rank)
            })
            .map(Self::Variable),
        }
    }
}

/// The greatest kind of some operands, which is that of the result.
pub(crate) fn kind_of(operands: &[Converted<'_>]) -> Kind {
    let kinds = operands.iter().map(Converted::kind);
    kinds.max().unwrap_or(Kind::Number)
}

/// An operand; `None` for an object that no operation takes. May run Python code.
pub(crate) fn operand<'py>(
    op: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<Converted<'py>>> {
    if let Some(value) = hot::variable_value(object) {
        return Ok(Some(if modes::current(object.py())?.records {
            Converted::Variable(object.clone())
        } else {
            Converted::Constant(value, Kind::Variable)
        }));
    }
    let constant = value(op, object)?;
    Ok(constant.map(|(value, kind)| Converted::Constant(value, kind)))
}

/// An operand that takes no code of Python to convert; `None` for any other. Says nothing of modes:
/// to be used where operations are recorded as usual.
pub(crate) fn plain_operand<'py>(object: &Bound<'py, PyAny>) -> Option<Converted<'py>> {
    if hot::is_variable(object) {
        return Some(Converted::Variable(object.clone()));
    }
    let (value, kind) = if let Ok(number) = object.cast::<PyFloat>() {
        (Value::number(number.value()), Kind::Number)
    } else if let Ok(number) = object.cast_exact::<PyInt>() {
        (Value::number(number.extract().ok()?), Kind::Number)
    } else if let Some(vector) = hot::vector_of(object) {
        (vector.value(object.py()), Kind::Vector)
    } else {
        (hot::array_of(object)?, Kind::Array)
    };
    Some(Converted::Constant(value, kind))
}

/// The value of an object that is no `Variable`; `None` if it is neither number nor vector.
pub(crate) fn value(op: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<(Value, Kind)>> {
    if let Some(vector) = hot::vector_of(object) {
        return Ok(Some((vector.value(object.py()), Kind::Vector)));
    }
    if let Ok(float) = object.cast::<PyFloat>() {
        return Ok(Some((Value::number(float.value()), Kind::Number)));
    }
    if let Some(value) = hot::array_of(object) {
        return Ok(Some((value, Kind::Array)));
    }
    if object.is_instance_of::<PyInt>() {
        return number(op, object).map(|number| Some((Value::number(number), Kind::Number)));
    }
    if object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyByteArray>() {
        // Not left to the other operand: bytes would be joined with the bytes of a Vector.
        let came = describe(object);
        return Err(PyTypeError::new_err(format!(
            "{op}: got {came}, wanted a number, Vector, Variable or array"
        )));
    }
    if object.is_instance_of::<PyString>() || object.is_none() || object.is_instance_of::<PyType>()
    {
        return Ok(None);
    }
    if is_complex(object)? {
        let came = describe(object);
        return Err(PyTypeError::new_err(format!(
            "{op}: complex numbers have no derivative here: got {came}, wanted real numbers"
        )));
    }
    if object.get_type().name()? == "MaskedArray" {
        return Err(PyTypeError::new_err(format!(
            "{op}: got a masked array, wanted one without a mask; use m.filled(0.0), and multiply \
             by ~m.mask"
        )));
    }
    meet_array(object)?;
    if let Some(value) = buffer_value(op, object)? {
        return Ok(Some((value, Kind::Array)));
    }
    if object.get_type().hasattr("__float__")? && !holds_objects(object) {
        return number(op, object).map(|number| Some((Value::number(number), Kind::Number)));
    }
    Ok(None)
}

fn is_complex(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if object.is_instance_of::<PyComplex>() {
        return Ok(true);
    }
    // NumPy's complex64 is no complex of Python's, but says so in its name.
    Ok(object.get_type().name()?.to_str()?.starts_with("complex"))
}

/// A number as a float.
pub(crate) fn number(op: &str, object: &Bound<'_, PyAny>) -> PyResult<f64> {
    object.extract::<f64>().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(object.py()) {
            let came = describe(object);
            return PyOverflowError::new_err(format!(
                "{op}: too large for a float: got {came}, wanted at most 1.8e308"
            ));
        }
        if error.is_instance_of::<PyTypeError>(object.py()) {
            let wanted = PyTypeError::new_err(format!(
                "{op}: got {}, wanted a number: {error}",
                describe(object)
            ));
            wanted.set_cause(object.py(), Some(error));
            return wanted;
        }
        error
    })
}

/// Whether an object has entries in order, and is not text, bytes or a mapping.
pub(crate) fn is_sequence(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let kind = object.get_type();
    let is_other = object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyBytes>()
        || object.is_instance_of::<PyByteArray>()
        || object.is_instance_of::<PyDict>()
        || object.is_instance_of::<PyType>();
    Ok(!is_other && kind.hasattr("__len__")? && kind.hasattr("__getitem__")?)
}

/// Whether the entries of an array are floats.
pub(crate) fn has_floats(object: &Bound<'_, PyAny>) -> bool {
    PyUntypedBuffer::get(object).is_ok_and(|buffer| {
        matches!(
            ElementType::from_format(buffer.format()),
            ElementType::Float { .. }
        )
    })
}

/// Whether the entries of an array are whole numbers.
pub(crate) fn has_whole_numbers(object: &Bound<'_, PyAny>) -> bool {
    PyUntypedBuffer::get(object).is_ok_and(|buffer| {
        matches!(
            ElementType::from_format(buffer.format()),
            ElementType::SignedInteger { .. } | ElementType::UnsignedInteger { .. }
        )
    })
}

/// The type of the entries of an array, in words.
pub(crate) fn entry_type(object: &Bound<'_, PyAny>) -> String {
    let text = object
        .getattr("dtype")
        .and_then(|dtype| Ok(dtype.str()?.to_string()));
    text.unwrap_or_else(|_| "whole numbers or bools".to_owned())
}

/// The entries of a buffer of one dimension, if they are floats in the byte order of the machine;
/// PyO3 reads those in the other order as if they were.
pub(crate) fn floats_of(object: &Bound<'_, PyAny>) -> Option<Value> {
    let buffer = PyBuffer::<f64>::get(object).ok()?;
    let is_native = !matches!(buffer.format().to_bytes().first(), Some(b'>' | b'<' | b'!'));
    if !is_native || buffer.dimensions() != 1 {
        return None;
    }
    let mut copied = Ok(());
    let value = Value::build(Shape::vector(buffer.item_count()), |out| {
        copied = buffer.copy_to_slice(object.py(), out);
    });
    copied.ok().map(|()| value)
}

/// The numbers of a buffer: a NumPy array, an `array.array`, a memoryview.
fn buffer_value(op: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    let Ok(buffer) = PyUntypedBuffer::get(object) else {
        return Ok(None);
    };
    let format = buffer.format();
    let kind = ElementType::from_format(format);
    let is_plain = matches!(
        kind,
        ElementType::Float { .. }
            | ElementType::SignedInteger { .. }
            | ElementType::UnsignedInteger { .. }
            | ElementType::Bool
    );
    if !is_plain {
        let shown = format.to_string_lossy();
        if shown.contains('Z') {
            return Err(PyTypeError::new_err(format!(
                "{op}: complex numbers have no derivative here: got a complex array, wanted real \
                 numbers"
            )));
        }
        if shown == "O" {
            return Ok(None);
        }
        let came = match shown.as_ref() {
            "g" => "an array of longdouble".to_owned(),
            shown => format!("a buffer of format '{shown}'"),
        };
        return Err(PyTypeError::new_err(format!(
            "{op}: got {came}, wanted float64 or whole numbers; convert it by .astype(float)"
        )));
    }
    if buffer.dimensions() > 1 {
        let shape: Vec<String> = buffer.shape().iter().map(ToString::to_string).collect();
        return Err(PyValueError::new_err(format!(
            "{op}: got an array of shape ({}), wanted one dimension",
            shape.join(", ")
        )));
    }
    if let Some(value) = floats_of(object) {
        return Ok(Some(value));
    }
    // An array knows more kinds of numbers than a memoryview does.
    let numbers = match object.getattr("tolist") {
        Ok(tolist) => tolist.call0()?,
        Err(_) => PyMemoryView::from(object)?.call_method0("tolist")?,
    };
    Ok(Some(if buffer.dimensions() == 0 {
        Value::number(numbers.extract()?)
    } else {
        let numbers = numbers.try_iter()?.map(|number| number?.extract::<f64>());
        Value::from_slice(&collected(numbers)?)
    }))
}

/// All that comes, or the first error.
pub(crate) fn collected<T>(source: impl Iterator<Item = PyResult<T>>) -> PyResult<Vec<T>> {
    let mut entries = Vec::new();
    for entry in source {
        memory::push(&mut entries, entry?);
    }
    Ok(entries)
}

/// Whether this is an array of objects, which is no number even if it has only one.
fn holds_objects(object: &Bound<'_, PyAny>) -> bool {
    let kind = object
        .getattr("dtype")
        .and_then(|dtype| dtype.getattr("kind"));
    kind.and_then(|kind| kind.extract::<char>())
        .is_ok_and(|kind| kind == 'O')
}

/// How many dimensions an array of objects has; `None` for anything else.
pub(crate) fn ndim_of_objects(object: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    if !is_array(object)? || !holds_objects(object) {
        return Ok(None);
    }
    object.getattr("ndim")?.extract().map(Some)
}

/// The operand that an argument must be. May run Python code.
pub(crate) fn required<'py>(op: &str, object: &Bound<'py, PyAny>) -> PyResult<Converted<'py>> {
    if let Some(found) = operand(op, object)? {
        return Ok(found);
    }
    Err(PyTypeError::new_err(format!(
        "{op}: got {}, wanted a number, Vector, Variable or array",
        describe(object)
    )))
}
