//! Accuracy against correctly rounded values, and special values.

use super::*;

const REFERENCE: &str = include_str!("../../../../../tests/reference/elementary.csv");

type Function = fn(f64) -> f64;

const FUNCTIONS: [(&str, Function); 8] = [
    ("erf", erf),
    ("erfc", erfc),
    ("lgamma", lgamma),
    ("digamma", digamma),
    ("trigamma", trigamma),
    ("polygamma2", |x| polygamma(2, x)),
    ("polygamma3", |x| polygamma(3, x)),
    ("polygamma6", |x| polygamma(6, x)),
];

/// Whether two numbers are the same, both nan, or within four units in the last place.
fn agree(got: f64, wanted: f64) -> bool {
    if wanted.is_nan() || wanted.is_infinite() || wanted == 0.0 {
        return got.is_nan() && wanted.is_nan() || got.to_bits() == wanted.to_bits();
    }
    let ulp = f64::from_bits(wanted.abs().to_bits() + 1) - wanted.abs();
    (got - wanted).abs() <= 4.0 * ulp
}

#[test]
fn functions_agree_with_the_reference_table() {
    for (name, function) in FUNCTIONS {
        let rows = REFERENCE
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(','));
        let mut count = 0;
        for row in rows {
            let (x, wanted) = row.split_once(',').expect("two numbers");
            let x: f64 = x.parse().expect("a number");
            let wanted: f64 = wanted.parse().expect("a number");
            let got = function(x);
            assert!(
                agree(got, wanted),
                "{name}({x:e}) = {got:e}, wanted {wanted:e}"
            );
            count += 1;
        }
        assert!(count > 100, "{name}: only {count} reference values");
    }
}

#[test]
fn the_gamma_functions_have_poles_at_the_integers_up_to_zero() {
    for n in 1..50 {
        let x = -f64::from(n);
        assert_eq!(lgamma(x), f64::INFINITY);
        assert!(digamma(x).is_nan());
        assert_eq!(trigamma(x), f64::INFINITY);
        assert!(polygamma(2, x).is_nan());
        assert_eq!(polygamma(3, x), f64::INFINITY);
    }
}

#[test]
fn at_zero_the_gamma_functions_are_their_limits_from_the_side_of_the_sign() {
    for (x, digamma_limit, even_limit) in [
        (0.0, f64::NEG_INFINITY, f64::NEG_INFINITY),
        (-0.0, f64::INFINITY, f64::INFINITY),
        (5e-324, f64::NEG_INFINITY, f64::NEG_INFINITY),
        (-5e-324, f64::INFINITY, f64::INFINITY),
        (1e-309, f64::NEG_INFINITY, f64::NEG_INFINITY),
    ] {
        assert_eq!(lgamma(x).is_infinite(), x == 0.0);
        assert_eq!(digamma(x), digamma_limit, "at {x:e}");
        for n in [1, 3, 7] {
            assert_eq!(polygamma(n, x), f64::INFINITY, "{n} at {x:e}");
        }
        for n in [2, 4, 100] {
            assert_eq!(polygamma(n, x), even_limit, "{n} at {x:e}");
        }
    }
}

#[test]
fn close_to_zero_the_derivatives_of_digamma_are_their_first_terms() {
    // n! / x^(n+1) by mpmath.
    for x in [1e-110, -1e-110] {
        assert!(agree(digamma(x), -1.0 / x));
        assert!(agree(trigamma(x), 1e220));
    }
    assert!(agree(trigamma(-7.5e-155), 1.7777777777777776e308));
    assert!(agree(polygamma(2, 3e-103), -7.407407407407407e307));
    assert!(agree(polygamma(2, -3e-103), 7.407407407407407e307));
}

#[test]
fn lgamma_is_exactly_zero_at_one_and_two() {
    assert_eq!(lgamma(1.0), 0.0);
    assert_eq!(lgamma(2.0), 0.0);
}

#[test]
fn huge_arguments_neither_overflow_early_nor_give_nan() {
    assert_eq!(lgamma(1e306), f64::INFINITY);
    assert_eq!(lgamma(-1e300), f64::INFINITY);
    assert!(agree(digamma(1e300), 690.7755278982137));
    assert!(agree(trigamma(1e300), 1e-300));
    assert_eq!(polygamma(170, 1e300), 0.0);
    assert_eq!(polygamma(4, 1e-80), f64::NEG_INFINITY);
}

#[test]
fn polygamma_of_order_zero_and_one_are_digamma_and_trigamma() {
    assert_eq!(polygamma(0, 0.3).to_bits(), digamma(0.3).to_bits());
    assert_eq!(polygamma(1, 0.3).to_bits(), trigamma(0.3).to_bits());
}
