"""Three programs as one writes them for HIPS autograd, with their import lines changed.

The first two import NumPy itself; the last keeps `autograd.numpy` by its new name. Nothing below
the imports knows which package differentiates: `tests/test_examples.py` runs the same functions by
HIPS autograd, where it is installed, and compares.

Run it with `python examples/from_hips_autograd.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np  # was: import autograd.numpy as np

import autograd_rs.numpy as anp  # was: import autograd.numpy as anp
import pictures
from autograd_rs import elementwise_grad, grad, hessian  # was: from autograd import ...

if TYPE_CHECKING:
    from pathlib import Path

    Array = Any


# Derivatives of a function over an array, to any order


def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent, by its definition."""
    return (1.0 - np.exp(-2.0 * x)) / (1.0 + np.exp(-2.0 * x))


def derivatives_of_tanh(x: Array, order: int) -> list[Array]:
    """Return the function over an array and its derivatives up to an order."""
    functions = [tanh]
    for _ in range(order):
        functions.append(elementwise_grad(functions[-1]))
    return [function(x) for function in functions]


# Logistic regression

INPUTS = np.array(
    [
        [0.52, 1.12, 0.77],
        [0.88, -1.08, 0.15],
        [0.52, 0.06, -1.30],
        [0.74, -2.49, 1.39],
        [-0.45, 0.83, -0.62],
        [1.31, 0.27, 0.48],
    ]
)
TARGETS = np.array([True, True, False, True, False, False])


def sigmoid(x: Array) -> Array:
    """Return the logistic function."""
    return 0.5 * (np.tanh(x / 2.0) + 1)


def logistic_predictions(weights: Array, inputs: Array) -> Array:
    """Return the probability of True for each row of the inputs."""
    return sigmoid(np.dot(inputs, weights))


def training_loss(weights: Array) -> Array:
    """Return the negative log-likelihood of the targets, with a penalty on the weights."""
    predictions = logistic_predictions(weights, INPUTS)
    probabilities = predictions * TARGETS + (1 - predictions) * (1 - TARGETS)
    return -np.sum(np.log(probabilities)) + 0.05 * np.sum(weights**2)


def fit_weights(steps: int = 100, rate: float = 0.5) -> Array:
    """Go down the gradient of the training loss."""
    gradient = grad(training_loss)
    weights = np.zeros(3)
    for _ in range(steps):
        weights -= gradient(weights) * rate
    return weights


# The path of a thrown ball: an array built of scalars, and a loop in time


def landing(velocity: Array, drag: float = 0.02, dt: float = 0.01) -> Array:
    """Return where a ball comes down that is thrown from the ground, under drag."""
    position = anp.array([0.0, 0.0])
    while True:
        speed = anp.sqrt(anp.dot(velocity, velocity))
        acceleration = anp.array([-drag * speed * velocity[0], -9.81 - drag * speed * velocity[1]])
        ahead = position + velocity * dt + 0.5 * acceleration * dt**2
        if ahead[1] < 0.0:
            # In this step: solve for the time at which the height is 0.
            fall = anp.sqrt(velocity[1] ** 2 - 2.0 * acceleration[1] * position[1])
            time = -(velocity[1] + fall) / acceleration[1]
            return position[0] + velocity[0] * time + 0.5 * acceleration[0] * time**2
        position, velocity = ahead, velocity + acceleration * dt


def best_angle(speed: float = 20.0, steps: int = 20) -> float:
    """Return the angle, in degrees, at which a ball of this speed flies farthest."""

    def distance(angle: Array) -> Array:
        return landing(speed * anp.array([anp.cos(angle), anp.sin(angle)]))

    slope, bend = grad(distance), hessian(distance)
    angle = 0.7
    for _ in range(steps):
        change = slope(angle) / bend(angle)
        angle -= change
        if abs(change) < 1e-12:
            break
    return float(np.degrees(angle))


def main(folder: Path | None = None) -> None:
    """Run all three, and save a picture of the first."""
    x = np.linspace(-4, 4, 200)
    curves = derivatives_of_tanh(x, 5)
    for order, curve in enumerate(curves):
        print(f"tanh, derivative {order}: largest value on [-4, 4] {np.max(curve):.6f}")
    weights = fit_weights()
    print(f"logistic regression: weights {weights}, loss {training_loss(weights):.6f}")
    print(f"throwing a ball: farthest at {best_angle():.3f} degrees")

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        for order, curve in enumerate(curves):
            axes.plot(x, curve / np.max(np.abs(curve)), label=f"derivative {order}")
        axes.set_title("tanh and its derivatives, each as a share of its greatest size")
        axes.legend()

    pictures.save("from_hips_autograd", draw, folder)


if __name__ == "__main__":
    main()
