"""What is said where a `Variable` becomes a plain number and its gradient ends."""

from __future__ import annotations

import sys
import warnings
from functools import lru_cache

from autograd_rs._core import GradientDroppedWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

LIBRARIES = frozenset({"numpy", "scipy", "pandas", "autograd_rs"}) | sys.stdlib_module_names
"""Whose lines are not the user's."""

CONSTANT = "use .item() or stop_gradient if a constant is meant"
BY_NAME = {
    "pickle": "use .detach() if a constant is meant",
    "Vector()": "use .value if a constant is meant",
    "tolist()": "use list(x) for Variables, or .value.tolist() if constants are meant",
}
"""What to do instead of conversions of our own."""

OF_MATH = {"fsum": "sum", "fabs": "abs", "sumprod": "dot", "dist": "norm", "ldexp": "exp2"}
"""Our functions for those of `math` that have another name here."""

REMAINDERS = frozenset({6, 19})
"""What `BINARY_OP` has for `%` and `%=`."""

MOST_KEPT = 1000
_found: dict[tuple[CodeType, int, str], tuple[str, str]] = {}
"""What was found at places of the user's code: a loop that prints comes to one again and again."""


def refuse(conversion: str, lost: str) -> None:
    """Raise in a function that is differentiated; `lost` says what is wrong.

    Raises
    ------
    TypeError
        Unless text is made: what is printed loses nothing.
    """
    frame = converting_frame()
    if conversion == "float()" and is_formatting(frame):
        return
    op, advice = advised(conversion, frame)
    message = f"{op}: {lost}: got a Variable that depends on what is differentiated, wanted a"
    raise TypeError(f"{message} constant; {advice}")


def warn(conversion: str) -> None:
    """Warn elsewhere, once for each line of the user's code.

    Warns
    -----
    GradientDroppedWarning
        Unless text is made.
    """
    frame = converting_frame()
    if conversion == "float()" and is_formatting(frame):
        return
    op, advice = advised(conversion, frame)
    message = f"{op} of a Variable that is a result, or an argument that is differentiated: its"
    user = user_frame(frame)
    warnings.warn_explicit(
        f"{message} gradient ends here; {advice}",
        GradientDroppedWarning,
        user.f_code.co_filename,
        user.f_lineno or 1,
        module=user.f_globals.get("__name__") or "<unknown>",
        # Where the interpreter notes which warnings a line has given.
        registry=user.f_globals.setdefault("__warningregistry__", {}),
    )


def converting_frame() -> FrameType:
    """Find the code that converts: it called what calls this, unless a thread began with that."""
    frame = sys._getframe(1)
    return frame.f_back or frame


def library_of(frame: FrameType) -> str | None:
    """Name the library that a line is of; None for the user's."""
    top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return top if top in LIBRARIES else None


def user_frame(frame: FrameType) -> FrameType:
    """Find the line of the user's code that led to this one."""
    found: FrameType | None = frame
    while found is not None and library_of(found):
        found = found.f_back
    return found or frame


def advised(conversion: str, frame: FrameType) -> tuple[str, str]:
    """Name what converts, and say what to do instead."""
    if conversion in BY_NAME:
        return conversion, BY_NAME[conversion]
    library = library_of(frame)
    if library not in (None, "autograd_rs"):
        name = entered(frame).f_code.co_name
        message = f"{library} computes with floats in {name}: give that a rule by primitive"
        return conversion, f"{message}, or {CONSTANT}"
    place = (frame.f_code, frame.f_lasti, conversion)
    if place not in _found:
        if len(_found) >= MOST_KEPT:
            _found.clear()
        _found[place] = advised_by_code(conversion, frame)
    return _found[place]


def advised_by_code(conversion: str, frame: FrameType) -> tuple[str, str]:
    """Do the same for a line of the user's, by what that does."""
    if instruction(frame.f_code, frame.f_lasti)[0] in ("STORE_SUBSCR", "STORE_SLICE"):
        message = "build a list, then use np.stack or np.concatenate, or use np.where"
        return "writing into an array of floats", f"{message}; {CONSTANT}"
    called = called_function(frame)
    if called is not None and getattr(called, "__module__", None) == "math":
        return f"math.{called.__name__}", of_math(called.__name__)
    if conversion != "float()":
        return conversion, f"leave out the dtype, so that entries stay Variables, or {CONSTANT}"
    return conversion, f"{CONSTANT}, else the functions of autograd_rs"


def entered(frame: FrameType) -> FrameType:
    """Find the function of a library that the user's code called."""
    while frame.f_back is not None and library_of(frame.f_back):
        frame = frame.f_back
    return frame


def of_math(name: str) -> str:
    """Say what to use for a function of `math`."""
    import autograd_rs

    own = OF_MATH.get(name, name)
    if own in autograd_rs.__all__:
        return f"use autograd_rs.{own}, or .item() if a constant is meant"
    return f"use operators and functions of autograd_rs, or math.{name} of .item()"


@lru_cache(MOST_KEPT)
def instruction(code: CodeType, place: int) -> tuple[str, int]:
    """Give the instruction at a place of code, and its argument."""
    import opcode

    steps = code.co_code
    return (opcode.opname[steps[place]], steps[place + 1]) if 0 <= place < len(steps) else ("", 0)


def is_formatting(frame: FrameType) -> bool:
    """Whether a frame is at a `%`: of all that has one, only text makes a float of an operand."""
    name, argument = instruction(frame.f_code, frame.f_lasti)
    is_remainder = name in ("BINARY_MODULO", "INPLACE_MODULO")
    return is_remainder or (name == "BINARY_OP" and argument in REMAINDERS)


def called_function(frame: FrameType) -> Callable[..., Any] | None:
    """Find the function that a frame calls, as far as names say: the last one that was loaded."""
    import dis

    if not instruction(frame.f_code, frame.f_lasti)[0].startswith(("CALL", "PRECALL")):
        return None
    names = {**vars(sys.modules["builtins"]), **frame.f_globals, **frame.f_locals}
    loaded: Any = None
    found: Any = None
    for step in dis.get_instructions(frame.f_code):
        if step.offset >= frame.f_lasti:
            break
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            # Attributes of other objects may run code.
            is_module = type(loaded) is type(sys)
            is_call = step.opname == "LOAD_METHOD" or "NULL" in step.argrepr
            loaded = getattr(loaded, step.argval, None) if is_module else None
            found = loaded if is_call or callable(loaded) else found
        elif step.opname.startswith("LOAD_") and step.opname != "LOAD_CONST":
            loaded = names.get(step.argval) if isinstance(step.argval, str) else None
            found = loaded if callable(loaded) else found
    return found if callable(found) else None
