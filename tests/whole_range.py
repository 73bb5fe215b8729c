"""Arguments of all sizes, true derivatives at any precision, and errors in units in the last place.

For tests of accuracy over the whole range of floats. Derivatives are written here by hand, in
mpmath; a test holds them against differences of the values in `truth.py`.
"""

import functools
import math
import random
import struct

from mpmath import MPContext

from truth import BINARY, UNARY

MP = MPContext()


def _decay(mp, x):
    """`e**x` for `x <= 0`, without the thousands of digits that a huge one would take."""
    return mp.exp(x) if x > -1e6 else mp.zero


def _bell(mp, x):
    e = _decay(mp, -abs(x))
    return e / (1 + e) ** 2


def _sigmoid(mp, x):
    e = _decay(mp, -abs(x))
    return (1 if x > 0 else e) / (1 + e)


def _lgamma(mp, x):
    if x > 0:
        return mp.loggamma(x)
    return mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def _digamma(mp, x):
    return mp.digamma(x) if x > 0 else mp.digamma(1 - x) - mp.pi / mp.tan(mp.pi * (x - mp.nint(x)))


def _trigamma(mp, x):
    if x > 0:
        return mp.psi(1, x) if x < 1e60 else 1 / x
    return (mp.pi / mp.sinpi(x)) ** 2 - mp.psi(1, 1 - x)


def _power(mp, x, y):
    if x < 0:
        if y != mp.floor(y):
            raise ValueError("complex")
        return _power(mp, -x, y) * (-1 if int(y) % 2 else 1)
    exponent = y * mp.log(x)
    return mp.exp(max(min(exponent, mp.mpf(1e4)), mp.mpf(-1e4)))


def _power_slope(mp, x, y):
    return y * _power(mp, x, y) / x


def _power_slope_of_exponent(mp, x, y):
    if x < 0:
        raise ValueError("complex")
    return _power(mp, x, y) * mp.log(x)


def _share(mp, x, y):
    return mp.mpf(1 if x > y else 0.5 if x == y else 0)


def _zero(mp, *_):
    return mp.zero


def _one(mp, *_):
    return mp.one


def _truncated(mp, x):
    return mp.floor(x) if x > 0 else mp.ceil(x)


# Values that `truth.py` has for moderate arguments only.
VALUES = {
    "sigmoid": _sigmoid,
    "lgamma": _lgamma,
    "digamma": _digamma,
    "softplus": lambda mp, x: max(x, mp.zero) + mp.log1p(_decay(mp, -abs(x))),
    "log_sigmoid": lambda mp, x: min(x, mp.zero) - mp.log1p(_decay(mp, -abs(x))),
    "erf": lambda mp, x: mp.erf(x) if abs(x) < 60 else mp.sign(x),
    "erfc": lambda mp, x: mp.erfc(x) if abs(x) < 60 else 1 - mp.sign(x),
    "logaddexp": lambda mp, x, y: max(x, y) + mp.log1p(_decay(mp, -abs(x - y))),
    "pow": _power,
    "asinh": lambda mp, x: mp.sign(x) * mp.log(abs(x) + mp.sqrt(1 + x * x)),
    "sinh": lambda mp, x: mp.sinh(x) if abs(x) < 1e6 else mp.sign(x) * mp.inf,
    "cosh": lambda mp, x: mp.cosh(x) if abs(x) < 1e6 else mp.inf,
    "tanh": lambda mp, x: mp.tanh(x) if abs(x) < 1e6 else mp.sign(x),
    "exp": lambda mp, x: mp.exp(max(min(x, mp.mpf(1e6)), mp.mpf(-1e6))),
    "exp2": lambda mp, x: mp.power(2, max(min(x, mp.mpf(1e6)), mp.mpf(-1e6))),
    "expm1": lambda mp, x: mp.expm1(max(min(x, mp.mpf(1e6)), mp.mpf(-1e6))),
}

# The derivative in each argument.
SLOPES = {
    "neg": (lambda mp, x: -mp.one,),
    "abs": (lambda mp, x: mp.sign(x),),
    "relu": (lambda mp, x: mp.mpf(x > 0),),
    "sign": (_zero,),
    "floor": (_zero,),
    "ceil": (_zero,),
    "trunc": (_zero,),
    "round": (_zero,),
    "square": (lambda mp, x: 2 * x,),
    "reciprocal": (lambda mp, x: -1 / x**2,),
    "sqrt": (lambda mp, x: 1 / (2 * mp.sqrt(x)),),
    "cbrt": (lambda mp, x: 1 / (3 * mp.root(x * x, 3)),),
    "exp": (VALUES["exp"],),
    "exp2": (lambda mp, x: mp.ln2 * VALUES["exp2"](mp, x),),
    "expm1": (VALUES["exp"],),
    "log": (lambda mp, x: 1 / x,),
    "log2": (lambda mp, x: 1 / (x * mp.ln2),),
    "log10": (lambda mp, x: 1 / (x * mp.ln10),),
    "log1p": (lambda mp, x: 1 / (1 + x),),
    "sin": (lambda mp, x: mp.cos(x),),
    "cos": (lambda mp, x: -mp.sin(x),),
    "tan": (lambda mp, x: 1 / mp.cos(x) ** 2,),
    "asin": (lambda mp, x: 1 / mp.sqrt((1 - x) * (1 + x)),),
    "acos": (lambda mp, x: -1 / mp.sqrt((1 - x) * (1 + x)),),
    "atan": (lambda mp, x: 1 / (1 + x * x),),
    "sinh": (VALUES["cosh"],),
    "cosh": (VALUES["sinh"],),
    "tanh": (lambda mp, x: 4 * _bell(mp, 2 * x),),
    "asinh": (lambda mp, x: 1 / mp.sqrt(1 + x * x),),
    "acosh": (lambda mp, x: 1 / mp.sqrt((x - 1) * (x + 1)),),
    "atanh": (lambda mp, x: 1 / ((1 - x) * (1 + x)),),
    "sigmoid": (_bell,),
    "softplus": (_sigmoid,),
    "log_sigmoid": (lambda mp, x: _sigmoid(mp, -x),),
    "erf": (lambda mp, x: 2 / mp.sqrt(mp.pi) * _decay(mp, -x * x),),
    "erfc": (lambda mp, x: -2 / mp.sqrt(mp.pi) * _decay(mp, -x * x),),
    "lgamma": (_digamma,),
    "digamma": (_trigamma,),
    "add": (_one, _one),
    "sub": (_one, lambda mp, x, y: -mp.one),
    "mul": (lambda mp, x, y: y, lambda mp, x, y: x),
    "div": (lambda mp, x, y: 1 / y, lambda mp, x, y: -x / y**2),
    "pow": (_power_slope, _power_slope_of_exponent),
    "remainder": (_one, lambda mp, x, y: -mp.floor(x / y)),
    "fmod": (_one, lambda mp, x, y: -_truncated(mp, x / y)),
    "floordiv": (_zero, _zero),
    "atan2": (
        lambda mp, x, y: y / (x * x + y * y),
        lambda mp, x, y: -x / (x * x + y * y),
    ),
    "hypot": (
        lambda mp, x, y: x / mp.sqrt(x * x + y * y),
        lambda mp, x, y: y / mp.sqrt(x * x + y * y),
    ),
    "maximum": (_share, lambda mp, x, y: _share(mp, y, x)),
    "minimum": (lambda mp, x, y: _share(mp, y, x), _share),
    "fmax": (_share, lambda mp, x, y: _share(mp, y, x)),
    "fmin": (lambda mp, x, y: _share(mp, y, x), _share),
    "logaddexp": (lambda mp, x, y: _sigmoid(mp, x - y), lambda mp, x, y: _sigmoid(mp, y - x)),
    "xlogy": (lambda mp, x, y: mp.log(y), lambda mp, x, y: x / y),
    "copysign": (lambda mp, x, y: mp.sign(x) * mp.sign(y), _zero),
}

# Where the function has a zero or a bound, where its code changes from one formula to another, and
# where a value or a derivative overflows or underflows.
PLACES = {
    "exp": [-746, -745.13, -708.4, 709.78, 710],
    "exp2": [-1080, -1075, -1074, -1022, 1023, 1024, 1024.5287663729449],
    "expm1": [-745, -40, -37, 0.3466, 44, 709.78],
    "log1p": [1e-290, 2.0**53, 1e-16, -0.2929, 0.4142],
    "sin": [2.0**45, 2.0**44, 1e22, *(k * math.pi for k in range(1, 9))],
    "cos": [2.0**45, 2.0**44, 1e22, *((k + 0.5) * math.pi for k in range(9))],
    "tan": [2.0**45, 2.0**44, 1e22, *(k * math.pi / 2 for k in range(1, 9))],
    "atan": [1e18, 1e150, 1.34e154, 6.7e153, 4.4e100],
    "sinh": [709.78, 710.47, 712, 44, 22],
    "cosh": [709.78, 710.47, 712, 44, 22],
    "tanh": [0.17, 19.1, 22, 354, 355, 372.5, 373],
    "asinh": [1e9, 1e154, 2.0**28],
    "acosh": [1e9, 1e154, 2.0**28],
    "sigmoid": [1.02, 36, 708, 709.78, 745, 746],
    "softplus": [36, 40, 708, 745],
    "log_sigmoid": [36, 40, 708, 745],
    "erf": [6, 26, 26.6, 27.2, 27.5],
    "erfc": [6, 26, 26.543, 26.6, 27.226, 27.5],
    "lgamma": [1.5, 3, 8, 1e17, 2.55e305, -2.457, -2.7477, -3.1436, -4.0394, -20, -40, -41],
    "digamma": [1.4616321449683623, 1.5, 4, 8, 2.0**53, -0.504083, -1.573498, -12.719, 1e-154],
    "square": [1.34e154, 1e-154, 2e-162],
    "reciprocal": [1e308, 5e-309, 1e154],
    "cbrt": [1e-162, 1e154],
}
EDGES = {
    "atanh": (-1, 1),
    **dict.fromkeys(["asin", "acos"], (-1, 1)),
    **dict.fromkeys(["sqrt", "log", "log2", "log10"], (0, math.inf)),
    "log1p": (-1, math.inf),
    "acosh": (1, math.inf),
}


def any_float(draw):
    sign = draw.choice([-1, 1])
    kind = draw.randrange(6)
    if kind == 0:
        (x,) = struct.unpack("<d", draw.randbytes(8))
        return x if math.isfinite(x) else 1.0
    if kind == 1:
        return sign * 5e-324 * draw.getrandbits(draw.randrange(1, 53))
    if kind == 2:
        return draw.uniform(-4, 4)
    if kind == 3:
        return sign * 10 ** draw.uniform(-20, 20)
    if kind == 4:
        return draw.uniform(-40, 40)
    edge = draw.choice([0.5, 1.0, 2.0, 3.0, 1e300, 1.7e308, 1e-300, 2.2250738585072014e-308])
    return sign * edge * (1 + draw.randrange(-3, 4) * 2.0**-52)


def arguments(name, count):
    """Arguments of an op of one argument, near its places and everywhere else."""
    draw = random.Random(name)
    low, high = EDGES.get(name, (-math.inf, math.inf))
    places = [0.0, 0.5, 1.0, 2.0, *PLACES.get(name, []), *filter(math.isfinite, (low, high))]
    found = []
    while len(found) < count:
        if draw.random() < 0.5:
            x = any_float(draw) if draw.random() < 0.7 else draw.uniform(-800, 800)
        else:
            place = draw.choice(places) * draw.choice([-1, 1])
            relative = draw.choice([-1, 1]) * 10 ** draw.uniform(-16, -1)
            x = place + relative * max(abs(place), 1e-3)
            if draw.random() < 0.2:
                x = place + draw.randrange(-6, 7) * math.ulp(place)
        if math.isfinite(x) and low < x < high and x != 0:
            found.append((x,))
    return found


def pairs(name, count):
    """Arguments of an op of two: unrelated ones, close ones, and where the result is special."""
    draw = random.Random(name)
    found = []
    while len(found) < count:
        x = any_float(draw)
        y = draw.choice(
            [
                any_float(draw),
                x * draw.choice([1, -1, 0.5, 2, 3]) * (1 + draw.randrange(-3, 4) * 2.0**-52),
                x * draw.uniform(-4, 4),
                x * 10 ** draw.uniform(-17, 17),
            ]
        )
        if name in NEAR and draw.random() < 0.6:
            x, y = NEAR[name](draw, x, y)
        elif draw.random() < 0.5:
            x, y = y, x
        if name == "xlogy":
            y = abs(y)
        if name == "pow" and not y.is_integer():
            x = abs(x)
        if math.isfinite(x) and math.isfinite(y) and x != 0 and y != 0:
            found.append((x, y))
    return found


def _near_pow(draw, x, y):
    """Powers near overflow and underflow, of bases close to 1, and whole ones of either sign."""
    x = abs(x) or 1.0
    if draw.random() < 0.3:
        x = 1 + draw.choice([-1, 1]) * 10 ** draw.uniform(-15, -1)
    if draw.random() < 0.2:
        return x * draw.choice([-1, 1]), float(draw.randrange(-6, 7))
    limit = draw.choice([-745.1, -708.4, 709.78, -1, 1, 1e-10, draw.uniform(-745, 710)])
    return x, limit / (math.log(x) or 1) * (1 + draw.uniform(-1, 1) * 10 ** draw.uniform(-15, -1))


def _near_logaddexp(draw, x, y):
    """Gaps as large as the exponential admits, and sums of powers near 1."""
    if draw.random() < 0.4:
        x = -(10 ** draw.uniform(-10, 0.5))
        return x, math.log(-math.expm1(x)) * (1 + 10 ** draw.uniform(-12, -1))
    x = draw.uniform(-800, 800)
    return x, x + draw.uniform(-760, 760)


def _near_xlogy(draw, x, y):
    return x, 1 + draw.choice([-1, 1]) * 10 ** draw.uniform(-15, -1)


NEAR = {"pow": _near_pow, "logaddexp": _near_logaddexp, "xlogy": _near_xlogy}

GAMMAS = frozenset({"lgamma", "digamma"})


def _exactly(name, form, point):
    """A form at a point, with digits enough for what cancels; None where it has no value."""
    is_plain = name in GAMMAS or all(1e-6 < abs(x) < 1e6 for x in point)
    # Arguments of both ends of the range are 2100 bits apart, and their squares twice that.
    bits = 300 if is_plain else 2500 if len(point) == 1 else 4500
    with MP.workprec(bits):
        try:
            return MP.re(form(MP, *map(MP.mpf, point)))
        except (ValueError, ZeroDivisionError):
            return None


@functools.cache
def true_value(name, point):
    known = (UNARY, BINARY)[len(point) - 1]
    return _exactly(name, VALUES.get(name) or known[name][0], point)


@functools.cache
def true_slopes(name, point):
    return [_exactly(name, slope, point) for slope in SLOPES[name]]


def error(got, want):
    """How far a float is from a true number, in units in the last place of the latter."""
    if math.isnan(got):
        return math.inf
    if math.isinf(got) or MP.isinf(want):
        # Where infinity begins: the largest float and a half unit.
        is_rounded = abs(want) >= MP.ldexp(2 - MP.ldexp(1, -53), 1023)
        return 0.0 if is_rounded and got == math.copysign(math.inf, want) else math.inf
    exponent = MP.frexp(want)[1] if want else -1074
    with MP.workprec(300):
        return float(min(abs(MP.mpf(got) - want) * MP.ldexp(1, -max(exponent - 53, -1074)), 1e300))
