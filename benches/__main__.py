"""One command, one table: ours beside plain floats, hand-written NumPy and every peer installed."""

from __future__ import annotations

import os

# A ratio of one thread to one thread means something on every machine. Set before NumPy loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import argparse
import dataclasses
import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import report
from families import FAMILIES, load
from measure import Plan
from peers import versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from measure import Row


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the families that are asked for."""
    parser = argparse.ArgumentParser(prog="benches", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter and noisier")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help=f"one of {', '.join(FAMILIES)}"
    )
    parser.add_argument("--json", metavar="FILE", help="write the rows there as well; - prints")
    options = parser.parse_args(arguments)
    names = options.only or list(FAMILIES)
    for name in names:
        if name not in FAMILIES:
            parser.error(f"--only: got {name}, wanted one of {', '.join(FAMILIES)}")
    table = sys.stderr if options.json == "-" else sys.stdout
    print(report.head(versions()), file=table, flush=True)
    rows = run(names, Plan(options.quick), table)
    print(f"\n{report.summary(rows)}", file=table, flush=True)
    if options.json:
        text = json.dumps([dataclasses.asdict(row) for row in rows], indent=1)
        if options.json == "-":
            print(text)
        else:
            Path(options.json).write_text(text, encoding="utf-8")
    return 0


def run(names: Sequence[str], plan: Plan, table) -> list[Row]:
    """Measure families one after another, and print each row as soon as it is known."""
    rows: list[Row] = []
    for name in names:
        family = load(name)
        # The peers' many objects are not to be walked by each collection that ours sets off.
        gc.collect()
        gc.freeze()
        for row in family.run(plan):
            is_first = not rows or rows[-1].work != row.work
            print(report.line_of(row, is_first), file=table, flush=True)
            rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit(main())
