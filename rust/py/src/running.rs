//! The functions of transforms that are running, and what they are differentiated by.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use autograd_core::tape::{NodeId, SINK};
use autograd_macros::guarded;
use pyo3::prelude::*;
use smallvec::SmallVec;

use crate::hot;
use crate::hot::cell::GilCell;

/// How many transforms of arrays are running, in all threads: comparisons of numbers ask, and seldom
/// have to look further.
static OF_ARRAYS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// How many transforms this thread is in, and how many of them have an array among their
    /// arguments.
    static RUNNING: Cell<[usize; 2]> = const { Cell::new([0; 2]) };
}

/// While it lives, this thread is in the function of a transform.
pub(crate) struct Running<'py> {
    has_array: bool,
    _inputs: Inputs<'py>,
}

impl<'py> Running<'py> {
    /// Says what the function is differentiated by, and whether an array is among the arguments.
    pub(crate) fn new(py: Python<'py>, inputs: &[Bound<'py, PyAny>], has_array: bool) -> Self {
        let [all, with_array] = RUNNING.get();
        RUNNING.set([all + 1, with_array + usize::from(has_array)]);
        OF_ARRAYS.fetch_add(usize::from(has_array), Ordering::Relaxed);
        Self {
            has_array,
            _inputs: Inputs::new(py, inputs),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let [all, with_array] = RUNNING.get();
        RUNNING.set([all - 1, with_array - usize::from(self.has_array)]);
        OF_ARRAYS.fetch_sub(usize::from(self.has_array), Ordering::Relaxed);
    }
}

/// Whether this thread is in the function of a transform.
pub(crate) fn is_running() -> bool {
    RUNNING.get()[0] > 0
}

/// Whether derivatives of Variables are wanted as arrays of them: whether they are taken inside of
/// a function that a transform runs on an array.
#[guarded]
#[pyfunction]
pub(crate) fn wants_arrays() -> bool {
    OF_ARRAYS.load(Ordering::Relaxed) > 0 && RUNNING.get()[1] > 0
}

/// The inputs of all that is running, in all threads, each with the number of its function.
struct Registry {
    inputs: Vec<(u64, Py<PyAny>)>,
    last: u64,
}

static REGISTRY: GilCell<Registry> = GilCell::new(Registry {
    inputs: Vec::new(),
    last: 0,
});

/// While it lives, code runs that is differentiated by some Variables: a float made of what depends
/// on them would lose a derivative. The objects are kept, not their nodes, which move.
pub(crate) struct Inputs<'py> {
    py: Python<'py>,
    function: u64,
    count: usize,
}

impl<'py> Inputs<'py> {
    pub(crate) fn new(py: Python<'py>, inputs: &[Bound<'py, PyAny>]) -> Self {
        let function = REGISTRY.with(py, |registry| {
            registry.last += 1;
            let own = registry.last;
            let inputs = inputs.iter().map(|input| (own, input.clone().unbind()));
            registry.inputs.extend(inputs);
            own
        });
        Self {
            py,
            function,
            count: inputs.len(),
        }
    }
}

impl Drop for Inputs<'_> {
    fn drop(&mut self) {
        for _ in 0..self.count {
            let gone = REGISTRY.with(self.py, |registry| {
                let inputs = &mut registry.inputs;
                // The last, unless functions of several threads end in another order than they began.
                let last = inputs.iter().rposition(|(own, _)| *own == self.function);
                last.map(|last| inputs.remove(last))
            });
            // Released here, where the registry is not borrowed.
            drop(gone);
        }
    }
}

/// Whether a Variable was computed from an input of something that is running.
pub(crate) fn depends_on_inputs(variable: &Bound<'_, PyAny>) -> bool {
    let py = variable.py();
    REGISTRY.with(py, |registry| {
        hot::with_tape(py, |tape| {
            let inputs = registry.inputs.iter();
            let nodes = inputs.map(|(_, input)| hot::node_of(tape, input.bind(py)));
            let nodes: SmallVec<[NodeId; 4]> = nodes.filter(|node| *node != SINK).collect();
            !nodes.is_empty() && tape.depends_on(hot::node_of(tape, variable), &nodes)
        })
    })
}
