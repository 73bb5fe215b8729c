"""The benchmarks: they run, say what they measured, and refuse contenders that disagree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).parents[1] / "benches"


def run_benches(*arguments):
    return subprocess.run(
        [sys.executable, str(BENCHES), "--quick", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def run_with_benches(program):
    """Run a program that imports the modules of the benchmarks."""
    path = f"import sys; sys.path.insert(0, {str(BENCHES)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", path + program], capture_output=True, text=True, check=False
    )


def test_rows_tell_ratio_and_target():
    finished = run_benches("--only", "normal", "--json", "-")
    assert finished.returncode == 0, finished.stderr
    rows = {row["contender"]: row for row in json.loads(finished.stdout)}
    assert {"ours", "floats, value only", "floats, derivative by hand"} <= set(rows)
    assert rows["ours"]["ratio"] is None
    assert rows["floats, value only"]["ratio"] > 0.0


def test_the_table_ends_with_how_many_targets_are_met():
    finished = run_benches("--only", "scalar_ops")
    assert finished.returncode == 0, finished.stderr
    assert "a * b in a loop" in finished.stdout
    assert finished.stdout.rstrip().endswith("of 7 targets met")


def test_an_unknown_family_is_refused_with_those_there_are():
    finished = run_benches("--only", "nonsense")
    assert finished.returncode == 2
    assert "got nonsense, wanted one of scalar_ops, chain" in finished.stderr


@pytest.mark.parametrize("wrong", ["1.0 + 1e-6", "float('nan')", "[1.0, 1.0]"])
def test_a_contender_that_disagrees_is_not_timed(wrong):
    finished = run_with_benches(
        "from measure import Case, Plan, compare\n"
        f"case = Case('work', {{'ours': lambda: 1.0, 'wrong': lambda: {wrong}}})\n"
        "list(compare(case, Plan(is_quick=True)))\n"
    )
    assert finished.returncode == 1
    assert "AssertionError: work: wrong" in finished.stderr


def test_a_ratio_is_ours_by_theirs():
    finished = run_with_benches(
        "from measure import Case, Plan, compare\n"
        "def count_to(n): return lambda: max(range(n)) > 0\n"
        "case = Case('work', {'ours': count_to(40_000), 'b': count_to(10_000)})\n"
        "print([row.ratio for row in compare(case, Plan(is_quick=True))][1])\n"
    )
    assert finished.returncode == 0, finished.stderr
    assert 1.5 < float(finished.stdout) < 6.0
