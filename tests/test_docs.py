"""What README.md and the manual show is what happens, and what is generated is up to date."""

import doctest
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_rs as ag

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(ROOT)): path for path in (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
}
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class RoundingChecker(doctest.OutputChecker):
    """Take numbers for equal that differ by rounding: exp and log are the platform's own."""

    def check_output(self, want, got, optionflags):
        numbers = zip(NUMBER.findall(want), NUMBER.findall(got), strict=False)
        return super().check_output(
            NUMBER.sub("#", want), NUMBER.sub("#", got), optionflags
        ) and all(math.isclose(float(a), float(b), rel_tol=1e-14) for a, b in numbers)


def run_as_printed(name, text):
    examples = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, name, name, 0)
    found = []
    runner = doctest.DocTestRunner(RoundingChecker(), verbose=False, optionflags=doctest.ELLIPSIS)
    runner.run(examples, out=found.append)
    assert not found, "".join(found)


@pytest.mark.parametrize("name", PAGES)
def test_every_example_runs_as_printed(name, tmp_path, monkeypatch):
    text = PAGES[name].read_text(encoding="utf-8")
    for library in ("numpy", "scipy"):
        if re.search(rf"^>>> (?:import|from) {library}\b", text, re.MULTILINE):
            pytest.importorskip(library)
    # Pictures that examples save go elsewhere.
    monkeypatch.chdir(tmp_path)
    run_as_printed(name, text)


@pytest.mark.parametrize(
    "name", [name for name in ag.__all__ if ">>>" in str(getattr(ag, name).__doc__)]
)
def test_every_example_of_a_docstring_runs_as_printed(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = getattr(ag, name).__doc__
    if "numpy" in text:
        pytest.importorskip("numpy")
    run_as_printed(name, text)


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_python_is_an_example_that_runs(name):
    for language, block in FENCE.findall(PAGES[name].read_text(encoding="utf-8")):
        assert language in ("pycon", "console", "rust", "text"), block
        assert (language == "pycon") == block.startswith(">>> "), block


def test_the_checker_still_sees_a_wrong_number():
    checker = RoundingChecker()
    assert checker.check_output("Vector(0.1)\n", "Vector(0.10000000000000002)\n", 0)
    assert not checker.check_output("Vector(0.1)\n", "Vector(0.1001)\n", 0)
    assert not checker.check_output("Vector(0.1)\n", "Vector([0.1, 0.2])\n", 0)


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_links_to_is_there(name):
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", PAGES[name].read_text(encoding="utf-8")))
    targets = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]
    for target in targets:
        if target and "://" not in target:
            assert (PAGES[name].parent / target).exists(), target


@pytest.mark.parametrize("script", ["make_assets.py", "make_reference.py"])
def test_what_is_generated_is_up_to_date(script):
    command = [sys.executable, str(DOCS / script), "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_public_name_is_in_the_manual():
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    rows = {row["name"] for row in ag.ops()}
    for name in ag.__all__:
        if not name.startswith("_") and name not in rows:
            entry = rf"^::: autograd_rs\.(?:\w+\.)*{name}$|^\| `{name}\(|^## {name}$"
            assert re.search(entry, text, re.MULTILINE), name
