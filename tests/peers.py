"""The functions of the package by those of JAX and of PyTorch, for programs written as text.

Each peer has the names of `autograd_rs`, functions and transforms, on rows as `truth.Truth` has
them: one program text runs on all. The functions are those that a user of the peer would call,
except where PyTorch has none, or one that cannot be derived three times in mixed modes.
"""

import contextlib
import functools

from truth import Row

SAME = (
    *("abs", "sign", "floor", "ceil", "round", "trunc", "square", "sqrt", "reciprocal"),
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "hypot", "remainder", "fmod"),
    *("maximum", "minimum", "fmax", "fmin", "copysign"),
)


def named(module, *names, **renamed):
    """Functions of a module by our names, which are theirs or are given theirs."""
    found = {name: getattr(module, name) for name in names}
    return found | {name: getattr(module, theirs) for name, theirs in renamed.items()}


class PeerRow(Row):
    """One number or several, as an array of the peer of one dimension."""

    def __init__(self, peer, array):
        self.truth, self.entries = peer, array

    def __len__(self):
        return self.entries.shape[0]

    def __getitem__(self, index):
        if isinstance(index, slice) and (index.step or 1) < 0:
            # PyTorch has no steps below 0.
            chosen = list(range(len(self)))[index]
            return PeerRow(self.truth, self.entries[self.truth.indices(chosen)])
        chosen = self.entries[index]
        return PeerRow(self.truth, chosen if isinstance(index, slice) else chosen.reshape(1))

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def _compare(self, other, holds):
        claims = holds(self.entries, self.truth.row(other).entries)
        return bool(claims) if claims.shape == (1,) else PeerRow(self.truth, claims)


class Peer:
    """What both peers call alike, and what is put together from their functions.

    `arrays` is the module of its functions on arrays, `elementwise` those that are elsewhere.
    `ways` is how many ways to the derivatives of each order there is time for, and `settings` the
    context in which all is done.
    """

    def __init__(self, arrays, elementwise, transforms):
        self.arrays = arrays
        self.elementwise = named(arrays, *SAME) | elementwise
        for name in ("grad", "jvp", "vjp", "jacfwd", "jacrev", "hessian"):
            setattr(self, name, getattr(transforms, name))

    def hvp(self, f):
        return lambda x, v: self.jvp(self.grad(f), (x,), (v,))[1]

    def array(self, entries):
        raise NotImplementedError

    def indices(self, chosen):
        raise NotImplementedError

    def row(self, x):
        if isinstance(x, PeerRow):
            return x
        return PeerRow(self, self.array(x if isinstance(x, (list, tuple)) else [x]))

    Vector = row

    def of_rows(self, function, lengths):
        """The program as a function of one array, giving a number of the peer."""

        def f(x):
            parts, start = [], 0
            for length in lengths:
                parts.append(PeerRow(self, x[start : start + length]))
                start += length
            return function(self, *parts).entries[0]

        return f

    def __getattr__(self, name):
        if name not in self.elementwise:
            raise AttributeError(name)
        function = self.elementwise[name]
        return lambda *rows: PeerRow(self, function(*(self.row(x).entries for x in rows)))

    def integer_power(self, x, exponent):
        return PeerRow(self, x.entries**exponent)

    def where(self, condition, x, y):
        x, y = self.row(x).entries, self.row(y).entries
        if isinstance(condition, bool):
            condition = self.array([condition]) > 0
        else:
            condition = condition.entries
        return PeerRow(self, self.arrays.where(condition, x, y))

    def clip(self, x, low, high):
        return PeerRow(self, self.arrays.clip(self.row(x).entries, low, high))

    def sum(self, x):
        return PeerRow(self, self.arrays.sum(x.entries).reshape(1))

    def mean(self, x):
        return PeerRow(self, self.arrays.mean(x.entries).reshape(1))

    def prod(self, x):
        return PeerRow(self, self.arrays.prod(x.entries).reshape(1))

    def max(self, x):
        return PeerRow(self, self.arrays.max(x.entries).reshape(1))

    def min(self, x):
        return PeerRow(self, self.arrays.min(x.entries).reshape(1))

    def dot(self, x, y):
        # A number times a row is no inner product to the peers.
        x, y = self.row(x), self.row(y)
        if len(x) != len(y):
            return self.sum(x * y)
        return PeerRow(self, self.arrays.dot(x.entries, y.entries).reshape(1))

    def norm(self, x):
        return PeerRow(self, self.arrays.linalg.norm(x.entries).reshape(1))

    def cumsum(self, x):
        return PeerRow(self, self.arrays.cumsum(x.entries, 0))

    def stack(self, rows):
        return PeerRow(self, self.arrays.stack([self.row(x).entries[0] for x in rows]))

    def concatenate(self, rows):
        return PeerRow(self, self.arrays.concatenate([self.row(x).entries for x in rows]))


class Jax(Peer):
    """JAX in 64 bits, operation by operation: compiling a program takes longer than many runs."""

    ways = 1

    @staticmethod
    def settings(jax):
        context = contextlib.ExitStack()
        context.enter_context(jax.enable_x64(True))
        context.enter_context(jax.disable_jit())
        return context

    def __init__(self, jax):
        np, special, nn = jax.numpy, jax.scipy.special, jax.nn
        elementwise = {
            **named(np, "cbrt", neg="negative", add="add", sub="subtract", mul="multiply"),
            **named(np, div="divide", pow="power", floordiv="floor_divide", atan2="arctan2"),
            **named(np, asin="arcsin", acos="arccos", atan="arctan"),
            **named(np, asinh="arcsinh", acosh="arccosh", atanh="arctanh"),
            **named(special, "erf", "erfc", "digamma", "xlogy", lgamma="gammaln"),
            **named(nn, "sigmoid", "log_sigmoid", "softplus", "relu"),
        }
        super().__init__(np, elementwise, jax)
        self.jax = jax

    def array(self, entries):
        return self.arrays.asarray(entries, dtype=float)

    def indices(self, chosen):
        return self.arrays.asarray(chosen, dtype=int)

    def logsumexp(self, x):
        return PeerRow(self, self.jax.scipy.special.logsumexp(x.entries).reshape(1))

    def softmax(self, x):
        return PeerRow(self, self.jax.nn.softmax(x.entries))


class Torch(Peer):
    """PyTorch in float64."""

    ways = 100

    @staticmethod
    def settings(torch):
        return contextlib.nullcontext()

    def __init__(self, torch):
        elementwise = {
            **named(torch, "neg", "add", "sub", "mul", "div", "pow", "atan2", "xlogy"),
            **named(torch, "asin", "acos", "atan", "asinh", "acosh", "atanh"),
            **named(torch, "erf", "erfc", "sigmoid", "relu"),
            **named(torch.nn.functional, "softplus", log_sigmoid="logsigmoid"),
            # Its own copysign and norm write in place, and fail at third order in mixed modes.
            "copysign": lambda x, y: torch.where(y < 0, -torch.abs(x), torch.abs(x)),
            # Its floor_divide has no forward mode.
            "floordiv": lambda x, y: torch.div(x, y, rounding_mode="floor"),
            # Its trigamma has about ten digits at small arguments, and enough at larger ones.
            "digamma": lambda x: torch.digamma(x + 16) - sum(1 / (x + k) for k in range(16)),
            "lgamma": lambda x: torch.lgamma(x + 16) - sum(torch.log(x + k) for k in range(16)),
            # It has no cube root.
            "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
        }
        super().__init__(torch, elementwise, torch.func)

    def array(self, entries):
        return self.arrays.tensor(entries, dtype=self.arrays.float64)

    def indices(self, chosen):
        return self.arrays.tensor(chosen, dtype=self.arrays.int64)

    def logsumexp(self, x):
        return PeerRow(self, self.arrays.logsumexp(x.entries, 0).reshape(1))

    def norm(self, x):
        return self.sqrt(self.dot(x, x))

    def prod(self, x):
        # Its own gives nan at third order where an entry is 0.
        return functools.reduce(self.mul, x)

    def softmax(self, x):
        return PeerRow(self, self.arrays.softmax(x.entries, 0))
