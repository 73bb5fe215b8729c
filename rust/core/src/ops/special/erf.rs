//! The error function and its complement.

use super::polynomial;

/// `erf(x) / x - 1` in `x^2`, for `|x| <= 1`; error below `2^-56`.
const ERF: [f64; 15] = [
    0.1283791670955126,
    -0.37612638903183926,
    0.11283791670962331,
    -0.02686617064653025,
    0.00522397764082414,
    -0.0008548328085856638,
    0.00012055382003734715,
    -1.4927218749237626e-05,
    1.6497627874227436e-06,
    -1.6938959992369534e-07,
    2.135614991525975e-08,
    -6.405312460570115e-09,
    2.785369214944733e-09,
    -8.344949410824243e-10,
    1.1452266563335434e-10,
];

/// `(1 + 2 x) e^(x^2) erfc(x)` in `(x - CENTRE) / (x + CENTRE)`, for `0.5 <= x <= 27.5`; relative
/// error below `2^-53`.
const ERFC: [f64; 24] = [
    1.2375126308378275,
    -0.14024059858554702,
    0.0035854154854796363,
    0.08227673849015099,
    -0.10880393014242125,
    0.09230432116020573,
    -0.05869339857578475,
    0.028362277421358762,
    -0.009746579717464817,
    0.0017556258336731232,
    0.0002937147904936073,
    -0.0002901539821227157,
    5.164399011524582e-05,
    2.2383893077037262e-05,
    -1.1428903670051196e-05,
    -9.726930148499329e-07,
    1.7218884539944954e-06,
    -5.8759891128742046e-08,
    -2.2197175246569122e-07,
    2.5112866996836962e-08,
    1.2446207303973823e-08,
    -5.0737152924925665e-09,
    3.499954152435383e-09,
    7.391959158962954e-10,
];
const CENTRE: f64 = 3.75;

/// Error function, odd, from -1 to 1: within 1.2 ulp.
///
/// # Source
///
/// Near zero a polynomial in `x^2`, further out `1 - erfc(x)`. Polynomials here: weighted least
/// squares on Chebyshev nodes in 300-bit arithmetic.
#[must_use]
pub fn erf(x: f64) -> f64 {
    let a = x.abs();
    if a < 1.0 {
        return x + x * polynomial(x * x, &ERF);
    }
    if a < 6.0 {
        return (1.0 - right_tail(a)).copysign(x);
    }
    if x.is_nan() { x } else { 1.0_f64.copysign(x) }
}

/// Complementary error function `1 - erf(x)`, with full relative accuracy in the right tail:
/// within 4 ulp.
///
/// # Source
///
/// M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of (1+2x)exp(x^2)erfc x in
/// 0 <= x < infinity", Mathematics of Computation 36 (1981), doi:10.1090/S0025-5718-1981-0595058-X:
/// the function and the variable, not the coefficients.
#[must_use]
pub fn erfc(x: f64) -> f64 {
    if x < 0.5 {
        return 1.0 - erf(x);
    }
    if x < 27.5 {
        return right_tail(x);
    }
    if x.is_nan() { x } else { 0.0 }
}

/// `erfc(x)` for `0.5 <= x <= 27.5`.
fn right_tail(x: f64) -> f64 {
    let square = x * x;
    // What the rounding of the square takes away, e^-square gets back as a factor.
    let square_lo = x.mul_add(x, -square);
    let scaled = polynomial((x - CENTRE) / (x + CENTRE), &ERFC) / (1.0 + 2.0 * x);
    let decay = (-square).exp();
    (scaled - scaled * square_lo) * decay
}
