"""The functions on numbers and vectors: one for each public row of the op table, and a few more.

The names come from the table, so that a new row needs no line here; `_functions.pyi` has them for
type checkers, and is made by `tools/make_stubs.py`.
"""

from autograd_rs import _core

STRUCTURAL = (
    *("clip", "concatenate", "cumsum", "dot", "logsumexp", "max", "mean", "min", "norm", "prod"),
    *("softmax", "stack", "sum", "where"),
)

__all__ = [*(row["name"] for row in _core.ops() if row["public"]), *STRUCTURAL]

globals().update({name: getattr(_core, name) for name in __all__})
