"""The packages beside us, each with the same face."""

from __future__ import annotations

import functools
import importlib.util
import types
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PEERS = {
    "xad": "with_xad",
    "autograd": "with_hips",
    "mygrad": "with_mygrad",
    "micrograd": "with_micrograd",
    "casadi": "with_casadi",
    "jax": "with_jax",
    "torch": "with_torch",
}


class Peer(Protocol):
    """A package that differentiates, as seen from the families.

    Attributes
    ----------
    NAME : str
        What the table calls it.
    math : module
        Its elementary functions, under the names that we use.
    """

    NAME: str
    math: types.ModuleType

    def value_and_gradient(
        self, function: Callable[..., Any], values: Sequence[Any], constants: Sequence[Any] = ()
    ) -> Callable[[], Any]:
        """Make a callable that returns a value and its gradient, in the peer's natural manner.

        Parameters
        ----------
        function : callable
            Called as `function(math, *values, *constants)`.
        values, constants : sequences of float or list of float
            With respect to which to differentiate, and the rest.
        """


def namespace(**functions: Any) -> types.ModuleType:
    """Make a module of functions: attribute look-up is as fast as for the package's own module."""
    module = types.ModuleType("math_of_peer")
    vars(module).update(functions)
    return module


@functools.cache
def installed() -> dict[str, Peer]:
    """Import the peers that are there, by name of the package."""
    return {
        package: importlib.import_module(f"peers.{module}")
        for package, module in PEERS.items()
        if importlib.util.find_spec(package)
    }


def versions() -> list[str]:
    """Return name and version of each peer that is there."""
    from importlib.metadata import version

    packages = [*installed(), *(["numpy"] if numpy() else [])]
    return [f"{package} {version(package)}" for package in packages]


@functools.cache
def numpy() -> types.ModuleType | None:
    """Import NumPy if it is there."""
    return importlib.import_module("numpy") if importlib.util.find_spec("numpy") else None
