"""Timing: contenders run in turn, in one process; ratios within a round, then their median.

What is timed is the processor's time for all threads of the process, so that a shared machine does
not add what it gives to others. Everyone computes on one thread, and none waits for anything.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
import types
from time import process_time_ns
from typing import TYPE_CHECKING, Any, Literal

from check import assert_agrees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = "ours"
MOMENT = 0.05  # seconds: a call that takes longer is measured beside ours alone, a few times

Unit = Literal["s", "B", "1"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long to measure."""

    is_quick: bool = False

    @property
    def seconds(self) -> float:
        """What the rounds of one case may take."""
        return 0.4 if self.is_quick else 2.0

    @property
    def sample(self) -> float:
        """What one sample of one contender takes, in seconds, if a call is shorter than that."""
        return 1e-3 if self.is_quick else 4e-3

    def rounds(self, seconds: float) -> int:
        """Return how many rounds of so many seconds to take; of long ones, few."""
        fewest = 1 if self.is_quick or seconds > 2.0 * self.seconds else 5
        return min(101, max(fewest, int(self.seconds / seconds)))


@dataclasses.dataclass
class Contender:
    """One way to do the work of a case.

    Parameters
    ----------
    run : callable
        Does it once and returns the result: numbers, arrays, or nested lists of them.
    ops : int, optional
        How many operations a call does, if it is not as many as the case's.
    expected : callable, optional
        Computes what `run` must return, if that is not what the case's first contender returns.
    """

    run: Callable[[], Any]
    ops: int | None = None
    expected: Callable[[], Any] | None = None


@dataclasses.dataclass
class Case:
    """Work that is done by several contenders.

    Parameters
    ----------
    work : str
        What is done.
    contenders : dict
        From names to contenders or plain callables. The first one's result is the truth. `OURS`
        must be among them.
    limits : dict
        The largest allowed ratio of our time to that of a contender.
    ops : int
        How many operations a call does; times are printed per operation.
    tolerance : float
        The largest difference of results, relative to their largest entry.
    """

    work: str
    contenders: dict[str, Contender | Callable[[], Any]]
    limits: dict[str, float] = dataclasses.field(default_factory=dict)
    ops: int = 1
    tolerance: float = 1e-9


@dataclasses.dataclass
class Row:
    """One line of the table.

    Parameters
    ----------
    amount : float
        Seconds, bytes or a count, as `unit` says; per operation where a case has operations.
    ratio : float, optional
        The median of our amount by this one.
    limit : float, optional
        The most that `ratio`, or `amount` where there is no ratio, may be.
    spread : float
        The distance between the quartiles of the ratio.
    """

    work: str
    contender: str
    amount: float
    unit: Unit = "s"
    ratio: float | None = None
    limit: float | None = None
    spread: float = 0.0

    @property
    def is_within_limit(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.limit is None:
            return None
        return (self.amount if self.ratio is None else self.ratio) <= self.limit


def fresh(function: types.FunctionType) -> types.FunctionType:
    """Copy a function, so that the interpreter specialises its bytecode for one contender alone."""
    return types.FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def compare(case: Case, plan: Plan) -> Iterator[Row]:
    """Check that all contenders agree, then measure them, ours first.

    Yields
    ------
    Row
        Ours, then one for each of the others.
    """
    contenders = {
        name: each if isinstance(each, Contender) else Contender(each)
        for name, each in case.contenders.items()
    }
    check_results(case, contenders)
    clocks = {name: Clock(each, case.ops, plan) for name, each in contenders.items()}
    times = measure(clocks, plan)
    ours = statistics.median(t for t, _ in times[OURS])
    yield Row(case.work, OURS, ours)
    for name, pairs in times.items():
        if name == OURS:
            continue
        ratios = [ours / theirs for theirs, ours in pairs]
        yield Row(
            case.work,
            name,
            statistics.median(theirs for theirs, _ in pairs),
            ratio=statistics.median(ratios),
            limit=case.limits.get(name),
            spread=spread_of(ratios),
        )


def check_results(case: Case, contenders: dict[str, Contender]) -> None:
    """Raise AssertionError if a contender's result is not the first one's."""
    truth = None
    for name, contender in contenders.items():
        if contender.expected is not None:
            expected = contender.expected()
        else:
            truth = expected = contender.run() if truth is None else truth
        assert_agrees(f"{case.work}: {name}", contender.run(), expected, case.tolerance)


class Clock:
    """A contender with as many calls in a sample as make it long enough to time."""

    def __init__(self, contender: Contender, ops: int, plan: Plan) -> None:
        self.run = contender.run
        self.ops = contender.ops or ops
        self.calls = 1
        self.seconds = self.time()
        while self.seconds < plan.sample:
            self.calls = max(2 * self.calls, int(self.calls * plan.sample / self.seconds))
            self.seconds = self.time()

    @property
    def is_slow(self) -> bool:
        """Whether a sample would hold up the round."""
        return self.seconds > MOMENT

    def time(self) -> float:
        """Take a sample: seconds for all its calls."""
        run = self.run
        calls = itertools.repeat(None, self.calls)
        start = process_time_ns()
        for _ in calls:
            run()
        return (process_time_ns() - start) * 1e-9

    def sample(self) -> float:
        """Take a sample: seconds per operation."""
        return self.time() / (self.calls * self.ops)


def measure(clocks: dict[str, Clock], plan: Plan) -> dict[str, list[tuple[float, float]]]:
    """Take samples in turn.

    Returns
    -------
    dict
        For each contender, pairs of its time per operation and ours beside it.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in clocks}
    ours = clocks[OURS]
    quick = {name: clock for name, clock in clocks.items() if name != OURS and not clock.is_slow}
    round_seconds = ours.seconds + sum(clock.seconds for clock in quick.values())
    for _ in range(plan.rounds(round_seconds)):
        beside = ours.sample()
        times[OURS].append((beside, beside))
        for name, clock in quick.items():
            times[name].append((clock.sample(), beside))
    for name, clock in clocks.items():
        if name == OURS or name in quick:
            continue
        for _ in range(plan.rounds(clock.seconds + plan.seconds / 5)):
            theirs = clock.sample()
            times[name].append((theirs, ours.sample()))
    return times


def time_difference(longer: Callable[[], Any], shorter: Callable[[], Any], plan: Plan) -> float:
    """Return by how many seconds one call takes longer than another, run in turn."""
    clocks = [Clock(Contender(run), 1, plan) for run in (longer, shorter)]
    rounds = plan.rounds(sum(clock.seconds for clock in clocks))
    samples = ([clock.sample() for clock in clocks] for _ in range(rounds))
    return statistics.median(long - short for long, short in samples)


def spread_of(ratios: list[float]) -> float:
    """Return the distance between the quartiles; 0 if there are too few to tell."""
    if len(ratios) < 4:
        return 0.0
    low, _, high = statistics.quantiles(ratios, n=4)
    return high - low
