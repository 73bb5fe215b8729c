"""The evals of GradBench that our tool speaks: derivatives beside the functions themselves."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time_ns

from check import assert_agrees
from gradbench.protocol import load, plain
from measure import OURS, Case, Contender, Row, compare

DATA = Path(__file__).parents[2] / "tests" / "data" / "gradbench"
WITH_PRIMAL = {"ode": "n1000_s100", "det": "l8", "lse": "n2500", "llsq": "n512_m128"}
NESTED = {"particle": "w0", "saddle": "start11"}


def run(plan):
    """Time each gradient beside the plain function, and the descents in each pair of modes."""
    for name, size in WITH_PRIMAL.items():
        functions, prepared, expected = read(name, size)
        contenders = {
            OURS: Contender(
                bind(functions["gradient"], prepared), expected=lambda e=expected: e["gradient"]
            ),
            "ours, the function alone": Contender(
                bind(functions["primal"], prepared), expected=lambda e=expected: e["primal"]
            ),
        }
        yield from compare(Case(f"GradBench {name} {size}, gradient", contenders), plan)
    for name, size in NESTED.items():
        functions, prepared, expected = read(name, size)
        for modes in ["rr"] if plan.is_quick else functions:
            # A descent takes so many gradients that once is enough.
            began = process_time_ns()
            output = plain(functions[modes](prepared))
            seconds = (process_time_ns() - began) * 1e-9
            assert_agrees(f"{name} {modes}", output, expected[modes], 1e-9)
            yield Row(f"GradBench {name}, nested descents", f"{OURS}, modes {modes}", seconds)


def read(name, size):
    """Return an eval's functions, their input, and what they must return."""
    file = json.loads((DATA / f"{name}_{size}.json").read_text())
    module = load(name)
    expected = {
        case["function"]: case.get("expected_ad", case["expected"]) for case in file["cases"]
    }
    return module.FUNCTIONS, module.prepare(file["input"]), expected


def bind(function, prepared):
    return lambda: plain(function(prepared))
