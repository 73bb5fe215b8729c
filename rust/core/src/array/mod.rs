//! Numbers and vectors, and the one place that knows their shapes.
//!
//! A vector of one entry is a number: it broadcasts, and it is never stored on the heap.

mod buffer;
mod shape;
mod value;

pub use buffer::Buffer;
pub(crate) use buffer::release_kept;
pub use shape::{ShapeError, broadcast, common_dim};
pub use value::Value;
