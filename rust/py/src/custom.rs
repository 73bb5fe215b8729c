//! Operations whose derivative Python code gives.

use autograd_core::tape::Record;
use pyo3::prelude::*;

/// Forgets the rules of records that died.
pub(crate) fn release(_py: Python<'_>, _dead: &[Record]) {}
