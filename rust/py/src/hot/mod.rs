//! The unsafe room: `Variable` at the level of the interpreter's own types.
//!
//! # Why it is here
//! A loop over `Variable`s is one call of a number slot per operation. Through a safe `#[pyclass]`
//! such a call takes three times as long as it takes here, and it is where all the time of our
//! users goes. So this module, and nothing else in the crate, speaks to the interpreter directly:
//! the type is made from a specification with raw slots, objects come from own slabs, and the
//! tape is reached without a lock.
//!
//! # What it relies on
//! - **The interpreter lock.** Everything here is reached from Python code only, which holds the
//!   lock; [`cell::GilCell`] turns the token that proves it into access. The module does not
//!   declare itself free of the lock, so the interpreter keeps it.
//! - **No Python code runs while the tape is borrowed.** Operands are converted before, objects
//!   are made and released after. Builds with debug assertions check it.
//! - **Objects of `Variable` are made in [`pool`] only**, so that a pointer to one is a pointer
//!   to an initialised [`object::VariableObject`]; types are compared by address, and nobody can
//!   derive from `Variable`.
//! - **The headers of NumPy's arrays** are what [`array`] says.
//! - **Nothing unwinds into the interpreter**: what may panic runs under [`guard::guarded`].
//!
//! # How it is tested
//! `tests/test_fuzz.py` runs random operation sequences against a plain Python model, also on a
//! build with debug assertions; CONTRIBUTING.md says how to run the tests under valgrind.

#![allow(
    unsafe_code,
    reason = "raw slots, own objects: three times the speed of #[pyclass] where all time is spent"
)]

pub(crate) mod array;
mod attributes;
mod buffer;
pub(crate) mod cell;
mod cycles;
mod entries;
pub(crate) mod front;
mod functions;
mod guard;
pub(crate) mod object;
mod operands;
mod pool;
mod slots;
mod types;
mod vector;

pub(crate) use array::{
    array_of, doubles_of, matrix_of, new_array, new_mask, set_array_type, truth_of,
};
pub(crate) use cycles::unreachable_rules;
pub(crate) use entries::iterate;
pub(crate) use functions::set_module_functions;
pub(crate) use object::{
    Variables, assign_leaf, end_argument, end_kept_argument, is_variable, leaf_owner,
    make_room_if_wanted, new_argument, new_leaf, new_variable, operand_of, reclaim, with_tape,
};
pub(crate) use operands::{plain_result, set_fast};
pub(crate) use types::{make_variable_type, make_vector_type};
pub(crate) use vector::{new_vector, vector_of};
