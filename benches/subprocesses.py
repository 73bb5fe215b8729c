"""Measurements that want a process to themselves."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RESIDENT = """
def resident(key):
    # VmHWM and VmRSS of /proc start anew with each program; ru_maxrss may remember its parent's.
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith(key):
                    return 1024 * int(line.split()[1])
    except FileNotFoundError:
        import resource, sys
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
            1 if sys.platform == "darwin" else 1024
        )
resident("VmRSS")  # what reading takes is there before it is measured
"""


def ask(program: str) -> list[float]:
    """Run a Python program that prints numbers, and return them.

    `resident(key)` is there for it: bytes by the key of Linux's `/proc/self/status`.
    """
    finished = subprocess.run(
        [sys.executable, "-c", RESIDENT + program], capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise RuntimeError(f"subprocess failed: {finished.stderr.strip()[-2000:]}")
    return [float(word) for word in finished.stdout.split()]


def with_bytecode_in(folder: str) -> dict[str, str]:
    """Return an environment where modules are compiled once, as they are when installed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": folder}


def time_program(program: str, environment: Mapping[str, str]) -> float:
    """Return the seconds of processor that Python takes to start, run a program and end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
