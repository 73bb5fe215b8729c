"""Run tests under valgrind, and fail if it reports a misuse of memory.

CPython's own build reads values that valgrind takes for uninitialised; such errors count only
where the native module takes part. Called by `make memory`, with the arguments of pytest.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path


def is_ours(kind: str, frames: list[tuple[str, str]]) -> bool:
    """Whether an error counts, by its kind and the files and functions in which it happened."""
    if kind.startswith("Leak"):
        return False  # tables that live for ever; the tests count nodes and bytes themselves
    if kind.startswith("Uninit"):
        return any(file.startswith("_core") for file, _ in frames)
    # Comparing strings, libc and the loader read whole registers, beyond the end on purpose.
    file, function = frames[0]
    return not (function.startswith("__wmem") or file.startswith("ld-linux"))


def errors_in(report: Path) -> list[str]:
    """Read the report of a run, and describe each error that counts."""
    found = []
    for error in ET.parse(report).getroot().iter("error"):
        # The first stack is that of the misuse; others tell where the memory came from.
        frames = [
            (Path(frame.findtext("obj", "")).name, frame.findtext("fn", "?"))
            for frame in error.iterfind("stack[1]/frame")
        ]
        if is_ours(error.findtext("kind", ""), frames):
            what = error.findtext("what") or error.findtext("xwhat/text", "")
            found.append(what + "".join(f"\n    {fn} in {file}" for file, fn in frames))
    return found


def main() -> int:
    """Run pytest under valgrind, print what was found, and return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        valgrind = ["valgrind", "--quiet", "--num-callers=16"]
        valgrind += ["--xml=yes", f"--xml-file={report}"]
        # Python's own allocator would hide from valgrind where one object ends.
        ran = subprocess.run(
            [*valgrind, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *sys.argv[1:]],
            env=os.environ | {"PYTHONMALLOC": "malloc"},
            check=False,
        )
        found = errors_in(report)
    print(*found, sep="\n\n")
    print(f"valgrind: {len(found)} errors")
    return ran.returncode or bool(found)


if __name__ == "__main__":
    sys.exit(main())
