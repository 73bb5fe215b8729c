"""The GradBench tool: its protocol, and its derivatives against validated outputs."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data" / "gradbench"
# The descents of nested derivatives take minutes; one of them stands for the others.
IS_FULL = os.environ.get("AUTOGRAD_GRADBENCH", "") == "full"
LONG = {("particle", modes) for modes in ("ff", "fr", "rf", "rr")} | {
    ("saddle", modes) for modes in ("ff", "fr", "rf")
}
# Behind the tests' own modules, which must stay the ones found first.
sys.path.append(str(ROOT / "benches"))

from gradbench.modes import MODES  # noqa: E402 (its place is known only now)
from gradbench.particle import make_miss  # noqa: E402
from gradbench.protocol import EVALS, answer  # noqa: E402


def load_cases():
    for path in sorted(DATA.glob("*.json")):
        file = json.loads(path.read_text())
        for index, case in enumerate(file["cases"]):
            shared = case["input"] == "$.input"
            message = {
                "id": index,
                "kind": "evaluate",
                "module": file["module"],
                "function": case["function"],
                "input": file["input"] if shared else case["input"],
            }
            if (file["module"], case["function"]) in LONG and not IS_FULL:
                continue
            expected = case.get("expected_ad", case["expected"])
            yield pytest.param(message, expected, id=f"{path.stem}-{case['function']}-{index}")


def assert_close(output, expected):
    """Compare to 1e-9 relative: GradBench's own tolerance would let small outputs be anything."""
    if isinstance(expected, list):
        assert len(output) == len(expected)
        for x, y in zip(output, expected):
            assert_close(x, y)
    else:
        # Subnormal numbers do not have nine digits.
        assert math.isclose(output, expected, rel_tol=1e-9, abs_tol=sys.float_info.min)


@pytest.mark.parametrize(("message", "expected"), list(load_cases()))
def test_outputs_agree_with_validated_ones(message, expected):
    response = answer(message)
    assert response["success"], response["error"]
    assert_close(response["output"], expected)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_nested_modes_agree_on_the_first_slope_of_particle(outer, inner):
    miss = make_miss(MODES[inner])
    (slope,) = MODES[outer](miss)([0.0])
    (all_reverse,) = MODES["r"](make_miss(MODES["r"]))([0.0])
    assert math.isclose(slope, all_reverse, rel_tol=1e-9)
    difference = (miss([1e-5]) - miss([-1e-5])) / 2e-5
    assert math.isclose(slope, difference, rel_tol=1e-6)  # differences are good to about 1e-8


def test_all_evals_have_inputs():
    assert {path.stem.split("_")[0] for path in DATA.glob("*.json")} == set(EVALS)


def test_a_session_is_answered_line_by_line():
    messages = [
        {"id": 0, "kind": "start", "eval": "hello"},
        {"id": 1, "kind": "define", "module": "hello"},
        {"id": 2, "kind": "evaluate", "module": "hello", "function": "double", "input": 3.0},
        {"id": 3, "kind": "analysis", "of": 2, "valid": True},
    ]
    session = subprocess.run(
        [sys.executable, str(ROOT / "benches" / "gradbench")],
        input="".join(json.dumps(message) + "\n" for message in messages),
        capture_output=True,
        text=True,
        check=True,
    )
    started, defined, evaluated, analysed = map(json.loads, session.stdout.splitlines())
    assert (started["id"], started["tool"]) == (0, "autograd_rs")
    assert defined == {"id": 1, "success": True}
    assert (evaluated["output"], evaluated["success"]) == (6.0, True)
    assert [timing["name"] for timing in evaluated["timings"]] == ["evaluate"]
    assert analysed == {"id": 3}


def test_a_function_runs_as_often_as_the_input_wants():
    given = {"x": [0.1, 0.2], "min_runs": 5, "min_seconds": 0.0}
    message = {"id": 7, "kind": "evaluate", "module": "lse", "function": "gradient", "input": given}
    assert len(answer(message)["timings"]) == 5


def test_a_function_runs_as_long_as_the_input_wants():
    given = {"x": [0.1, 0.2], "min_runs": 1, "min_seconds": 0.01}
    message = {"id": 7, "kind": "evaluate", "module": "lse", "function": "primal", "input": given}
    assert sum(timing["nanoseconds"] for timing in answer(message)["timings"]) >= 1e7


def test_an_unknown_module_is_refused_by_name():
    response = answer({"id": 4, "kind": "define", "module": "gmm"})
    assert (response["id"], response["success"]) == (4, False)
    assert "got gmm, wanted one of det, hello" in response["error"]


@pytest.mark.parametrize(
    ("function", "given"), [("third", {"x": [1.0]}), ("primal", {"y": [1.0]}), ("primal", None)]
)
def test_a_failing_evaluation_is_told_and_the_tool_goes_on(function, given):
    message = {"id": 5, "kind": "evaluate", "module": "lse", "function": function, "input": given}
    response = answer(message)
    assert (response["success"], "output" in response) == (False, False)
    assert response["error"]
    assert answer({"id": 6, "kind": "define", "module": "lse"}) == {"id": 6, "success": True}
