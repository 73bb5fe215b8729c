"""What is installed is whole and light, and the code keeps to its layout."""

import importlib.metadata
import itertools
import re
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import autograd_rs

ROOT = Path(__file__).parents[1]
RUST = ROOT / "rust"

# Where unsafe code is admitted, a file or a folder; CONTRIBUTING.md tells what each gains.
UNSAFE_ROOMS = {
    "rust/core/src/kernels/dispatch.rs",
    "rust/py/src/hot",
    "rust/core/src/ops/libm.rs",
}

# Each layer of the core, and the layers it may name.
LAYERS = {
    "array": set(),
    "ops": set(),
    "kernels": {"ops"},
    "structural": {"array", "kernels", "ops"},
    "tape": {"array", "kernels", "ops", "structural"},
}


def run_python(code):
    """Run code in a bare interpreter and return what it printed."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])'|r(\#+)".*?"\1|"(?:\\.|[^"\\])*\"""", re.DOTALL
)


def code_of(path):
    """Return a Rust file without its comments and literals."""
    return NOT_CODE.sub(" ", path.read_text())


def modules_named(path):
    """Return the top-level modules of its crate that a Rust file names."""
    text = code_of(path)
    grouped = " ".join(re.findall(r"\bcrate::\{(.*?)\};", text, re.DOTALL))
    return set(re.findall(r"\bcrate::(\w+)", text)) | set(re.findall(r"\w+", grouped))


def rust_files(*parts):
    return sorted(RUST.joinpath(*parts).rglob("*.rs"))


# The package


def test_the_version_is_that_of_the_distribution():
    assert autograd_rs.__version__ == importlib.metadata.version("autograd-rs")


def test_the_version_is_that_of_the_workspace():
    text = (ROOT / "Cargo.toml").read_text()
    assert re.search(r'^version = "(.+)"$', text, re.MULTILINE)[1] == autograd_rs.__version__


def test_the_marker_of_a_typed_package_and_the_stub_are_shipped():
    package = Path(autograd_rs.__file__).parent
    assert (package / "py.typed").exists()
    assert (package / "_core.pyi").exists()


def test_every_public_name_is_there():
    assert autograd_rs.__all__
    for name in autograd_rs.__all__:
        assert hasattr(autograd_rs, name), name


def test_nothing_is_required_at_run_time():
    required = importlib.metadata.requires("autograd-rs") or []
    assert [line for line in required if "extra ==" not in line] == []


@pytest.mark.parametrize("name", ["numpy", "scipy", "matplotlib"])
def test_importing_does_not_import(name):
    assert run_python(f"import sys, autograd_rs; print({name!r} in sys.modules)") == "False\n"


def test_importing_is_quick(capsys):
    # The budget is 15 ms; it is printed, not asserted, because machines are shared and noisy.
    def seconds(code):
        start = time.perf_counter()
        run_python(code)
        return time.perf_counter() - start

    extra = statistics.median(seconds("import autograd_rs") - seconds("") for _ in range(9))
    with capsys.disabled():
        print(
            f"\nimport autograd_rs: {extra * 1e3:.1f} ms beyond a bare interpreter (budget 15 ms)"
        )


# The layout


IN_A_SUB_INTERPRETER = """
import sys

# One with the lock of the main one: where it has its own, no module that did not say so is taken.
if sys.version_info >= (3, 13):
    import _interpreters as interpreters

    own = interpreters.create("legacy")
else:
    import _xxsubinterpreters as interpreters

    own = interpreters.create(isolated=False)
interpreters.run_string(own, '''
try:
    import autograd_rs
except ImportError as error:
    print(error, flush=True)
else:
    print(autograd_rs.Vector([1.0]), flush=True)
''')
interpreters.destroy(own)
import autograd_rs as ag

print(ag.grad(lambda x: x * x)(3.0))
"""


def test_a_sub_interpreter_imported_it_and_then_hung():
    command = [sys.executable, "-c", IN_A_SUB_INTERPRETER]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr
    refusal, gradient = found.stdout.splitlines()
    assert re.search(r"cannot be used in a sub-interpreter: got interpreter \d+, wanted", refusal)
    assert gradient == "6.0"


def wheel_of(path, tag, *versions):
    """Make a wheel whose extension asks for these versions of glibc."""
    wheel = path / f"autograd_rs-0.1.0-cp311-cp311-{tag}.whl"
    names = b"\0".join(f"GLIBC_{version}".encode() for version in versions)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("autograd_rs/_core.so", b"\x7fELF libm.so.6\0" + names + b"\0exp\0")
    return path


@pytest.mark.parametrize(
    ("tag", "versions", "problem"),
    [
        ("manylinux_2_17_x86_64.manylinux2014_x86_64", ["2.2.5", "2.17", "2.9"], ""),
        ("manylinux_2_28_x86_64", ["2.2.5", "2.28"], ""),
        ("manylinux2014_x86_64", ["2.2.5", "2.29"], "says 2.17, and needs 2.29"),
        ("linux_x86_64", ["2.2.5"], "says 0.0, and needs 2.2"),
        ("manylinux_2_35_x86_64", ["2.3", "2.35"], "wanted 2.28 or older"),
    ],
)
def test_wheels_asked_for_a_newer_glibc_than_old_systems_have(tmp_path, tag, versions, problem):
    command = [
        sys.executable,
        ROOT / "tools" / "check_wheel.py",
        wheel_of(tmp_path, tag, *versions),
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode != 0) == bool(problem)
    assert problem in found.stderr
    newest = max(versions, key=lambda version: [int(part) for part in version.split(".")])
    assert f"needs glibc {'.'.join(newest.split('.')[:2])}\n" in found.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_took_a_venv_of_another_python_than_the_one_asked_for(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)

    def make(*arguments):
        command = ["make", "-n", "-C", tmp_path, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    python.write_text("#!/bin/sh\necho 3.9.1 /opt/python\n")
    python.chmod(0o755)
    asked = f"PYTHON={sys.executable}"
    found = make(asked, "clean")
    assert found.returncode == 0, found.stderr
    found = make(asked, "demo")
    assert "3.9.1 /opt/python, and PYTHON=" in found.stderr
    assert "make clean" in found.stderr
    # Nobody asked for another one, or it is the same.
    assert "make clean" not in make("demo").stderr
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    assert "make clean" not in make(asked, "demo").stderr


def test_unsafe_code_stays_in_its_rooms():
    rooms = {ROOT / room for room in UNSAFE_ROOMS}
    assert len(rooms) <= 3
    for path in rust_files():
        if re.search(r"\bunsafe\b", code_of(path)):
            assert rooms & {path, *path.parents}, path


def test_each_unsafe_room_has_its_reason_in_contributing():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for room in UNSAFE_ROOMS:
        assert room in text, room


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_names_only_what_is_under_it(layer):
    files = rust_files("core", "src", layer)
    assert files
    for path in files:
        assert modules_named(path) & set(LAYERS) <= LAYERS[layer] | {layer}, path


def test_the_core_knows_no_python():
    assert "pyo3" not in (RUST / "core" / "Cargo.toml").read_text()
    for path in rust_files("core", "src"):
        assert not re.search(r"\bpyo3\b", code_of(path)), path


def test_a_panic_in_what_python_calls_becomes_a_usual_exception():
    # The attribute says what it does with functions that may fail; the others are few and cannot.
    calls = 0
    for path in rust_files("py", "src"):
        lines = [line.strip() for line in path.read_text().splitlines()]
        for before, line in itertools.pairwise(lines):
            if line in {"#[pyfunction]", "#[pymethods]"}:
                calls += 1
                assert before == "#[guarded]", path
    assert calls > 30


# What grows with the data of the caller is allocated in memory.rs, which knows what to do without
# memory; these would end the process.
ALLOCATIONS = re.compile(
    r"\bvec!\[[^\]]*;|\bVec::with_capacity\b|\.to_vec\(|\.(?:resize|reserve)(?:_with|_exact)?\("
)


@pytest.mark.parametrize("layer", ["array", "kernels", "structural", "tape"])
def test_the_core_allocates_where_it_can_say_that_there_is_no_memory(layer):
    for path in rust_files("core", "src", layer):
        code = code_of(path).split("#[cfg(test)]")[0]
        assert ALLOCATIONS.findall(code) == [], path
