"""Exact gradients of ordinary Python code, for about the price of running it.

Numbers and vectors wrapped in `Variable` record what is computed with them; `grad` gives the
derivatives of a result with respect to all of them in one sweep. Given a function, `grad` and the
other transforms make functions that give its derivatives.
"""

from autograd_rs import _functions
from autograd_rs._core import GradientDroppedWarning, Variable, Vector, __version__, ops
from autograd_rs._functions import *  # noqa: F403 (their names are those of the op table)
from autograd_rs._modes import detect_anomaly, no_grad, stop_gradient
from autograd_rs._rules import defjvp, defvjp, primitive
from autograd_rs.transforms import (
    checkpoint,
    elementwise_grad,
    flatten,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    value_and_grad,
    vjp,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from autograd_rs._draw import draw, to_dot
    from autograd_rs.testing import check_grads

__all__ = [
    "GradientDroppedWarning",
    "Variable",
    "Vector",
    "__version__",
    "check_grads",
    "checkpoint",
    "defjvp",
    "defvjp",
    "detect_anomaly",
    "draw",
    "elementwise_grad",
    "flatten",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "no_grad",
    "ops",
    "primitive",
    "stop_gradient",
    "to_dot",
    "value_and_grad",
    "vjp",
]
__all__ += _functions.__all__


def __getattr__(name: str) -> object:
    """Load what is not used in every program when it is first asked for."""
    homes = {"check_grads": "testing", "draw": "_draw", "to_dot": "_draw"}
    if name not in homes:
        message = f"module 'autograd_rs' has no attribute {name!r}"
        if not name.startswith("_"):
            from autograd_rs._hints import instead_of

            message += instead_of(name)
        raise AttributeError(message)
    import importlib

    found = getattr(importlib.import_module(f"autograd_rs.{homes[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
