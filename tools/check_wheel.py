"""Say which glibc the wheels of a folder need, and fail where it is a newer one than they say.

Usage: check_wheel.py FOLDER
"""

import re
import sys
import zipfile
from pathlib import Path

# What a wheel may need: that of RHEL 8 and Debian 10.
NEWEST = (2, 28)


def needed(library: bytes) -> tuple[int, int]:
    """Read the newest version of glibc that a library names, (0, 0) if it names none."""
    # Versions are asked for by name, in the table of strings for the loader.
    names = re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)", library)
    return max(((int(major), int(minor)) for major, minor in names), default=(0, 0))


def promised(wheel: str) -> tuple[int, int]:
    """Read the oldest version of glibc that the name of a wheel says it runs with."""
    tags = [
        (int(major), int(minor)) for major, minor in re.findall(r"manylinux_(\d+)_(\d+)", wheel)
    ]
    if "manylinux2014" in wheel:
        tags.append((2, 17))
    return min(tags, default=(0, 0))


def problem_of(wheel: Path) -> str | None:
    """Tell what is wrong with a wheel, after printing what it needs."""
    with zipfile.ZipFile(wheel) as archive:
        libraries = [name for name in archive.namelist() if name.endswith(".so")]
        most = max((needed(archive.read(name)) for name in libraries), default=(0, 0))
    own = promised(wheel.name)
    print(f"{wheel.name}: needs glibc {most[0]}.{most[1]}")
    if most > own:
        return f"{wheel.name}: says {own[0]}.{own[1]}, and needs {most[0]}.{most[1]}"
    if most > NEWEST:
        return f"{wheel.name}: wanted {NEWEST[0]}.{NEWEST[1]} or older"
    return None


def main(folder: str) -> str | None:
    """Check all wheels of a folder for Linux."""
    problems = [problem_of(wheel) for wheel in sorted(Path(folder).glob("*linux*.whl"))]
    return "\n".join(filter(None, problems)) or None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
