//! Stand-in.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    x.exp()
}
#[inline(always)]
pub(crate) fn exp2(x: f64) -> f64 {
    x.exp2()
}
#[inline(always)]
pub(crate) fn expm1(x: f64) -> f64 {
    x.exp_m1()
}
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    x.ln()
}
#[inline(always)]
pub(crate) fn log2(x: f64) -> f64 {
    x.log2()
}
#[inline(always)]
pub(crate) fn log10(x: f64) -> f64 {
    x.log10()
}
#[inline(always)]
pub(crate) fn log1p(x: f64) -> f64 {
    x.ln_1p()
}
#[inline(always)]
pub(crate) fn sin(x: f64) -> f64 {
    x.sin()
}
#[inline(always)]
pub(crate) fn cos(x: f64) -> f64 {
    x.cos()
}
#[inline(always)]
pub(crate) fn tan(x: f64) -> f64 {
    x.tan()
}
#[inline(always)]
pub(crate) fn asin(x: f64) -> f64 {
    x.asin()
}
#[inline(always)]
pub(crate) fn acos(x: f64) -> f64 {
    x.acos()
}
#[inline(always)]
pub(crate) fn atan(x: f64) -> f64 {
    x.atan()
}
#[inline(always)]
pub(crate) fn sinh(x: f64) -> f64 {
    x.sinh()
}
#[inline(always)]
pub(crate) fn cosh(x: f64) -> f64 {
    x.cosh()
}
#[inline(always)]
pub(crate) fn tanh(x: f64) -> f64 {
    x.tanh()
}
#[inline(always)]
pub(crate) fn asinh(x: f64) -> f64 {
    x.asinh()
}
#[inline(always)]
pub(crate) fn acosh(x: f64) -> f64 {
    x.acosh()
}
#[inline(always)]
pub(crate) fn atanh(x: f64) -> f64 {
    x.atanh()
}
#[inline(always)]
pub(crate) fn cbrt(x: f64) -> f64 {
    x.cbrt()
}
#[inline(always)]
pub(crate) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 {
        e / (1.0 + e)
    } else {
        1.0 / (1.0 + e)
    }
}
#[inline(always)]
pub(crate) fn pow(x: f64, y: f64) -> f64 {
    x.powf(y)
}
#[inline(always)]
pub(crate) fn atan2(x: f64, y: f64) -> f64 {
    x.atan2(y)
}
#[inline(always)]
pub(crate) fn hypot(x: f64, y: f64) -> f64 {
    x.hypot(y)
}
