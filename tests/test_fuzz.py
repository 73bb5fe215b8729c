"""Long random sequences of operations, side by side on the package and on a plain Python model.

`AUTOGRAD_FUZZ_SEQUENCES` (40) and `AUTOGRAD_FUZZ_STEPS` (600) set how many and how long,
`AUTOGRAD_FUZZ_SEED` the first seed.
"""

import contextlib
import copy
import gc
import math
import os
import pickle
import random
import threading

import pytest

import autograd_rs as ag
import model

SEQUENCES = int(os.environ.get("AUTOGRAD_FUZZ_SEQUENCES", "40"))
STEPS = int(os.environ.get("AUTOGRAD_FUZZ_STEPS", "600"))
SEED = int(os.environ.get("AUTOGRAD_FUZZ_SEED", "0"))


class Handle:
    """A Variable beside what the model says of it.

    A leaf whose value was assigned has one node of the model for each value it has had.
    """

    def __init__(self, variable, node, versions=None):
        self.variable, self.node = variable, node
        self.versions = versions
        self.grad = None

    @property
    def is_leaf(self):
        return self.versions is not None


class Pair:
    """A population of handles and the moves that change it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.handles = []
        self.dropped = []
        self.gradients = set()
        self.log = [f"seed {seed}"]
        self.create()
        self.create()

    def pick(self, fits=lambda handle: True):
        fitting = [handle for handle in self.handles if fits(handle)]
        return self.random.choice(fitting) if fitting else None

    def keep(self, variable, node, versions=None):
        """Hold a new handle, if its value is moderate, in a new place or over an old one."""
        self.compare("value", variable.value, node)
        if not all(abs(x) < 100 for x in node.entries):
            return
        handle = Handle(variable, node, versions)
        if len(self.handles) > 25 or (len(self.handles) > 3 and self.random.random() < 0.3):
            self.handles[self.random.randrange(len(self.handles))] = handle
        else:
            self.handles.append(handle)

    def compare(self, what, got, node):
        """Equal to rounding: sums may be taken in another order, on values below a hundred."""
        want = node.entries
        entries = got.tolist()
        size = max(map(abs, want), default=0)
        close = len(entries) == len(want) and all(
            abs(x - y) <= 1e-9 * (1 + size) for x, y in zip(entries, want)
        )
        assert close, (what, entries, want, self.log[-30:])

    # Moves. Each is a method without arguments.

    def create(self):
        length = self.random.choice([1, 1, 3])
        entries = [self.random.uniform(-2, 2) for _ in range(length)]
        node = model.Node(entries)
        is_number = length == 1 and self.random.random() < 0.7
        made = ag.Variable(entries[0] if is_number else ag.Vector(entries))
        self.keep(made, node, [node])

    def binary(self):
        a = self.pick()
        b = self.pick(lambda handle: 1 in (len(handle.node), len(a.node)) or len(handle.node) == 3)
        if len(a.node) != len(b.node) and 1 not in (len(a.node), len(b.node)):
            return
        name = self.random.choice(["add", "sub", "mul"])
        compute = {
            "add": lambda x, y: x + y,
            "sub": lambda x, y: x - y,
            "mul": lambda x, y: x * y,
        }[name]
        self.keep(compute(a.variable, b.variable), getattr(model, name)(a.node, b.node))

    def with_constant(self):
        a = self.pick()
        c = self.random.choice([2, -0.5, 0.25, 0])
        if self.random.random() < 0.5:
            self.keep(a.variable * c, model.mul(a.node, model.number(c)))
        else:
            self.keep(c - a.variable, model.sub(model.number(c), a.node))

    def unary(self):
        a = self.pick()
        name = self.random.choice(["sin", "cos", "tanh"])
        self.keep(getattr(ag, name)(a.variable), getattr(model, name)(a.node))

    def reduce(self):
        a = self.pick()
        if self.random.random() < 0.5:
            self.keep(ag.sum(a.variable), model.total(a.node))
        else:
            self.keep(a.variable @ a.variable, model.total(model.mul(a.node, a.node)))

    def arrange(self):
        a, b = self.pick(), self.pick()
        move = self.random.randrange(3)
        if a.variable.ndim == 0:
            with pytest.raises(IndexError):
                a.variable[0]
        elif move == 0:
            k = self.random.randrange(len(a.node))
            self.keep(a.variable[k], model.take(a.node, [k]))
        elif move == 1:
            places = list(range(len(a.node)))[::-1]
            self.keep(a.variable[::-1], model.take(a.node, places))
        elif len(a.node) + len(b.node) <= 3:
            joined = ag.concatenate([a.variable, b.variable])
            self.keep(joined, model.join([a.node, b.node]))

    def grad(self):
        loss = self.pick()
        bars = model.adjoints(loss.node)
        ag.grad(loss.variable)
        for handle in self.handles:
            if handle.is_leaf:
                parts = [bars[node] for node in handle.versions if node in bars]
                if parts:
                    handle.grad = self.add_up(parts)
        self.check_grads()

    def add_up(self, parts):
        result = parts[0]
        for part in parts[1:]:
            result = model.add(result, part)
        return result

    def check_grads(self):
        for handle in self.handles:
            if handle.grad is None:
                assert not handle.is_leaf or handle.variable.grad is None, self.log[-30:]
            else:
                self.compare("grad", handle.variable.grad, handle.grad)

    def wrt(self):
        self.gradient(create_graph=False)

    def recorded(self):
        self.gradient(create_graph=True)

    def gradient(self, create_graph):
        loss = self.pick()
        wanted = [self.pick() for _ in range(self.random.randint(1, 3))]
        if self.gradients & model.reached(loss.node):
            # How a gradient depends on a result in the middle is a matter of how its rule is
            # written: that of tanh may use its input or its output.
            wanted = [handle for handle in wanted if handle.is_leaf]
        bars = model.adjoints(loss.node)
        found = ag.grad(loss.variable, wrt=[h.variable for h in wanted], create_graph=create_graph)
        for handle, got in zip(wanted, found):
            parts = [bars[n] for n in handle.versions or [handle.node] if n in bars]
            want = self.add_up(parts) if parts else model.Node([0.0] * len(handle.node))
            self.compare("wrt", got.value if create_graph else got, want)
            if create_graph and self.random.random() < 0.5:
                self.gradients.add(want)
                self.keep(got, want)
        self.check_grads()

    def assign(self):
        leaf = self.pick(lambda handle: handle.is_leaf)
        if leaf is None:
            return
        entries = [self.random.uniform(-2, 2) for _ in leaf.node.entries]
        leaf.variable.value = entries[0] if len(entries) == 1 else ag.Vector(entries)
        leaf.node = model.Node(entries)
        leaf.versions.append(leaf.node)
        self.compare("assigned", leaf.variable.value, leaf.node)
        assert leaf.variable.shape == leaf.variable.value.shape

    def delete(self):
        if len(self.handles) > 3:
            del self.handles[self.random.randrange(len(self.handles))]

    def rebind(self):
        """As in `loss = loss * x`: the old handle goes when the new one is there."""
        a = self.pick(lambda handle: len(handle.node) == 1)
        if a is not None and not a.is_leaf:
            a.variable, a.node = ag.sin(a.variable), model.sin(a.node)

    def detach(self):
        a = self.pick()
        cut = self.random.choice([lambda v: v.detach(), ag.stop_gradient, self.under_no_grad])
        held = cut(a.variable)
        b = self.pick(lambda handle: len(handle.node) == len(a.node))
        self.keep(held * b.variable, model.mul(model.Node(list(a.node.entries)), b.node))

    @staticmethod
    def under_no_grad(variable):
        with ag.no_grad():
            return variable * 1

    def copy(self):
        a = self.pick()
        make = self.random.choice([copy.copy, copy.deepcopy, lambda v: v.copy()])
        copied, node = make(a.variable), model.Node(list(a.node.entries))
        if a.variable.is_leaf:
            self.keep(copied, node, [node])
        else:
            self.keep(copied, model.mul(a.node, model.Node([1.0] * len(a.node))))

    def pickle(self):
        a = self.pick()
        node = model.Node(list(a.node.entries))
        self.keep(pickle.loads(pickle.dumps(a.variable.detach())), node, [node])

    def fail(self):
        a = self.pick()
        wrong = [
            lambda: a.variable + ag.Vector([1.0] * 7),
            lambda: a.variable * "x",
            lambda: a.variable[99],
            lambda: ag.concatenate([a.variable, None]),
            lambda: ag.grad(a.variable, wrt=[a.variable, None]),
            lambda: ag.grad(a.variable, wrt=[a.variable], seed=ag.Vector([1.0] * 7)),
        ]
        if len(a.node) == 1:
            del wrong[0]
        with contextlib.suppress(TypeError, ValueError, IndexError):
            self.random.choice(wrong)()

    def waste(self):
        """Dead ops, so that the tape is reclaimed at some point in every sequence."""
        x = self.pick().variable
        for _ in range(self.random.choice([10, 1000, 30_000])):
            x = x * 0.5

    def collect(self):
        gc.collect()

    def parents(self):
        a = self.pick(lambda handle: not handle.is_leaf)
        if a is not None:
            self.dropped = [repr(parent) for parent in a.variable.parents]

    def in_a_thread(self):
        thread = threading.Thread(target=self.move)
        thread.start()
        thread.join()

    def check(self):
        for handle in self.handles:
            self.compare("value", handle.variable.value, handle.node)
            assert handle.variable.is_leaf or not handle.is_leaf
        self.check_grads()

    MOVES = (
        *[create] * 3,
        *[binary] * 12,
        *[with_constant] * 4,
        *[unary] * 6,
        *[reduce, arrange, arrange, grad, grad, wrt, wrt, recorded, assign, assign, delete, delete],
        *[rebind, rebind, detach, copy, pickle, fail, waste, collect, parents, in_a_thread, check],
    )

    def move(self):
        chosen = self.random.choice(self.MOVES)
        self.log.append(chosen.__name__)
        chosen(self)


@pytest.mark.parametrize("seed", range(SEED, SEED + SEQUENCES))
def test_a_random_sequence_of_operations_agrees_with_the_model(seed):
    pair = Pair(seed)
    for step in range(STEPS):
        pair.move()
        # Depth is bounded, as the model is slow and derivatives of high powers are large.
        if step % 60 == 59:
            leaves = [handle for handle in pair.handles if handle.is_leaf]
            pair.handles = leaves[-6:] or pair.handles[:1]
            if not leaves:
                pair.create()
    pair.check()


def test_the_model_agrees_with_a_derivative_in_closed_form():
    x = model.Node([0.5])
    y = model.mul(model.sin(x), model.tanh(x))
    bar = model.adjoints(y)[x]
    second = model.adjoints(bar)[x]
    s, c, t = math.sin(0.5), math.cos(0.5), math.tanh(0.5)
    assert bar.entries == [pytest.approx(c * t + s * (1 - t * t))]
    want = -s * t + 2 * c * (1 - t * t) - 2 * s * t * (1 - t * t)
    assert second.entries == [pytest.approx(want)]
