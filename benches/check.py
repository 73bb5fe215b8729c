"""Whether two contenders computed the same numbers."""

from __future__ import annotations

import math
from typing import Any


def flatten(result: Any) -> list[float]:
    """Return the numbers in a result, whatever package made it.

    Parameters
    ----------
    result : object
        A number, an array, a Variable of whichever package, or nested lists and tuples of them.
    """
    if result is None:
        return []
    if isinstance(result, int | float):
        return [float(result)]
    if isinstance(result, list | tuple):
        return [number for part in result for number in flatten(part)]
    for name in ("detach", "full", "elements"):  # PyTorch; CasADi, whose zeros may be implicit
        if hasattr(result, name):
            result = getattr(result, name)()
    for name in ("tolist", "item"):
        if hasattr(result, name):
            return flatten(getattr(result, name)())
    for name in ("data", "value"):  # micrograd; XAD
        if hasattr(result, name):
            return flatten(getattr(result, name))
    return flatten(list(result))


def assert_agrees(what: str, result: Any, expected: Any, tolerance: float) -> None:
    """Raise AssertionError unless two results are the same numbers.

    Parameters
    ----------
    tolerance : float
        The largest difference, relative to the largest expected number.
    """
    got, wanted = flatten(result), flatten(expected)
    if len(got) != len(wanted):
        raise AssertionError(f"{what}: got {len(got)} numbers, wanted {len(wanted)}")
    scale = max((abs(x) for x in wanted), default=0.0)
    for index, (x, y) in enumerate(zip(got, wanted)):
        if x != y and not abs(x - y) <= tolerance * scale:  # not of nan, too
            raise AssertionError(f"{what}: number {index} is {x!r}, wanted {y!r}")
    if not math.isfinite(scale):
        raise AssertionError(f"{what}: the numbers to agree on are not finite")
