//! Functions of the C library that `std` does not call.
//!
//! This module is one of the unsafe rooms. Why it is here: a scalar is to be the one that plain
//! Python gives, to the last bit, and Python's `math` calls the C library. `std` has formulas of
//! its own for the inverse hyperbolic functions, and no error function. What it
//! relies on: these are functions of C99 (section 7.12) of one `double`, without side effects but
//! for flags that nobody reads, and every C library that Rust's `std` links has them.

#![allow(
    unsafe_code,
    reason = "the compiler cannot check that a C function is as declared"
)]

#[cfg_attr(unix, link(name = "m"))]
// SAFETY: the signatures are those of C99.
unsafe extern "C" {
    pub(super) safe fn acosh(x: f64) -> f64;
    pub(super) safe fn asinh(x: f64) -> f64;
    pub(super) safe fn atanh(x: f64) -> f64;
    pub(super) safe fn erf(x: f64) -> f64;
    pub(super) safe fn erfc(x: f64) -> f64;
}
