"""The protocol: messages in, responses out.

Source: CONTRIBUTING.md of https://github.com/gradbench/gradbench, section Protocol.
"""

from __future__ import annotations

import importlib
import json
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import autograd_rs as ag

if TYPE_CHECKING:
    import types
    from collections.abc import Iterable, Iterator

EVALS = ("det", "hello", "llsq", "lse", "ode", "particle", "saddle")


def load(name: str) -> types.ModuleType:
    """Import an eval.

    Returns
    -------
    module
        With `prepare`, from the input of a message to what its functions take, and `FUNCTIONS`.
    """
    if name not in EVALS:
        raise ValueError(f"define: got {name}, wanted one of {', '.join(EVALS)}")
    return importlib.import_module(f"gradbench.{name}")


def answer_lines(lines: Iterable[str]) -> Iterator[str]:
    """Answer each message, until there are no more."""
    for line in lines:
        if line.strip():
            yield json.dumps(answer(json.loads(line)))


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """Return the response to one message; what fails is told in it."""
    response: dict[str, Any] = {"id": message["id"]}
    answers = {"start": start, "define": define, "evaluate": evaluate}
    if message.get("kind") in answers:
        try:
            response |= answers[message["kind"]](message)
        except Exception as error:  # noqa: BLE001 (the other side is to hear of it, whatever it is)
            response |= {"success": False, "error": f"{type(error).__name__}: {error}"}
    return response


def start(message: dict[str, Any]) -> dict[str, Any]:
    """Say who we are."""
    return {"tool": "autograd_rs", "config": {"version": ag.__version__}}


def define(message: dict[str, Any]) -> dict[str, Any]:
    """Say that an eval is known, or fail."""
    load(message["module"])
    return {"success": True}


def evaluate(message: dict[str, Any]) -> dict[str, Any]:
    """Run a function as often as the input wants, and time each run."""
    module = load(message["module"])
    function = module.FUNCTIONS[message["function"]]
    wanted = message["input"] if isinstance(message["input"], dict) else {}
    prepared = module.prepare(message["input"])
    runs: list[int] = []
    while (
        not runs
        or len(runs) < wanted.get("min_runs", 1)
        or sum(runs) < 1e9 * wanted.get("min_seconds", 0)
    ):
        began = perf_counter_ns()
        output = function(prepared)
        runs.append(perf_counter_ns() - began)
    timings = [{"name": "evaluate", "nanoseconds": run} for run in runs]
    return {"success": True, "output": plain(output), "timings": timings}


def plain(output: Any) -> Any:
    """Return an output in types that JSON has."""
    return output.tolist() if isinstance(output, ag.Vector) else output
