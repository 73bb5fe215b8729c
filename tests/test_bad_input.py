"""Public calls with what they cannot take: a clear error, no panic, the tape right afterwards."""

import contextlib
import decimal
import itertools
import math
import re
import subprocess
import sys

import pytest

import autograd_rs as ag

# An operation or type, what is wrong, no period.
MESSAGE = re.compile(r"^(\w+|[=<>!]=?): [^\n]*([^.\n]|\.\.\.)$")
CLEAR = (TypeError, ValueError, OverflowError, IndexError, AttributeError)


class Broken(Exception):
    """What the objects below raise."""


class FloatRaises:
    def __float__(self):
        raise Broken("float")


class IndexRaises:
    def __index__(self):
        raise Broken("index")


class ArrayRaises:
    __array_priority__ = 1000

    def __array__(self, dtype=None, copy=None):
        raise Broken("array")

    def __float__(self):
        raise Broken("array")


class FloatGivesText:
    def __float__(self):
        return "2.0"


class LengthLies(list):
    def __len__(self):
        return 10


class LengthRaises:
    def __len__(self):
        raise Broken("len")

    def __getitem__(self, index):
        raise Broken("getitem")


class EntryRaises(list):
    def __iter__(self):
        yield 1.0
        raise Broken("iter")

    def __getitem__(self, index):
        raise Broken("getitem")


class ShrinksWhileRead(list):
    """Its second entry, when read as a float, empties the list."""

    class Bomb:
        def __init__(self, owner):
            self.owner = owner

        def __float__(self):
            self.owner.clear()
            return 1.0

    def __init__(self):
        super().__init__([1.0, 2.0, 3.0])
        self[1] = self.Bomb(self)


def self_referencing():
    cycle = [1.0]
    cycle.append(cycle)
    return cycle


def nested(depth):
    result = [1.0]
    for _ in range(depth):
        result = [result]
    return result


NOT_NUMBERS = {
    "None": lambda: None,
    "text": lambda: "text",
    "digits": lambda: "3.5",
    "bytes": lambda: b"ab",
    "bytearray": lambda: bytearray(b"ab"),
    "complex": lambda: 1j,
    "dict": lambda: {"a": 1.0},
    "set": lambda: {1.0, 2.0},
    "object": object,
    "type": lambda: float,
    "function": lambda: math.sin,
    "module": lambda: math,
    "ellipsis": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "row of text": lambda: ["a", "b"],
    "row of None": lambda: [1.0, None],
    "row of rows": lambda: [[1.0], [2.0]],
    "self-referencing": self_referencing,
    "nested": lambda: nested(100_000),
    "float raises": FloatRaises,
    "index raises": IndexRaises,
    "array raises": ArrayRaises,
    "float gives text": FloatGivesText,
    "length raises": LengthRaises,
    "Vector class": lambda: ag.Vector,
    "Variable class": lambda: ag.Variable,
}

# Operators and elementwise functions take rows of rows for arrays, as NumPy does.
NOT_OPERANDS = {name: make for name, make in NOT_NUMBERS.items() if name != "row of rows"}

not_numbers = pytest.mark.parametrize(
    "make", [pytest.param(make, id=name) for name, make in NOT_NUMBERS.items()]
)


@pytest.fixture(autouse=True)
def the_tape_is_right_afterwards():
    x = ag.Variable(ag.Vector([1.0, 2.0, 3.0]))
    y = ag.sum(ag.sin(x) * x)
    want = ag.grad(y, wrt=[x])[0].tolist()
    yield
    assert ag.grad(y, wrt=[x])[0].tolist() == want
    again = ag.sum(ag.sin(x) * x)
    assert ag.grad(again, wrt=[x])[0].tolist() == want
    assert x.grad is None


def refusal(call, *more):
    """What the call raised: a plain error, or what the object itself raised."""
    with pytest.raises((*CLEAR, Broken, *more)) as caught:
        call()
    error = caught.value
    assert "panic" not in type(error).__name__.lower()
    assert "unwrap" not in str(error)
    assert "src/" not in str(error)
    return error


def is_refused(function, *arguments):
    """Whether the call raises a plain error; a panic is none, and ends the test."""
    try:
        function(*arguments)
    except (*CLEAR, Broken):
        return True
    return False


def assert_our_form(error):
    if isinstance(error, Broken) or "returned non-float" in str(error):
        return  # the object's own doing, in its own words or the interpreter's
    assert MESSAGE.match(str(error)), str(error)


# Making objects.


@not_numbers
def test_a_vector_of_something_else_is_refused(make):
    assert_our_form(refusal(lambda: ag.Vector(make())))


@not_numbers
def test_a_variable_of_something_else_is_refused(make):
    assert_our_form(refusal(lambda: ag.Variable(make())))


@pytest.mark.parametrize("make", [FloatRaises, IndexRaises, ArrayRaises])
def test_what_an_entry_raises_comes_through(make):
    with pytest.raises((Broken, TypeError)):
        ag.Vector([1.0, make()])


@pytest.mark.parametrize("make", [LengthLies, EntryRaises, ShrinksWhileRead])
def test_a_sequence_that_misbehaves_is_survived(make):
    try:
        made = ag.Vector(make([1.0, 2.0]) if make is not ShrinksWhileRead else make())
    except (*CLEAR, Broken):
        return
    assert all(type(x) is float for x in made.tolist())


def test_an_iterator_is_read_to_its_end_and_what_has_no_order_is_refused():
    assert ag.Vector(float(i) for i in range(3)).tolist() == [0, 1, 2]
    assert ag.Vector(map(int, "123")).tolist() == [1, 2, 3]
    assert ag.Vector({"a": 1.0, "b": 2.0}.values()).tolist() == [1, 2]
    for make in (lambda: iter("ab"), lambda: {1.0, 2.0}, lambda: {1.0: 2.0}, lambda: frozenset()):
        assert_our_form(refusal(lambda make=make: ag.Vector(make())))


def test_objects_made_without_or_with_too_many_arguments():
    for call in (ag.Vector, ag.Variable, lambda: ag.Vector([1], 2), lambda: ag.Variable(1, 2, 3)):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError):
        ag.Variable(1.0, colour="red")


@pytest.mark.parametrize("name", [1, b"w", ["w"], object()])
def test_a_name_that_is_not_text_is_refused(name):
    with pytest.raises(TypeError):
        ag.Variable(1.0, name=name)


def test_a_name_that_is_not_quite_text_is_refused_in_our_words():
    with pytest.raises(ValueError, match="wrong name") as caught:
        ag.Variable(1.0, name="w\ud800")
    assert type(caught.value) is ValueError
    assert_our_form(caught.value)


def test_numbers_too_large_for_a_float_are_refused_with_their_size():
    for call in (
        lambda: ag.Variable(10**400),
        lambda: ag.Vector([10**400]),
        lambda: ag.Variable(1.0) + 10**400,
        lambda: 10**400 * ag.Variable(1.0),
        lambda: ag.Vector([1.0]) - 10**400,
        lambda: ag.sin(10**400),
        lambda: ag.maximum(ag.Variable(1.0), -(10**400)),
        lambda: ag.grad(ag.sin)(10**400),
        lambda: ag.grad(lambda t: t["a"])({"a": 10**5000}),
        lambda: ag.jvp(ag.sin, (1.0,), (10**400,)),
        lambda: ag.vjp(ag.sin, 10**400),
        lambda: ag.vjp(ag.sin, 1.0)[1](10**400),
        lambda: ag.hvp(ag.sin)(1.0, 10**400),
        lambda: ag.flatten([1.0, 10**400]),
    ):
        error = refusal(call)
        assert isinstance(error, OverflowError | ValueError)
        assert len(str(error)) < 300
        assert "too large for a float: got int" in str(error)


def test_large_ints_that_fit_are_taken():
    assert ag.Variable(10**300).item() == 1e300
    assert (ag.Variable(1.0) * 2**70).item() == 2.0**70


def test_nan_and_infinities_are_numbers():
    row = ag.Variable(ag.Vector([math.nan, math.inf, -math.inf]))
    assert ag.grad(row * 2, wrt=[row])[0].tolist() == [2, 2, 2]


def test_decimals_and_fractions_are_floats():
    assert (ag.Variable(1.0) * decimal.Decimal("0.5")).item() == 0.5


# Operators and functions.

BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
    "%": lambda x, y: x % y,
    "@": lambda x, y: x @ y,
    "<": lambda x, y: x < y,
    ">=": lambda x, y: x >= y,
}
OPERANDS = {
    "Variable": lambda: ag.Variable(2.0),
    "row": lambda: ag.Variable(ag.Vector([1.0, 2.0])),
    "Vector": lambda: ag.Vector([1.0, 2.0]),
    "result": lambda: ag.sin(ag.Variable(2.0)),
}


@pytest.mark.parametrize("operator", BINARY)
def test_an_operator_refuses_what_is_no_number_on_either_side(operator):
    accepted = []
    for (kind, operand), (name, make) in itertools.product(OPERANDS.items(), NOT_OPERANDS.items()):
        if isinstance(make(), str | bytes | bytearray) and operator in "%+<>=":
            continue  # formatting, and what the interpreter does with any buffer
        if not is_refused(BINARY[operator], operand(), make()):
            accepted.append((kind, name))
        if not is_refused(BINARY[operator], make(), operand()):
            accepted.append((name, kind))
    assert not accepted


@pytest.mark.parametrize("make", NOT_OPERANDS.values(), ids=NOT_OPERANDS)
@pytest.mark.parametrize("operand", OPERANDS)
def test_equality_with_what_is_no_number_never_fails(operand, make):
    good, bad = OPERANDS[operand](), make()
    if hasattr(type(bad), "__float__"):
        # That conversion fails, which may be heard of.
        with contextlib.suppress(Broken, TypeError):
            assert good != bad
        return
    assert (good == bad) is False
    assert (bad == good) is False
    assert (good != bad) is True


TABLE = {row["name"]: row["arity"] for row in ag.ops() if row["public"]}
WHOLE_ROWS = {
    **dict.fromkeys("sum mean prod max min norm logsumexp softmax cumsum".split(), 1),  # noqa: SIM905
    "dot": 2,
    "where": 3,
    "clip": 3,
}
FUNCTIONS = TABLE | WHOLE_ROWS


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_refuses_what_is_no_number_in_every_place(name):
    arity, accepted = FUNCTIONS[name], []
    wrong = NOT_NUMBERS if name in WHOLE_ROWS else NOT_OPERANDS
    for place, (kind, make) in itertools.product(range(arity), wrong.items()):
        arguments = [ag.Variable(0.5) for _ in range(arity)]
        arguments[place] = make()
        if name == "clip" and place > 0 and arguments[place] is None:
            continue  # no bound on that side
        if not is_refused(getattr(ag, name), *arguments):
            accepted.append((place, kind))
    assert not accepted


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() | {"stack", "concatenate", "grad"}))
def test_a_function_refuses_too_many_and_unknown_arguments(name):
    function = getattr(ag, name)
    x = ag.Variable(0.5)
    with pytest.raises(TypeError):
        function()
    with pytest.raises(TypeError):
        function(x, x, x, x, x, x)
    with pytest.raises(TypeError):
        function(x, colour="red")


def test_a_function_says_how_many_arguments_it_takes_without_a_private_name():
    for call, words in [
        (lambda: ag.log(2.0, 2), "log: got 2 arguments, wanted 1"),
        (lambda: ag.round(2.5, 1), "round: got 2 arguments, wanted 1"),
        (lambda: ag.atan2(2.5), "atan2: got 1 argument, wanted 2"),
        (lambda: ag.atan2(a=2.5), "autograd_rs.atan2() takes no keyword arguments"),
    ]:
        assert str(refusal(call)) == words
    assert all(getattr(ag, name).__module__ == "autograd_rs" for name in TABLE)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_names_itself_and_what_came_in_its_error(name):
    error = refusal(lambda: getattr(ag, name)(*["text"] * FUNCTIONS[name]))
    assert type(error) is TypeError
    assert_our_form(error)
    assert str(error).startswith(f"{name}: ")
    assert "str 'text'" in str(error)


@pytest.mark.parametrize(
    ("call", "operation", "shown"),
    [
        (lambda v, w: ag.dot(v, w), "dot", ("3", "2")),
        (lambda v, w: v @ w, "matmul|dot", ("3", "2")),
        (lambda v, w: v + w, "add", ("3", "2")),
        (lambda v, w: w * v, "mul", ("3", "2")),
        (lambda v, w: ag.maximum(v, w), "maximum", ("3", "2")),
        (lambda v, w: ag.where(v > 0, v, w), "where", ("3", "2")),
        (lambda v, w: v.pow(w), "pow", ("3", "2")),
    ],
)
def test_rows_of_different_lengths_are_refused_with_both_lengths(call, operation, shown):
    for make in (ag.Vector, lambda entries: ag.Variable(ag.Vector(entries))):
        error = refusal(lambda make=make: call(make([1, 2, 3]), make([1, 2])))
        assert type(error) is ValueError
        assert_our_form(error)
        assert re.match(rf"^({operation}): ", str(error)), str(error)
        assert all(length in str(error) for length in shown)


def test_empty_rows_go_through_elementwise_ops_and_not_with_longer_ones():
    empty = ag.Variable(ag.Vector([]))
    assert (empty + 1).dim == 0
    assert (empty * empty).dim == 0
    refusal(lambda: empty + ag.Vector([1.0, 2.0]))


@pytest.mark.parametrize("join", [ag.stack, ag.concatenate])
def test_joining_refuses_what_is_no_sequence_of_rows(join):
    x = ag.Variable(1.0)
    for wrong in (None, 3.0, "text", [x, None], [x, "a"], [object()], {"a": x}, x > 0):
        error = refusal(lambda wrong=wrong: join(wrong))
        assert_our_form(error)
    refusal(lambda: join(self_referencing()))


def test_stack_refuses_rows_and_nothing():
    error = refusal(lambda: ag.stack([ag.Vector([1.0, 2.0]), 1.0]))
    assert_our_form(error)
    assert "concatenate" in str(error)


@pytest.mark.parametrize("join", [ag.stack, ag.concatenate])
def test_joining_nothing_is_an_empty_row_or_an_error(join):
    try:
        assert join([]).dim == 0
    except ValueError as error:
        assert_our_form(error)


# Items.


@pytest.mark.parametrize("index", ["a", 1.5, (0, 1), [0.5], ag.Variable(0), IndexRaises()])
@pytest.mark.parametrize("operand", ["row", "Vector"])
def test_an_index_that_is_no_whole_number_is_refused(operand, index):
    good = OPERANDS[operand]()
    refusal(lambda: good[index])
    refusal(lambda: good.__setitem__(index, 1.0))


@pytest.mark.parametrize("index", [2, -3, 10**30, -(10**30)])
@pytest.mark.parametrize("operand", ["row", "Vector"])
def test_an_index_beyond_the_row_is_refused_with_the_length(operand, index):
    good = OPERANDS[operand]()
    error = refusal(lambda: good[index])
    assert isinstance(error, IndexError)


@pytest.mark.parametrize(
    "chosen",
    [
        slice("a", None),
        slice(None, None, 0),
        slice(None, 1.5),
        slice(IndexRaises(), None),
        slice(None, None, "x"),
    ],
)
@pytest.mark.parametrize("operand", ["row", "Vector"])
def test_a_slice_that_is_none_is_refused(operand, chosen):
    good = OPERANDS[operand]()
    refusal(lambda: good[chosen])
    refusal(lambda: good.__setitem__(chosen, 1.0))


def test_slices_with_enormous_bounds_are_those_of_a_list():
    v = ag.Vector([1, 2, 3])
    for chosen in (slice(-(10**30), 10**30), slice(None, None, 10**30), slice(10**30, None, -1)):
        assert v[chosen].tolist() == [1.0, 2.0, 3.0][chosen]
        assert ag.Variable(v)[chosen].value.tolist() == [1.0, 2.0, 3.0][chosen]


@not_numbers
def test_assigning_what_is_no_number_is_refused_and_changes_nothing(make):
    v = ag.Vector([1, 2])
    refusal(lambda: v.__setitem__(0, make()))
    refusal(lambda: v.__setitem__(slice(None), make()))
    assert v.tolist() == [1, 2]


def test_assignment_of_a_row_that_fails_in_the_middle_changes_nothing():
    v = ag.Vector([1, 2, 3])
    with pytest.raises((Broken, TypeError)):
        v[:] = [7.0, 8.0, FloatRaises()]
    assert v.tolist() == [1, 2, 3]


@pytest.mark.parametrize("make", [ag.Vector.ones, ag.Vector.zeros])
@pytest.mark.parametrize("length", [-1, 1.5, "3", None, 10**30, 2**62, IndexRaises()])
def test_a_length_that_is_none_is_refused(make, length):
    refusal(lambda: make(length), MemoryError)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits address space")
@pytest.mark.parametrize(
    "call",
    [
        "ag.Vector.ones(10**10)",
        "ag.Vector.zeros(10**10)",
        "ag.Vector(range(10**10))",
        "ag.concatenate([ag.Vector.ones(2**26)] * 40)",
        "ag.Variable(1.0) * ag.Vector.ones(2**27)",
        "chain()",
    ],
)
def test_no_memory_is_an_error_like_any_other(call):
    program = """
import resource, sys
import autograd_rs as ag

def chain():
    y = x
    while True:
        for _ in range(1000):
            y = y * x

x = ag.Variable(3.0)
resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30))
try:
    eval(sys.argv[1])
except MemoryError as error:
    print("MemoryError")
y = x * x
print(ag.grad(y, wrt=[x])[0].item())
"""
    command = [sys.executable, "-c", program, call]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert finished.stdout.split() == ["MemoryError", "6.0"], finished.stderr[-500:]


# Attributes.


@not_numbers
def test_assigning_a_value_that_is_no_number_is_refused_and_changes_nothing(make):
    x = ag.Variable(2.0)
    y = x * x

    def assign():
        x.value = make()

    assert_our_form(refusal(assign))
    assert x.item() == 2
    assert ag.grad(y, wrt=[x])[0].item() == 4


@pytest.mark.parametrize("attribute", ["dim", "is_leaf", "parents", "nonsense"])
def test_attributes_that_cannot_be_assigned(attribute):
    with pytest.raises(AttributeError):
        setattr(ag.Variable(1.0), attribute, 3)


@pytest.mark.parametrize("attribute", ["value", "grad"])
def test_attributes_that_cannot_be_deleted(attribute):
    x = ag.Variable(1.0)
    with pytest.raises((AttributeError, TypeError)):
        delattr(x, attribute)
    assert x.item() == 1


def test_methods_called_on_something_else_are_refused():
    for method in (ag.Variable.sin, ag.Variable.item, ag.Vector.sum, ag.Vector.tolist):
        for wrong in (None, 1.0, "text", object()):
            with pytest.raises(TypeError):
                method(wrong)
    with pytest.raises(TypeError):
        ag.Variable.sin(ag.Vector([1.0]))
    with pytest.raises(TypeError):
        ag.Variable.__add__(1.0, 2.0)


def test_objects_made_without_init_are_refused_or_empty():
    for kind in (ag.Variable, ag.Vector):
        with pytest.raises(TypeError):
            kind.__new__(kind)
        with pytest.raises(TypeError):
            object.__new__(kind)


def test_init_called_again_does_no_harm():
    x = ag.Variable(2.0)
    y = x * x
    with contextlib.suppress(TypeError):
        x.__init__(5.0)
    assert ag.grad(y, wrt=[y])[0].item() == 1
    assert x.item() in (2, 5)


def test_subclasses_work_or_are_refused():
    for kind in (ag.Variable, ag.Vector):
        try:

            class Child(kind):
                pass

        except TypeError:
            continue
        child = Child(2.0) if kind is ag.Variable else Child([2.0])
        assert (child * 3).item() == 6
        if kind is ag.Variable:
            assert ag.grad(child * child, wrt=[child])[0].item() == 4


@pytest.mark.parametrize("state", [None, (), (1, 2, 3), "text", {"value": None}])
def test_a_state_that_is_none_is_refused(state):
    for good in (ag.Variable(1.0), ag.Vector([1.0])):
        if hasattr(type(good), "__setstate__"):
            refusal(lambda good=good: good.__setstate__(state))


# grad.


@not_numbers
def test_grad_of_something_else_is_refused(make):
    error = refusal(lambda: ag.grad(make()) if not callable(make()) else ag.grad(3.0))
    assert_our_form(error)
    assert str(error).startswith("grad: ")


@not_numbers
def test_wrt_of_something_else_is_refused(make):
    x = ag.Variable(2.0)
    y = x * x
    if make() is None:
        pytest.skip("None is the default")
    for wrong in ([make()], [x, make()], make()):
        if isinstance(wrong, dict | set | list) and not wrong:
            continue
        error = refusal(lambda wrong=wrong: ag.grad(y, wrt=wrong))
        assert_our_form(error)
    assert x.grad is None


@pytest.mark.parametrize("wrong", [1.0, ag.Vector([1.0])])
def test_wrt_of_a_constant_is_refused(wrong):
    x = ag.Variable(2.0)
    error = refusal(lambda: ag.grad(x * x, wrt=[wrong]))
    assert type(error) is TypeError
    assert_our_form(error)


@not_numbers
def test_a_seed_that_is_no_number_is_refused(make):
    if make() is None:
        pytest.skip("None is the default")
    x = ag.Variable(2.0)
    assert_our_form(refusal(lambda: ag.grad(x * x, wrt=[x], seed=make())))
    assert x.grad is None


def test_a_seed_of_another_length_is_refused_with_both():
    x = ag.Variable(ag.Vector([1.0, 2.0, 3.0]))
    for create_graph in (False, True):
        with pytest.raises(ValueError, match=r"^grad: lengths differ: output 3 and seed 5"):
            ag.grad(x * x, wrt=[x], seed=ag.Vector.ones(5), create_graph=create_graph)


def test_what_is_neither_a_result_nor_a_function_is_said_to_be_neither():
    for wrong in ("f", None, object()):
        assert str(refusal(lambda wrong=wrong: ag.grad(wrong))).endswith(
            "wanted a Variable or a function"
        )
    for lost in (3.0, ag.Vector([1.0]), [1.0]):
        assert "it does not depend on any Variable" in str(refusal(lambda lost=lost: ag.grad(lost)))


def test_grad_takes_its_options_by_name_only_where_they_make_sense():
    x = ag.Variable(2.0)
    y = x * x
    with pytest.raises(TypeError):
        ag.grad()
    with pytest.raises(TypeError):
        ag.grad(y, colour=[x])
    refusal(lambda: ag.grad(y, seed=2.0, create_graph="text", wrt=None, more=1))


# NumPy.


@pytest.mark.parametrize("shape", [(2, 2), (1, 3), (0, 3)])
def test_arrays_of_more_dimensions_are_refused_with_their_shape(shape):
    numpy = pytest.importorskip("numpy")
    array = numpy.ones(shape)
    for call in (lambda: ag.Vector(array), lambda: ag.Variable(array), lambda: ag.sin(array)):
        error = refusal(call)
        assert str(tuple(shape)).strip("()") in str(error) or "dimension" in str(error)


@pytest.mark.parametrize("dtype", ["complex128", "O", "U3", "datetime64[s]", "S2"])
def test_arrays_of_other_kinds_are_refused(dtype):
    numpy = pytest.importorskip("numpy")
    array = numpy.zeros(3, dtype=dtype)
    for call in (lambda: ag.Variable(array), lambda: ag.Vector(array)):
        if dtype == "O":
            continue
        refusal(call)


@pytest.mark.parametrize("dtype", [">f8", "<f8", "f4", ">f4", "f2", ">i4", "u1", "longdouble"])
def test_arrays_of_other_widths_and_byte_orders_are_read_right_or_refused(dtype):
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(4).astype(dtype)
    try:
        found = ag.Vector(array)
    except (TypeError, ValueError) as error:
        assert_our_form(error)
    else:
        assert found.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("dtype", [">f8", "<f8", "f4", ">f4", "f2", ">f2", "longdouble"])
def test_transforms_read_arrays_of_other_widths_and_byte_orders_right(dtype):
    numpy = pytest.importorskip("numpy")
    x = numpy.array([1.5, -2.0]).astype(dtype)
    cubes = lambda x: ag.sum(x * x * x)  # noqa: E731
    for got, want in (
        (ag.grad(cubes)(x), [6.75, 12.0]),
        (ag.value_and_grad(cubes)(x)[1], [6.75, 12.0]),
        (ag.hvp(cubes)(x, x), [13.5, 24.0]),
        (ag.hessian(cubes)(x), [[9.0, 0.0], [0.0, -12.0]]),
        (ag.jvp(lambda x: x * x, (x,), (x,))[1], [4.5, 8.0]),
    ):
        assert got.dtype == float
        assert got.tolist() == want


def test_arrays_in_other_strides_are_read_right():
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(10.0)
    for view in (array[::2], array[::-1], array[:0], array.reshape(5, 2)[:, 1]):
        assert ag.Vector(view).tolist() == view.tolist()
        assert ag.Variable(view).value.tolist() == view.tolist()


def test_masked_and_readonly_arrays_do_no_harm():
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(3.0)
    array.flags.writeable = False
    v = ag.Vector(array)
    v[0] = 5.0
    assert array[0] == 0
