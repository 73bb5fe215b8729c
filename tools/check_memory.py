"""Run tests under valgrind, and fail if it reports a misuse of memory by the native module.

CPython's own build is not clean under valgrind, so that only errors count in whose stack the
module takes part. Called by `make memory`, with the arguments of pytest.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path


def errors_of_module(report: Path) -> list[str]:
    """Read the report, and describe each error that the native module takes part in."""
    found = []
    for error in ET.parse(report).getroot().iter("error"):
        if error.findtext("kind", "").startswith("Leak"):
            continue  # static tables; the tests count nodes and bytes themselves
        frames = [
            (frame.findtext("obj", ""), frame.findtext("fn", "?"), frame.findtext("line", "?"))
            # The first stack is that of the misuse; others tell where the memory came from.
            for frame in error.find("stack").iter("frame")
        ]
        if any(Path(file).name.startswith("_core") for file, _, _ in frames):
            what = error.findtext("what") or error.findtext("xwhat/text", "")
            stack = "".join(f"\n    {fn}:{line} in {Path(file).name}" for file, fn, line in frames)
            found.append(f"{what}{stack}")
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
        found = errors_of_module(report)
    print(*found, sep="\n\n")
    print(f"valgrind: {len(found)} errors in the native module")
    return ran.returncode or bool(found)


if __name__ == "__main__":
    sys.exit(main())
