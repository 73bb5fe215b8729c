//! What there is: the table of operations and the state of the tape, as Python sees them.

use autograd_core::ops::{BinaryOp, Domain, Facts, UnaryOp};
use autograd_macros::guarded;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::hot;

type Interval = (f64, f64, bool, bool);

fn interval(domain: &Domain) -> Interval {
    (
        domain.low,
        domain.high,
        domain.low_closed,
        domain.high_closed,
    )
}

/// The elementwise operations: for each a dict of what its row in the table says.
#[guarded]
#[pyfunction]
pub(crate) fn ops(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    let unary = UnaryOp::ALL.iter().map(|op| op.facts());
    let binary = BinaryOp::ALL.iter().map(|op| op.facts());
    for facts in unary.chain(binary) {
        list.append(row(py, facts)?)?;
    }
    Ok(list)
}

fn row<'py>(py: Python<'py>, facts: &Facts) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("name", facts.name)?;
    row.set_item("arity", facts.domains.len())?;
    match facts.domains {
        [domain] => row.set_item("domain", interval(domain))?,
        domains => {
            row.set_item(
                "domain",
                domains.iter().map(interval).collect::<Vec<Interval>>(),
            )?;
        }
    }
    row.set_item("kinks", facts.kinks)?;
    row.set_item("numpy", facts.numpy)?;
    row.set_item("doc", facts.doc.trim())?;
    row.set_item("public", facts.is_public)?;
    Ok(row)
}

/// How many nodes the tape has.
#[guarded]
#[pyfunction]
pub(crate) fn tape_nodes(py: Python<'_>) -> usize {
    hot::with_tape(py, |tape| tape.len())
}

/// Drops what no Variable can reach: at once, unless a sweep waits for Python code.
#[guarded]
#[pyfunction]
pub(crate) fn reclaim(py: Python<'_>) -> PyResult<()> {
    if hot::with_tape(py, |tape| tape.can_reclaim()) {
        hot::reclaim(py);
    }
    Ok(())
}
