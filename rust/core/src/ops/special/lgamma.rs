//! Logarithm of the absolute value of the gamma function.

use super::double_double::{DoubleDouble, ONE};
use super::{BERNOULLI, Zero, distance_to_integer, near_zero, polynomial};

/// The negative zeros above -7, with `digamma(z)`, `trigamma(z) / 2` and `polygamma(2, z) / 6`
/// (mpmath, 400 bits). Further down no number is close enough to a zero to need this.
const ZEROS: [Zero; 10] = [
    [
        -2.4570247382208006,
        -3.7075610815513266e-17,
        1.5156034480216574,
        4.8583209516339965,
        1.41129114307798,
    ],
    [
        -2.7476826467274127,
        9.055340329338315e-17,
        -1.9143501856115988,
        9.575189475709667,
        -20.095134916842603,
    ],
    [
        -3.14358088834998,
        -2.1818179852331714e-16,
        7.781884658131351,
        25.831338372387957,
        112.268986297176,
    ],
    [
        -3.955294284858598,
        -1.999428391746348e-17,
        -20.725060845803707,
        251.7146825868894,
        -3730.6047156806126,
    ],
    [
        -4.039361839740537,
        2.1143995503980602e-16,
        26.790480886140593,
        324.25532293784715,
        5465.691820777134,
    ],
    [
        -4.991544640560048,
        1.5174411760571722e-16,
        -116.53578161624363,
        6995.235954894064,
        -551419.9978512884,
    ],
    [
        -5.0082181683225935,
        -4.3926353491015815e-17,
        123.3621845633534,
        7404.762432228682,
        600556.168452811,
    ],
    [
        -5.998607480080875,
        -3.311862478893795e-16,
        -716.2454304275473,
        257851.58963956262,
        -123445282.15783688,
    ],
    [
        -6.001385294453155,
        6.415847287933042e-17,
        723.7366299252801,
        260548.41030309396,
        125386984.94090366,
    ],
    [
        -6.999801507890638,
        1.0550130037400023e-17,
        -5035.967373768125,
        12690641.16604718,
        -42623489764.75812,
    ],
];

/// `lgamma(x) / ((x - 1) (x - 2))` in `x - 1.25`, for `1 <= x <= 1.5`.
const FROM_ONE: [f64; 17] = [
    0.5241164609163369,
    -0.18455838443681608,
    0.09456573803297992,
    -0.0562734072738193,
    0.03615879798236707,
    -0.024308805034613277,
    0.01682767837841574,
    -0.0118882388367132,
    0.008525155171109536,
    -0.00618392982753216,
    0.004525724629217072,
    -0.0033398361449320326,
    0.00249807797484026,
    -0.001829017240279672,
    0.0011931467297122448,
    -0.0012168890563213426,
    0.0015883332657030504,
];

/// `lgamma(x) / ((x - 1) (x - 2))` in `x - 1.75`, for `1.5 <= x <= 2`.
const UP_TO_TWO: [f64; 15] = [
    0.4501393121092563,
    -0.11948158662524276,
    0.044520447198518116,
    -0.019053957830235477,
    0.008776370423788295,
    -0.0042261941281364086,
    0.002095533992394227,
    -0.0010605659007174814,
    0.0005448925498609256,
    -0.00028319757368477325,
    0.0001486114897511134,
    -7.831499415366179e-05,
    4.065604911195198e-05,
    -2.3841997299820747e-05,
    1.6933831448413616e-05,
];

/// `lgamma(x) / ((x - 1) (x - 2))` in `x - 2.5`, for `2 <= x <= 3`.
const FROM_TWO: [f64; 18] = [
    0.37957716063055885,
    -0.07466357415449942,
    0.0199051543047485,
    -0.006018768527034591,
    0.0019490574886503638,
    -0.0006586397066869576,
    0.0002290536449095896,
    -8.130229112670265e-05,
    2.9299184073333628e-05,
    -1.0682297558744905e-05,
    3.931334725186943e-06,
    -1.4572683851623205e-06,
    5.40385331022024e-07,
    -2.0272467663155597e-07,
    8.321985530030055e-08,
    -3.1106309184096374e-08,
    5.921528455111585e-09,
    -2.5702679331396527e-09,
];

/// `ln(sqrt(2 pi))`.
const LN_SQRT_2_PI: DoubleDouble = DoubleDouble {
    hi: 0.9189385332046728,
    lo: -3.8782941580672414e-17,
};

/// Below this the reflection formula is accurate in plain `f64`: every `f64` that is not an
/// integer is far from the zeros, which approach the integers as `1 / n!`.
const REFLECT_BELOW: f64 = -40.0;

/// Logarithm of `|gamma(x)|`: `+inf` at zero, at the negative integers and at both infinities.
///
/// Within 4 ulp, also near its zeros 1, 2 and those between the negative integers.
///
/// # Source
///
/// Recurrence DLMF 5.5.1, reflection 5.5.3, Stirling's series 5.11.1. Between 1 and 3
/// polynomials that leave the zeros outside: weighted least squares on Chebyshev nodes in 400-bit
/// arithmetic, relative error about half an ulp.
#[must_use]
pub fn lgamma(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    if x > 0.0 {
        return positive(x);
    }
    if x == x.floor() {
        return f64::INFINITY;
    }
    if x > -1.0 {
        return positive(1.0 + x) - x.abs().ln();
    }
    if x > -2.0 {
        return positive(2.0 + x) - (x * (1.0 + x)).abs().ln();
    }
    if x < REFLECT_BELOW {
        let sine = (core::f64::consts::PI * distance_to_integer(x)).sin();
        return (core::f64::consts::PI / (x * sine).abs()).ln() - positive(-x);
    }
    near_zero(x, &ZEROS).unwrap_or_else(|| shifted(x))
}

/// `ln gamma(x)` for `x > 0`.
fn positive(x: f64) -> f64 {
    if x < 1.0 {
        // Every difference is exact, and so is the zero at 1.
        return x * (x - 1.0) * without_zeros(x, 1.0) - x.ln();
    }
    if x < 3.0 {
        return (x - 1.0) * (x - 2.0) * without_zeros(x, 0.0);
    }
    if x < 8.0 {
        let mut y = x;
        let mut product = 1.0;
        while y >= 3.0 {
            y -= 1.0;
            product *= y;
        }
        return (y - 1.0) * (y - 2.0) * without_zeros(y, 0.0) + product.ln();
    }
    if x > 1e17 {
        return x * (x.ln() - 1.0);
    }
    let z = (x * x).recip();
    let mut series = 0.0;
    for &(n, numerator, denominator) in BERNOULLI.iter().rev() {
        series = series * z + numerator / (denominator * n * (n - 1.0));
    }
    (x - 0.5) * (x.ln() - 1.0) + (LN_SQRT_2_PI.hi - 0.5 + series / x)
}

/// `lgamma(y) / ((y - 1) (y - 2))` at `y = x + shift`, for `1 <= y <= 3`.
fn without_zeros(x: f64, shift: f64) -> f64 {
    if x + shift < 1.5 {
        return polynomial(x - (1.25 - shift), &FROM_ONE);
    }
    if x + shift < 2.0 {
        return polynomial(x - (1.75 - shift), &UP_TO_TWO);
    }
    polynomial(x - (2.5 - shift), &FROM_TWO)
}

/// `ln |gamma(x)|` for `-40 <= x`, by shifting beyond 30 in double-double arithmetic.
fn shifted(x: f64) -> f64 {
    let shift = (30.0 - x).ceil();
    let y = DoubleDouble::sum(x, shift);
    let mut product = ONE;
    let mut i = 0.0;
    while i < shift {
        product = product * DoubleDouble::sum(x, i);
        i += 1.0;
    }
    (stirling(y) - product.abs().ln()).round()
}

/// `ln gamma(y)` for `y >= 30`.
fn stirling(y: DoubleDouble) -> DoubleDouble {
    let z = ONE / (y * y);
    let mut series = DoubleDouble::from(0.0);
    for &(n, numerator, denominator) in BERNOULLI.iter().rev() {
        series = series * z + DoubleDouble::from(numerator) / (denominator * n * (n - 1.0)).into();
    }
    (y - 0.5.into()) * y.ln() - y + LN_SQRT_2_PI + series / y
}
