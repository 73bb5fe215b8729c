"""Exact gradients of ordinary Python code, for about the price of running it.

Numbers and vectors wrapped in `Variable` record what is computed with them; `grad` gives the
derivatives of a result with respect to all of them in one sweep.
"""

from autograd_rs import _core
from autograd_rs._core import GradientDroppedWarning, Variable, Vector, __version__, grad, ops
from autograd_rs._draw import draw, to_dot
from autograd_rs._modes import no_grad


def stop_gradient(x):  # type: ignore[no-untyped-def]
    return x.detach() if isinstance(x, Variable) else x


_elementwise = [row["name"] for row in ops() if row["public"]]
_structural = [
    "clip", "concatenate", "cumsum", "dot", "logsumexp", "max", "mean", "min", "norm", "prod",
    "softmax", "stack", "sum", "where",
]
for _name in [*_elementwise, *_structural]:
    globals()[_name] = getattr(_core, _name)
del _name

__all__ = [
    "GradientDroppedWarning",
    "Variable",
    "Vector",
    "__version__",
    "draw",
    "grad",
    "no_grad",
    "ops",
    "stop_gradient",
    "to_dot",
    *_elementwise,
    *_structural,
]
