"""Universal functions of `scipy.special`: SciPy is not imported, but asked if it is there."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from autograd_rs import _core

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Rule = Callable[..., Any]


def logit(x: Any) -> Any:
    """Return `log(x / (1 - x))`."""
    return _core.log(x) - _core.log1p(-x)


def ndtr(x: Any) -> Any:
    """Return the distribution function of the standard normal, accurate in the left tail."""
    return 0.5 * _core.erfc(x * -math.sqrt(0.5))


def entr(x: Any) -> Any:
    """Return `-x log(x)`."""
    return -_core.xlogy(x, x)


RULES: dict[str, Rule] = {
    "erf": _core.erf,
    "erfc": _core.erfc,
    "gammaln": _core.lgamma,
    "psi": _core.digamma,
    "expit": _core.sigmoid,
    "log_expit": _core.log_sigmoid,
    "xlogy": _core.xlogy,
    "cbrt": _core.cbrt,
    "exp2": _core.exp2,
    "expm1": _core.expm1,
    "log1p": _core.log1p,
    "logit": logit,
    "ndtr": ndtr,
    "entr": entr,
}


def find(ufunc: np.ufunc) -> Rule | None:
    """Return the rule of a universal function of SciPy, or None."""
    special = sys.modules.get("scipy.special")
    name = ufunc.__name__
    if special is None or getattr(special, name, None) is not ufunc:
        return None
    return RULES.get(name)
