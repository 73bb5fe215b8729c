"""The functions of the package at any precision, by mpmath alone.

`Truth` has the names of `autograd_rs`, so one program text runs on either; derivatives come from
differences of values at many digits, so no derivative rule is written here. Nothing of the code
under test is imported.
"""

import itertools
import random

from mpmath import MPContext


class Uncomfortable(Exception):
    """An argument is near a kink, a pole or the edge of a domain."""


def _sign(mp, x):
    return mp.sign(x)


def _cbrt(mp, x):
    return mp.sign(x) * mp.root(abs(x), 3) if x else x


def _round_half_even(mp, x):
    return mp.nint(x)


def _lgamma(mp, x):
    return mp.re(mp.loggamma(x))


def _truncated(mp, x):
    return mp.floor(x) if x > 0 else mp.ceil(x)


def _erfc(mp, x):
    # mpmath's own fails for such arguments; the value is 0 or 2 to thousands of digits.
    return mp.erfc(x) if abs(x) < 1000 else mp.mpf(2 if x < 0 else 0)


def _away(*points):
    return lambda x: all(abs(x - point) > 0.05 for point in points)


def _fraction(x):
    return abs(x - round(x))


def _anywhere(x):
    return True


# name: (value at any precision, whether an argument is comfortable for differences and for float64)
UNARY = {
    "neg": (lambda mp, x: -x, _anywhere),
    "abs": (lambda mp, x: abs(x), _away(0)),
    "square": (lambda mp, x: x * x, _anywhere),
    "reciprocal": (lambda mp, x: 1 / x, _away(0)),
    "sqrt": (lambda mp, x: mp.sqrt(x), lambda x: x > 0.1),
    "cbrt": (_cbrt, _away(0)),
    "exp": (lambda mp, x: mp.exp(x), lambda x: x < 4),
    "exp2": (lambda mp, x: mp.power(2, x), lambda x: x < 5),
    "expm1": (lambda mp, x: mp.expm1(x), lambda x: x < 4),
    "log": (lambda mp, x: mp.log(x), lambda x: x > 0.1),
    "log2": (lambda mp, x: mp.log(x) / mp.ln2, lambda x: x > 0.1),
    "log10": (lambda mp, x: mp.log(x) / mp.ln10, lambda x: x > 0.1),
    "log1p": (lambda mp, x: mp.log1p(x), lambda x: x > -0.9),
    "sin": (lambda mp, x: mp.sin(x), _anywhere),
    "cos": (lambda mp, x: mp.cos(x), _anywhere),
    "tan": (lambda mp, x: mp.tan(x), lambda x: abs(x) < 1.4),
    "asin": (lambda mp, x: mp.asin(x), lambda x: abs(x) < 0.9),
    "acos": (lambda mp, x: mp.acos(x), lambda x: abs(x) < 0.9),
    "atan": (lambda mp, x: mp.atan(x), _anywhere),
    "sinh": (lambda mp, x: mp.sinh(x), lambda x: abs(x) < 4),
    "cosh": (lambda mp, x: mp.cosh(x), lambda x: abs(x) < 4),
    "tanh": (lambda mp, x: mp.tanh(x), lambda x: abs(x) < 4),
    "asinh": (lambda mp, x: mp.asinh(x), _anywhere),
    "acosh": (lambda mp, x: mp.acosh(x), lambda x: x > 1.1),
    "atanh": (lambda mp, x: mp.atanh(x), lambda x: abs(x) < 0.9),
    "erf": (lambda mp, x: mp.erf(x), lambda x: abs(x) < 3),
    "erfc": (_erfc, lambda x: abs(x) < 3),
    "lgamma": (_lgamma, lambda x: x > 0.2),
    "digamma": (lambda mp, x: mp.digamma(x), lambda x: x > 0.2),
    "sigmoid": (lambda mp, x: 1 / (1 + mp.exp(-x)), lambda x: abs(x) < 6),
    "log_sigmoid": (lambda mp, x: -mp.log1p(mp.exp(-x)), lambda x: abs(x) < 6),
    "softplus": (lambda mp, x: mp.log1p(mp.exp(x)), lambda x: abs(x) < 6),
    "relu": (lambda mp, x: max(x, mp.zero), _away(0)),
    "sign": (_sign, _away(0)),
    "floor": (lambda mp, x: mp.floor(x), lambda x: _fraction(x) > 0.05),
    "ceil": (lambda mp, x: mp.ceil(x), lambda x: _fraction(x) > 0.05),
    "trunc": (_truncated, lambda x: _fraction(x) > 0.05 or abs(x) < 0.5),
    "round": (_round_half_even, lambda x: _fraction(x - 0.5) > 0.05),
}


def _apart(x, y):
    return abs(x - y) > 0.05


def _whole_periods_away(x, y):
    return abs(y) > 0.2 and _fraction(x / y) > 0.05


BINARY = {
    "add": (lambda mp, x, y: x + y, lambda x, y: True),
    "sub": (lambda mp, x, y: x - y, lambda x, y: True),
    "mul": (lambda mp, x, y: x * y, lambda x, y: True),
    "div": (lambda mp, x, y: x / y, lambda x, y: abs(y) > 0.1),
    "pow": (lambda mp, x, y: mp.power(x, y), lambda x, y: x > 0.1 and abs(y) < 4),
    "atan2": (
        lambda mp, x, y: mp.atan2(x, y),
        lambda x, y: x * x + y * y > 0.02 and (y > 0.1 or abs(x) > 0.1),
    ),
    "hypot": (lambda mp, x, y: mp.sqrt(x * x + y * y), lambda x, y: x * x + y * y > 0.02),
    "logaddexp": (lambda mp, x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))), _apart),
    "maximum": (lambda mp, x, y: max(x, y), _apart),
    "minimum": (lambda mp, x, y: min(x, y), _apart),
    "fmax": (lambda mp, x, y: max(x, y), _apart),
    "fmin": (lambda mp, x, y: min(x, y), _apart),
    "remainder": (lambda mp, x, y: x - y * mp.floor(x / y), _whole_periods_away),
    "fmod": (lambda mp, x, y: x - y * _truncated(mp, x / y), _whole_periods_away),
    "floordiv": (lambda mp, x, y: mp.floor(x / y), _whole_periods_away),
    "copysign": (
        lambda mp, x, y: abs(x) * mp.sign(y),
        lambda x, y: abs(x) > 0.05 and abs(y) > 0.05,
    ),
    "xlogy": (lambda mp, x, y: x * mp.log(y), lambda x, y: y > 0.1),
}

# Other spellings under which the op table may list a row.
ALIASES = {
    "negative": "neg",
    "absolute": "abs",
    "recip": "reciprocal",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "truediv": "div",
    "power": "pow",
    "mod": "remainder",
    "psi": "digamma",
}


class Row:
    """One number or several, with the arithmetic of a `Variable`."""

    def __init__(self, truth, entries, constant=False):
        self.truth, self.entries, self.constant = truth, list(entries), constant

    def __len__(self):
        return len(self.entries)

    def __iter__(self):
        return (Row(self.truth, [entry]) for entry in self.entries)

    def __getitem__(self, index):
        chosen = self.entries[index]
        return Row(self.truth, chosen if isinstance(index, slice) else [chosen])

    def __getattr__(self, name):
        function = getattr(self.truth, name)
        return lambda *others: function(self, *others)

    def _compare(self, other, holds):
        truth = self.truth
        pairs = truth.broadcast(self, other)
        truth.need(all(_apart(x, y) for x, y in pairs))
        claims = [holds(x, y) for x, y in pairs]
        return claims[0] if len(claims) == 1 else Row(truth, map(truth.mp.mpf, claims), True)

    def __lt__(self, other):
        return self._compare(other, lambda x, y: x < y)

    def __gt__(self, other):
        return self._compare(other, lambda x, y: x > y)

    def __le__(self, other):
        return self._compare(other, lambda x, y: x <= y)

    def __ge__(self, other):
        return self._compare(other, lambda x, y: x >= y)

    def __neg__(self):
        return self.truth.neg(self)

    def __abs__(self):
        return self.truth.abs(self)

    def __add__(self, other):
        return self.truth.add(self, other)

    def __radd__(self, other):
        return self.truth.add(other, self)

    def __sub__(self, other):
        return self.truth.sub(self, other)

    def __rsub__(self, other):
        return self.truth.sub(other, self)

    def __mul__(self, other):
        return self.truth.mul(self, other)

    def __rmul__(self, other):
        return self.truth.mul(other, self)

    def __truediv__(self, other):
        return self.truth.div(self, other)

    def __rtruediv__(self, other):
        return self.truth.div(other, self)

    def __mod__(self, other):
        return self.truth.remainder(self, other)

    def __rmod__(self, other):
        return self.truth.remainder(other, self)

    def __floordiv__(self, other):
        return self.truth.floordiv(self, other)

    def __rfloordiv__(self, other):
        return self.truth.floordiv(other, self)

    def __pow__(self, other):
        if isinstance(other, int):
            return self.truth.integer_power(self, other)
        return self.truth.pow(self, other)

    def __rpow__(self, other):
        return self.truth.pow(other, self)

    def __matmul__(self, other):
        return self.truth.dot(self, other)

    def __rmatmul__(self, other):
        return self.truth.dot(other, self)


class Truth:
    """The functions of the package on `Row`s.

    With `noise`, every result, also within the functions of rows, is multiplied by
    `1 + noise * r`, `r` in [-1, 1] and the same in each run: how far that moves a derivative tells
    what rounding may do to it. With `picky`, uncomfortable arguments raise.
    """

    def __init__(self, digits=60, noise=0, picky=False):
        self.mp = MPContext()
        self.mp.dps = digits
        self.noise, self.picky = noise, picky
        self.rewind()

    def rewind(self):
        """Begin the run of a program."""
        self._random = random.Random(1)

    def need(self, holds):
        if self.picky and not holds:
            raise Uncomfortable

    def row(self, x):
        if isinstance(x, Row):
            return x
        entries = x if isinstance(x, (list, tuple)) else [x]
        return Row(self, [self.mp.mpf(entry) for entry in entries], constant=True)

    Vector = row

    def emit(self, entries):
        if self.noise:
            entries = [x * (1 + self.noise * self._random.uniform(-1, 1)) for x in entries]
        return Row(self, entries)

    def broadcast(self, *operands):
        rows = [self.row(x).entries for x in operands]
        length = next((len(row) for row in rows if len(row) != 1), 1)
        self.need(all(len(row) in (1, length) for row in rows))
        return list(zip(*(row * length if len(row) == 1 else row for row in rows), strict=True))

    def __getattr__(self, name):
        name = ALIASES.get(name, name)
        if name not in UNARY and name not in BINARY:
            raise AttributeError(name)
        value, comfortable = UNARY.get(name) or BINARY[name]

        def elementwise(*operands):
            arguments = self.broadcast(*operands)
            self.need(all(comfortable(*map(float, entry)) for entry in arguments))
            return self.emit(value(self.mp, *entry) for entry in arguments)

        return elementwise

    def integer_power(self, x, exponent):
        self.need(exponent >= 0 or all(abs(entry) > 0.1 for entry in x.entries))
        return self.emit(entry**exponent for entry in x.entries)

    def clip(self, x, low, high):
        self.need(all(_apart(e, low) and _apart(e, high) for e in self.row(x).entries))
        return self.emit(min(max(e, self.mp.mpf(low)), self.mp.mpf(high)) for e in x.entries)

    def where(self, condition, x, y):
        chosen = [a if claim else b for claim, a, b in self.broadcast(condition, x, y)]
        return self.emit(chosen)

    def sum(self, x):
        return self.emit([self.mp.fsum(x.entries)])

    def mean(self, x):
        return self.div(self.sum(x), len(x))

    def prod(self, x):
        return self.emit([self.mp.fprod(x.entries)])

    def max(self, x):
        return self._extreme(x, max)

    def min(self, x):
        return self._extreme(x, min)

    def _extreme(self, x, choose):
        chosen = choose(x.entries)
        self.need(sum(not _apart(entry, chosen) for entry in x.entries) == 1)
        return self.emit([chosen])

    def dot(self, x, y):
        return self.sum(self.mul(x, y))

    def norm(self, x):
        squared = self.sum(self.square(x))
        self.need(squared.entries[0] > 0.02)
        return self.emit([self.mp.sqrt(squared.entries[0])])

    def logsumexp(self, x):
        total = self.sum(self.emit(map(self.mp.exp, x.entries)))
        return self.emit([self.mp.log(total.entries[0])])

    def softmax(self, x):
        weights = self.emit(map(self.mp.exp, x.entries))
        total = self.sum(weights).entries[0]
        return self.emit(weight / total for weight in weights.entries)

    def cumsum(self, x):
        return self.emit(itertools.accumulate(x.entries))

    def stack(self, rows):
        return Row(self, [self.row(row).entries[0] for row in rows])

    def concatenate(self, rows):
        return Row(self, [entry for row in rows for entry in self.row(row).entries])


def partial(mp, value, point, orders):
    """Mixed partial derivative of `value` at `point`, by central differences at many digits.

    The step is 1e-40 of each coordinate or of 1, so truncation is about 1e-80 of the next even
    derivative and cancellation takes 120 of the 160 digits at third order. Far out and close to 0,
    values such as those of `expm1` and `cosh` differ from a constant in a digit far down only.
    """
    is_moderate = all(x == 0 or 1e-20 < abs(x) < 30 for x in point)
    with mp.workdps(160 if is_moderate else 600):
        steps = [(min(abs(mp.mpf(x)), 1) or mp.one) * mp.mpf(10) ** -40 for x in point]
        stencils = []
        for step, order in zip(steps, orders, strict=True):
            stencils.append(
                [
                    (((order - 2 * j) * step / 2), (-1) ** j * mp.binomial(order, j) / step**order)
                    for j in range(order + 1)
                ]
            )
        return mp.fsum(
            value(mp, *(mp.mpf(x) + shift for x, (shift, _) in zip(point, node, strict=True)))
            * mp.fprod(weight for _, weight in node)
            for node in itertools.product(*stencils)
        )
