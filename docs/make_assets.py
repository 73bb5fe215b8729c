"""Draw the pictures of README.md and of the manual, by running the code that they show.

Wherever an example saves an SVG file, that file is a picture of the manual. `--check` writes
nothing, and fails if a picture is not what the code gives now.
"""

import argparse
import doctest
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "docs" / "assets"
PAGES = (ROOT / "README.md", ROOT / "docs" / "tutorial.md")


def pictures_of(page: Path, folder: Path) -> dict[str, str]:
    """Run the examples of a page in a folder, and return the pictures they saved there."""
    examples = doctest.DocTestParser().get_doctest(
        page.read_text(encoding="utf-8"), {"__name__": "__main__"}, page.name, str(page), 0
    )
    runner = doctest.DocTestRunner(verbose=False)
    os.chdir(folder)
    try:
        # Whether they print what the page says is for the tests to see.
        runner.run(examples, out=lambda _: None)
    finally:
        os.chdir(ROOT)
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.svg"))}


def main() -> int:
    """Write the pictures, or check them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    is_check = parser.parse_args().check
    stale = []
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in pictures_of(page, Path(folder)).items():
                target = ASSETS / name
                if not target.exists() or target.read_text(encoding="utf-8") != text:
                    stale.append(f"docs/assets/{name}")
                    if not is_check:
                        ASSETS.mkdir(exist_ok=True)
                        target.write_text(text, encoding="utf-8", newline="\n")
    for name in stale:
        print(f"{name} is {'out of date' if is_check else 'written'}")
    return int(is_check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
