//! Cube root and hypotenuse.

use super::{fast_two_sum, two_product};

/// `2^54`, which moves subnormal numbers into the normal range; its cube root is `2^18`.
const TWO_54: f64 = 18014398509481984.0;

/// `2^600`.
const TWO_600: f64 = 4.149515568880993e180;

/// `((1 - h)^(-1/3) - 1) / h` for `|h| < 0.103`; `h` times the error is below `2^-23`.
const INVERSE_CUBE_ROOT: [f64; 4] = [
    0.3333290721676236,
    0.22221481397322562,
    0.17447499920560094,
    0.14598609594192316,
];

/// Cube root.
///
/// Largest error found: 0.63 ulp.
///
/// # Source
///
/// First estimate of `x^(-1/3)` by an integer third of the exponent and mantissa: W. Kahan and
/// K. C. Ng, `cbrt` of 4.3BSD (1985), here for the inverse; then iterations without a division.
#[inline(always)]
pub(crate) fn cbrt(x: f64) -> f64 {
    let a = x.abs();
    let is_subnormal = a < f64::MIN_POSITIVE;
    let a = a * if is_subnormal { TWO_54 } else { 1.0 };
    // A third of the upper half; 0x5555_5556 is 2^32 / 3. The constant minimises the error, 3.5 %.
    let third = ((a.to_bits() >> 32) * 0x5555_5556) >> 32;
    let y = f64::from_bits(0x553e_e800u64.wrapping_sub(third) << 32);
    let h = (a * y * y).mul_add(-y, 1.0);
    let y = (y * h).mul_add(super::horner(h, &INVERSE_CUBE_ROOT), y);
    let h = (a * y * y).mul_add(-y, 1.0);
    let y = (y * h).mul_add(h.mul_add(2.0 / 9.0, 1.0 / 3.0), y);
    // One Newton step on the root itself, with an accurate residual.
    let root = a * y * y;
    let (square, square_lo) = two_product(root, root);
    let residual = square.mul_add(root, -a) + square_lo * root;
    let root = (residual * (y * y)).mul_add(-1.0 / 3.0, root);
    let root = root * if is_subnormal { 1.0 / 262144.0 } else { 1.0 };
    let is_ordinary = x != 0.0 && x.abs() < f64::INFINITY;
    if is_ordinary { root.copysign(x) } else { x }
}

/// `sqrt(hi + lo)` in two parts, for `hi >= 0` and a small `lo`.
#[inline(always)]
pub(super) fn sqrt_parts(hi: f64, lo: f64) -> (f64, f64) {
    let root = hi.sqrt();
    let rest = (root.mul_add(-root, hi) + lo) * (0.5 / root);
    (root, if hi == 0.0 { 0.0 } else { rest })
}

/// `sqrt(x^2 + y^2)` without overflow on the way; infinite if either is, even beside a nan.
///
/// Largest error found: 0.51 ulp.
#[inline(always)]
pub(crate) fn hypot(x: f64, y: f64) -> f64 {
    let (x, y) = (x.abs(), y.abs());
    let (large, small) = if x > y { (x, y) } else { (y, x) };
    // Powers of two that keep the squares, and the rounding errors of the squares, in range.
    let is_huge = large > 1e150;
    let is_tiny = large < 1e-130;
    let factor = if is_huge { TWO_600.recip() } else { 1.0 };
    let factor = if is_tiny { TWO_600 } else { factor };
    let back = if is_huge { TWO_600 } else { 1.0 };
    let back = if is_tiny { TWO_600.recip() } else { back };
    let (large_square, large_lo) = two_product(large * factor, large * factor);
    let (small_square, small_lo) = two_product(small * factor, small * factor);
    let (sum, sum_lo) = fast_two_sum(large_square, small_square);
    let (root, rest) = sqrt_parts(sum, sum_lo + (large_lo + small_lo));
    let value = (root + rest) * back;
    let is_infinite = x == f64::INFINITY || y == f64::INFINITY;
    let value = if is_infinite { f64::INFINITY } else { value };
    if (x.is_nan() || y.is_nan()) && !is_infinite {
        f64::NAN
    } else {
        value
    }
}
