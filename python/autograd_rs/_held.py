"""How many bytes an object keeps alive, about: so that what an operation holds is let go in time.

The tape drops what nobody needs when enough came together. What an operation that is written in
Python holds, such as the arrays that its derivative reads, counts by what is found here.
"""

from __future__ import annotations

import functools
import types

from autograd_rs._core import Vector
from autograd_rs._tree import is_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEEPEST = 4
"""Levels of objects in objects that are looked at."""

MOST = 64
"""Entries of a container that are looked at; the others count as these do."""


class Held:
    """Counts what calls hold, and what comes again at the same place only once."""

    def __init__(self) -> None:
        self._last: dict[int | str, Any] = {}

    def bytes_of(self, place: int | str, x: Any) -> int:
        """Count what `x` holds, unless it is an array that was at this place the last time."""
        if not is_array(x):
            return bytes_of(x)
        import weakref

        last = self._last.get(place)
        if last is not None and last() is x:
            return 0
        self._last[place] = weakref.ref(x)
        return bytes_of(x)


def bytes_of(x: Any, depth: int = DEEPEST) -> int:
    """Count what an object holds: arrays, and containers, functions and objects with arrays."""
    if is_array(x):
        # A view holds all of what it is a part of.
        return max(int(x.nbytes), bytes_of(x.base, depth - 1) if depth else 0)
    if isinstance(x, Vector):
        return 8 * x.dim
    if isinstance(x, (bytes, str)):
        return len(x)
    if depth == 0 or isinstance(x, (type, types.ModuleType, int, float)):
        return 0
    parts = parts_of(x)
    shown = parts[:MOST]
    sample = sum(bytes_of(part, depth - 1) for part in shown)
    return 8 * len(parts) + sample * len(parts) // max(1, len(shown))


def parts_of(x: Any) -> list[Any]:
    """List what an object holds that may be large."""
    if isinstance(x, (list, tuple)):
        return list(x)
    if isinstance(x, dict):
        return list(x.values())
    if isinstance(x, types.MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, functools.partial):
        return [x.func, *x.args, *x.keywords.values()]
    if isinstance(x, types.FunctionType):
        cells = [cell for cell in x.__closure__ or () if cell_is_filled(cell)]
        return [cell.cell_contents for cell in cells] + list(x.__defaults__ or ())
    return list(getattr(x, "__dict__", {}).values())


def cell_is_filled(cell: Any) -> bool:
    """Whether the variable of a closure has a value by now."""
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
