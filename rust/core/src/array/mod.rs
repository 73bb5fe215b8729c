//! Numbers and vectors, and the one place that knows their shapes.
//!
//! One entry is never stored on the heap, whatever its rank, and it broadcasts.

mod buffer;
mod shape;
mod value;

pub use buffer::Buffer;
pub(crate) use buffer::release_kept;
pub use shape::{Rank, Shape, ShapeError, common_dim};
pub use value::Value;
