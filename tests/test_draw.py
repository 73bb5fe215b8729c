"""Pictures of graphs, as SVG and as Graphviz text."""

import io
import math
import re
import sys
import time
import xml.etree.ElementTree as ET

import pytest

import autograd_rs as ag
from autograd_rs._layout import Layout

SVG = "{http://www.w3.org/2000/svg}"
GREEN, WHITE = "#b5e2ae", "#ffffff"
BLACK, RED = "#222222", "#c62828"


def readme_loss():
    w = ag.Variable(ag.Vector([-0.5, 0.3, 1]), name="w")
    b = ag.Variable(2, name="b")
    return -ag.log(ag.sigmoid(w @ ag.Vector([10, 0.4, 3.5]) + b))


def svg_of(loss):
    return ET.fromstring(ag.draw(loss)._repr_svg_())


def circles(svg):
    """The outlines of each node, in the order of the graph."""
    return [group.findall(f"{SVG}ellipse") for group in svg.findall(f"{SVG}g")]


def texts(svg):
    return [element.text for element in svg.iter(f"{SVG}text")]


def lines(svg, colour):
    return [path for path in svg.iter(f"{SVG}path") if path.get("stroke") == colour]


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


# What is seen


def test_leaves_are_green_and_constants_white():
    fills = [outlines[0].get("fill") for outlines in circles(svg_of(readme_loss()))]
    assert fills.count(GREEN) == 2
    assert fills.count(WHITE) == 1


def test_the_output_alone_has_a_double_circle():
    counts = [len(outlines) for outlines in circles(svg_of(readme_loss()))]
    assert counts == [1] * 7 + [2]


def test_a_leaf_alone_is_leaf_and_output():
    (outlines,) = circles(svg_of(ag.Variable(1.5, name="x")))
    assert [outline.get("fill") for outline in outlines] == [GREEN, GREEN]


def test_operations_show_their_signs_or_names_and_leaves_their_names():
    shown = texts(svg_of(readme_loss()))
    for text in ("w", "b", "@", "+", "sigmoid", "log", "neg"):
        assert text in shown


def test_values_are_shown_shortly():
    shown = texts(svg_of(readme_loss()))
    for text in ("[-0.5, 0.3, 1]", "[10, 0.4, 3.5]", "-1.38", "0.43"):
        assert text in shown


def test_every_edge_has_a_black_and_a_red_arrow():
    svg = svg_of(readme_loss())
    assert len(lines(svg, BLACK)) == len(lines(svg, RED)) == 7


def test_an_operand_used_twice_has_two_edges():
    x = ag.Variable(3.0, name="x")
    svg = svg_of(x * x)
    assert len(lines(svg, BLACK)) == 2
    assert len({path.get("d") for path in lines(svg, BLACK)}) == 2


def test_black_arrows_run_to_the_right_and_red_ones_to_the_left():
    svg = svg_of(readme_loss())
    for colour, sign in ((BLACK, 1), (RED, -1)):
        for path in lines(svg, colour):
            points = numbers(path.get("d"))
            assert sign * (points[-2] - points[0]) > 0


def test_circles_do_not_overlap_and_stay_in_the_picture():
    leaves = [ag.Variable(float(k), name=f"w{k}") for k in range(6)]
    hidden = [ag.tanh(sum(k * leaf for k, leaf in enumerate(leaves, start))) for start in range(4)]
    svg = svg_of(ag.softmax(ag.stack(hidden))[1] * leaves[0])
    boxes = []
    for outlines in circles(svg):
        x, y, rx, ry = (float(outlines[0].get(name)) for name in ("cx", "cy", "rx", "ry"))
        assert x - rx > 0
        assert x + rx < float(svg.get("width"))
        assert y - ry > 0
        assert y + ry < float(svg.get("height"))
        boxes.append((x - rx, x + rx, y - ry, y + ry))
    for k, (left, right, top, bottom) in enumerate(boxes):
        for other in boxes[:k]:
            apart = left > other[1] or right < other[0] or top > other[3] or bottom < other[2]
            assert apart


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333"),
        (12345.678, "12346"),
        (1.5e300, "1.5e+300"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (ag.Vector([1.0]), "1"),
        (ag.Vector([1, 2]), "[1, 2]"),
        (ag.Vector(range(1000)), "[0, 1, …]"),
        (ag.Vector([]), "[]"),
    ],
)
def test_a_nameless_leaf_shows_its_value(value, text):
    assert texts(svg_of(ag.Variable(value))) == [text]


@pytest.mark.parametrize(
    "name",
    [
        "<b>&amp;\"'",
        "]]>",
        "a\nb\tc",
        "\x00\x1b\x7f\ufffe",
        "\\",
        "\N{GREEK SMALL LETTER THETA}\N{COMBINING CIRCUMFLEX ACCENT}",
        "n" * 10_000,
        "-->",
    ],
)
def test_any_name_is_escaped_and_cut(name, tmp_path):
    picture = ag.draw(ag.exp(ag.Variable(1.0, name=name)))
    svg = ET.fromstring(picture._repr_svg_())
    assert max(map(len, texts(svg))) <= 18
    picture.save(tmp_path / "graph.svg")
    picture.save(tmp_path / "graph.dot")
    for line in (tmp_path / "graph.dot").read_text(encoding="utf-8").splitlines():
        assert re.sub(r'\\.|"(?:[^"\\]|\\.)*"', "", line).count('"') == 0


def test_an_operation_with_rules_of_its_own_shows_the_name_of_its_function():
    @ag.primitive
    def tripled(x):
        return 3.0 * x

    ag.defvjp(tripled, lambda y, x: lambda y_bar: 3.0 * y_bar)
    assert "tripled" in texts(svg_of(tripled(ag.Variable(1.0))))


# Large graphs


def test_a_graph_of_some_hundred_nodes_is_drawn_whole():
    x = ag.Variable(1.0, name="x")
    y = x
    for _ in range(299):
        y = ag.sin(y)
    assert len(circles(svg_of(y))) == 300


def test_a_larger_graph_is_counted_and_its_end_drawn():
    x = ag.Variable(1.0, name="x")
    y = x
    for _ in range(1000):
        y = ag.sin(y) * x
    svg = svg_of(y)
    caption = "2,001 nodes: 1,000 mul, 1,000 sin, 1 leaf; the last 40 are drawn"
    assert texts(svg)[0] == caption
    assert svg.find(f"{SVG}title").text == caption
    # The last 40, the leaf that they use, and one for what comes before them.
    assert len(circles(svg)) == 42
    assert repr(ag.draw(y)) == f"Drawing({caption})"


def test_ten_million_nodes_are_summarised_in_about_the_time_of_a_sweep():
    x = ag.Variable(0.5)
    y = x
    for _ in range(5_000_000):
        y = y * x + 0.5
    start = time.perf_counter()
    assert "10,000,001 nodes" in ag.draw(y)._repr_svg_()
    # It takes about a second; the bound is for crowded machines.
    assert time.perf_counter() - start < 60


def test_depth_is_no_matter_of_recursion():
    limit = sys.getrecursionlimit()
    x = ag.Variable(1.0)
    y = x
    for _ in range(280):
        y = -y
    sys.setrecursionlimit(150)
    try:
        ag.draw(y)._repr_svg_()
    finally:
        sys.setrecursionlimit(limit)


# Layout


def test_layers_follow_the_longest_path_to_the_output():
    layout = Layout([[], [], [0], [2, 1]], [(10, 10)] * 4)
    assert layout.x[0] < layout.x[1] == layout.x[2] < layout.x[3]


def test_a_path_of_operations_is_straight():
    operands = [[], [0], [1], [], [2, 3], [4], [5]]
    y = Layout(operands, [(10, 10)] * 7).y
    assert max(y[k] for k in (1, 2, 4, 5, 6)) - min(y[k] for k in (1, 2, 4, 5, 6)) < 2


def test_edges_that_need_not_cross_do_not():
    # Written so that the inputs come in the opposite order of their uses.
    y = Layout([[], [], [0], [1], [3, 2]], [(10, 10)] * 5).y
    assert (y[0] - y[1]) * (y[2] - y[3]) > 0


def test_a_long_edge_has_a_point_in_every_layer_that_it_crosses():
    layout = Layout([[], [0], [1], [2, 0]], [(10, 10)] * 4)
    assert [x for x, _ in layout.ways[0, 3]] == layout.x[1:3]
    assert all(abs(y - layout.y[k]) > 10 for k, (_, y) in enumerate(layout.ways[0, 3], 1))


# The interface


def test_to_dot_names_nodes_and_draws_both_arrows():
    text = ag.to_dot(readme_loss())
    assert text.startswith("digraph {")
    assert text.count("->") == 14
    assert text.count(f'color="{RED}"') == 7
    assert text.count("doublecircle") == 1
    assert 'label="w\\n[-0.5, 0.3, 1]"' in text


def test_save_writes_what_the_suffix_says(tmp_path):
    picture = ag.draw(readme_loss())
    picture.save(str(tmp_path / "graph.svg"))
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == picture._repr_svg_()
    picture.save(tmp_path / "graph.DOT")
    assert (tmp_path / "graph.DOT").read_text(encoding="utf-8") == ag.to_dot(readme_loss())


@pytest.mark.parametrize("name", ["graph.png", "graph", ".svg"])
def test_save_refuses_other_suffixes(tmp_path, name):
    with pytest.raises(ValueError, match=r"^draw: got suffix '.*', wanted '.svg' or '.dot'$"):
        ag.draw(readme_loss()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("function", [ag.draw, ag.to_dot])
@pytest.mark.parametrize("loss", [3.0, ag.Vector([1.0]), [1.0]])
def test_what_has_lost_its_variable_is_refused(function, loss):
    words = rf"^{function.__name__}: got .*it does not depend on any Variable"
    with pytest.raises(TypeError, match=words):
        function(loss)


@pytest.mark.parametrize("function", [ag.draw, ag.to_dot])
@pytest.mark.parametrize("loss", [None, "x", ag.sin, object()])
def test_what_is_no_result_is_refused(function, loss):
    with pytest.raises(TypeError, match=rf"^{function.__name__}: got .*, wanted a Variable, the"):
        function(loss)


@pytest.mark.parametrize("path", [None, 3, b"graph.svg", io.StringIO()])
def test_save_refuses_what_is_no_path(path):
    with pytest.raises(TypeError, match=r"^draw: got .*, wanted a path as a str or os.PathLike$"):
        ag.draw(readme_loss()).save(path)


def test_a_variable_without_a_graph_is_refused():
    with ag.no_grad():
        loss = ag.sin(ag.Variable(1.0))
    with pytest.raises(TypeError, match=r"^draw: got a Variable without a gradient"):
        ag.draw(loss)


def test_a_picture_does_not_change_with_what_is_computed_later():
    x = ag.Variable(1.0, name="x")
    picture = ag.draw(ag.exp(x))
    before = picture._repr_svg_()
    x.value = 2.0
    assert picture._repr_svg_() == before


def test_the_same_graph_gives_the_same_text():
    assert ag.draw(readme_loss())._repr_svg_() == ag.draw(readme_loss())._repr_svg_()
