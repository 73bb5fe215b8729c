//! Digamma, the logarithmic derivative of the gamma function.

use super::double_double::{DoubleDouble, ONE, PI};
use super::{BERNOULLI, Zero, distance_to_integer, near_zero, polynomial};

/// The positive zero, to 106 bits (mpmath).
const ROOT: DoubleDouble = DoubleDouble {
    hi: 1.4616321449683622,
    lo: 9.549995429965697e-17,
};

/// The largest negative zeros, with `trigamma(z)`, `polygamma(2, z) / 2` and `polygamma(3, z) / 6`
/// (mpmath, 400 bits). Further down no number is close enough to a zero to need this.
const ZEROS: [Zero; 12] = [
    [
        -0.5040830082644554,
        -8.15428206243813e-18,
        8.939798558792134,
        -0.8093454625306507,
        32.258572064915505,
    ],
    [
        -1.5734984731623904,
        -1.574185691077347e-17,
        9.941513615924176,
        -7.802593974782628,
        39.911910808498966,
    ],
    [
        -2.6107208684441447,
        9.881960746978353e-17,
        10.84832879920919,
        -12.770725694247192,
        51.217352382808855,
    ],
    [
        -3.635293366436901,
        5.454396163173039e-17,
        11.650939359651861,
        -16.938337607821335,
        63.16205964241572,
    ],
    [
        -4.653237761743142,
        -2.5492686201468193e-16,
        12.369637994669782,
        -20.636997462381604,
        75.16701278577447,
    ],
    [
        -5.6671624415568855,
        -3.2153051074948335e-18,
        13.021406387509394,
        -24.0108335669899,
        87.05344839974758,
    ],
    [
        -6.678418213073427,
        3.470798723495241e-16,
        13.61885190419576,
        -27.138720475450622,
        98.75629029391955,
    ],
    [
        -7.687788325031626,
        -1.351562494643672e-16,
        14.17134063324115,
        -30.070057845407266,
        110.25217734518726,
    ],
    [
        -8.695764163816401,
        -3.2859903716289447e-16,
        14.685967981672645,
        -32.83860036635177,
        121.5353573419734,
    ],
    [
        -9.702672540001863,
        -3.2563178405401477e-16,
        15.168227153977934,
        -35.4688400421718,
        132.60808169720988,
    ],
    [
        -10.708740838254144,
        -6.287211750540301e-16,
        15.622457622439102,
        -37.97933883319623,
        143.47631957847452,
    ],
    [
        -11.714133061228955,
        8.598250154343834e-16,
        16.052149399699143,
        -40.384634336499815,
        154.14769585798456,
    ],
];

/// `digamma(x) / (x - ROOT)` in `x - 1.25`, for `1 <= x <= 1.5`; relative error below `2^-54`.
const LEFT_OF_ROOT: [f64; 19] = [
    1.0747589096650145,
    -0.5791664818235417,
    0.4002392309428629,
    -0.2998194686574019,
    0.23226650152063355,
    -0.1827773492814749,
    0.1449583689610099,
    -0.1154283122362418,
    0.09210979473594921,
    -0.07358633880820493,
    0.05882801829497805,
    -0.04703939576113922,
    0.037535722475696094,
    -0.030111285000698745,
    0.0253611403637299,
    -0.018979990466336326,
    0.004996251225920811,
    -0.01472771650705083,
    0.046088196220163684,
];

/// `digamma(x) / (x - ROOT)` in `x - 1.75`, for `1.5 <= x <= 2`; relative error below `2^-56`.
const RIGHT_OF_ROOT: [f64; 16] = [
    0.8581832171262995,
    -0.3262546278681057,
    0.1571201133520388,
    -0.0822855863557711,
    0.0447996544532911,
    -0.024890048489945134,
    0.013985786159376732,
    -0.00791046871762486,
    0.004491813856318438,
    -0.0025566882622731772,
    0.001457399510240071,
    -0.0008314776738116776,
    0.0004738256455869374,
    -0.00027094901461318304,
    0.00016590827846777367,
    -9.330386413380632e-05,
];

/// `digamma(x)` in `x - 3`, for `2 <= x <= 4`; relative error below `2^-57`.
const MIDDLE: [f64; 23] = [
    0.9227843350984671,
    0.39493406684822646,
    -0.07705690315959408,
    0.019823233711135466,
    -0.0056777551433694826,
    0.0017180619845254864,
    -0.0005367773819940998,
    0.00017110619699558957,
    -5.5267825163429594e-05,
    1.8012634250599872e-05,
    -5.907359775795096e-06,
    1.9459019612290937e-06,
    -6.430146698859909e-07,
    2.130474787929966e-07,
    -7.07047195920969e-08,
    2.3354175432783555e-08,
    -7.734239723609469e-09,
    2.722382783648064e-09,
    -9.297077783548888e-10,
    2.0349143856009118e-10,
    -5.750844323695562e-11,
    6.204338460918105e-11,
    -2.25910146508702e-11,
];

/// Digamma `d/dx ln gamma(x)`: `-inf` at 0 and `+inf` at -0, as the limits are; nan at the negative
/// integers and at `-inf`.
///
/// Within 4 ulp, also near its zeros.
///
/// # Source
///
/// Recurrence DLMF 5.5.2, reflection 5.5.4, asymptotic series 5.11.2. Between 1 and 4
/// polynomials: weighted least squares on Chebyshev nodes in 400-bit arithmetic.
#[must_use]
pub fn digamma(x: f64) -> f64 {
    if x > 0.0 {
        return positive(x);
    }
    if x == 0.0 {
        return -x.recip();
    }
    if x == x.floor() || x.is_nan() {
        return f64::NAN;
    }
    near_zero(x, &ZEROS).unwrap_or_else(|| reflected(x))
}

fn positive(x: f64) -> f64 {
    if x < 1.0 {
        return around_root(x, 1.0) - x.recip();
    }
    if x < 2.0 {
        return around_root(x, 0.0);
    }
    if x < 4.0 {
        return polynomial(x - 3.0, &MIDDLE);
    }
    if x < 8.0 {
        // 1/x + 1/(x+1) + 1/(x+2) + 1/(x+3), two by two.
        let outer = (2.0 * x + 3.0) / (x * (x + 3.0));
        let inner = (2.0 * x + 3.0) / ((x + 1.0) * (x + 2.0));
        return asymptotic(x + 4.0) - (outer + inner);
    }
    asymptotic(x)
}

/// `digamma(x + shift)` for `1 <= x + shift <= 2`, without rounding the sum.
fn around_root(x: f64, shift: f64) -> f64 {
    let distance = (x - (ROOT.hi - shift)) - ROOT.lo;
    if x + shift < 1.5 {
        return distance * polynomial(x - (1.25 - shift), &LEFT_OF_ROOT);
    }
    distance * polynomial(x - (1.75 - shift), &RIGHT_OF_ROOT)
}

/// `digamma(x)` for `x >= 8`.
fn asymptotic(x: f64) -> f64 {
    // Beyond 2^53 only the logarithm is left, and x * x might overflow.
    if x > 9007199254740992.0 {
        return x.ln();
    }
    let z = (x * x).recip();
    let mut series = 0.0;
    for &(n, numerator, denominator) in BERNOULLI.iter().rev() {
        series = series * z + numerator / (denominator * n);
    }
    x.ln() - (0.5 / x + series * z)
}

/// `digamma(1 - x) - pi / tan(pi x)` for negative `x`.
fn reflected(x: f64) -> f64 {
    let t = distance_to_integer(x);
    if t.abs() < 0.01 {
        // The second term is far larger: nothing cancels.
        return positive(1.0 - x) - core::f64::consts::PI / (core::f64::consts::PI * t).tan();
    }
    (positive_double_double(DoubleDouble::sum(1.0, -x)) - pi_cot_pi(t)).round()
}

/// `pi / tan(pi t)` for `|t| <= 1/2`.
fn pi_cot_pi(t: f64) -> DoubleDouble {
    let distance = t.abs();
    let cotangent = if distance > 0.25 {
        (PI * (0.5 - distance).into()).tan()
    } else {
        ONE / (PI * distance.into()).tan()
    };
    PI * if t < 0.0 { -cotangent } else { cotangent }
}

/// `digamma(x)` to about 100 bits, by shifting beyond 30.
fn positive_double_double(x: DoubleDouble) -> DoubleDouble {
    let mut sum = DoubleDouble::from(0.0);
    let mut y = x;
    while y.hi < 30.0 {
        sum = sum + ONE / y;
        y = y + ONE;
    }
    let z = ONE / (y * y);
    let mut series = DoubleDouble::from(0.0);
    for &(n, numerator, denominator) in BERNOULLI.iter().rev() {
        series = series * z + DoubleDouble::from(numerator) / (denominator * n).into();
    }
    y.ln() - (DoubleDouble::from(0.5) / y + series * z + sum)
}
