//! The rules of the operations run over slices, compiled for the instructions of this machine.

mod dispatch;
mod map;
mod reduce;
mod second;

pub(crate) use dispatch::{Work, run as run_widest};
pub use map::{
    Operand, SavedOperands, Side, binary_pull_back, binary_push_forward, binary_value,
    unary_pull_back, unary_push_forward, unary_value,
};
pub use reduce::{
    add_assign, add_scaled, cumulative_sum, dot, exclusive_shares, greatest, least, logsumexp,
    norm, products, scale, sum,
};
pub use second::{Moving, MovingOperands, add_binary_change, unary_second};
