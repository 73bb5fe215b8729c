//! Runs a loop with the widest vector instructions of the machine.
//!
//! This module is one of the unsafe rooms. Why it is here: one wheel must run on every x86-64,
//! and the loops are several times faster with AVX2 and FMA. A function compiled for an
//! instruction set may only be called on a machine that has it; each call below stands directly
//! under the test for exactly the features that the function enables. Nothing else is unsafe:
//! the functions take and return ordinary values.

use crate::ops::{Lane, Primal};

/// Work whose loop is written once for any kind of number.
pub(crate) trait Work {
    /// What the work gives.
    type Output;
    /// Does the work in numbers of kind `T`. Must be `#[inline(always)]`, so that its loop is
    /// compiled with the instructions of the caller.
    fn run<T: Primal>(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "an instruction set may only be used where it was detected"
)]
mod x86 {
    use super::{Lane, Work};

    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
    fn run_avx512<W: Work>(work: W) -> W::Output {
        work.run::<Lane>()
    }

    #[target_feature(enable = "avx2,fma")]
    fn run_avx2<W: Work>(work: W) -> W::Output {
        work.run::<Lane>()
    }

    pub(super) fn run<W: Work>(work: W) -> W::Output {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the features that the function enables have just been detected; avx512f
            // implies avx2 and fma.
            return unsafe { run_avx512(work) };
        }
        run_to_avx2(work)
    }

    pub(super) fn run_to_avx2<W: Work>(work: W) -> W::Output {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the features that the function enables have just been detected.
            return unsafe { run_avx2(work) };
        }
        // Without fused multiply-add the branch-free functions would be slow and inexact.
        work.run::<f64>()
    }
}

/// Does `work` with the best instructions of this machine.
#[cfg(target_arch = "x86_64")]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    x86::run(work)
}

/// The same for loops that are seldom run: not compiled for the widest instructions as well, which
/// would make the package larger by more than it gains.
#[cfg(target_arch = "x86_64")]
pub(crate) fn run_seldom<W: Work>(work: W) -> W::Output {
    x86::run_to_avx2(work)
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use run as run_seldom;

/// Does `work` with the best instructions of this machine: every aarch64 has NEON and FMA.
#[cfg(target_arch = "aarch64")]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    work.run::<Lane>()
}

/// Does `work` with the functions of the C library, on machines we have no vector code for.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    let _ = Lane(0.0);
    work.run::<f64>()
}
