"""Random programs over all ops agree with differences at many digits, at first and second order.

And where something is infinite or nan, forward mode agrees with reverse mode.

`AUTOGRAD_PROGRAMS` sets how many (300; nightly 10000), `AUTOGRAD_FIRST_PROGRAM` the first seed.
"""

import os
from collections import Counter

import pytest

import autograd_rs as ag
from agreement import disagreements, mismatches, second_disagreements
from programs import STRUCTURAL, write_program
from truth import ALIASES, BINARY, UNARY

COUNT = int(os.environ.get("AUTOGRAD_PROGRAMS", "300"))
FIRST = int(os.environ.get("AUTOGRAD_FIRST_PROGRAM", "0"))
BATCHES = 20

NAMES = {ALIASES.get(op["name"], op["name"]) for op in ag.ops() if op["public"]}
KINDS = tuple(sorted(NAMES & (UNARY.keys() | BINARY.keys()))) + STRUCTURAL


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_programs_agree_with_differences_at_many_digits(batch):
    for seed in range(FIRST + batch, FIRST + COUNT, BATCHES):
        program = write_program(seed, KINDS)
        found = list(mismatches(program))
        assert not found, f"{program}\n" + "\n".join(found)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_forward_mode_agrees_with_reverse_mode_at_nasty_points(batch):
    for seed in range(FIRST + batch, FIRST + 2 * COUNT, BATCHES):
        program = write_program(seed, KINDS, 3 + seed % 7)
        found = [*disagreements(program), *second_disagreements(program)]
        assert not found, f"{program}\n" + "\n".join(found)


def test_the_programs_cover_every_op_and_every_structural_kind():
    counts = Counter(kind for seed in range(300) for kind in write_program(seed, KINDS).kinds)
    assert not [kind for kind in KINDS if counts[kind] < 3]
