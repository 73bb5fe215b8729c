"""The page on NumPy says what the package does."""

import subprocess
import sys
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

SCRIPT = Path(__file__).parent.parent / "docs" / "make_numpy.py"


def test_the_page_is_what_its_script_writes():
    run = subprocess.run(
        [sys.executable, SCRIPT, "--check"], check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
