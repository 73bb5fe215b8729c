"""The determinant of a matrix by expansion by minors, scalar by scalar."""

from __future__ import annotations

import autograd_rs as ag


def prepare(message_input):
    entries, size = message_input["A"], message_input["ell"]
    return [entries[start : start + size] for start in range(0, size * size, size)]


def determinant(rows):
    return expand(rows, 0, list(range(len(rows))))


def expand(rows, depth, columns):
    """Expand the minor of the rows from `depth` on along its first row."""
    row = rows[depth]
    if len(columns) == 1:
        return row[columns[0]]
    total = 0.0
    for place, column in enumerate(columns):
        rest = columns[:place] + columns[place + 1 :]
        term = row[column] * expand(rows, depth + 1, rest)
        total = total - term if place % 2 else total + term
    return total


def gradient(rows):
    slopes = ag.grad(determinant)(rows)
    return [slope for row in slopes for slope in row]


FUNCTIONS = {"primal": determinant, "gradient": gradient}
