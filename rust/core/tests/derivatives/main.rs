//! Derivatives against differences: of every row of the tables, and of random programs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ended;
mod jacobians;
mod programs;
mod random;
mod rules;
mod second;
