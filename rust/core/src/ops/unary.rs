//! The table of elementwise operations of one argument: one row each, and no logic.
//!
//! A row reads: documentation, function name, type name, the value on numbers, the derivative
//! `dy/dx` with the list of what it needs to keep (`x` the input, `y` the output), the domain, the
//! kinks (where the derivative is a convention), and the NumPy functions of the same meaning.
//! Everything else about an operation is derived from its row by the consumers of this macro.

/// Passes every row of the table to the macro `$consumer`.
#[macro_export]
macro_rules! for_each_unary {
    ($consumer:ident) => {
        $consumer! {
            /// Negation, `-x`.
            neg = Neg {
                value(x) = -x,
                partial() = T::constant(-1.0),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["negative"],
                public = true,
            }
            /// Absolute value; the derivative at 0 is 0.
            abs = Abs {
                value(x) = x.abs(),
                partial(x) = x.sign(),
                domain = Domain::REALS,
                kinks = [0.0],
                numpy = ["absolute", "fabs"],
                public = true,
            }
            /// Sign of `x`: -1, 0 or 1 (nan for nan).
            sign = Sign {
                value(x) = x.sign(),
                partial() = T::constant(0.0),
                domain = Domain::REALS,
                kinks = [0.0],
                numpy = ["sign"],
                public = true,
            }
            /// Largest whole number not above `x`.
            floor = Floor {
                value(x) = x.floor(),
                partial() = T::constant(0.0),
                domain = Domain::REALS,
                kinks = [0.0, 1.0, 2.0, -1.0],
                numpy = ["floor"],
                public = true,
            }
            /// Smallest whole number not below `x`.
            ceil = Ceil {
                value(x) = x.ceil(),
                partial() = T::constant(0.0),
                domain = Domain::REALS,
                kinks = [0.0, 1.0, 2.0, -1.0],
                numpy = ["ceil"],
                public = true,
            }
            /// Whole number nearest to `x`, halves to even.
            round = Round {
                value(x) = x.round_half_even(),
                partial() = T::constant(0.0),
                domain = Domain::REALS,
                kinks = [0.5, 1.5, -0.5],
                numpy = ["rint"],
                public = true,
            }
            /// Whole part of `x`, rounded towards zero.
            trunc = Trunc {
                value(x) = x.trunc(),
                partial() = T::constant(0.0),
                domain = Domain::REALS,
                kinks = [1.0, 2.0, -1.0],
                numpy = ["trunc"],
                public = true,
            }
            /// Square, `x * x`.
            square = Square {
                value(x) = x * x,
                partial(x) = x + x,
                domain = Domain::REALS,
                kinks = [],
                numpy = ["square"],
                public = true,
            }
            /// Reciprocal, `1 / x`.
            reciprocal = Reciprocal {
                value(x) = T::constant(1.0) / x,
                partial(y) = -(y * y),
                domain = Domain::POSITIVE,
                kinks = [],
                numpy = ["reciprocal"],
                public = false,
            }
            /// Square root; the derivative at 0 is inf.
            sqrt = Sqrt {
                value(x) = x.sqrt(),
                partial(y) = T::constant(0.5) / y,
                domain = Domain::NOT_NEGATIVE,
                kinks = [],
                numpy = ["sqrt"],
                public = true,
            }
            /// Cube root; the derivative at 0 is inf.
            cbrt = Cbrt {
                value(x) = x.cbrt(),
                partial(y) = T::constant(1.0) / (T::constant(3.0) * (y * y)),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["cbrt"],
                public = true,
            }
            /// Exponential, `e**x`.
            exp = Exp {
                value(x) = x.exp(),
                partial(y) = y,
                domain = Domain::REALS,
                kinks = [],
                numpy = ["exp"],
                public = true,
            }
            /// Power of two, `2**x`.
            exp2 = Exp2 {
                value(x) = x.exp2(),
                // The derivative is finite a little further than the value is.
                partial(x, y) = T::select(
                    y.equals(T::constant(f64::INFINITY)),
                    x.exp2_slope_beyond(),
                    T::constant(core::f64::consts::LN_2) * y,
                ),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["exp2"],
                public = true,
            }
            /// Derivative of `exp2` where its value is infinite; anything elsewhere.
            exp2_slope_beyond = Exp2SlopeBeyond {
                value(x) = x.exp2_slope_beyond(),
                partial(y) = T::constant(core::f64::consts::LN_2) * y,
                domain = Domain::open(1024.0, 1024.5),
                kinks = [],
                numpy = [],
                public = false,
            }
            /// `e**x - 1`, accurate for small `x`.
            expm1 = Expm1 {
                value(x) = x.expm1(),
                partial(x) = x.exp(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["expm1"],
                public = true,
            }
            /// Natural logarithm; the derivative at 0 is inf.
            log = Log {
                value(x) = x.log(),
                partial(x) = x.reciprocal(),
                domain = Domain::POSITIVE,
                kinks = [],
                numpy = ["log"],
                public = true,
            }
            /// Logarithm to base 2.
            log2 = Log2 {
                value(x) = x.log2(),
                partial(x) = T::constant(core::f64::consts::LOG2_E) / x,
                domain = Domain::POSITIVE,
                kinks = [],
                numpy = ["log2"],
                public = true,
            }
            /// Logarithm to base 10.
            log10 = Log10 {
                value(x) = x.log10(),
                partial(x) = T::constant(core::f64::consts::LOG10_E) / x,
                domain = Domain::POSITIVE,
                kinks = [],
                numpy = ["log10"],
                public = true,
            }
            /// Logarithm of `1 + x`, accurate for small `x`.
            log1p = Log1p {
                value(x) = x.log1p(),
                partial(x) = (T::constant(1.0) + x).reciprocal(),
                domain = Domain::above(-1.0),
                kinks = [],
                numpy = ["log1p"],
                public = true,
            }
            /// Sine of `x` in radians.
            sin = Sin {
                value(x) = x.sin(),
                partial(x) = x.cos(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["sin"],
                public = true,
            }
            /// Cosine of `x` in radians.
            cos = Cos {
                value(x) = x.cos(),
                partial(x) = -x.sin(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["cos"],
                public = true,
            }
            /// Tangent of `x` in radians.
            tan = Tan {
                value(x) = x.tan(),
                partial(y) = T::constant(1.0) + y * y,
                domain = Domain::open(-1.57, 1.57),
                kinks = [],
                numpy = ["tan"],
                public = true,
            }
            /// Inverse sine, in radians; the derivative at the ends is inf.
            asin = Asin {
                value(x) = x.asin(),
                partial(x) = one_minus_square(x).sqrt().reciprocal(),
                domain = Domain::closed(-1.0, 1.0),
                kinks = [],
                numpy = ["arcsin"],
                public = true,
            }
            /// Inverse cosine, in radians; the derivative at the ends is -inf.
            acos = Acos {
                value(x) = x.acos(),
                partial(x) = -one_minus_square(x).sqrt().reciprocal(),
                domain = Domain::closed(-1.0, 1.0),
                kinks = [],
                numpy = ["arccos"],
                public = true,
            }
            /// Inverse tangent, in radians.
            atan = Atan {
                value(x) = x.atan(),
                partial(x) = x.atan_slope(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["arctan"],
                public = true,
            }
            /// Derivative of `atan`, `1 / (1 + x*x)`.
            atan_slope = AtanSlope {
                value(x) = x.atan_slope(),
                // In this order nothing underflows before the product does.
                partial(x, y) = T::constant(-2.0) * (x * y * y),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = false,
            }
            /// Hyperbolic sine.
            sinh = Sinh {
                value(x) = x.sinh(),
                partial(x) = x.cosh(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["sinh"],
                public = true,
            }
            /// Hyperbolic cosine.
            cosh = Cosh {
                value(x) = x.cosh(),
                partial(x) = x.sinh(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["cosh"],
                public = true,
            }
            /// Hyperbolic tangent; its derivative `sech(x)**2` keeps its accuracy in the tails.
            tanh = Tanh {
                value(x) = x.tanh(),
                partial(x) = x.sech_squared(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["tanh"],
                public = true,
            }
            /// Inverse hyperbolic sine.
            asinh = Asinh {
                value(x) = x.asinh(),
                partial(x) = T::constant(1.0).hypot(x).reciprocal(),
                domain = Domain::REALS,
                kinks = [],
                numpy = ["arcsinh"],
                public = true,
            }
            /// Inverse hyperbolic cosine; the derivative at 1 is inf.
            acosh = Acosh {
                value(x) = x.acosh(),
                partial(x) = ((x - T::constant(1.0)).sqrt() * (x + T::constant(1.0)).sqrt())
                    .reciprocal(),
                domain = Domain::from(1.0),
                kinks = [],
                numpy = ["arccosh"],
                public = true,
            }
            /// Inverse hyperbolic tangent; the derivative at the ends is inf.
            atanh = Atanh {
                value(x) = x.atanh(),
                partial(x) = one_minus_square(x).reciprocal(),
                domain = Domain::open(-1.0, 1.0),
                kinks = [],
                numpy = ["arctanh"],
                public = true,
            }
            /// Logistic function, `1 / (1 + e**-x)`; its derivative keeps its accuracy in the tails.
            sigmoid = Sigmoid {
                value(x) = x.sigmoid(),
                partial(x) = x.sigmoid_slope(),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = true,
            }
            /// Derivative of `tanh`, `1 / cosh(x)**2`, without cancellation in the tails.
            sech_squared = SechSquared {
                value(x) = x.sech_squared(),
                partial(x, y) = T::constant(-2.0) * (x.tanh() * y),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = false,
            }
            /// Derivative of `sigmoid`, `sigmoid(x) * sigmoid(-x)`, without cancellation in the tails.
            sigmoid_slope = SigmoidSlope {
                value(x) = x.sigmoid_slope(),
                partial(x, y) = -((T::constant(0.5) * x).tanh() * y),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = false,
            }
            /// Rectifier, `x` above 0 and 0 elsewhere; the derivative at 0 is 0.
            relu = Relu {
                value(x) = T::select(x.lt(T::constant(0.0)), T::constant(0.0), x),
                partial(x) = x.step(),
                domain = Domain::REALS,
                kinks = [0.0],
                numpy = [],
                public = true,
            }
            /// Unit step, 1 above 0 and 0 elsewhere (nan for nan).
            step = Step {
                value(x) = T::select(
                    T::constant(0.0).lt(x),
                    T::constant(1.0),
                    T::select(x.equals(x), T::constant(0.0), x),
                ),
                partial() = T::constant(0.0),
                domain = Domain::REALS,
                kinks = [0.0],
                numpy = [],
                public = false,
            }
            /// Smooth rectifier, `log(1 + e**x)`, without overflow.
            softplus = Softplus {
                value(x) = x.softplus(),
                partial(x) = x.sigmoid(),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = true,
            }
            /// Logarithm of the logistic function, `-log(1 + e**-x)`, without overflow.
            log_sigmoid = LogSigmoid {
                value(x) = x.log_sigmoid(),
                partial(x) = (-x).sigmoid(),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = true,
            }
            /// Error function.
            erf = Erf {
                value(x) = x.erf(),
                partial(x) = T::constant(core::f64::consts::FRAC_2_SQRT_PI) * x.gaussian(),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = true,
            }
            /// Complementary error function, `1 - erf(x)`, accurate for large `x`.
            erfc = Erfc {
                value(x) = x.erfc(),
                partial(x) = T::constant(-core::f64::consts::FRAC_2_SQRT_PI) * x.gaussian(),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = true,
            }
            /// Bell curve, `e**(-x*x)`; its tails keep their accuracy.
            gaussian = Gaussian {
                value(x) = x.gaussian(),
                partial(x, y) = T::constant(-2.0) * (x * y),
                domain = Domain::REALS,
                kinks = [],
                numpy = [],
                public = false,
            }
            /// Logarithm of the absolute value of the gamma function.
            lgamma = Lgamma {
                value(x) = x.lgamma(),
                partial(x) = x.digamma(),
                domain = Domain::POSITIVE,
                kinks = [],
                numpy = [],
                public = true,
            }
            /// Digamma function, the derivative of `lgamma`.
            digamma = Digamma {
                value(x) = x.digamma(),
                partial(x) = T::constant(1.0).polygamma(x),
                domain = Domain::POSITIVE,
                kinks = [],
                numpy = [],
                public = true,
            }
        }
    };
}
