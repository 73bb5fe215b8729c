"""A perceptron of scalars, trained on two moons: the demonstration of micrograd.

Every weight is a Variable, every neuron a Python loop, and the network has 337 of them, as in
A. Karpathy's micrograd (https://github.com/karpathy/micrograd), demo.ipynb: two hidden layers of 16
rectified neurons, the loss of a support vector machine, a hundred steps over all hundred points.

Run it with `python examples/two_moons.py [steps]`.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd_rs as ag
import pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    Scalar = Any  # a float, or a Variable that holds one

STEPS = 100
PENALTY = 1e-4


class Point(NamedTuple):
    """A point, and the moon it is on: -1 or 1."""

    x: float
    y: float
    label: int


class Progress(NamedTuple):
    """Where training stands."""

    step: int
    loss: float
    accuracy: float
    seconds: float


def make_moons(count: int = 100, noise: float = 0.1, seed: int = 1337) -> list[Point]:
    """Return points on two half circles that reach into each other, in random order."""
    generator = random.Random(seed)
    points = []
    for i in range(count):
        angle = math.pi * (i // 2) / max(1, (count - 1) // 2)
        if i % 2:
            x, y, label = 1.0 - math.cos(angle), 0.5 - math.sin(angle), 1
        else:
            x, y, label = math.cos(angle), math.sin(angle), -1
        points.append(Point(x + generator.gauss(0, noise), y + generator.gauss(0, noise), label))
    generator.shuffle(points)
    return points


class Neuron:
    """A weighed sum, rectified unless it is the last."""

    def __init__(self, inputs: int, generator: random.Random, *, is_rectified: bool) -> None:
        self.weights = [ag.Variable(generator.uniform(-1, 1)) for _ in range(inputs)]
        self.bias = ag.Variable(0.0)
        self._is_rectified = is_rectified

    def __call__(self, inputs: Sequence[Scalar]) -> Scalar:
        """Return the activation."""
        activation: Scalar = self.bias
        for weight, x in zip(self.weights, inputs):
            activation = activation + weight * x
        return activation.relu() if self._is_rectified else activation


class Perceptron:
    """Layers of neurons."""

    def __init__(self, inputs: int, widths: Sequence[int], seed: int = 1337) -> None:
        generator = random.Random(seed)
        sizes = [inputs, *widths]
        self.layers = [
            [Neuron(size, generator, is_rectified=i + 1 < len(widths)) for _ in range(width)]
            for i, (size, width) in enumerate(zip(sizes, widths))
        ]

    def __call__(self, inputs: Sequence[Scalar]) -> Scalar:
        """Return the output of the one neuron of the last layer."""
        for layer in self.layers:
            inputs = [neuron(inputs) for neuron in layer]
        (output,) = inputs
        return output

    def parameters(self) -> list[ag.Variable]:
        """Return all weights and biases."""
        neurons = [neuron for layer in self.layers for neuron in layer]
        return [entry for neuron in neurons for entry in (*neuron.weights, neuron.bias)]


def loss_of(model: Perceptron, points: Sequence[Point]) -> tuple[Scalar, float]:
    """Return the loss, with the penalty on the weights, and the accuracy."""
    scores = [model((point.x, point.y)) for point in points]
    total: Scalar = 0.0
    for score, point in zip(scores, points):
        total = total + (1.0 - point.label * score).relu()
    penalty: Scalar = 0.0
    for parameter in model.parameters():
        penalty = penalty + parameter * parameter
    hits = sum((score > 0) == (point.label > 0) for score, point in zip(scores, points))
    return total / len(points) + PENALTY * penalty, hits / len(points)


def train(model: Perceptron, points: Sequence[Point], steps: int = STEPS) -> list[Progress]:
    """Go down the gradient over all points, in steps that get smaller."""
    start = perf_counter()
    history = []
    for step in range(steps):
        loss, accuracy = loss_of(model, points)
        ag.grad(loss)
        rate = 1.0 - 0.9 * step / STEPS
        for parameter in model.parameters():
            parameter.value = parameter.item() - rate * parameter.grad.item()
        history.append(Progress(step, loss.item(), accuracy, perf_counter() - start))
        if step % 10 == 0 or step == steps - 1:
            print(f"{step:>5} {loss.item():>9.5f} {accuracy:>9.0%} {history[-1].seconds:>8.2f} s")
    return history


def main(steps: int = STEPS, folder: Path | None = None) -> None:
    """Train, show progress, and save a picture of what the network learned."""
    points = make_moons()
    model = Perceptron(2, [16, 16, 1])
    count = len(model.parameters())
    print(f"Two moons: {len(points)} points, a perceptron of {count} scalar parameters")
    print(f"{'step':>5} {'loss':>9} {'accuracy':>9}")
    history = train(model, points, steps)
    print(f"{steps / history[-1].seconds:.1f} steps a second")

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        side = 60
        xs = [-1.6 + 4.2 * i / (side - 1) for i in range(side)]
        ys = [-1.2 + 2.9 * i / (side - 1) for i in range(side)]
        with ag.no_grad():
            scores = [[float(model((x, y))) for x in xs] for y in ys]
        left.contourf(xs, ys, scores, levels=[-1e9, 0.0, 1e9], colors=["#f3dfc9", "#c9d8e6"])
        for label, colour in ((-1, "#b5651d"), (1, "#1f4e79")):
            moon = [point for point in points if point.label == label]
            left.plot([p.x for p in moon], [p.y for p in moon], "o", color=colour)
        left.set_title("what the network takes for which moon")
        right.plot([progress.loss for progress in history], color="#1f4e79")
        right.set_yscale("log")
        right.set_xlabel("step")
        right.set_title("loss")

    pictures.save("two_moons", draw, folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STEPS)
