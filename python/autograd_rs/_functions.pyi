# Made by tools/make_stubs.py from the op table and tools/core_template.pyi: do not edit.
# ruff: noqa: I001, RUF022 (the order is that of the op table)

from autograd_rs._core import neg as neg
from autograd_rs._core import abs as abs
from autograd_rs._core import sign as sign
from autograd_rs._core import floor as floor
from autograd_rs._core import ceil as ceil
from autograd_rs._core import round as round
from autograd_rs._core import trunc as trunc
from autograd_rs._core import square as square
from autograd_rs._core import sqrt as sqrt
from autograd_rs._core import cbrt as cbrt
from autograd_rs._core import exp as exp
from autograd_rs._core import exp2 as exp2
from autograd_rs._core import expm1 as expm1
from autograd_rs._core import log as log
from autograd_rs._core import log2 as log2
from autograd_rs._core import log10 as log10
from autograd_rs._core import log1p as log1p
from autograd_rs._core import sin as sin
from autograd_rs._core import cos as cos
from autograd_rs._core import tan as tan
from autograd_rs._core import asin as asin
from autograd_rs._core import acos as acos
from autograd_rs._core import atan as atan
from autograd_rs._core import sinh as sinh
from autograd_rs._core import cosh as cosh
from autograd_rs._core import tanh as tanh
from autograd_rs._core import asinh as asinh
from autograd_rs._core import acosh as acosh
from autograd_rs._core import atanh as atanh
from autograd_rs._core import sigmoid as sigmoid
from autograd_rs._core import relu as relu
from autograd_rs._core import softplus as softplus
from autograd_rs._core import log_sigmoid as log_sigmoid
from autograd_rs._core import erf as erf
from autograd_rs._core import erfc as erfc
from autograd_rs._core import lgamma as lgamma
from autograd_rs._core import digamma as digamma
from autograd_rs._core import add as add
from autograd_rs._core import sub as sub
from autograd_rs._core import mul as mul
from autograd_rs._core import div as div
from autograd_rs._core import pow as pow
from autograd_rs._core import remainder as remainder
from autograd_rs._core import fmod as fmod
from autograd_rs._core import floordiv as floordiv
from autograd_rs._core import atan2 as atan2
from autograd_rs._core import hypot as hypot
from autograd_rs._core import maximum as maximum
from autograd_rs._core import minimum as minimum
from autograd_rs._core import fmax as fmax
from autograd_rs._core import fmin as fmin
from autograd_rs._core import logaddexp as logaddexp
from autograd_rs._core import xlogy as xlogy
from autograd_rs._core import copysign as copysign
from autograd_rs._core import clip as clip
from autograd_rs._core import concatenate as concatenate
from autograd_rs._core import cumsum as cumsum
from autograd_rs._core import dot as dot
from autograd_rs._core import logsumexp as logsumexp
from autograd_rs._core import max as max
from autograd_rs._core import mean as mean
from autograd_rs._core import min as min
from autograd_rs._core import norm as norm
from autograd_rs._core import prod as prod
from autograd_rs._core import softmax as softmax
from autograd_rs._core import stack as stack
from autograd_rs._core import sum as sum
from autograd_rs._core import where as where

STRUCTURAL: tuple[str, ...]

__all__ = [
    "neg",
    "abs",
    "sign",
    "floor",
    "ceil",
    "round",
    "trunc",
    "square",
    "sqrt",
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "sigmoid",
    "relu",
    "softplus",
    "log_sigmoid",
    "erf",
    "erfc",
    "lgamma",
    "digamma",
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "remainder",
    "fmod",
    "floordiv",
    "atan2",
    "hypot",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "logaddexp",
    "xlogy",
    "copysign",
    "clip",
    "concatenate",
    "cumsum",
    "dot",
    "logsumexp",
    "max",
    "mean",
    "min",
    "norm",
    "prod",
    "softmax",
    "stack",
    "sum",
    "where",
]
