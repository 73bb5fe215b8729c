//! Every row of the tables against differences of its own value, which know nothing of its partial.

use crate::random::{Random, close};
use autograd_core::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, Domain, Saved, UnaryOp, UnaryRule, UnaryVisitor,
};

/// A point well inside a domain, and away from whole numbers and halves, where steps are.
pub(crate) fn point(random: &mut Random, domain: Domain) -> f64 {
    let (low, high) = (domain.low.max(-3.0), domain.high.min(3.0));
    if low >= high {
        return low;
    }
    loop {
        let x = random.between(low, high);
        let is_inside = x - low > 0.05 * (high - low) && high - x > 0.05 * (high - low);
        if is_inside && (2.0 * x - (2.0 * x).round()).abs() > 0.02 {
            return x;
        }
    }
}

/// The derivative by central differences of two steps, extrapolated (Richardson).
fn difference(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    let central = |h: f64| (f(x + h) - f(x - h)) / (2.0 * h);
    let h = 1e-3;
    (4.0 * central(h / 2.0) - central(h)) / 3.0
}

struct CheckUnary<'a>(&'a mut Random);

impl UnaryVisitor for CheckUnary<'_> {
    type Output = ();
    fn visit<R: UnaryRule>(self) {
        for _ in 0..50 {
            let x = point(self.0, R::OP.facts().domains[0]);
            let saved = Saved {
                a: x,
                b: x,
                y: R::value(x),
            };
            if saved.y > 1e300 {
                // Differences of such values, divided by the step, overflow.
                continue;
            }
            let (got, wanted) = (R::partial(saved), difference(R::value::<f64>, x));
            assert!(
                close(got, wanted, 1e-7),
                "{:?} at {x}: {got}, wanted {wanted}",
                R::OP
            );
        }
    }
}

struct CheckBinary<'a>(&'a mut Random);

impl BinaryVisitor for CheckBinary<'_> {
    type Output = ();
    fn visit<R: BinaryRule>(self) {
        let domains = R::OP.facts().domains;
        for _ in 0..50 {
            let (a, b) = (point(self.0, domains[0]), point(self.0, domains[1]));
            let quotient = a / b;
            if (quotient - quotient.round()).abs() < 0.02 || (a - b).abs() < 0.02 {
                continue;
            }
            let saved = Saved {
                a,
                b,
                y: R::value(a, b),
            };
            let is_order = domains[0].low == domains[0].high;
            if !is_order {
                let wanted = difference(|a| R::value(a, b), a);
                let got = R::partial_a(saved);
                assert!(
                    close(got, wanted, 1e-6),
                    "{:?}/a at {a}, {b}: {got}, {wanted}",
                    R::OP
                );
            }
            // The partial of a gated product is that of the product only where the gate is open.
            let wanted = difference(|b| R::value(a, b), b);
            let got = R::partial_b(saved);
            assert!(
                close(got, wanted, 1e-6),
                "{:?}/b at {a}, {b}: {got}, {wanted}",
                R::OP
            );
        }
    }
}

#[test]
fn each_partial_of_one_argument_is_the_slope_of_its_value() {
    let mut random = Random::new(1);
    for op in UnaryOp::ALL {
        op.visit(CheckUnary(&mut random));
    }
}

#[test]
fn each_partial_of_two_arguments_is_the_slope_of_its_value() {
    let mut random = Random::new(2);
    for op in BinaryOp::ALL {
        op.visit(CheckBinary(&mut random));
    }
}

#[test]
fn each_vector_loop_agrees_with_the_scalar_rule() {
    let mut random = Random::new(3);
    for &op in UnaryOp::ALL {
        let x: Vec<f64> = (0..131)
            .map(|_| point(&mut random, op.facts().domains[0]))
            .collect();
        let y_bar: Vec<f64> = (0..131).map(|_| random.between(-2.0, 2.0)).collect();
        let (mut y, mut x_bar) = (vec![0.0; 131], vec![0.0; 131]);
        autograd_core::kernels::unary_value(op, &x, &mut y);
        autograd_core::kernels::unary_pull_back(op, Some(&x), Some(&y), &y_bar, &mut x_bar);
        for index in 0..131 {
            let wanted = autograd_core::structural::number_unary(op, x[index]);
            assert!(close(y[index], wanted, 4e-15), "{op:?} at {}", x[index]);
            struct Partial(Saved<f64>);
            impl UnaryVisitor for Partial {
                type Output = f64;
                fn visit<R: UnaryRule>(self) -> f64 {
                    R::partial(self.0)
                }
            }
            let saved = Saved {
                a: x[index],
                b: x[index],
                y: wanted,
            };
            let wanted = y_bar[index] * op.visit(Partial(saved));
            assert!(
                close(x_bar[index], wanted, 1e-13),
                "{op:?}' at {}",
                x[index]
            );
        }
    }
}
