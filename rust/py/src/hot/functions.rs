//! The elementwise functions, as functions of a module and as methods.

use std::ffi::{CString, c_int};
use std::iter;
use std::ptr;

use autograd_core::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, Facts, UnaryOp, UnaryRule, UnaryVisitor,
};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyModule, PyString};

use super::attributes::item;
use super::guard::guarded;
use super::slots::{binary_slot, unary_slot};
use crate::arithmetic;

/// A method without arguments.
///
/// # Safety
/// Called by the interpreter with a valid object.
pub(super) unsafe extern "C" fn unary_method<R: UnaryRule>(
    x: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's.
    unsafe { unary_slot::<R>(x) }
}

/// A function of a module with one argument.
///
/// # Safety
/// Called by the interpreter with `count` valid objects.
pub(super) unsafe extern "C" fn unary_function<R: UnaryRule>(
    _: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    if count != 1 {
        return guarded(|_| Err(arithmetic::wrong_count(R::OP.facts().name, count, 1)));
    }
    // SAFETY: there is one of them, and it is valid while the function runs.
    unsafe { unary_slot::<R>(*arguments) }
}

/// A function of a module with two arguments.
///
/// # Safety
/// Called by the interpreter with `count` valid objects.
pub(super) unsafe extern "C" fn binary_function<R: BinaryRule>(
    _: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    if count != 2 {
        return guarded(|_| Err(arithmetic::wrong_count(R::OP.facts().name, count, 2)));
    }
    // SAFETY: there are two of them, and they are valid while the function runs.
    let (a, b) = unsafe { (*arguments, *arguments.add(1)) };
    // SAFETY: both are valid.
    let result = unsafe { binary_slot::<R>(a, b) };
    // SAFETY: asking for the singleton needs the lock only.
    if result != unsafe { ffi::Py_NotImplemented() } {
        return result;
    }
    // SAFETY: the result is ours, and is given up; the operands are valid.
    unsafe {
        ffi::Py_DECREF(result);
        guarded(|py| {
            let a = Bound::from_borrowed_ptr(py, a);
            let b = Bound::from_borrowed_ptr(py, b);
            Ok(arithmetic::binary(R::OP, &a, &b)?.into_ptr())
        })
    }
}

/// A method definition that lives as long as the process, as the interpreter wants it.
pub(super) fn method(
    name: &str,
    facts: &Facts,
    signature: &str,
    call: ffi::PyMethodDefPointer,
    flags: c_int,
) -> ffi::PyMethodDef {
    let text = |text: String| {
        CString::new(text)
            .unwrap_or_default()
            .into_raw()
            .cast_const()
    };
    let doc = format!("{name}({signature})\n--\n\n{}", facts.doc.trim());
    ffi::PyMethodDef {
        ml_name: text(name.to_owned()),
        ml_meth: call,
        ml_flags: flags,
        ml_doc: text(doc),
    }
}

/// The methods of both types that are made here: `item`, the elementwise functions in the order of
/// the table, and the end mark. The functions have NumPy's names, too: for the entries of an object array its functions call
/// the method of their own name.
pub(super) fn methods() -> Vec<ffi::PyMethodDef> {
    struct Method;
    impl UnaryVisitor for Method {
        type Output = ffi::PyMethodDefPointer;
        fn visit<R: UnaryRule>(self) -> Self::Output {
            ffi::PyMethodDefPointer {
                PyCFunction: unary_method::<R>,
            }
        }
    }
    let ops = UnaryOp::ALL.iter().filter(|op| op.facts().is_public);
    let names = ops.flat_map(|op| {
        let foreign = op.facts().numpy.iter().copied();
        let foreign = foreign.filter(|name| *name != op.facts().name);
        iter::once(op.facts().name)
            .chain(foreign)
            .map(move |name| (name, op))
    });
    let methods = names.map(|(name, op)| {
        let call = op.visit(Method);
        method(name, op.facts(), "$self, /", call, ffi::METH_NOARGS)
    });
    let item = ffi::PyMethodDef {
        ml_name: c"item".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: item },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: c"item($self, /)\n--\n\nThe one entry, as a float.".as_ptr(),
    };
    iter::once(item)
        .chain(methods)
        .chain([ffi::PyMethodDef::zeroed()])
        .collect()
}

/// Puts the elementwise functions into a module.
pub(crate) fn set_module_functions(module: &Bound<'_, PyModule>) -> PyResult<()> {
    struct Function;
    impl UnaryVisitor for Function {
        type Output = ffi::PyMethodDefPointer;
        fn visit<R: UnaryRule>(self) -> Self::Output {
            ffi::PyMethodDefPointer {
                PyCFunctionFast: unary_function::<R>,
            }
        }
    }
    impl BinaryVisitor for Function {
        type Output = ffi::PyMethodDefPointer;
        fn visit<R: BinaryRule>(self) -> Self::Output {
            ffi::PyMethodDefPointer {
                PyCFunctionFast: binary_function::<R>,
            }
        }
    }
    let unary = UnaryOp::ALL
        .iter()
        .map(|op| (op.facts(), "x, /", op.visit(Function)));
    let binary = BinaryOp::ALL
        .iter()
        .map(|op| (op.facts(), "a, b, /", op.visit(Function)));
    let py = module.py();
    // Where it is to be found, which messages of the interpreter name.
    let (public, private) = (PyString::new(py, "autograd_rs"), module.name()?);
    for (facts, signature, call) in unary.chain(binary) {
        let definition = method(facts.name, facts, signature, call, ffi::METH_FASTCALL);
        let definition: *mut ffi::PyMethodDef = Box::leak(Box::new(definition));
        let module_name = if facts.is_public { &public } else { &private };
        // SAFETY: the definition lives for ever, as do its texts; the name is a valid object.
        let function = unsafe {
            let function =
                ffi::PyCFunction_NewEx(definition, ptr::null_mut(), module_name.as_ptr());
            Bound::from_owned_ptr_or_err(py, function)?
        };
        module.add(facts.name, function)?;
    }
    Ok(())
}
