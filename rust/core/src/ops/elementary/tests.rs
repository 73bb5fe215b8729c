//! Accuracy against correctly rounded values, and special values.

use super::*;

const REFERENCE: &str = include_str!("../../../../../tests/reference/elementary.csv");

type Unary = fn(f64) -> f64;
type Binary = fn(f64, f64) -> f64;

const UNARY: [(&str, Unary); 23] = [
    ("exp", |x| exp(x)),
    ("exp2", |x| exp2(x)),
    ("expm1", |x| expm1(x)),
    ("sigmoid", |x| sigmoid(x)),
    ("softplus", |x| softplus(x)),
    ("log_sigmoid", |x| log_sigmoid(x)),
    ("ln", |x| ln(x)),
    ("log2", |x| log2(x)),
    ("log10", |x| log10(x)),
    ("log1p", |x| log1p(x)),
    ("sin", |x| sin(x)),
    ("cos", |x| cos(x)),
    ("tan", |x| tan(x)),
    ("asin", |x| asin(x)),
    ("acos", |x| acos(x)),
    ("atan", |x| atan(x)),
    ("sinh", |x| sinh(x)),
    ("cosh", |x| cosh(x)),
    ("tanh", |x| tanh(x)),
    ("asinh", |x| asinh(x)),
    ("acosh", |x| acosh(x)),
    ("atanh", |x| atanh(x)),
    ("cbrt", |x| cbrt(x)),
];
const BINARY: [(&str, Binary); 3] = [
    ("atan2", |y, x| atan2(y, x)),
    ("hypot", |x, y| hypot(x, y)),
    ("pow", |x, y| pow(x, y)),
];

/// How many doubles lie between two numbers; 0 if both are nan or they are identical.
fn steps_between(a: f64, b: f64) -> u64 {
    /// A number's place in the order of all doubles; -0 comes just before +0.
    fn place(x: f64) -> i128 {
        let magnitude = i128::from(x.abs().to_bits());
        if x.is_sign_negative() {
            -1 - magnitude
        } else {
            magnitude
        }
    }
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0,
        (false, false) => place(a).abs_diff(place(b)) as u64,
        (true, false) | (false, true) => u64::MAX,
    }
}

/// The rows of one function: the arguments, then the value.
fn rows(name: &str) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f64>> = REFERENCE
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(','))
        .map(|numbers| {
            numbers
                .split(',')
                .map(|n| n.parse().expect("a number"))
                .collect()
        })
        .collect();
    assert!(
        rows.len() > 100,
        "{name}: only {} reference values",
        rows.len()
    );
    rows
}

#[test]
fn unary_functions_are_within_one_step_of_the_correctly_rounded_value() {
    for (name, function) in UNARY {
        for row in rows(name) {
            let (x, wanted, got) = (row[0], row[1], function(row[0]));
            assert!(
                steps_between(got, wanted) <= 1,
                "{name}({x:e}) = {got:e}, wanted {wanted:e}"
            );
            if wanted == 0.0 || wanted.is_infinite() {
                assert_eq!(got.to_bits(), wanted.to_bits(), "{name}({x:e}) = {got:e}");
            }
        }
    }
}

#[test]
fn binary_functions_are_within_one_step_of_the_correctly_rounded_value() {
    for (name, function) in BINARY {
        for row in rows(name) {
            let (x, y, wanted, got) = (row[0], row[1], row[2], function(row[0], row[1]));
            assert!(
                steps_between(got, wanted) <= 1,
                "{name}({x:e}, {y:e}) = {got:e}, wanted {wanted:e}"
            );
        }
    }
}

#[test]
fn sin_cos_gives_what_sin_and_cos_give() {
    for row in rows("sin") {
        let (sine, cosine) = sin_cos(row[0]);
        assert_eq!(sine.to_bits(), sin(row[0]).to_bits());
        assert_eq!(cosine.to_bits(), cos(row[0]).to_bits());
    }
}

#[test]
fn the_tails_of_sigmoid_neither_cancel_nor_overflow() {
    assert_eq!(sigmoid(-1000.0), 0.0);
    assert_eq!(sigmoid(1000.0), 1.0);
    assert_eq!(sigmoid(-745.0), 5e-324);
    assert_eq!(log_sigmoid(-1000.0), -1000.0);
    assert_eq!(softplus(1000.0), 1000.0);
}

#[test]
fn slopes_are_within_a_few_steps_also_in_the_tails() {
    // mpmath: sech(x)^2, which is 4 sigmoid'(2 x).
    let wanted = [
        (0.0, 1.0),
        (1e-3, 0.9999990000006667),
        (0.5, 0.7864477329659274),
        (5.561504012329934, 5.907260954258744e-05),
        (20.0, 1.6993417021166355e-17),
        (350.0, 3.943870617503908e-304),
        (1e300, 0.0),
        (f64::INFINITY, 0.0),
    ];
    for (x, wanted) in wanted {
        for x in [x, -x] {
            let (tanh, sigmoid) = (sech_squared(x), 4.0 * sigmoid_slope(2.0 * x));
            assert!(steps_between(tanh, wanted) <= 4, "at {x:e}: {tanh:e}");
            assert!(steps_between(sigmoid, wanted) <= 4, "at {x:e}: {sigmoid:e}");
        }
    }
    assert!(sech_squared(f64::NAN).is_nan());
}

#[test]
fn powers_of_two_have_exact_logarithms_and_exponentials() {
    for n in -1074..=1023 {
        let power = exp2(f64::from(n));
        assert_eq!(log2(power), f64::from(n));
    }
}

#[test]
fn symmetric_functions_are_exactly_symmetric() {
    for row in rows("sin") {
        let x = row[0];
        for odd in [sin, tan, tanh, sinh, atan, asin] {
            assert_eq!(odd(-x).to_bits(), (-odd(x)).to_bits(), "at {x:e}");
        }
        assert_eq!(cos(-x).to_bits(), cos(x).to_bits(), "at {x:e}");
        assert_eq!(cosh(-x).to_bits(), cosh(x).to_bits(), "at {x:e}");
    }
}
