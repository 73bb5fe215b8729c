"""Whether a program gives on the package what it gives at many digits, to second order.

And whether both modes give the same where there is nothing to compare with.
"""

import math
import random

import autograd_rs as ag
from truth import Truth

EXACT = Truth(digits=80)
# Rounding is imitated at a level where second differences at 80 digits still see it linearly.
NOISE = EXACT.mp.mpf("1e-12")
NOISY = Truth(digits=80, noise=NOISE)
STEP = EXACT.mp.mpf("1e-20")


def value(truth, function, flat, lengths):
    truth.rewind()
    rows, start = [], 0
    for length in lengths:
        rows.append(truth.row(flat[start : start + length]))
        start += length
    return function(truth, *rows).entries[0]


def gradient(truth, function, flat, lengths):
    """Central differences: truncation and cancellation both near 1e-40."""
    entries = []
    for i in range(len(flat)):
        above, below = list(flat), list(flat)
        above[i] += STEP
        below[i] -= STEP
        rise = value(truth, function, above, lengths) - value(truth, function, below, lengths)
        entries.append(rise / (2 * STEP))
    return entries


def hessian_product(truth, function, flat, lengths, direction):
    shifts = [STEP * entry for entry in direction]
    above = gradient(truth, function, [x + d for x, d in zip(flat, shifts, strict=True)], lengths)
    below = gradient(truth, function, [x - d for x, d in zip(flat, shifts, strict=True)], lengths)
    return [(a - b) / (2 * STEP) for a, b in zip(above, below, strict=True)]


def leaf(entries):
    return ag.Variable(entries[0] if len(entries) == 1 else ag.Vector(entries))


def flatten(rows):
    return [float(entry) for row in rows for entry in row.tolist()]


def tangents_of(primals, direction):
    """Cut a direction into a part for each primal."""
    tangents, start = [], 0
    for x in primals:
        length = 1 if isinstance(x, float) else x.dim
        part = direction[start : start + length]
        tangents.append(part[0] if length == 1 else ag.Vector(part))
        start += length
    return tangents


def forward(function, primals, direction):
    """The tangent along a direction, by the forward sweep."""
    tangents = tangents_of(primals, direction)
    return float(ag.jvp(lambda *xs: function(ag, *xs), primals, tangents)[1])


def second(function, primals, direction):
    """The product of the Hessian and a direction, by the sweep that records nothing."""
    parts = tangents_of(primals, direction)
    first, *rest = primals
    product = ag.hvp(lambda *xs: function(ag, *xs), argnums=tuple(range(len(primals))))
    return flatten(
        [ag.Vector([x]) if isinstance(x, float) else x for x in product(first, tuple(parts), *rest)]
    )


def ours(function, inputs, direction):
    """Value, gradient, Hessian-vector product by the package, and other forms of the gradient."""
    leaves = [leaf(entries) for entries in inputs]
    loss = function(ag, *leaves)
    recorded = ag.grad(loss, wrt=leaves, create_graph=True)
    plain = ag.grad(loss, wrt=leaves)
    slope, start = 0, 0
    for bar in recorded:
        weights = ag.Vector(direction[start : start + bar.dim])
        slope = slope + ag.dot(bar, weights)
        start += bar.dim
    product = ag.grad(slope, wrt=leaves)
    recorded_product = ag.grad(slope, wrt=leaves, create_graph=True)
    ag.grad(loss)
    kept = [x.grad if x.grad is not None else x.value * 0 for x in leaves]
    primals = [x.item() if x.dim == 1 else x.value for x in leaves]
    others = [
        ("tangent", "tangent", [forward(function, primals, direction)]),
        ("gradient", "gradient by create_graph", flatten(bar.value for bar in recorded)),
        ("gradient", "gradient by grad(loss)", flatten(kept)),
        ("hessian product", "hessian product by hvp", second(function, primals, direction)),
        (
            "hessian product",
            "hessian product by create_graph",
            flatten(bar.value for bar in recorded_product),
        ),
    ]
    return loss.item(), flatten(plain), flatten(product), others


def mismatches(program):
    """What differs from the truth by more than rounding explains.

    The tolerance is measured, not guessed: the truth is run again with every intermediate result
    off by up to 1e-12, and what that moves is scaled to 2^-53, times 100 for adjoints that round on
    their own and for unlucky signs. The floor, 1e-12 of the largest entry or of 1, is for terms
    that cancel whatever the noise, as those of the derivatives of `x / x`.
    """
    function, inputs = program.function(), program.inputs
    lengths = [len(entries) for entries in inputs]
    flat = [EXACT.mp.mpf(entry) for entries in inputs for entry in entries]
    draw = random.Random(program.seed)
    direction = [round(draw.uniform(-1, 1), 3) for _ in flat]

    def all_of(truth):
        bars = gradient(truth, function, flat, lengths)
        return {
            "value": [value(truth, function, flat, lengths)],
            "gradient": bars,
            "tangent": [EXACT.mp.fdot(bars, direction)],
            "hessian product": hessian_product(truth, function, flat, lengths, direction),
        }

    exact, moved = all_of(EXACT), all_of(NOISY)
    y, bars, product, others = ours(function, inputs, direction)
    results = [("value", "value", [y]), ("gradient", "gradient", bars)]
    results += [("hessian product", "hessian product", product)]
    results += others
    for kind, title, entries in results:
        size = max(1, *map(abs, exact[kind]))
        noise = max(abs(a - b) for a, b in zip(exact[kind], moved[kind], strict=True))
        tolerance = 1e-12 * size + 100 * noise * 2.0**-53 / NOISE
        for i, (got, want) in enumerate(zip(entries, exact[kind], strict=True)):
            if not abs(got - want) <= tolerance:
                yield f"{title}[{i}]: {got!r}, wanted {float(want)!r} within {float(tolerance):.1e}"


# Where domains end, and where they are left.
NASTY = (0.0, -0.0, 0.0, 1.0, -1.0, 0.5, 2.0, math.inf, -math.inf, math.nan)


def agrees(got, want):
    """Equal, nan to nan, but for the rounding of sums in another order."""
    if math.isfinite(want):
        return abs(got - want) <= 1e-9 * max(1, abs(want))
    return got == want or (math.isnan(got) and math.isnan(want))


def nasty_points(program):
    draw = random.Random(program.seed)
    return [[draw.choice((x, *NASTY)) for x in entries] for entries in program.inputs]


def of_one_vector(program):
    """The rows of a program as a function of one vector with all inputs."""
    function, lengths = program.rows(), [len(entries) for entries in program.inputs]

    def f(v):
        rows, start = [], 0
        for length in lengths:
            rows.append(v[start] if length == 1 else v[start : start + length])
            start += length
        return function(ag, *rows)

    return f


def along(rows, direction):
    """Jacobian and direction multiplied, where 0 on either side wins."""
    return [
        sum(x * d for x, d in zip(row, direction, strict=True) if x != 0 and d != 0) for row in rows
    ]


def disagreements(program):
    """Where forward mode differs from reverse mode at a nasty point, infinite and nan included."""
    f = of_one_vector(program)
    point = [x for entries in nasty_points(program) for x in entries]
    direction = random.Random(program.seed).choices((0.0, 1.0, -0.5), k=len(point))
    v = ag.Vector(point)
    wanted = [row.tolist() for row in ag.jacrev(f)(v)]
    pushed = along(wanted, direction)
    flat = [x for row in wanted for x in row]
    recorded = ag.jacfwd(f)(ag.Variable(v))
    found = {
        "jacfwd": (flatten(ag.jacfwd(f)(v)), flat),
        "recorded jacfwd": (flatten(row.value for row in recorded), flat),
        "jvp": (ag.jvp(f, (v,), (ag.Vector(direction),))[1].tolist(), pushed),
    }
    for title, (got, want) in found.items():
        for i, pair in enumerate(zip(got, want, strict=True)):
            if not agrees(*pair):
                yield f"{title}[{i}] at {point}: {pair[0]!r}, wanted {pair[1]!r}"


def second_disagreements(program):
    """The same for derivatives of derivatives.

    Reverse mode, recorded and differentiated, multiplies the zeros of an entry with what is nan in
    its neighbours. What was pushed forward has no such products, and may be a number there.
    """
    f = of_one_vector(program)
    v = ag.Vector([x for entries in nasty_points(program) for x in entries])

    def second(outer, inner):
        return [x for rows in outer(inner(f))(v) for x in flatten(rows)]

    want = second(ag.jacrev, ag.jacrev)
    for title, outer, inner in (
        ("jacfwd of jacrev", ag.jacfwd, ag.jacrev),
        ("jacrev of jacfwd", ag.jacrev, ag.jacfwd),
        ("jacfwd of jacfwd", ag.jacfwd, ag.jacfwd),
    ):
        is_excused = inner is ag.jacfwd
        for i, (x, y) in enumerate(zip(second(outer, inner), want, strict=True)):
            if not (agrees(x, y) or (is_excused and math.isnan(y))):
                yield f"{title}[{i}] at {v.tolist()}: {x!r}, wanted {y!r}"
