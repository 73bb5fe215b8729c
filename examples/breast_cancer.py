"""Logistic regression on the Wisconsin breast cancer data, by gradients of plain Python loops.

The model is written as one would write it for floats: a loop over thirty scalar weights, an `if`
on the label. Every row of the data costs one `ag.grad(loss)`, which differentiates exactly what has
just run. Beside it runs the same training with its derivative worked out by hand on floats, and
the price of the gradient is set against that of the loss alone on floats.

Run it with `make demo`, or `python examples/breast_cancer.py [epochs]`.
"""

from __future__ import annotations

import csv
import math
import random
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import autograd_rs as ag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Row = Sequence[float]

DATA = Path(__file__).parent / "data" / "breast_cancer.csv"
EPOCHS = 60
RATE = 0.02
SEED = 0


class Dataset(NamedTuple):
    """Standardised features and their labels."""

    rows: list[list[float]]
    labels: list[int]


class Epoch(NamedTuple):
    """Where a fit stands after one pass over the rows."""

    weights: list[float]
    bias: float
    loss: float  # mean over the pass, each row before its own update
    seconds: float


# The data


def load_data(path: Path = DATA) -> Dataset:
    """Read the csv file and standardise each feature.

    Parameters
    ----------
    path : Path
        A file whose first line is `rows,features,class 0,class 1` and whose other lines end with
        the class.

    Returns
    -------
    Dataset
        569 rows of 30 features with mean 0 and variance 1, and 569 labels (1 is benign).
    """
    with path.open(newline="") as file:
        lines = csv.reader(file)
        next(lines)
        table = [[float(entry) for entry in line] for line in lines]
    columns = [standardise(column) for column in zip(*(line[:-1] for line in table))]
    rows = [list(row) for row in zip(*columns)]
    return Dataset(rows, [int(line[-1]) for line in table])


def standardise(column: Sequence[float]) -> list[float]:
    """Return the column with mean 0 and (population) variance 1."""
    mean = math.fsum(column) / len(column)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in column) / len(column))
    return [(x - mean) / deviation for x in column]


def split(data: Dataset, every: int = 5) -> tuple[Dataset, Dataset]:
    """Shuffle, then hold out one row in `every` for testing.

    Returns
    -------
    train, held_out : Dataset
        The same two parts each time: the shuffle is seeded.
    """
    order = list(range(len(data.labels)))
    random.Random(SEED).shuffle(order)
    held_out = order[::every]
    train = [i for place, i in enumerate(order) if place % every]
    return (
        Dataset([data.rows[i] for i in train], [data.labels[i] for i in train]),
        Dataset([data.rows[i] for i in held_out], [data.labels[i] for i in held_out]),
    )


# Stochastic gradient descent, one row at a time


def fit_sgd(data: Dataset, epochs: int = EPOCHS, rate: float = RATE) -> Iterator[Epoch]:
    """Train by one `ag.grad(loss)` per row.

    Parameters
    ----------
    data : Dataset
        What to fit.
    epochs : int
        Passes over the rows.
    rate : float
        Step length along the negative gradient.

    Yields
    ------
    Epoch
        After each pass.
    """
    weights = [ag.Variable(0.0) for _ in data.rows[0]]
    bias = ag.Variable(0.0)
    for _ in range(epochs):
        total = 0.0
        start = perf_counter()
        for row, label in zip(data.rows, data.labels):
            logit = bias
            for w, x in zip(weights, row):
                logit = logit + w * x
            if label:
                loss = ag.softplus(-logit)
            else:
                loss = ag.softplus(logit)
            ag.grad(loss)
            for w in weights:
                w.value = w.item() - rate * w.grad.item()
            bias.value = bias.item() - rate * bias.grad.item()
            total += loss.item()
        seconds = perf_counter() - start
        yield Epoch([w.item() for w in weights], bias.item(), total / len(data.rows), seconds)


def fit_by_hand(data: Dataset, epochs: int = EPOCHS, rate: float = RATE) -> Iterator[Epoch]:
    """Train as `fit_sgd` does, on floats, with the derivative worked out by hand.

    Yields
    ------
    Epoch
        After each pass; the same numbers as `fit_sgd`.
    """
    weights = [0.0] * len(data.rows[0])
    bias = 0.0
    for _ in range(epochs):
        total = 0.0
        start = perf_counter()
        for row, label in zip(data.rows, data.labels):
            logit = bias
            for w, x in zip(weights, row):
                logit = logit + w * x
            if label:
                loss = softplus(-logit)
                slope = -sigmoid(-logit)
            else:
                loss = softplus(logit)
                slope = sigmoid(logit)
            weights = [w - rate * (slope * x) for w, x in zip(weights, row)]
            bias = bias - rate * slope
            total += loss
        seconds = perf_counter() - start
        yield Epoch(weights, bias, total / len(data.rows), seconds)


def time_gradients(data: Dataset, weights: Sequence[float], bias: float) -> float:
    """Return the seconds that losses and gradients take, in one pass over the rows."""
    weights_ = [ag.Variable(w) for w in weights]
    bias_ = ag.Variable(bias)
    start = perf_counter()
    for row, label in zip(data.rows, data.labels):
        logit = bias_
        for w, x in zip(weights_, row):
            logit = logit + w * x
        if label:
            loss = ag.softplus(-logit)
        else:
            loss = ag.softplus(logit)
        ag.grad(loss)
    return perf_counter() - start


def time_losses(data: Dataset, weights: Sequence[float], bias: float) -> float:
    """Return the seconds that the losses alone take on floats, in one pass over the rows."""
    start = perf_counter()
    for row, label in zip(data.rows, data.labels):
        logit = bias
        for w, x in zip(weights, row):
            logit = logit + w * x
        if label:
            softplus(-logit)
        else:
            softplus(logit)
    return perf_counter() - start


def softplus(x: float) -> float:
    """Return `log(1 + exp(x))` without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x: float) -> float:
    """Return `1 / (1 + exp(-x))`, the derivative of `softplus`."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))


def predict(weights: Sequence[float], bias: float, row: Row) -> float:
    """Return the logit of one row: positive means benign."""
    return math.fsum(w * x for w, x in zip(weights, row)) + bias


def measure_accuracy(weights: Sequence[float], bias: float, data: Dataset) -> float:
    """Return the fraction of rows whose label the sign of the logit tells."""
    hits = sum(
        (predict(weights, bias, row) > 0.0) == bool(label)
        for row, label in zip(data.rows, data.labels)
    )
    return hits / len(data.labels)


def measure_loss(weights: Sequence[float], bias: float, data: Dataset) -> float:
    """Return the mean logistic loss over the rows."""
    losses = [
        softplus(-logit if label else logit)
        for row, label in zip(data.rows, data.labels)
        for logit in [predict(weights, bias, row)]
    ]
    return math.fsum(losses) / len(losses)


# The optimum of the whole data under L2 regularisation


def fit_newton(
    data: Dataset, strength: float = 1.0, tolerance: float = 1e-10, limit: int = 50
) -> tuple[list[float], float]:
    """Minimise `strength * sum(losses) + |weights|**2 / 2` by Newton's method.

    Gradient and Hessian are both derivatives of the loss below, written over Vectors; the Hessian
    is the gradient differentiated again, row by row.

    Parameters
    ----------
    data : Dataset
        What to fit, `n` features a row.
    strength : float
        Weight of the data against the penalty; scikit-learn's `C`. The bias is not penalised.
    tolerance : float
        The largest entry of the gradient at which to stop.
    limit : int
        Most steps to take.

    Returns
    -------
    weights : list of float
        The `n` weights.
    bias : float
        The intercept.

    Raises
    ------
    RuntimeError
        If the gradient is not within `tolerance` after `limit` steps.
    """
    columns = [ag.Vector(column) for column in zip(*data.rows)]
    signs = ag.Vector([-1.0 if label else 1.0 for label in data.labels])

    def regularised_loss(theta: ag.Variable) -> ag.Variable:
        weights = theta[: len(columns)]
        logits = theta[len(columns)]
        for j, column in enumerate(columns):
            logits = logits + theta[j] * column
        return strength * ag.softplus(signs * logits).sum() + 0.5 * (weights @ weights)

    theta = ag.Variable(ag.Vector([0.0] * (len(columns) + 1)))
    for _ in range(limit):
        loss = regularised_loss(theta)
        (gradient,) = ag.grad(loss, wrt=[theta], create_graph=True)
        slope = gradient.value.tolist()
        if max(abs(entry) for entry in slope) <= tolerance:
            *weights, bias = theta.value.tolist()
            return weights, bias
        hessian = [ag.grad(entry, wrt=[theta])[0].tolist() for entry in gradient]
        step = ag.Vector(solve_positive_definite(hessian, slope))
        start = theta.value
        length = 1.0
        theta.value = start - step
        # The loss is convex, so that a step short enough always goes down.
        while regularised_loss(theta).item() > loss.item() and length > 1e-6:
            length *= 0.5
            theta.value = start - length * step
    raise RuntimeError(f"fit_newton: gradient is {slope}, wanted at most {tolerance}")


def solve_positive_definite(matrix: Sequence[Row], right: Row) -> list[float]:
    """Return `x` with `matrix @ x == right`, by Cholesky's factors.

    Parameters
    ----------
    matrix : sequence of rows, shape (n, n)
        Symmetric and positive definite.
    right : sequence, shape (n,)
        The right-hand side.

    Returns
    -------
    list of float, shape (n,)
        The solution.
    """
    n = len(right)
    lower: list[list[float]] = []
    for i in range(n):
        row: list[float] = []
        for j in range(i):
            known = math.fsum(a * b for a, b in zip(row, lower[j]))
            row.append((matrix[i][j] - known) / lower[j][j])
        row.append(math.sqrt(matrix[i][i] - math.fsum(a * a for a in row)))
        lower.append(row)
    x: list[float] = []
    for i in range(n):
        known = math.fsum(a * b for a, b in zip(lower[i], x))
        x.append((right[i] - known) / lower[i][i])
    for i in reversed(range(n)):
        known = math.fsum(lower[k][i] * x[k] for k in range(i + 1, n))
        x[i] = (x[i] - known) / lower[i][i]
    return x


# The demonstration


def main(epochs: int = EPOCHS) -> None:
    """Train beside the hand-written code, show progress, then print what came of it."""
    data = load_data()
    train, held_out = split(data)
    n = len(train.rows)
    print(
        f"Wisconsin breast cancer data: {len(data.rows)} rows of {len(data.rows[0])} features; "
        f"training on {n}, holding out {len(held_out.rows)}"
    )
    print(f"{'epoch':>5} {'loss':>9} {'accuracy':>9} {'gradients/s':>12}")

    fit_time = hand_time = gradient_time = loss_time = gap = 0.0
    # All take turns, epoch by epoch, so that a busy machine slows them alike.
    for number, (fit, hand) in enumerate(
        zip(fit_sgd(train, epochs), fit_by_hand(train, epochs)), 1
    ):
        fit_time += fit.seconds
        hand_time += hand.seconds
        gradient_time += time_gradients(train, hand.weights, hand.bias)
        loss_time += time_losses(train, hand.weights, hand.bias)
        gap = max(abs(a - b) for a, b in zip(fit.weights, hand.weights))
        if number <= 5 or number % 10 == 0 or number == epochs:
            accuracy = measure_accuracy(fit.weights, fit.bias, train)
            print(
                f"{number:5} {fit.loss:9.5f} {accuracy:9.2%} {n / fit.seconds:12,.0f}", flush=True
            )

    steps = n * epochs
    tested = measure_accuracy(fit.weights, fit.bias, held_out)
    same = "bit for bit" if gap == 0.0 else f"to {gap:.0e}"
    print()
    print(f"accuracy      {tested:.2%} held out, {accuracy:.2%} training")
    print(f"final loss    {measure_loss(fit.weights, fit.bias, train):.6f}")
    print(f"gradients/s   {steps / fit_time:,.0f} in training (31 partial derivatives each)")
    print(f"weights       those of the derivative worked out by hand, {same}")
    print()
    print(f"seconds for {steps:,} rows  autograd_rs  on floats            ratio")
    for work, ours, theirs, floats in (
        ("loss, gradient, update", fit_time, "by hand", hand_time),
        ("loss, gradient", gradient_time, "loss alone", loss_time),
    ):
        print(f"{work:24} {ours:11.3f}  {floats:9.3f} {theirs:10} {ours / floats:5.2f}")


def epochs_asked_for(argument: str) -> int:
    """Return the number of epochs that an argument of the command line asks for."""
    if argument.isdecimal() and int(argument) > 0:
        return int(argument)
    raise SystemExit(f"epochs: got {argument!r}, wanted a whole number, at least 1")


if __name__ == "__main__":
    main(*(epochs_asked_for(argument) for argument in sys.argv[1:2]))
