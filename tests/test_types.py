"""What type checkers are told of functions is what comes at run time."""

import os
import subprocess
import sys

import pytest

import autograd_rs as ag

REDUCTIONS = ("sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "cumsum")

# An expression of what stands in the program below, and its type.
TYPES = {
    "ag.sin(x)": "ag.Variable",
    "ag.dot(x, v)": "ag.Variable",
    "ag.dot(v, x)": "ag.Variable",
    "ag.dot([x[0], x[1]], v)": "ag.Variable",
    "ag.dot(v, v)": "ag.Vector",
    "ag.dot(v, [1.0, 2.0])": "ag.Vector",
    "ag.dot([1.0, 2.0], [1.0, 2.0])": "ag.Vector",
    "ag.dot(2.0, 3.0)": "float",
    "ag.where(True, x, 0.0)": "ag.Variable",
    "ag.where(v > 1, v, x)": "ag.Variable",
    "ag.where(v > 1, v, 0.0)": "ag.Vector",
    "ag.where(True, 0.0, v)": "ag.Vector",
    "ag.where(v > 1, 0.0, 1.0)": "ag.Vector",
    "ag.where(True, 0.0, 1.0)": "float",
    "ag.clip(x, 0, 1)": "ag.Variable",
    "ag.clip(x, high=v)": "ag.Variable",
    "ag.clip(v, x)": "ag.Variable",
    "ag.clip(2.0, None, x)": "ag.Variable",
    "ag.clip(2.0, high=x)": "ag.Variable",
    "ag.clip(v, 0.0, 1.0)": "ag.Vector",
    "ag.clip(2.0, 0.0, 1.0)": "float",
    "ag.stack([x[0], x[1]])": "ag.Variable",
    "ag.stack([v[0], 1.0])": "ag.Vector",
    "ag.stack(float(i) for i in range(3))": "ag.Vector",
    "ag.concatenate((x, x))": "ag.Variable",
    "ag.concatenate([v, v])": "ag.Vector",
    "ag.concatenate([1.0, 2.0])": "ag.Vector",
    "ag.Vector(float(i) for i in range(3))": "ag.Vector",
}
for name in REDUCTIONS:
    TYPES[f"ag.{name}(x)"] = TYPES[f"ag.{name}([x[0], x[1]])"] = "ag.Variable"
    TYPES[f"ag.{name}(v)"] = TYPES[f"ag.{name}([1.0, 2.0])"] = "ag.Vector"
    TYPES[f"ag.{name}([v, v])"] = "ag.Vector"
    TYPES[f"ag.{name}(2.0)"] = "ag.Vector" if name == "cumsum" else "float"

PROGRAM = """
from typing_extensions import assert_type

import autograd_rs as ag


def loss(w: ag.Variable) -> ag.Variable:
    return ag.sum(w * w) + ag.mean(w) * ag.norm(w)


@ag.no_grad()
def quiet(w: ag.Variable, *, scale: float) -> ag.Variable:
    return w * scale


@ag.detect_anomaly
def careful(w: ag.Variable) -> ag.Variable:
    return ag.log(w)


def check(x: ag.Variable, v: ag.Vector) -> None:
    with ag.no_grad(), ag.detect_anomaly():
        assert_type(quiet(x, scale=2.0), ag.Variable)
    mode = ag.no_grad()
    assert_type(mode, ag.no_grad)
    with mode:
        assert_type(mode(careful)(x), ag.Variable)
    assert_type(careful(x), ag.Variable)
    quiet(x, scale="2")  # type: ignore[arg-type]
    careful(2)  # type: ignore[arg-type]
"""


@pytest.mark.parametrize("expression", TYPES)
def test_a_function_returns_what_its_stub_says(expression):
    v = ag.Vector([1.0, 2.0])
    found = eval(expression, {"ag": ag, "v": v, "x": ag.Variable(v)})
    assert type(found) is eval(TYPES[expression], {"ag": ag})


def test_a_type_checker_knows_what_every_function_returns(tmp_path):
    pytest.importorskip("mypy")
    lines = [f"    assert_type({expression}, {kind})" for expression, kind in TYPES.items()]
    file = tmp_path / "program.py"
    file.write_text(PROGRAM + "\n".join(lines) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
