"""Memory: at the peak of a long chain, and over very many short graphs."""

from __future__ import annotations

from measure import OURS, Row
from peers import installed
from subprocesses import ask

PEAK = """
before = resident("VmHWM")
leaves, chain, sweep = {setup}
a, b, c = leaves
for _ in range({turns}):
    a = a * b + chain(a) / c
sweep(a)
print(resident("VmHWM") - before)
"""
# How each package gets its leaves, its sine and its sweep; and how long a chain it is given.
SETUPS = {
    OURS: (
        10_000_000,
        "import autograd_rs as ag",
        "[ag.Variable(v) for v in (0.5, 0.9, 10.0)], ag.sin, ag.grad",
    ),
    "xad": (
        1_000_000,
        "import xad.adj_1st, xad.math\n"
        "tape = xad.adj_1st.Tape()\n"
        "tape.activate()\n"
        "leaves = [xad.adj_1st.Real(v) for v in (0.5, 0.9, 10.0)]\n"
        "tape.registerInputs(leaves)\n"
        "tape.newRecording()\n"
        "def sweep(y):\n"
        "    tape.registerOutput(y)\n"
        "    y.derivative = 1.0\n"
        "    tape.computeAdjoints()\n",
        "leaves, xad.math.sin, sweep",
    ),
    "autograd": (
        100_000,
        "import autograd, autograd.numpy\n"
        "from autograd.core import VJPNode, backward_pass\n"
        "from autograd.tracer import new_box\n"
        "root = VJPNode.new_root()\n",
        "[new_box(v, 0, root) for v in (0.5, 0.9, 10.0)], autograd.numpy.sin, "
        "lambda y: backward_pass(1.0, y._node)",
    ),
    "mygrad": (
        100_000,
        "import mygrad",
        "[mygrad.tensor(v) for v in (0.5, 0.9, 10.0)], mygrad.sin, lambda y: y.backward()",
    ),
    "torch": (
        100_000,
        "import torch",
        "[torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.5, 0.9, 10.0)], "
        "torch.sin, lambda y: y.backward()",
    ),
}

FLAT = 65_536.0  # bytes: what an allocator may round up to is no leak
STEPS = """
import gc
import autograd_rs as ag
gc.disable()
a, b = ag.Variable(0.5), ag.Variable(0.9)
def step():
    x = a
    for _ in range(50):
        x = x * b + 0.01
    ag.grad(x)
    return x
for _ in range(10_000):
    loss = step()
early = resident("VmRSS")
for _ in range({steps}):
    loss = step()
print(resident("VmRSS") - early)
"""


def run(plan):
    """Measure bytes per operation at the peak, and growth over a million gradients."""
    for package, (ops, imports, setup) in SETUPS.items():
        if package != OURS and package not in installed():
            continue
        if plan.is_quick:
            ops = min(ops, 1_000_000)
        program = imports + "\n" + PEAK.format(setup=setup, turns=ops // 4)
        name = OURS if package == OURS else installed()[package].NAME
        yield Row(
            "memory at the peak of a chain, per op",
            f"{name}, {ops:_} ops".replace("_", " "),
            ask(program)[0] / ops,
            unit="B",
            limit=48.0 if package == OURS else None,
        )
    steps = 50_000 if plan.is_quick else 1_000_000
    yield Row(
        f"resident growth, {steps:_} gradients of 100 ops".replace("_", " "),
        f"{OURS}, gc off",
        ask(STEPS.format(steps=steps))[0],
        unit="B",
        limit=FLAT,
    )
