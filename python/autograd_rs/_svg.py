"""A picture of a graph as SVG text: circles, and a black and a red arrow for every edge.

Everything is drawn with plain shapes and attributes of their own: a style sheet or an identifier
would leak into the page when a notebook shows several pictures.
"""

from __future__ import annotations

from itertools import pairwise
from math import atan2, copysign, cos, hypot, pi, sin
from typing import TYPE_CHECKING

from autograd_rs._layout import Layout

if TYPE_CHECKING:
    from autograd_rs._draw import Node

BLACK, RED = "#222222", "#c62828"
FILLS = {"leaf": "#b5e2ae", "constant": "#ffffff", "op": "#edf0f5", "cut": "#ffffff"}
OUTLINES = {"leaf": "#2e7d32", "constant": "#555555", "op": "#3c4657", "cut": "#999999"}

MARGIN = 14.0
RADIUS = 21.0
RING = 4.0  # between the two circles of the output
UNDER = 15.0  # room for what is written under a circle
APART = 3.2  # of each arrow from the middle of its edge
HEAD, HEAD_WIDTH = 7.5, 3.1
STEEPEST = 0.3 * pi  # at which an edge leaves a circle
NARROW, WIDE = frozenset(" !',.:;I[]|fijlt()"), frozenset("MW@m\N{HORIZONTAL ELLIPSIS}w%")
BEND = 0.42  # by which the edges of one operand used twice part

Point = tuple[float, float]


def picture(nodes: list[Node], caption: str) -> str:
    """Draw nodes, operands first and the output last, under a caption."""
    boxes = [(_half_width(node), RADIUS + UNDER / 2) for node in nodes]
    layout = Layout([node.operands for node in nodes], boxes)
    top = MARGIN + (22 if caption else 0)
    centres = [(MARGIN + x, top + y - UNDER / 2) for x, y in zip(layout.x, layout.y)]
    width = max(layout.width + 2 * MARGIN, 7.0 * len(caption) + 2 * MARGIN if caption else 0)
    lowest = [y + RADIUS + (UNDER if node.under else 0.0) for node, (_, y) in zip(nodes, centres)]
    height = max(lowest + [top + y for way in layout.ways.values() for _, y in way]) + MARGIN
    shapes = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{_escaped(caption or 'Computation graph')}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="6" fill="#ffffff"/>',
    ]
    if caption:
        shapes.append(_text((MARGIN, MARGIN + 8), caption, 12, BLACK, anchor="start"))
    for index, node in enumerate(nodes):
        for copy, operand in enumerate(node.operands):
            copies = node.operands.count(operand)
            bend = node.operands[:copy].count(operand) - (copies - 1) / 2
            way = [(MARGIN + x, top + y - UNDER / 2) for x, y in layout.ways[operand, index]]
            points = [centres[operand], *way, centres[index]]
            shapes.append(_edge(points, nodes[operand], node, BEND * 2 * bend / max(copies - 1, 1)))
    shapes.extend(_circle(node, centre) for node, centre in zip(nodes, centres))
    shapes.append("</svg>\n")
    return "\n".join(shapes)


def _half_width(node: Node) -> float:
    ring = RING if node.is_output else 0.0
    return max(RADIUS, 7.0 + 0.5 * _font_size(node) * _ems(node.inside)) + ring


def _ems(text: str) -> float:
    """About the width of a text in units of its size; a little more than in common fonts."""
    return sum(0.32 if c in NARROW else 0.9 if c in WIDE else 0.6 for c in text)


def _font_size(node: Node) -> float:
    if len(node.inside) <= 2:
        return 18.0
    return 12.5 if len(node.inside) <= 7 else 11.0


def _circle(node: Node, centre: Point) -> str:
    x, y = centre
    half = _half_width(node)
    style = f'fill="{FILLS[node.kind]}" stroke="{OUTLINES[node.kind]}" stroke-width="1.3"'
    if node.kind == "cut":
        style += ' stroke-dasharray="3 3"'
    shapes = [f"<g><title>{_escaped(node.tooltip)}</title>"]
    if node.is_output:
        shapes.append(_ellipse(centre, half, RADIUS + RING, style))
        half -= RING
    shapes.append(_ellipse(centre, half, RADIUS, style))
    is_name = node.kind == "leaf" and node.under != ""
    size = _font_size(node)
    inside = node.inside if node.kind != "cut" else "\N{MIDLINE HORIZONTAL ELLIPSIS}"
    shapes.append(_text((x, y + 0.35 * size), inside, size, BLACK, is_name=is_name))
    if node.under:
        below = y + RADIUS + 12.5 + (RING if node.is_output else 0)
        # A white edge keeps it legible where an arrow passes under it.
        shapes.append(_text((x, below), node.under, 10, "#ffffff", edge=3))
        shapes.append(_text((x, below), node.under, 10, "#4a4a4a"))
    shapes.append("</g>")
    return "".join(shapes)


def _ellipse(centre: Point, rx: float, ry: float, style: str) -> str:
    x, y = centre
    return f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" {style}/>'


def _text(
    place: Point,
    text: str,
    size: float,
    fill: str,
    *,
    anchor: str = "middle",
    is_name: bool = False,
    edge: float = 0.0,
) -> str:
    font = "Georgia, 'Times New Roman', serif" if is_name else "Helvetica, Arial, sans-serif"
    style = ' font-style="italic"' if is_name else ""
    style += f' stroke="{fill}" stroke-width="{edge}"' if edge else ""
    return (
        f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" text-anchor="{anchor}" '
        f'font-family="{font}" font-size="{size:g}" fill="{fill}"{style}>{_escaped(text)}</text>'
    )


def _edge(points: list[Point], operand: Node, consumer: Node, bend: float) -> str:
    """Draw both arrows of an edge: forward above its middle line, backward below it."""
    leaving = _leaving(points[0], points[1]) + bend
    arriving = _leaving(points[-2], points[-1]) - bend
    angles = [leaving, *(_through(points, k) for k in range(1, len(points) - 1)), arriving]
    points = list(points)
    points[0] = _port(points[0], operand, leaving)
    points[-1] = _port(points[-1], consumer, arriving + pi)
    ways = list(zip(points, angles))
    back = [(point, angle + pi) for point, angle in reversed(ways)]
    return _arrow(ways, BLACK) + _arrow(back, RED, is_dashed=operand.kind == "constant")


def _leaving(start: Point, end: Point) -> float:
    angle = atan2(end[1] - start[1], end[0] - start[0])
    return copysign(min(abs(angle), STEEPEST), angle)


def _through(points: list[Point], k: int) -> float:
    (x0, y0), (x1, y1) = points[k - 1], points[k + 1]
    return 0.5 * atan2(y1 - y0, x1 - x0)


def _port(centre: Point, node: Node, angle: float) -> Point:
    """Where an edge at an angle meets the outline."""
    rx, ry = _half_width(node), RADIUS + (RING if node.is_output else 0.0)
    reach = rx * ry / hypot(ry * cos(angle), rx * sin(angle)) + 2.0
    return centre[0] + reach * cos(angle), centre[1] + reach * sin(angle)


def _arrow(ways: list[tuple[Point, float]], colour: str, *, is_dashed: bool = False) -> str:
    """Draw an arrow through points at angles, to the left of its way."""
    moved = [(x + APART * sin(angle), y - APART * cos(angle), angle) for (x, y), angle in ways]
    x, y, angle = moved[-1]
    neck = (x - HEAD * cos(angle), y - HEAD * sin(angle))
    side = (HEAD_WIDTH * sin(angle), -HEAD_WIDTH * cos(angle))
    head = (
        f"M{x:.1f} {y:.1f}L{neck[0] + side[0]:.1f} {neck[1] + side[1]:.1f}"
        f"L{neck[0] - side[0]:.1f} {neck[1] - side[1]:.1f}Z"
    )
    moved[-1] = (*neck, angle)
    line = f"M{moved[0][0]:.1f} {moved[0][1]:.1f}"
    for (x0, y0, angle0), (x1, y1, angle1) in pairwise(moved):
        pull = 0.36 * hypot(x1 - x0, y1 - y0)
        line += (
            f"C{x0 + pull * cos(angle0):.1f} {y0 + pull * sin(angle0):.1f} "
            f"{x1 - pull * cos(angle1):.1f} {y1 - pull * sin(angle1):.1f} {x1:.1f} {y1:.1f}"
        )
    dashes = ' stroke-dasharray="2.5 2.5"' if is_dashed else ""
    return (
        f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.2"{dashes}/>'
        f'<path d="{head}" fill="{colour}"/>'
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
