//! Automatic differentiation over an index arena: what operations are, how they run on vectors,
//! how they are recorded, and how a recording is swept for derivatives. No Python, no I/O.

pub mod array;
pub mod kernels;
pub mod memory;
pub mod ops;
pub mod structural;
pub mod tape;
