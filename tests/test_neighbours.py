"""An entry of an elementwise result depends on its own operands alone, to the last bit.

Not on the length of the array, the place in it, or what its neighbours are.
"""

import math
import random

import pytest

import autograd_rs as ag
from elementwise import ROWS, function, same_bits

# Of every kind that some loop might treat otherwise, among ordinary ones.
SPECIAL_ENTRIES = [
    *(0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-310, 2.2250738585072014e-308),
    *(2.0**45, 2.0**46, -(2.0**50), 1e22, 1e300, -1e300, 1.7976931348623157e308, 1024.3, 1024.0),
    *(709.5, 710.0, -709.0, -745.0, -746.0, 27.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0),
]

either = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])


def pool(row, specials=SPECIAL_ENTRIES):
    """Operands, a tuple an entry, specials beside ordinary ones, in random order."""
    draw = random.Random(row["name"])
    ordinary = [draw.uniform(-1, 1) for _ in range(30)] + [draw.uniform(0, 40) for _ in range(30)]
    columns = []
    for _ in range(row["arity"]):
        column = specials + ordinary
        draw.shuffle(column)
        columns.append(column)
    return list(zip(*columns, strict=True)), [draw.uniform(-2, 2) for _ in ordinary * 2]


def gradients(row, columns, seed):
    variables = [ag.Variable(ag.Vector(column)) for column in columns]
    y = function(row)(*variables)
    bars = ag.grad(y, wrt=variables, seed=ag.Vector(seed))
    return [y.value.tolist(), *(bar.value.tolist() for bar in map(ag.Variable, bars))]


def recorded_second(row, columns, seed):
    *rest, last = map(ag.Vector, columns)
    x = ag.Variable(last)
    y = function(row)(*rest, x)
    (x_bar,) = ag.grad(y, wrt=[x], seed=ag.Vector(seed), create_graph=True)
    return ag.grad(x_bar, wrt=[x], seed=ag.Vector([1.0] * len(seed)))[0].tolist()


def dual_second(row, columns, seed):
    *rest, last = map(ag.Vector, columns)
    weights = ag.Vector(seed)
    product = ag.hvp(lambda x: ag.sum(function(row)(*rest, x) * weights))
    return product(last, ag.Vector([1.0] * len(seed))).tolist()


def slices(count):
    """Every length up to 40, at places all over."""
    draw = random.Random(count)
    for length in range(2, 41):
        for _ in range(3):
            start = draw.randrange(max(count - length, 1))
            yield slice(start, start + length)


@either
def test_values_and_gradients_do_not_depend_on_neighbours_length_or_place(row):
    entries, seeds = pool(row)
    # Each entry among copies of itself alone.
    alone = []
    for entry, seed in zip(entries, seeds, strict=False):
        results = gradients(row, [[x] * 3 for x in entry], [seed] * 3)
        assert all(same_bits(x, result[0]) for result in results for x in result)
        alone.append([result[0] for result in results])
    for part in slices(len(alone)):
        columns = [list(column) for column in zip(*entries[part], strict=True)]
        results = gradients(row, columns, seeds[part])
        for k, wanted in enumerate(alone[part]):
            got = [result[k] for result in results]
            assert all(map(same_bits, got, wanted)), (entries[part][k], part, k, got, wanted)


# `hvp` records everything where it meets an infinity on the way, which rounds in another order.
@pytest.mark.parametrize(
    ("second", "specials"),
    [(recorded_second, SPECIAL_ENTRIES), (dual_second, [2.0**46, -(2.0**50), 0.25, 0.5])],
    ids=["recorded", "dual"],
)
@either
def test_second_derivatives_do_not_depend_on_neighbours_length_or_place(row, second, specials):
    entries, seeds = pool(row, specials)
    if second is dual_second:
        entries = [entry for entry in entries if math.isfinite(function(row)(*entry))]
    alone = [
        second(row, [[x] * 3 for x in entry], [seed] * 3)[0]
        for entry, seed in zip(entries, seeds, strict=False)
    ]
    for part in slices(len(alone)):
        columns = [list(column) for column in zip(*entries[part], strict=True)]
        got = second(row, columns, seeds[part][: len(columns[0])])
        assert all(map(same_bits, got, alone[part]))


@pytest.mark.parametrize("row", [row for row in ROWS if row["arity"] == 2], ids=lambda r: r["name"])
def test_a_number_beside_an_array_counts_as_an_array_of_it(row):
    entries, _ = pool(row)
    for number in (0.3, 3.0, -2.0, 1e300, 0.0):
        several = [x for x, _ in entries]
        for swap in (False, True):
            spread = [number] * len(several)
            pair = (spread, several) if swap else (several, spread)
            wanted = function(row)(*map(ag.Vector, pair)).tolist()
            mixed = (number, ag.Vector(several)) if swap else (ag.Vector(several), number)
            assert all(map(same_bits, function(row)(*mixed).tolist(), wanted)), (number, swap)


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_one_large_angle_leaves_the_others_as_they_are(name):
    # One entry beyond 2**45 once sent the whole array to another library.
    draw = random.Random(name)
    angles = [draw.uniform(-100, 100) for _ in range(4000)]
    f = getattr(ag, name)
    wanted = f(ag.Vector(angles)).tolist()
    for large in (2.0**46, -1e300):
        got = f(ag.Vector([*angles, large])).tolist()
        assert all(map(same_bits, got, wanted))
        assert got[-1] == pytest.approx(getattr(math, name)(large), rel=1e-15)
