"""Pictures of graphs: what was computed, forward in black and backward in red."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_rs import _core, _svg
from autograd_rs._tree import described

if TYPE_CHECKING:
    import os

    from autograd_rs._core import Variable, Vector

# Graphs of more nodes are summarised: their last nodes are drawn, and all are counted.
MOST_NODES = 300
LAST_NODES = 40

LONGEST_NAME = 18

# What stands in the circle where an operation has a sign of its own.
SIGNS = {
    "add": "+",
    "sub": "\N{MINUS SIGN}",
    "mul": "\N{MULTIPLICATION SIGN}",
    "div": "/",
    "pow": "**",
    "remainder": "%",
    "floordiv": "//",
    "dot": "@",
}


class Node:
    """A node of a picture: what it is, and what is written in and under it."""

    __slots__ = ("inside", "is_output", "kind", "operands", "tooltip", "under")

    def __init__(self, kind: str, name: str, value: Vector | None, operands: list[int]) -> None:
        shown = "" if value is None else shortened_value(value)
        self.kind = kind
        self.operands = operands
        self.is_output = False
        if kind == "op":
            self.inside, self.under = SIGNS.get(name, shortened(name)), shown
        elif name:
            self.inside, self.under = shortened(name), shown
        else:
            self.inside, self.under = shown, ""
        words = {"leaf": name or "leaf", "cut": "earlier nodes, not drawn"}.get(kind, name or kind)
        self.tooltip = f"{shortened(words, 60)}: {shown}" if shown else words


class Drawing:
    """The graph of a result as a picture; notebooks show it by themselves.

    Made by `draw`. It keeps what was drawn, and is not changed by what is computed later.
    """

    def __init__(self, nodes: list[Node], caption: str) -> None:
        self._nodes = nodes
        self._caption = caption

    def _repr_svg_(self) -> str:
        """Return the picture as SVG text, as notebooks ask for it."""
        return _svg.picture(self._nodes, self._caption)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file.

        Parameters
        ----------
        path
            Where to. The suffix says what: `.svg` for the picture, `.dot` for Graphviz text.

        Raises
        ------
        ValueError
            If the suffix is another one.
        TypeError
            If this is no path.
        """
        import os

        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"draw: got {described(path)}, wanted a path as a str or os.PathLike")
        from pathlib import Path  # here, because importing it takes longer than this package

        file = Path(path)
        suffix = file.suffix.lower()
        if suffix not in (".svg", ".dot"):
            raise ValueError(f"draw: got suffix {suffix!r}, wanted '.svg' or '.dot'")
        text = self._repr_svg_() if suffix == ".svg" else _dot(self._nodes, self._caption)
        file.write_text(text, encoding="utf-8", newline="\n")

    def __repr__(self) -> str:
        return f"Drawing({self._caption or f'{len(self._nodes)} nodes'})"


def draw(loss: Variable) -> Drawing:
    """Draw the graph that a result was computed by, without Graphviz.

    Leaves are green, constants white, and the output has a double circle. Values flow along the
    black arrows, and derivatives back along the red ones (dashed to constants, which keep none).

    Parameters
    ----------
    loss
        The result, a number or a vector.

    Returns
    -------
    Drawing
        Shown by notebooks; `save("graph.svg")` writes it to a file.

    Raises
    ------
    TypeError
        If the result does not depend on any Variable.

    Notes
    -----
    A leaf is labelled by its `name`. Of a graph of more than 300 nodes the last 40 are drawn and
    all are counted; the time for this is that of a sweep.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> x = ag.Variable(2.0, name="x")
    >>> picture = ag.draw(ag.sin(x) * x)
    >>> picture
    Drawing(3 nodes)
    >>> picture.save("graph.svg")  # doctest: +SKIP
    """
    return Drawing(*_read("draw", loss))


def to_dot(loss: Variable) -> str:
    r"""Describe the graph that a result was computed by in the language of Graphviz.

    Parameters
    ----------
    loss
        The result, a number or a vector.

    Returns
    -------
    str
        What `dot` and its kin read; the picture is that of `draw`.

    Raises
    ------
    TypeError
        If the result does not depend on any Variable.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> print(ag.to_dot(ag.exp(ag.Variable(0.0, name="x"))).splitlines()[3])
      n0 [label="x\n0", tooltip="x: 0", fillcolor="#b5e2ae"]
    """
    return _dot(*_read("to_dot", loss))


def _read(op: str, loss: Variable) -> tuple[list[Node], str]:
    """Read the nodes to be drawn, the output last, and a caption for what is left out."""
    count, census, rows = _core.graph(op, loss, MOST_NODES, LAST_NODES)
    nodes: list[Node] = []
    index: dict[int, int] = {}
    for id_, kind, name, operands, value in rows:
        for operand in operands:
            if operand not in index:
                index[operand] = len(nodes)
                nodes.append(Node("cut", "", None, []))
        index[id_] = len(nodes)
        nodes.append(Node(kind, name, value, [index[operand] for operand in operands]))
    nodes[-1].is_output = True
    if count <= MOST_NODES:
        return nodes, ""
    numbers = ", ".join(f"{number:,} {name}" for name, number in census[:6])
    rest = ", ..." if len(census) > 6 else ""
    return nodes, f"{count:,} nodes: {numbers}{rest}; the last {LAST_NODES} are drawn"


def _dot(nodes: list[Node], caption: str) -> str:
    lines = [
        "digraph {",
        "  rankdir=LR",
        '  node [shape=circle, style=filled, fontname="Helvetica", fontsize=11]',
    ]
    if caption:
        lines.append(f"  label={_quoted(caption)}")
    for index, node in enumerate(nodes):
        label = "\n".join(filter(None, (node.inside, node.under)))
        shape = ", shape=doublecircle" if node.is_output else ""
        shape += ", color=gray" if node.kind == "cut" else ""
        lines.append(
            f"  n{index} [label={_quoted(label)}, tooltip={_quoted(node.tooltip)}, "
            f'fillcolor="{_svg.FILLS[node.kind]}"{shape}]'
        )
    for index, node in enumerate(nodes):
        for operand in node.operands:
            lines.append(f"  n{operand} -> n{index}")
            lines.append(f'  n{index} -> n{operand} [color="{_svg.RED}", constraint=false]')
    lines.append("}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """Put text on one line, without what cannot be printed, and cut if it is long."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return line if len(line) <= longest else line[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def shortened_value(value: Vector) -> str:
    """Write a number to about three digits, a vector by its first entries."""
    if value.dim == 1:
        return _shortened_number(value.item())
    most = 3 if value.dim == 3 else 2
    entries = ", ".join(_shortened_number(entry) for entry in value[:most].tolist())
    return f"[{entries}]" if value.dim <= most else f"[{entries}, \N{HORIZONTAL ELLIPSIS}]"


def _shortened_number(number: float) -> str:
    text = f"{number:g}"
    if len(text) <= 6:
        return text
    return f"{number:.0f}" if 1e3 <= abs(number) < 1e6 else f"{number:.3g}"
