"""The table, a line at a time as it is measured."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measure import Row

WIDTHS = {"work": 50, "contender": 27, "amount": 10, "ratio": 14, "limit": 8}
SCALES = {
    "s": [(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")],
    "B": [(1e6, "MB"), (1e3, "kB"), (1.0, "B")],
    "1": [(1.0, "")],
}


def describe(amount: float, unit: str) -> str:
    """Return an amount to three digits, in a unit that suits it: `31.4 us`."""
    size = abs(amount)
    scale, name = next(
        ((scale, name) for scale, name in SCALES[unit] if size >= scale), SCALES[unit][-1]
    )
    return f"{amount / scale:.3g} {name}".rstrip()


def describe_ratio(ratio: float) -> str:
    """Return a ratio to three digits, small ones as a fraction: `1/250`."""
    return f"1/{1 / ratio:.0f}" if 0.0 < ratio < 0.02 else f"{ratio:.3g}"


def head(versions: list[str]) -> str:
    """Return what the table was measured with, and its first line."""
    machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    columns = ["work", "contender", "time", "ours / theirs", "at most", ""]
    widths = [*WIDTHS.values(), 0]
    line = "  ".join(f"{name:{width}}" for name, width in zip(columns, widths))
    return "\n".join(
        [
            f"{machine}; processor time, one thread each",
            f"beside: {', '.join(versions) or 'no peers installed'}",
            "",
            line.rstrip(),
            "-" * len(line),
        ]
    )


def line_of(row: Row, is_first: bool) -> str:
    """Return a line of the table; `is_first` of its work."""
    ratio = "" if row.ratio is None else describe_ratio(row.ratio)
    limit = ""
    if row.limit is not None:
        limit = describe(row.limit, row.unit) if row.ratio is None else describe_ratio(row.limit)
    verdict = {None: "", True: "ok", False: "MISSED"}[row.is_within_limit]
    cells = [
        f"{row.work if is_first else '':{WIDTHS['work']}}",
        f"{row.contender:{WIDTHS['contender']}}",
        f"{describe(row.amount, row.unit):>{WIDTHS['amount']}}",
        f"{ratio:>{WIDTHS['ratio']}}",
        f"{limit:>{WIDTHS['limit']}}",
        verdict,
    ]
    return "  ".join(cells).rstrip()


def summary(rows: list[Row]) -> str:
    """Return how many targets are met."""
    verdicts = [row.is_within_limit for row in rows if row.limit is not None]
    return f"{sum(verdicts)} of {len(verdicts)} targets met"
