//! The table of elementwise operations of two arguments: one row each, and no logic.
//!
//! A row is that of the table of one argument with two derivatives, `dy/da` and `dy/db`.

/// Passes every row of the table to the macro `$consumer`.
#[macro_export]
macro_rules! for_each_binary {
    ($consumer:ident) => {
        $consumer! {
            /// Sum, `a + b`.
            add = Add {
                value(a, b) = a + b,
                partial_a() = T::constant(1.0),
                partial_b() = T::constant(1.0),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["add"],
                public = true,
            }
            /// Difference, `a - b`.
            sub = Sub {
                value(a, b) = a - b,
                partial_a() = T::constant(1.0),
                partial_b() = T::constant(-1.0),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["subtract"],
                public = true,
            }
            /// Product, `a * b`.
            mul = Mul {
                value(a, b) = a * b,
                partial_a(b) = b,
                partial_b(a) = a,
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["multiply"],
                public = true,
            }
            /// Quotient, `a / b`; division by zero gives inf or nan.
            div = Div {
                value(a, b) = a / b,
                partial_a(b) = b.reciprocal(),
                partial_b(b, y) = -(y / b),
                domains = [Domain::REALS, Domain::POSITIVE],
                numpy = ["divide", "true_divide"],
                public = true,
            }
            /// Power, `a**b`, never complex. A constant exponent takes no logarithm.
            pow = Pow {
                value(a, b) = a.pow(b),
                partial_a(a, b) = a.pow_slope(b),
                partial_b(a, b, y) = power_partial_exponent(a, b, y),
                domains = [Domain::POSITIVE, Domain::REALS],
                numpy = ["power", "float_power"],
                public = true,
            }
            /// Derivative of `a**b` in `a`, `b * a**(b - 1)`; a zero exponent makes it 0 whatever the base.
            pow_slope = PowSlope {
                value(a, b) = a.pow_slope(b),
                partial_a(a, b) = b.gated(a.pow_slope(b - T::constant(1.0))),
                partial_b(a, b) = pow_slope_partial_exponent(a, b),
                domains = [Domain::POSITIVE, Domain::REALS],
                numpy = [],
                public = false,
            }
            /// Remainder with the sign of the divisor, `a - b * floor(a / b)`, as Python's `%`.
            remainder = Remainder {
                value(a, b) = a.floor_mod(b),
                partial_a() = T::constant(1.0),
                partial_b(a, b) = -a.floordiv(b),
                domains = [Domain::REALS, Domain::POSITIVE],
                numpy = ["remainder", "mod"],
                public = true,
            }
            /// Remainder with the sign of the dividend, as C's `fmod`.
            fmod = Fmod {
                value(a, b) = a.fmod(b),
                partial_a() = T::constant(1.0),
                // Not the quotient cut off, which may round to the next whole number.
                partial_b(a, b, y) = -((a - y) / b).round(),
                domains = [Domain::REALS, Domain::POSITIVE],
                numpy = ["fmod"],
                public = true,
            }
            /// Floored quotient, as Python's `//`.
            floordiv = Floordiv {
                value(a, b) = a.floor_div(b),
                partial_a() = T::constant(0.0),
                partial_b() = T::constant(0.0),
                domains = [Domain::REALS, Domain::POSITIVE],
                numpy = ["floor_divide"],
                public = true,
            }
            /// Angle of the point `(b, a)`, in radians, in the right quadrant.
            atan2 = Atan2 {
                value(a, b) = a.atan2(b),
                partial_a(a, b) = (b / a.hypot(b)) / a.hypot(b),
                partial_b(a, b) = -((a / a.hypot(b)) / a.hypot(b)),
                domains = [Domain::REALS, Domain::POSITIVE],
                numpy = ["arctan2"],
                public = true,
            }
            /// `sqrt(a*a + b*b)` without overflow; the derivative at (0, 0) is (0, 0).
            hypot = Hypot {
                value(a, b) = a.hypot(b),
                partial_a(a, y) = T::select(y.equals(T::constant(0.0)), T::constant(0.0), a / y),
                partial_b(b, y) = T::select(y.equals(T::constant(0.0)), T::constant(0.0), b / y),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["hypot"],
                public = true,
            }
            /// Greater of two; a tie shares the derivative. nan if either is nan.
            maximum = Maximum {
                value(a, b) = a.maximum(b),
                partial_a(a, b) = a.share(b),
                partial_b(a, b) = T::constant(1.0) - a.share(b),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["maximum"],
                public = true,
            }
            /// Lesser of two; a tie shares the derivative. nan if either is nan.
            minimum = Minimum {
                value(a, b) = a.minimum(b),
                partial_a(a, b) = (-a).share(-b),
                partial_b(a, b) = T::constant(1.0) - (-a).share(-b),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["minimum"],
                public = true,
            }
            /// Greater of two, ignoring nan; a tie shares the derivative.
            fmax = Fmax {
                value(a, b) = a.fmax(b),
                partial_a(a, b) = T::select(
                    a.equals(a),
                    T::select(b.equals(b), a.share(b), T::constant(1.0)),
                    T::constant(0.0),
                ),
                partial_b(a, b) = T::select(
                    a.equals(a),
                    T::select(b.equals(b), b.share(a), T::constant(0.0)),
                    T::constant(1.0),
                ),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["fmax"],
                public = true,
            }
            /// Lesser of two, ignoring nan; a tie shares the derivative.
            fmin = Fmin {
                value(a, b) = a.fmin(b),
                partial_a(a, b) = T::select(
                    a.equals(a),
                    T::select(b.equals(b), b.share(a), T::constant(1.0)),
                    T::constant(0.0),
                ),
                partial_b(a, b) = T::select(
                    a.equals(a),
                    T::select(b.equals(b), a.share(b), T::constant(0.0)),
                    T::constant(1.0),
                ),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["fmin"],
                public = true,
            }
            /// Share of the derivative of `maximum(a, b)` that goes to `a`: 1, 1/2 at a tie, or 0.
            share = Share {
                value(a, b) = T::select(
                    b.lt(a),
                    T::constant(1.0),
                    T::select(
                        a.equals(b),
                        T::constant(0.5),
                        // A nan operand is the value of the maximum, so it takes the derivative.
                        T::select(a.equals(a), T::constant(0.0), T::constant(1.0)),
                    ),
                ),
                partial_a() = T::constant(0.0),
                partial_b() = T::constant(0.0),
                domains = [Domain::REALS, Domain::REALS],
                numpy = [],
                public = false,
            }
            /// Product in which an exact zero of `a` wins over an infinite or nan `b`.
            gated = Gated {
                value(a, b) = T::select(a.equals(T::constant(0.0)), T::constant(0.0), a * b),
                partial_a(b) = b,
                partial_b(a) = a,
                domains = [Domain::REALS, Domain::REALS],
                numpy = [],
                public = false,
            }
            /// `log(e**a + e**b)`, without overflow.
            logaddexp = Logaddexp {
                value(a, b) = a.logaddexp(b),
                partial_a(a, b) = a.logaddexp_slope(b),
                partial_b(a, b) = b.logaddexp_slope(a),
                domains = [Domain::REALS, Domain::REALS],
                numpy = ["logaddexp"],
                public = true,
            }
            /// Derivative of `logaddexp` in `a`, `sigmoid(a - b)`.
            logaddexp_slope = LogaddexpSlope {
                value(a, b) = logaddexp_slope(a, b),
                partial_a(a, b) = logaddexp_curvature(a, b),
                partial_b(a, b) = -logaddexp_curvature(a, b),
                domains = [Domain::REALS, Domain::REALS],
                numpy = [],
                public = false,
            }
            /// `a * log(b)`, and 0 where `a` is 0.
            xlogy = Xlogy {
                value(a, b) = T::select(
                    a.equals(T::constant(0.0)),
                    T::select(b.equals(b), T::constant(0.0), b),
                    a * b.log(),
                ),
                partial_a(b) = b.log(),
                partial_b(a, b) = gated_quotient(a, b),
                domains = [Domain::REALS, Domain::POSITIVE],
                numpy = [],
                public = true,
            }
            /// Magnitude of `a` with the sign of `b`.
            copysign = Copysign {
                value(a, b) = a.copysign(b),
                partial_a(a, b) = a.sign() * T::constant(1.0).copysign(b),
                partial_b() = T::constant(0.0),
                domains = [Domain::POSITIVE, Domain::REALS],
                numpy = ["copysign"],
                public = true,
            }
            /// Derivative of order `a` of `digamma` at `b`; `a` is a whole number and has no derivative.
            polygamma = Polygamma {
                value(a, b) = a.polygamma(b),
                partial_a() = T::constant(0.0),
                partial_b(a, b) = (a + T::constant(1.0)).polygamma(b),
                domains = [Domain::closed(1.0, 1.0), Domain::POSITIVE],
                numpy = [],
                public = false,
            }
        }
    };
}
