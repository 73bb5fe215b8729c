"""Containers of numbers: as one row and back, and what cannot be one."""

import dataclasses
import pickle
import re
import time
from collections import Counter, OrderedDict, defaultdict, namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_rs as ag
from autograd_rs._tree import DEEPEST

np = pytest.importorskip("numpy")

Pair = namedtuple("Pair", "a b")  # noqa: PYI024


@dataclasses.dataclass
class Layer:
    weights: object
    bias: object = 0.0


numbers = st.floats(-1e6, 1e6)
leaves = (
    numbers
    | st.none()
    | st.lists(numbers, max_size=4).map(ag.Vector)
    | st.lists(numbers, max_size=4).map(np.array)
    | st.lists(numbers, min_size=4, max_size=4).map(lambda x: np.array(x).reshape(2, 2))
)
trees = st.recursive(
    leaves,
    lambda own: (
        st.lists(own, max_size=3)
        | st.lists(own, max_size=3).map(tuple)
        | st.dictionaries(st.text("abc", max_size=2), own, max_size=3)
        | st.dictionaries(st.integers(), own, max_size=3).map(OrderedDict)
        | st.builds(Pair, own, own)
        | st.builds(Layer, own, own)
    ),
    max_leaves=8,
)


def is_same(a, b):
    """Whether two trees are equal in type, structure and numbers."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(is_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(is_same, a, b))
    if isinstance(a, Layer):
        return is_same(vars(a), vars(b))
    if isinstance(a, ag.Vector):
        return a.tolist() == b.tolist()
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and b.dtype == float and (a == b).all()
    return a == b


def entries(tree):
    if tree is None:
        return []
    if isinstance(tree, OrderedDict):
        return [x for own in tree.values() for x in entries(own)]
    if isinstance(tree, dict):
        return [x for key in sorted(tree) for x in entries(tree[key])]
    if isinstance(tree, Layer):
        return entries([tree.weights, tree.bias])
    if isinstance(tree, (list, tuple)):
        return [x for own in tree for x in entries(own)]
    if isinstance(tree, ag.Vector):
        return tree.tolist()
    return [float(x) for x in np.ravel(tree)]


@given(trees)
def test_a_container_as_a_row_and_back_is_the_same(tree):
    row, unflatten = ag.flatten(tree)
    assert list(map(float, row)) == entries(tree)
    assert is_same(tree, unflatten(row))
    assert is_same(tree, unflatten(ag.Vector(list(map(float, row)))))


@given(trees)
def test_the_gradient_of_the_sum_of_a_container_is_ones(tree):
    def total(tree):
        row, _ = ag.flatten(tree)
        return ag.sum(row)

    row, unflatten = ag.flatten(tree)
    if len(row) == 0:
        return
    assert is_same(unflatten(ag.Vector.ones(len(row))), ag.grad(total)(tree))


def test_the_row_is_a_vector_an_array_or_a_variable_by_its_leaves():
    assert isinstance(ag.flatten([1.0, 2.0])[0], ag.Vector)
    assert isinstance(ag.flatten(2.0)[0], ag.Vector)
    assert isinstance(ag.flatten([])[0], ag.Vector)
    assert isinstance(ag.flatten([1.0, np.ones(2)])[0], np.ndarray)
    assert isinstance(ag.flatten([1.0, ag.Variable(2.0)])[0], ag.Variable)


def test_gradients_flow_through_a_row_and_back():
    def loss(row):
        tree = unflatten(row)
        return tree["a"] * ag.sum(tree["b"] * tree["b"])

    row, unflatten = ag.flatten({"a": 2.0, "b": np.array([3.0, 4.0])})
    np.testing.assert_array_equal(ag.grad(loss)(row), [25.0, 12.0, 16.0])
    x = ag.Variable(3.0)
    joined, _ = ag.flatten({"x": x, "y": [x * x]})
    assert ag.grad(ag.sum(joined), wrt=[x])[0].item() == 7.0


def test_an_object_array_of_variables_is_a_leaf():
    x = ag.Variable(2.0)
    row, unflatten = ag.flatten(np.array([[x, x * x]], dtype=object))
    assert row.tolist() == [2.0, 4.0]
    again = unflatten(row)
    assert again.shape == (1, 2)
    assert ag.grad(again[0, 1], wrt=[x])[0].item() == 4.0


DICTS = {
    "two keys": {"b": [1.0, 2.0], "a": [3.0]},
    "nested": {"w": {"z": 1.0, "y": (2.0, 3.0)}, "b": [{"d": 4.0, "c": 5.0}]},
    "numbers": {10: 1.0, 9: 2.0, -1.5: 3.0},
    "tuples": {("a", 2): 1.0, ("a", 1): 2.0},
}


@pytest.mark.parametrize("tree", DICTS.values(), ids=DICTS)
def test_the_row_of_a_dict_is_that_of_hips_autograd(tree):
    peer = pytest.importorskip("autograd.misc")
    row, unflatten = ag.flatten(tree)
    assert row.tolist() == peer.flatten(tree)[0].tolist()
    assert is_same(tree, unflatten(row))


def test_dicts_of_every_kind_are_taken_by_their_sorted_keys_and_keep_their_own_order():
    plain = {"b": [1.0, 2.0], "a": 3.0}
    for tree in (plain, defaultdict(float, plain), Counter(plain)):
        row, unflatten = ag.flatten(tree)
        assert row.tolist() == [3.0, 1.0, 2.0]
        assert is_same(tree, unflatten(row))


def test_an_ordered_dict_keeps_its_order_in_the_row():
    # As in JAX.
    assert ag.flatten(OrderedDict(b=1.0, a=2.0))[0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("keys", [("b", 1), (1j, 0), (None, "a"), (Layer, Pair)], ids=str)
def test_keys_that_cannot_be_compared_stay_in_the_order_in_which_they_stand(keys):
    tree = dict(zip(keys, (1.0, 2.0)))
    row, unflatten = ag.flatten(tree)
    assert row.tolist() == [1.0, 2.0]
    assert is_same(tree, unflatten(row))


def test_derivatives_of_dicts_are_found_under_their_keys_in_their_own_order():
    def f(tree):
        return {"z": tree["b"] * tree["b"] * tree["a"], "y": tree["a"]}

    tree = {"b": 3.0, "a": 2.0}
    assert ag.jacobian(f)(tree) == {"z": {"b": 12.0, "a": 9.0}, "y": {"b": 0.0, "a": 1.0}}
    second = ag.hessian(lambda tree: f(tree)["z"])(tree)
    assert second == {"b": {"b": 4.0, "a": 6.0}, "a": {"b": 6.0, "a": 0.0}}
    gradient = ag.grad(lambda tree: f(tree)["z"])(tree)
    assert list(gradient.items()) == [("b", 12.0), ("a", 9.0)]
    value, tangent = ag.jvp(f, (tree,), ({"a": 1.0, "b": 10.0},))
    assert list(value.items()) == [("z", 18.0), ("y", 2.0)]
    assert tangent == {"z": 129.0, "y": 1.0}


def test_directions_under_keys_that_are_written_alike_are_refused():
    class Key:
        def __repr__(self):
            return "key"

    first, second = Key(), Key()
    tree, tangent = {first: 1.0, second: 2.0}, {first: 10.0, second: 20.0}
    assert ag.grad(lambda tree: tree[first] * tree[second])(tree) == {first: 2.0, second: 1.0}
    with pytest.raises(ValueError, match=r"jvp: argument 0: got keys that are written alike"):
        ag.jvp(lambda tree: tree[first], (tree,), (tangent,))


def test_a_row_of_another_length_is_refused():
    _, unflatten = ag.flatten([1.0, 2.0])
    with pytest.raises(ValueError, match="flatten: lengths differ: 3 and 2, wanted equal"):
        unflatten(ag.Vector([1, 2, 3]))


def test_two_leaves_that_are_one_object_count_twice():
    shared = [2.0]
    assert ag.grad(lambda t: t[0][0] * t[1][0])([shared, shared]) == [[2.0], [2.0]]


def test_a_subclass_of_list_or_dict_stays_one():
    class Weights(list):
        pass

    gradient = ag.grad(lambda t: t[0] * t[1])(Weights([2.0, 3.0]))
    assert type(gradient) is Weights
    assert gradient == [3.0, 2.0]


def test_a_subclass_whose_constructor_wants_something_else_is_rebuilt():
    class Pair(list):
        def __init__(self, a, b):
            super().__init__([a, b])
            self.unit = "m"

    class Couple(tuple):
        def __new__(cls, a, b):
            return super().__new__(cls, (a, b))

    gradient = ag.grad(lambda t: t[0] * t[1])(Pair(2.0, 3.0))
    assert (type(gradient), gradient, gradient.unit) == (Pair, [3.0, 2.0], "m")
    gradient = ag.grad(lambda t: t[0] * t[1])(Couple(2.0, 3.0))
    assert (type(gradient), gradient) == (Couple, (3.0, 2.0))


def test_a_sequence_that_the_interpreter_makes_is_rebuilt_by_its_type():
    now = time.localtime(0)
    assert ag.grad(lambda x: (x * x, now), has_aux=True)(2.0) == (4.0, now)
    assert type(ag.grad(lambda x: (x * x, now), has_aux=True)(2.0)[1]) is type(now)


@dataclasses.dataclass
class Named:
    weights: object
    activation: str = "tanh"
    is_last: bool = False


def test_text_and_bools_of_a_dataclass_stay_what_they_are():
    def loss(layer):
        assert layer.activation == "tanh"
        assert layer.is_last is False
        return np.sum(layer.weights**3)

    layer = Named(np.array([1.0, 2.0]))
    for found, want in (
        (ag.grad(loss)(layer), [3.0, 12.0]),
        (ag.hvp(loss)(layer, layer), [6.0, 24.0]),
        (ag.jvp(lambda own: own, (layer,), (layer,))[1], [1.0, 2.0]),
        (ag.flatten(layer)[1](ag.Vector([3.0, 4.0])), [3.0, 4.0]),
    ):
        assert type(found) is Named
        assert (found.activation, found.is_last) == ("tanh", False)
        assert found.weights.tolist() == want


def cubes(tree):
    return tree["a"] * tree["a"] * tree["b"]


def test_directions_are_told_apart_by_keys_not_by_their_order():
    point, direction = {"a": 2.0, "b": 3.0}, {"b": 0.0, "a": 1.0}
    assert ag.hvp(cubes)(point, direction) == {"a": 6.0, "b": 4.0}
    assert ag.jvp(cubes, (point,), (direction,)) == (12.0, 12.0)
    _, pullback = ag.vjp(lambda x: {"u": x, "v": x * x}, 2.0)
    assert pullback({"v": 1.0, "u": 0.0}) == (4.0,)


def test_a_direction_of_another_structure_is_named_with_its_place():
    point = {"a": 2.0, "b": 3.0}
    nested = lambda t: t["a"][0] * t["a"][1]  # noqa: E731
    product = lambda x, y: x * y  # noqa: E731
    pullback = ag.vjp(lambda x: {"u": x, "v": x * x}, 2.0)[1]
    for call, words in [
        (
            lambda: ag.hvp(cubes)(point, {"a": 1.0, "c": 1.0}),
            "hvp: v: structure differs from that of argument 0: got a container of ['a'], ['c'], "
            "wanted a container of ['a'], ['b']",
        ),
        (
            lambda: ag.jvp(nested, ({"a": [2.0, 3.0]},), ({"a": 1.0},)),
            "jvp: tangents[0]['a']: structure differs from that of argument 0['a']: got a number "
            "or an array, wanted a container of [0], [1]",
        ),
        (
            lambda: ag.jvp(product, (2.0, 3.0), (1.0, None)),
            "jvp: tangents[1]: structure differs from that of argument 1: got nothing to",
        ),
        (
            lambda: ag.jvp(product, (2.0, 3.0), (1.0, 1.0, 1.0)),
            "jvp: tangents: got 3 of them, wanted 2, one for each differentiated argument",
        ),
        (
            lambda: pullback({"v": 1.0}),
            "vjp: cotangent: structure differs from that of the result: got a container of ['v'],",
        ),
    ]:
        with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
            call()
    with pytest.raises(TypeError, match=r"hvp: v: got float 1\.0, wanted a tuple of 2,"):
        ag.hvp(product, argnums=[0, 1])(2.0, 1.0, 3.0)


def test_directions_may_be_arrays_of_integers_everywhere():
    x, whole = np.array([1.0, 2.0]), np.array([1, 2])
    assert ag.hvp(lambda t: np.sum(t["a"] ** 3))({"a": x}, {"a": whole})["a"].tolist() == [6, 24]
    assert ag.jvp(lambda x, y: x * y, (x, 3.0), (whole, 1))[1].tolist() == [4, 8]
    assert ag.jvp(lambda t: t[0] * t[0], ([x],), ([whole],))[1].tolist() == [2, 8]
    assert ag.vjp(lambda x: x * x, x)[1](whole)[0].tolist() == [2, 8]


def test_a_dataclass_is_not_built_through_its_init():
    @dataclasses.dataclass
    class Positive:
        x: float
        double: float = dataclasses.field(init=False)

        def __post_init__(self):
            assert isinstance(self.x, float)
            self.double = 2 * self.x

    gradient = ag.grad(lambda p: p.x * p.x)(Positive(3.0))
    assert (gradient.x, gradient.double) == (6.0, 0.0)


def test_dataclasses_with_slots():
    if not hasattr(dataclasses, "KW_ONLY"):
        pytest.skip("slots=True is of Python 3.10")
    slotted = dataclasses.make_dataclass("slotted", ["x", "y"], slots=True, frozen=True)
    gradient = ag.grad(lambda p: p.x * p.y)(slotted(2.0, 3.0))
    assert (gradient.x, gradient.y) == (3.0, 2.0)


def test_a_class_is_no_container_even_if_it_is_a_dataclass():
    with pytest.raises(TypeError, match="argument 0: got type, wanted a number"):
        ag.grad(lambda x: x)(Layer)


def cyclic_list():
    tree = [1.0]
    tree.append(tree)
    return tree


def cyclic_dict():
    tree = {"a": [1.0]}
    tree["a"].append({"b": tree})
    return tree


@pytest.mark.parametrize("make", [cyclic_list, cyclic_dict])
def test_a_container_that_contains_itself_is_refused(make):
    tree = make()
    for call in (
        lambda: ag.grad(lambda t: 1.0)(tree),
        lambda: ag.flatten(tree),
        lambda: ag.jvp(lambda t: t, (1.0,), (tree,)),
        lambda: ag.jacobian(lambda x: tree)(1.0),
        lambda: ag.stop_gradient(tree),
    ):
        with pytest.raises(ValueError, match="contains itself, wanted a tree"):
            call()


def test_containers_in_each_other_without_end_are_refused():
    tree = 1.0
    for _ in range(DEEPEST):
        tree = [tree]
    assert ag.flatten(tree)[0].tolist() == [1.0]
    for _ in range(100_000):
        tree = [tree]
    with pytest.raises(ValueError, match="more than 200 containers in each other"):
        ag.flatten(tree)
    while isinstance(tree, list):
        # Freed from outside in: the interpreter would do it by recursion.
        tree = tree[0]


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ("text", "got str 'text'"),
        (1j, "got complex 1j"),
        (True, "got bool True"),
        (np.ones(2, dtype=complex), "complex numbers have no derivative"),
        (np.complex64(2), "got complex64 (2+0j), wanted a float: complex numbers"),
        (np.bool_(True), "wanted a float: bools have no derivative"),
        ({1.0, 2.0}, "got set"),
        (b"x", "got bytes"),
    ],
)
def test_a_wrong_leaf_is_named_with_its_place(leaf, words):
    for call in (
        lambda: ag.grad(lambda t: t["w"][0])({"w": (1.0, Pair(leaf, 2.0))}),
        lambda: ag.flatten({"w": (1.0, Pair(leaf, 2.0))}),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        assert "['w'][1].a" in str(caught.value)
        assert words in str(caught.value)


def test_whole_numbers_are_entries_of_a_row_but_not_differentiated():
    tree = {"w": (1.0, Pair(np.array([2, 3]), 2.0))}
    assert ag.flatten(tree)[0].tolist() == [1.0, 2.0, 3.0, 2.0]
    with pytest.raises(TypeError, match=r"argument 0\['w'\]\[1\]\.a: .*integers have no deriv"):
        ag.grad(lambda t: t["w"][0])(tree)


def test_what_flatten_returned_says_what_it_is():
    _, unflatten = ag.flatten([1.0, 2.0])
    assert "2 entries" in repr(unflatten)


def test_unflatten_can_be_pickled():
    row, unflatten = ag.flatten({"a": 1.0, "b": [np.ones(2), Pair(1.0, (2.0,))]})
    again = pickle.loads(pickle.dumps(unflatten))
    assert is_same(unflatten(row), again(row))
