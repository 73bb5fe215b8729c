"""What is measured, a module for each kind of work."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import types

FAMILIES = [
    "scalar_ops",
    "chain",
    "normal",
    "readme_example",
    "perceptron",
    "logistic",
    "elementary",
    "memory",
    "startup",
    "rosenbrock",
    "network",
    "second_order",
    "leapfrog",
    "overhead",
    "solvers",
    "gradbench_evals",
]


def load(name: str) -> types.ModuleType:
    """Import a family; it has a function `run` from a plan to rows."""
    return importlib.import_module(f"families.{name}")
