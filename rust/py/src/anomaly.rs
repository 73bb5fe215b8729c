//! The mode that looks for the first nan or inf, and says where in the user's code it was made.

use std::collections::BTreeMap;

use autograd_core::array::Value;
use autograd_core::tape::{Finding, Moved, NodeId, Operand, Origin, SINK, TangentPaused};
use pyo3::exceptions::{PyFloatingPointError, PyRuntimeWarning};
use pyo3::prelude::*;

use crate::custom;
use crate::hot::{self, cell::GilCell};
use crate::vector::text_of;

/// Where the nodes were made that were made while the mode was on.
static PLACES: GilCell<BTreeMap<NodeId, String>> = GilCell::new(BTreeMap::new());

/// Brings the places along when nodes move.
pub(crate) fn follow(py: Python<'_>, moved: &Moved) {
    PLACES.with(py, |places| {
        let old = std::mem::take(places);
        let left = old.into_iter().filter(|(id, _)| moved.has_survived(*id));
        *places = left.map(|(id, place)| (moved.new_id(id), place)).collect();
    });
}

/// The innermost line of Python that is not ours, `file:line`, and how many frames are inside of it.
fn place(py: Python<'_>) -> PyResult<(String, i32)> {
    let ours = py
        .import("autograd_rs")?
        .getattr("__file__")?
        .extract::<String>()?;
    let ours = ours.trim_end_matches("__init__.py");
    let mut frame = py.import("sys")?.call_method1("_getframe", (0,))?;
    let mut inner = 0;
    loop {
        let file: String = frame.getattr("f_code")?.getattr("co_filename")?.extract()?;
        let outer = frame.getattr("f_back")?;
        if !file.starts_with(ours) || outer.is_none() {
            let line: usize = frame.getattr("f_lineno")?.extract()?;
            return Ok((format!("{file}:{line}"), inner));
        }
        frame = outer;
        inner += 1;
    }
}

/// Says of what was recorded for the derivative of a node that it was made where that was.
pub(crate) fn inherit(py: Python<'_>, origins: &[Origin]) {
    PLACES.with(py, |places| {
        for origin in origins {
            if let Some(place) = places.get(&origin.node).cloned() {
                let recorded = origin.recorded.clone();
                places.extend(recorded.map(|id| (id, place.clone())));
            }
        }
    });
}

fn texts(py: Python<'_>, operands: &[Operand]) -> PyResult<String> {
    let texts: Vec<String> = operands
        .iter()
        .map(|operand| text_of(py, &operand.value))
        .collect::<PyResult<_>>()?;
    Ok(texts.join(" and "))
}

fn has(value: &Value, is_bad: fn(f64) -> bool) -> bool {
    value.as_slice().iter().any(|&x| is_bad(x))
}

/// Looks at a new result: an error if it has the first nan or the first inf.
pub(crate) fn inspect(
    py: Python<'_>,
    name: &str,
    operands: &[Operand],
    result: &Operand,
) -> PyResult<()> {
    let (place, _) = place(py)?;
    let is_new =
        |is_bad| has(&result.value, is_bad) && !operands.iter().any(|x| has(&x.value, is_bad));
    let made = if is_new(f64::is_nan) {
        "nan"
    } else if is_new(|x| !x.is_finite()) {
        "inf"
    } else {
        if result.node != SINK {
            PLACES.with(py, |places| places.insert(result.node, place));
        }
        return Ok(());
    };
    let operands = texts(py, operands)?;
    Err(PyFloatingPointError::new_err(format!(
        "{name}: made {made}: got {operands}, at {place}"
    )))
}

/// Reports what a watched sweep saw: an error for the first nan or inf that it made, warnings for
/// those that a zero cotangent swallowed before.
pub(crate) fn report(py: Python<'_>, findings: Vec<Finding>) -> PyResult<()> {
    for finding in findings {
        let (name, key, operands) = hot::with_tape(py, |tape| {
            let id = finding.node;
            (
                tape.name_of(id),
                tape.key_of(id),
                tape.operands(id, &hot::Variables(py)),
            )
        });
        let name = key.and_then(|key| custom::name_of(py, key)).unwrap_or(name);
        let origin = PLACES.with(py, |places| places.get(&finding.node).cloned());
        let origin = origin.map_or_else(String::new, |origin| format!(", at {origin}"));
        let (operands, y_bar) = (texts(py, &operands)?, text_of(py, &finding.y_bar)?);
        let index = finding.operand;
        if finding.is_made {
            return Err(PyFloatingPointError::new_err(format!(
                "{name}: made nan or inf in the gradient of operand {index}: got operands \
                 {operands} and cotangent {y_bar}{origin}"
            )));
        }
        let message = format!(
            "{name}: a cotangent of 0 met an infinite partial of operand {index} and contributed \
             0: got operands {operands}{origin}"
        );
        let message = std::ffi::CString::new(message)?;
        // Told where the user called: frames are counted from 1.
        let level = place(py)?.1 + 1;
        PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &message, level)?;
    }
    Ok(())
}

/// Looks at the tangent that the rule of a custom operation gave, where there is none for reverse
/// mode, which would decide: an error if it has the first nan or inf.
pub(crate) fn inspect_tangent(
    py: Python<'_>,
    paused: &TangentPaused,
    tangent: &Operand,
) -> PyResult<()> {
    let is_bad = |x: &Operand| has(&x.value, |x| !x.is_finite());
    let changes: Vec<Operand> = paused.tangents.iter().flatten().cloned().collect();
    if !is_bad(tangent)
        || changes.iter().any(is_bad)
        || custom::has_rule(py, paused.key, "has_reverse")?
    {
        return Ok(());
    }
    let name = custom::name_of(py, paused.key).unwrap_or_default();
    let origin = PLACES.with(py, |places| places.get(&paused.node).cloned());
    let origin = origin.map_or_else(String::new, |origin| format!(", at {origin}"));
    Err(PyFloatingPointError::new_err(format!(
        "{name}: made nan or inf in its tangent: got operands {} and tangents {}{origin}",
        texts(py, &paused.operands)?,
        texts(py, &changes)?
    )))
}

/// Forgets the places, when the mode ends everywhere.
pub(crate) fn forget(py: Python<'_>) {
    drop(PLACES.with(py, std::mem::take));
}
