"""Make the stubs of the native module from the module itself, or check that they are its own.

The elementwise functions and methods come from the op table, with their documentation; what has
types of its own is written by hand in `core_template.pyi`. What is in neither is taken by its
signature, so that the stubs are never behind the module.

    python tools/make_stubs.py           writes the stubs
    python tools/make_stubs.py --check   fails if they differ from what would be written
"""

import argparse
import inspect
import re
import subprocess
import sys
from pathlib import Path

from autograd_rs import _core, _functions

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "python" / "autograd_rs"
TEMPLATE = ROOT / "tools" / "core_template.pyi"
NOTE = "# Made by tools/make_stubs.py from the op table and tools/core_template.pyi: do not edit.\n"

ROWS = {row["name"]: row for row in _core.ops()}
REDUCTIONS = {"sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "cumsum"}
ASSIGNMENTS = {"__setitem__", "__delitem__"}
ALIASES = {alias: name for name, row in ROWS.items() for alias in row["numpy"]}


def docstring(text: str, indent: str) -> str:
    """Write a docstring as the body of a function."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""\n'
    body = "".join(f"{indent}{line}\n" if line else "\n" for line in lines)
    return f'{indent}"""{body.strip()}\n{indent}"""\n'


def without_signature(doc: str) -> str:
    """Drop what is not documentation."""
    return re.sub(r"^\w+\(.*?\)\n--\n\n", "", doc, flags=re.DOTALL)


def unary_function(name: str, doc: str) -> str:
    """Declare a function of one argument."""
    kinds = [("Variable", "Variable"), ("Vector", "Vector"), ("float", "float"), ("Any", "Any")]
    return overloads(name, [(f"x: {kind}, /", result) for kind, result in kinds], doc)


def binary_function(name: str, doc: str) -> str:
    """Declare a function of two arguments."""
    kinds = [
        ("a: Variable, b: _Operand, /", "Variable"),
        ("a: _Operand, b: Variable, /", "Variable"),
        ("a: Vector, b: Vector | float, /", "Vector"),
        ("a: float, b: Vector, /", "Vector"),
        ("a: float, b: float, /", "float"),
        ("a: Any, b: Any, /", "Any"),
    ]
    return overloads(name, kinds, doc)


def reduction(name: str, doc: str) -> str:
    """Declare a function of one vector, or of the entries of one."""
    kinds = [
        ("Variable | Sequence[Variable]", "Variable"),
        ("Vector | Sequence[float] | Sequence[Vector]", "Vector"),
        # Running sums have an axis.
        ("float", "Vector" if name == "cumsum" else "float"),
        ("Any", "Any"),
    ]
    return overloads(name, [(f"x: {kind}, /", result) for kind, result in kinds], doc)


def overloads(name: str, kinds: list[tuple[str, str]], doc: str) -> str:
    """Declare a function by the kinds of its arguments."""
    heads = [
        f"@overload\ndef {name}({parameters}) -> {result}: ..." for parameters, result in kinds
    ]
    last = heads.pop().removesuffix(" ...")
    return "\n".join([*heads, last]) + "\n" + docstring(doc, "    ")


def functions() -> str:
    """Declare the elementwise functions, and all others that the template does not."""
    known = set(re.findall(r"^def (\w+)", TEMPLATE.read_text(), re.MULTILINE))
    parts = []
    for name in sorted(dir(_core)):
        found = getattr(_core, name)
        row = ROWS.get(name)
        if row is not None:
            declare = unary_function if row["arity"] == 1 else binary_function
            parts.append(declare(name, row["doc"]))
        elif name in REDUCTIONS:
            parts.append(reduction(name, found.__doc__))
        elif inspect.isbuiltin(found) and name not in known:
            doc = docstring(found.__doc__ or name, "    ")
            parts.append(f"def {name}{untyped(found)} -> Any:\n{doc}")
    return "\n".join(parts)


def untyped(found: object) -> str:
    """Give the signature of a function without types: everything is Any."""
    try:
        signature = inspect.signature(found)  # type: ignore[arg-type]
    except ValueError:
        return "(*args: Any, **kwargs: Any)"
    parameters = [
        parameter.replace(annotation="Any") if parameter.name != "self" else parameter
        for parameter in signature.parameters.values()
    ]
    return str(signature.replace(parameters=parameters)).replace("'Any'", "Any")


def methods(kind: type, known: set[str]) -> str:
    """Declare the methods of a class that the template does not."""
    parts = []
    for name in sorted(dir(kind)):
        if name in known or (name.startswith("_") and hasattr(object, name)):
            continue
        if name in ("__module__", "__doc__"):
            continue
        found = inspect.getattr_static(kind, name)
        if type(found).__name__ == "Hint" or (kind is _core.Variable and name in ASSIGNMENTS):
            continue  # what only says what to write instead
        row = ROWS.get(ALIASES.get(name, name))
        if inspect.isdatadescriptor(found):
            parts.append(f"    @property\n    def {name}(self) -> Any: ...\n")
        elif row is not None and row["arity"] == 1:
            doc = docstring(row["doc"], " " * 8)
            parts.append(f"    def {name}(self, /) -> {kind.__name__}:\n{doc}")
        else:
            doc = docstring(without_signature(found.__doc__ or name), " " * 8)
            parts.append(f"    def {name}{untyped(found)} -> Any:\n{doc}")
    return "\n".join(parts)


def class_text(template: str, name: str) -> str:
    """Find the text of a class in the template."""
    found = re.search(rf"^class {name}\b.*?(?=^\S)", template + "\nend", re.DOTALL | re.MULTILINE)
    return found.group(0) if found else ""


def core_stub() -> str:
    """Write the stub of the native module."""
    template = TEMPLATE.read_text()
    for kind in (_core.Vector, _core.Variable):
        text = class_text(template, kind.__name__)
        known = set(re.findall(r"^    (?:def )?(\w+)[(:]", text, re.MULTILINE))
        template = template.replace(f"    # methods of {kind.__name__}\n", methods(kind, known))
    names = "".join(f"    {name!r},\n" for name in sorted(_core.__all__)).replace("'", '"')
    template = template.replace("# names\n", f"__all__ = [\n{names}]\n")
    template = template.replace("# ruff: noqa: PYI021", "# ruff: noqa: E501, PYI021, RUF022")
    return NOTE + template.replace("# functions\n", functions())


def functions_stub() -> str:
    """Write the stub of the module that has the functions."""
    names = list(_functions.__all__)
    imports = "".join(f"from autograd_rs._core import {name} as {name}\n" for name in names)
    listed = "".join(f"    {name!r},\n" for name in names).replace("'", '"')
    doc = "# ruff: noqa: I001, RUF022 (the order is that of the op table)\n"
    return f"{NOTE}{doc}\n{imports}\nSTRUCTURAL: tuple[str, ...]\n\n__all__ = [\n{listed}]\n"


def formatted(text: str) -> str:
    """Format a stub as all code is formatted."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "stub.pyi", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


def main() -> int:
    """Write the stubs, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    is_check = parser.parse_args().check
    written = {"_core.pyi": core_stub(), "_functions.pyi": functions_stub()}
    stubs = {PACKAGE / name: formatted(text) for name, text in written.items()}
    stale = [path for path, text in stubs.items() if not path.exists() or path.read_text() != text]
    if is_check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/make_stubs.py")
        return 1 if stale else 0
    for path in stale:
        path.write_text(stubs[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
