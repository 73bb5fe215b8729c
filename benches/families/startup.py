"""What it takes to have the package: importing it, and downloading it."""

from __future__ import annotations

import io
import statistics
import tempfile
import zipfile
from pathlib import Path

import autograd_rs
from measure import OURS, Row
from peers import installed, numpy
from subprocesses import time_program, with_bytecode_in

ROOT = Path(__file__).parents[2]


def run(plan):
    """Measure import times beyond a bare interpreter, and the size of the wheel."""
    packages = {OURS: "autograd_rs"}
    if numpy():
        packages["NumPy"] = "numpy"
    packages |= {peer.NAME.split(",")[0]: package for package, peer in installed().items()}
    for name, package in packages.items():
        repeats = 5 if plan.is_quick or name != OURS else 25
        yield Row(
            "import beyond a bare interpreter",
            name,
            time_import(package, repeats),
            limit=0.015 if name == OURS else None,
        )
    wheels = sorted((ROOT / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    yield Row(
        "size of the wheel",
        f"{OURS}, built" if wheels else f"{OURS}, as it would zip",
        wheels[-1].stat().st_size if wheels else zip_package(),
        unit="B",
        limit=2e6,
    )


def time_import(package: str, repeats: int) -> float:
    """Return the median, over pairs, of the seconds by which the import makes Python slower."""
    with tempfile.TemporaryDirectory() as folder:
        environment = with_bytecode_in(folder)
        time_program(f"import {package}", environment)
        return statistics.median(
            time_program(f"import {package}", environment) - time_program("pass", environment)
            for _ in range(repeats)
        )


def zip_package() -> int:
    """Return the bytes of the installed package, compressed as a wheel is."""
    buffer = io.BytesIO()
    folder = Path(autograd_rs.__file__).parent
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(folder.parent))
    return buffer.tell()
