"""Make `elementary.csv`, the correctly rounded values that the Rust unit tests compare with.

Usage
-----
python make_reference.py                  write elementary.csv beside this file
python make_reference.py --coefficients   print the polynomials typed into the Rust source

Needs mpmath. The points are drawn from a generator with a fixed seed, so that the file changes
only when this script does. A row is `function,x,value` or `function,x,y,value`; numbers are the
shortest decimals that read back as the same f64.
"""

import math
import pathlib
import random
import struct
import sys

import mpmath
from mpmath import mp, mpf

mp.prec = 300
POINTS = 110
SPECIAL = [
    0.0,
    -0.0,
    5e-324,
    -1e-310,
    1.0,
    -1.0,
    0.5,
    2.0,
    1e300,
    -1e300,
    math.inf,
    -math.inf,
    math.nan,
]


def nearest_double(value):
    """Round to f64, also in the subnormal range, where float(mpf) would round twice."""
    if value == 0:
        return 0.0
    exponent = max(mpmath.mag(value) - 53, -1074)
    digits = int(mpmath.nint(mpmath.ldexp(value, -exponent)))
    try:
        rounded = math.ldexp(digits, exponent)
    except OverflowError:
        rounded = math.inf if digits > 0 else -math.inf
    return math.copysign(rounded, float(mpmath.sign(value)))


def softplus(x):
    """ln(1 + e^x)."""
    return mpmath.log1p(mpmath.exp(x))


def lgamma(x):
    """ln |gamma(x)|."""
    if x > 0:
        return mpmath.loggamma(x)
    return mpmath.log(mpmath.pi / abs(mpmath.sinpi(x))) - mpmath.loggamma(1 - x)


def root_of(function, low, high):
    """The sign change of `function` between two points, as a double."""
    low, high = mpf(low), mpf(high)
    sign = mpmath.sign(function(low))
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if mpmath.sign(function(middle)) == sign else (low, middle)
    return float(low)


def zeros_of_lgamma():
    """Zeros of lgamma: 1, 2 and the negative ones above -9."""
    zeros = [1.0, 2.0, root_of(lgamma, -2.6, -2.2), root_of(lgamma, -2.9, -2.6)]
    for n in range(3, 9):
        tiny = mpf(10) ** -30
        sides = (tiny, -tiny) if n > 3 else (-tiny,)
        zeros += [root_of(lgamma, -n + s, -n + math.copysign(0.45, s)) for s in sides]
    return zeros


def zeros_of_digamma():
    """Zeros of digamma: the positive one and the negative ones above -15."""
    tiny = mpf("1e-9")
    return [root_of(mpmath.digamma, 1.4, 1.5)] + [
        root_of(mpmath.digamma, -n - 1 + tiny, -n - tiny) for n in range(15)
    ]


class Points:
    """Where to sample: intervals, magnitudes, and neighbourhoods of hard points."""

    def __init__(self, name, intervals, magnitudes=None, hard=()):
        self.random = random.Random(name)
        self.intervals = intervals
        self.magnitudes = magnitudes
        self.hard = list(hard)

    def draw(self):
        """One point."""
        kind = self.random.randrange(3)
        if kind == 0 and self.hard:
            centre = self.random.choice(self.hard)
            if self.random.random() < 0.5:
                return math.nextafter(centre, self.random.choice((-math.inf, math.inf)))
            width = math.exp(self.random.uniform(math.log(1e-16), math.log(1e-2)))
            return centre * (1 + self.random.choice((-1, 1)) * width)
        if kind == 1 and self.magnitudes:
            low, high = (struct.unpack("<q", struct.pack("<d", m))[0] for m in self.magnitudes)
            bits = self.random.randrange(low, high)
            sign = self.random.choice((-1.0, 1.0)) if self.intervals[0][0] < 0 else 1.0
            return sign * struct.unpack("<d", struct.pack("<q", bits))[0]
        return self.random.uniform(*self.random.choice(self.intervals))


def half_pis():
    """Doubles next to multiples of pi/2, below the limit of the vectorised functions."""
    return [float(n * mpmath.pi / 2) for n in (1, 2, 3, 4, 11, 22, 355, 710, 52174, 573204, 6**11)]


ALL = (5e-324, 1.7e308)
ANY_TRIG = (1e-308, 1.07e9)
EXP = [(-1.0, 1.0), (-20.0, 20.0), (-746.0, 710.0)]
LOG = [(0.5, 2.0), (0.1, 20.0)]
UNIT = [(-1.0, 1.0), (-0.6, 0.6)]
TANH = [(-1.0, 1.0), (-20.0, 20.0)]
SINH = [(-1.0, 1.0), (-22.0, 22.0), (-710.4, 710.4)]
NEAR_ONE = [1.0, 0.75, 1.5, 0.70710678, 1.41421356]

# name: function, points, value at +inf, value at -inf
ONE_ARGUMENT = {
    "exp": (
        mpmath.exp,
        Points("exp", EXP, (1e-20, 700.0), [-708.4, 709.78, 0.34657359]),
        math.inf,
        0.0,
    ),
    "exp2": (
        lambda x: mpf(2) ** x,
        Points("exp2", [(-1, 1), (-1075.0, 1024.0)], (1e-20, 1e3)),
        math.inf,
        0.0,
    ),
    "expm1": (
        mpmath.expm1,
        Points("expm1", EXP, (1e-300, 700.0), [0.34657359, -0.34657359, -37.4]),
        math.inf,
        -1.0,
    ),
    "sigmoid": (
        lambda x: 1 / (1 + mpmath.exp(-x)),
        Points("sigmoid", EXP, (1e-20, 700.0)),
        1.0,
        0.0,
    ),
    "softplus": (softplus, Points("softplus", EXP, (1e-20, 700.0), [40.0]), math.inf, 0.0),
    "log_sigmoid": (
        lambda x: -softplus(-x),
        Points("log_sigmoid", EXP, (1e-20, 700.0)),
        -0.0,
        -math.inf,
    ),
    "ln": (mpmath.log, Points("ln", LOG, ALL, NEAR_ONE), math.inf, math.nan),
    "log2": (
        lambda x: mpmath.log(x) / mpmath.ln2,
        Points("log2", LOG, ALL, NEAR_ONE),
        math.inf,
        math.nan,
    ),
    "log10": (mpmath.log10, Points("log10", LOG, ALL, NEAR_ONE), math.inf, math.nan),
    "log1p": (
        mpmath.log1p,
        Points("log1p", [(-0.99, 2.0)], (1e-300, 1.0), [-0.29289, 0.41421, -1.0]),
        math.inf,
        math.nan,
    ),
    "sin": (
        mpmath.sin,
        Points("sin", [(-1.6, 1.6), (-100.0, 100.0)], ANY_TRIG, half_pis()),
        math.nan,
        math.nan,
    ),
    "cos": (
        mpmath.cos,
        Points("cos", [(-1.6, 1.6), (-100.0, 100.0)], ANY_TRIG, half_pis()),
        math.nan,
        math.nan,
    ),
    "tan": (
        mpmath.tan,
        Points("tan", [(-1.6, 1.6), (-100.0, 100.0)], ANY_TRIG, half_pis()),
        math.nan,
        math.nan,
    ),
    "asin": (mpmath.asin, Points("asin", UNIT, (1e-300, 1.0), [0.5, 1.0]), math.nan, math.nan),
    "acos": (
        mpmath.acos,
        Points("acos", UNIT, (1e-300, 1.0), [0.5, 1.0, -1.0]),
        math.nan,
        math.nan,
    ),
    "atan": (
        mpmath.atan,
        Points("atan", [(-2.0, 2.0), (-9.0, 9.0)], ALL, [1.0]),
        math.pi / 2,
        -math.pi / 2,
    ),
    "sinh": (
        mpmath.sinh,
        Points("sinh", SINH, (1e-300, 700.0), [0.34657359, 710.4758]),
        math.inf,
        -math.inf,
    ),
    "cosh": (
        mpmath.cosh,
        Points("cosh", SINH, (1e-300, 700.0), [0.34657359, 710.4758]),
        math.inf,
        math.inf,
    ),
    "tanh": (
        mpmath.tanh,
        Points("tanh", TANH, (1e-300, 20.0), [0.17328680, 18.7, 19.06]),
        1.0,
        -1.0,
    ),
    "asinh": (
        mpmath.asinh,
        Points("asinh", [(-2.0, 2.0), (-40.0, 40.0)], ALL),
        math.inf,
        -math.inf,
    ),
    "acosh": (
        mpmath.acosh,
        Points("acosh", [(1.0, 2.0), (1.0, 40.0)], (1.0, 1.7e308), [1.0]),
        math.inf,
        math.nan,
    ),
    "atanh": (mpmath.atanh, Points("atanh", UNIT, (1e-300, 1.0), [1.0]), math.nan, math.nan),
    "cbrt": (
        lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
        Points("cbrt", [(-8.0, 8.0)], ALL, [1.0, 8.0]),
        math.inf,
        -math.inf,
    ),
    "erf": (mpmath.erf, Points("erf", [(-1.0, 1.0), (-6.0, 6.0)], (1e-300, 6.0)), 1.0, -1.0),
    "erfc": (mpmath.erfc, Points("erfc", [(-1.0, 1.0), (-6.0, 26.5)], (1e-20, 26.0)), 0.0, 2.0),
    "lgamma": (
        lgamma,
        Points(
            "lgamma",
            [(-3.0, 3.0), (-20.0, 40.0), (-200.0, 0.0)],
            (1e-300, 1e300),
            zeros_of_lgamma(),
        ),
        math.inf,
        math.inf,
    ),
    "digamma": (
        mpmath.digamma,
        Points(
            "digamma",
            [(-3.0, 3.0), (-20.0, 40.0), (-200.0, 0.0)],
            (1e-300, 1e3),
            zeros_of_digamma(),
        ),
        math.inf,
        math.nan,
    ),
    "trigamma": (
        lambda x: mpmath.psi(1, x),
        Points("trigamma", [(-3.0, 3.0), (-20.0, 40.0)], (1e-150, 1e3)),
        0.0,
        math.nan,
    ),
    "polygamma2": (
        lambda x: mpmath.psi(2, x),
        Points("polygamma2", [(0.0, 3.0), (0.0, 40.0)], (1e-90, 1e3)),
        -0.0,
        math.nan,
    ),
    "polygamma3": (
        lambda x: mpmath.psi(3, x),
        Points("polygamma3", [(-5.0, 0.0), (0.0, 40.0)], (1e-70, 1e3)),
        0.0,
        math.nan,
    ),
    "polygamma6": (
        lambda x: mpmath.psi(6, x),
        Points("polygamma6", [(0.0, 3.0), (0.0, 40.0)], (1e-40, 1e3)),
        -0.0,
        math.nan,
    ),
}
TWO_ARGUMENTS = {
    "atan2": (lambda y, x: mpmath.atan2(y, x), Points("atan2", [(-2.0, 2.0)], (1e-200, 1e200))),
    "hypot": (
        lambda x, y: mpmath.sqrt(x * x + y * y),
        Points("hypot", [(-2.0, 2.0)], (1e-200, 1e200)),
    ),
    "pow": (lambda x, y: x**y, Points("pow", [(0.1, 10.0)], (1e-200, 1e200))),
}
ODD = ["expm1", "log1p", "sin", "tan", "asin", "atan"]
ODD += ["sinh", "tanh", "asinh", "atanh", "cbrt", "erf"]
ZERO_GIVES = {
    "ln": -math.inf,
    "log2": -math.inf,
    "log10": -math.inf,
    "lgamma": math.inf,
    "trigamma": math.inf,
    "polygamma3": math.inf,
}
POLES_BY_SIDE = ("digamma", "polygamma2", "polygamma6")
POSITIVE_ONLY = ("ln", "log2", "log10")
GAMMA = ("lgamma", "digamma", "trigamma", "polygamma2", "polygamma3", "polygamma6")


def outside(name, x):
    """Whether the function is not defined at a finite x."""
    if name in POSITIVE_ONLY:
        return x < 0
    if name in ("asin", "acos", "atanh"):
        return abs(x) > 1
    return (name == "log1p" and x < -1) or (name == "acosh" and x < 1)


def saturated(name, x, at_infinity):
    """The value where mpmath would need a huge exponent, or None."""
    limit = at_infinity[0 if x > 0 else 1]
    if (name == "softplus" and x > 1e4) or (name == "log_sigmoid" and x < -1e4):
        return x
    if name in ("exp", "exp2", "expm1", "sinh", "cosh", "sigmoid", "softplus", "log_sigmoid"):
        return limit if abs(x) > 1e4 else None
    return limit if name in ("tanh", "erf", "erfc") and abs(x) > 60 else None


def value_at(name, function, x, at_infinity):
    """The correctly rounded value, following the conventions of the Rust functions."""
    if math.isnan(x):
        return x
    if math.isinf(x):
        return at_infinity[0 if x > 0 else 1]
    if x == 0 and name in ODD:
        return x
    if x == 0 and name in ZERO_GIVES:
        return ZERO_GIVES[name]
    if x == 0 and name in POLES_BY_SIDE:
        return -math.copysign(math.inf, x)
    if name == "log1p" and x == -1:
        return -math.inf
    if name == "atanh" and abs(x) == 1:
        return x * math.inf
    if outside(name, x):
        return math.nan
    if name in GAMMA and x <= 0 and x == math.floor(x):
        return ZERO_GIVES.get(name, math.nan)
    if (limit := saturated(name, x, at_infinity)) is not None:
        return limit
    if name == "lgamma" and x in (1.0, 2.0):
        return 0.0
    with mp.workprec(300 + 2 * max(0, -math.frexp(x)[1])):
        return nearest_double(function(mpf(x)))


def rows():
    """Every row of the table as a list of strings."""
    for name, (function, points, *at_infinity) in ONE_ARGUMENT.items():
        xs = [points.draw() for _ in range(POINTS)]
        special = [
            x for x in SPECIAL if name not in ("sin", "cos", "tan") or not 1e9 < abs(x) < math.inf
        ]
        if name in GAMMA:
            special = [x for x in special if abs(x) not in (1e-310, 5e-324) and abs(x) != 1e300]
        for x in special + xs:
            yield [name, repr(x), repr(value_at(name, function, x, at_infinity))]
    for name, (function, points) in TWO_ARGUMENTS.items():
        for _ in range(POINTS):
            x, y = points.draw(), points.draw()
            if name == "pow":
                y = (
                    points.random.uniform(-700, 700) / math.log(x)
                    if points.random.random() < 0.5
                    else y % 30
                )
            with mp.workprec(2000 if name == "hypot" else 300):
                yield [name, repr(x), repr(y), repr(nearest_double(function(mpf(x), mpf(y))))]


def fit(function, low, high, count, weight):
    """Coefficients of weighted least squares on Chebyshev nodes, rounded one at a time.

    After each rounding the remaining coefficients are fitted again, so that they make up for it.
    """
    low, high, size = mpf(low), mpf(high), 5 * count + count % 2
    angles = [mpmath.pi * (2 * i + 1) / (2 * size) for i in range(size)]
    nodes = [(low + high) / 2 + (high - low) / 2 * mpmath.cos(a) for a in angles]
    powers = [[weight(x) * x**b for b in range(count)] for x in nodes]
    target = [weight(x) * function(x) for x in nodes]
    gram = [[mpmath.fsum(p[a] * p[b] for p in powers) for b in range(count)] for a in range(count)]
    right = [mpmath.fsum(p[a] * t for p, t in zip(powers, target)) for a in range(count)]
    done = []
    for j in range(count):
        left = mp.matrix([[gram[a][b] for b in range(j, count)] for a in range(j, count)])
        rest = [
            right[a] - mpmath.fsum(gram[a][i] * done[i] for i in range(j)) for a in range(j, count)
        ]
        done.append(mpf(float(mpmath.lu_solve(left, mp.matrix(rest))[0])))
    return [float(c) for c in done]


def in_square(function, order, *known):
    """`(function(r) - known) / r^order` as a function of z = r^2."""

    def of_square(z):
        r = mpmath.sqrt(z)
        return (function(r) - sum(c * r**k for k, c in known)) / r**order

    return of_square


def print_coefficients():
    """Print each polynomial under the name of its Rust constant."""
    mp.prec = 500
    half_ln2 = mpmath.ln2 / 2 * mpf("1.0001")
    quarter_pi = mpmath.pi / 4 * mpf("1.00001")
    log_s = (mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1) * mpf("1.0001")
    root = mpmath.findroot(mpmath.digamma, mpf("1.46163214496836234126"))

    def expm1_rest(r):
        return (mpmath.exp(r) - 1 - r) / r**2

    def over_distance(x):
        return mpmath.digamma(x) / (x - root)

    def rest_of_log(z):
        s = mpmath.sqrt(z)
        return (2 * mpmath.atanh(s) - 2 * s - 2 * s**3 / 3) / s**5

    def erfc_scaled(u):
        x = mpf("3.75") * (1 + u) / (1 - u)
        return (1 + 2 * x) * mpmath.exp(x * x) * mpmath.erfc(x)

    def lgamma_rest(x):
        return mpmath.loggamma(x) / ((x - 1) * (x - 2))

    def relative(function):
        return lambda u: 1 / abs(function(u))

    def shifted(function, centre):
        return lambda u: function(centre + u)

    left, right = shifted(over_distance, mpf("1.25")), shifted(over_distance, mpf("1.75"))
    middle = shifted(mpmath.digamma, mpf(3))
    erfc_ends = [(x - mpf("3.75")) / (x + mpf("3.75")) for x in (mpf("0.5"), mpf("27.5"))]
    from_one, up_to_two = shifted(lgamma_rest, mpf("1.25")), shifted(lgamma_rest, mpf("1.75"))
    from_two = shifted(lgamma_rest, mpf("2.5"))
    cube_ends = (mpf(-0.10126347548944148), mpf(0.10253788994313418))
    table = {
        "EXP": (expm1_rest, -half_ln2, half_ln2, 10, lambda r: r**2),
        "EXPM1": (expm1_rest, -half_ln2, half_ln2, 11, lambda r: r**2 / abs(mpmath.expm1(r))),
        "SINH": (in_square(mpmath.sinh, 3, (1, 1)), 0, half_ln2**2, 5, lambda z: z),
        "COSH": (in_square(mpmath.cosh, 2, (0, 1)), 0, half_ln2**2, 5, lambda z: z),
        "SIN": (in_square(mpmath.sin, 3, (1, 1)), 0, quarter_pi**2, 6, lambda z: z),
        "COS": (in_square(mpmath.cos, 4, (0, 1), (2, -0.5)), 0, quarter_pi**2, 6, lambda z: z * z),
        "LOG": (in_square(lambda s: 2 * mpmath.atanh(s), 3, (1, 2)), 0, log_s**2, 7, lambda z: z),
        "ASIN": (in_square(mpmath.asin, 3, (1, 1)), 0, mpf("0.25"), 13, lambda z: z),
        "ATAN": (in_square(mpmath.atan, 3, (1, 1)), 0, 1, 20, lambda z: z),
        "ASINH": (in_square(mpmath.asinh, 3, (1, 1)), 0, mpf("0.25"), 12, lambda z: z),
        "REST": (rest_of_log, 0, log_s**2, 7, lambda z: z * z),
        "INVERSE_CUBE_ROOT": (
            lambda h: ((1 - h) ** (-mpf(1) / 3) - 1) / h,
            *cube_ends,
            4,
            lambda h: h,
        ),
        "ERF": (lambda z: mpmath.erf(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1, 0, 1, 15, lambda z: 1),
        "ERFC": (erfc_scaled, *erfc_ends, 24, relative(erfc_scaled)),
        "FROM_ONE": (from_one, mpf("-0.25"), mpf("0.25"), 17, relative(from_one)),
        "UP_TO_TWO": (up_to_two, mpf("-0.25"), mpf("0.25"), 15, relative(up_to_two)),
        "FROM_TWO": (from_two, mpf("-0.5"), mpf("0.5"), 18, relative(from_two)),
        "LEFT_OF_ROOT": (left, mpf("-0.25"), mpf("0.25"), 19, relative(left)),
        "RIGHT_OF_ROOT": (right, mpf("-0.25"), mpf("0.25"), 16, relative(right)),
        "MIDDLE": (middle, -1, 1, 23, relative(middle)),
    }
    for name, arguments in table.items():
        print(name)
        for coefficient in fit(*arguments):
            print(f"    {coefficient!r},")


def main():
    """Write the table, or print the coefficients."""
    if "--coefficients" in sys.argv:
        print_coefficients()
        return
    text = "".join(",".join(row) + "\n" for row in rows())
    pathlib.Path(__file__).with_name("elementary.csv").write_text(text)


if __name__ == "__main__":
    main()
