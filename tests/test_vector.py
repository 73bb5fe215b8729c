"""`Vector`: a row of floats, with the arithmetic and the manners of the package we succeed."""

import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_rs as ag

numbers = st.floats(-1e6, 1e6)
rows = st.lists(numbers, max_size=12)
bounds = st.none() | st.integers(-14, 14)
slices = st.builds(slice, bounds, bounds, st.none() | st.integers(-4, 4).filter(bool))


def test_item_and_slice_of_the_predecessors_tests():
    v = ag.Vector([2, 18, 3, 10, 31])
    assert v[0].item() == 2
    assert v[1:5:2].tolist() == [18, 10]


def test_assignment_of_the_predecessors_tests():
    v = ag.Vector([2, 18, 3, 10, 400, 21])
    v[0] = 100
    assert v[0] == 100
    v[1:6:2] = [20, 4, 10]
    assert v[1:6:2].tolist() == [20, 4, 10]
    assert v.tolist() == [100, 20, 3, 4, 400, 10]


def test_arithmetic_of_the_predecessors_tests():
    v, w = ag.Vector([2, 18, 3]), ag.Vector([31, 3.1, 2])
    for compute in (
        *(operator.add, operator.sub, operator.mul, operator.truediv, operator.pow),
        lambda x, y: x**3,
        lambda x, y: 5**x,
        lambda x, y: x / 21.5,
        lambda x, y: 21.5 / x,
        lambda x, y: 7 - x,
    ):
        want = [compute(x, y) for x, y in zip(v.tolist(), w.tolist())]
        assert compute(v, w).tolist() == pytest.approx(want, rel=1e-15)


def test_sum_of_the_predecessors_tests():
    v = ag.Vector([2, 18, 3])
    assert v.sum() == 23
    assert type(v.sum()) is ag.Vector


def test_equality_of_the_predecessors_tests():
    v, w = ag.Vector([2, 18, 3]), ag.Vector([10, 1, 2])
    assert (v == v).all()
    assert (v != w).any()
    assert not (v == w).any()


@pytest.mark.parametrize("entries", [[], [1], [1, 2.5, -3], (4, 5), range(3), iter([1.0, 2.0])])
def test_a_vector_is_made_from_any_sequence_of_numbers(entries):
    entries = list(entries)
    v = ag.Vector(entries)
    assert v.tolist() == [float(x) for x in entries]
    assert v.dim == len(v) == len(entries)


def test_a_vector_is_made_from_a_vector_and_is_a_copy():
    v = ag.Vector([1, 2])
    w = ag.Vector(v)
    w[0] = 9
    assert v.tolist() == [1, 2]


def test_a_vector_is_made_from_bools_and_numbers_with_float():
    import decimal
    import fractions

    made = ag.Vector([True, fractions.Fraction(1, 4), decimal.Decimal("0.5")])
    assert made.tolist() == [1, 0.25, 0.5]


def test_ones_and_zeros():
    assert ag.Vector.ones(3).tolist() == [1, 1, 1]
    assert ag.Vector.zeros(2).tolist() == [0, 0]
    assert ag.Vector.ones(0).tolist() == []


def test_fill_gives_a_row_of_that_number():
    assert ag.Vector([1, 2, 3]).fill(7).tolist() == [7, 7, 7]


@pytest.mark.parametrize(
    ("entries", "shown"),
    [
        ([], "Vector([])"),
        ([2.0], "Vector([2.0])"),
        ([1, 2.5], "Vector([1.0, 2.5])"),
        ([0.1 + 0.2, -0.0], "Vector([0.30000000000000004, -0.0])"),
        ([math.inf, -math.inf, math.nan], "Vector([inf, -inf, nan])"),
        ([1e300, 1e-300, 1e16, 123456789.0], "Vector([1e+300, 1e-300, 1e+16, 123456789.0])"),
    ],
)
def test_repr_is_that_of_its_floats(entries, shown):
    assert repr(ag.Vector(entries)) == shown
    assert str(ag.Vector(entries)) == shown


@given(numbers)
def test_the_repr_of_a_number_is_that_of_the_float(x):
    assert repr(ag.Variable(x).value) == f"Vector({x!r})"


def test_the_repr_of_a_long_row_is_shortened():
    assert len(repr(ag.Vector.zeros(1_000_000))) < 500


@given(rows, slices)
def test_slices_are_those_of_a_list(entries, chosen):
    assert ag.Vector(entries)[chosen].tolist() == entries[chosen]


@given(rows, st.integers(-15, 15))
def test_indices_are_those_of_a_list(entries, index):
    v = ag.Vector(entries)
    if -len(entries) <= index < len(entries):
        assert v[index].item() == entries[index]
        assert v[index].dim == 1
    else:
        with pytest.raises(IndexError, match=f"{index}.*{len(entries)}"):
            v[index]
        with pytest.raises(IndexError, match=f"{index}.*{len(entries)}"):
            v[index] = 1


@given(rows, slices, st.data())
def test_assignment_to_a_slice_is_that_of_a_list_of_the_same_length(entries, chosen, data):
    v = ag.Vector(entries)
    length = len(entries[chosen])
    new = data.draw(st.lists(numbers, min_size=length, max_size=length))
    v[chosen] = new
    for k, entry in zip(range(*chosen.indices(len(entries))), new):
        entries[k] = entry
    assert v.tolist() == entries


@given(rows, slices, numbers)
def test_a_number_assigned_to_a_slice_fills_it(entries, chosen, x):
    v = ag.Vector(entries)
    v[chosen] = x
    for k in range(*chosen.indices(len(entries))):
        entries[k] = x
    assert v.tolist() == entries


def test_a_slice_takes_vectors_and_overlapping_parts_of_itself():
    v = ag.Vector([1, 2, 3, 4])
    v[1:] = v[:-1]
    assert v.tolist() == [1, 1, 2, 3]
    v[::-1] = v
    assert v.tolist() == [3, 2, 1, 1]


def test_a_slice_assigned_another_number_of_entries_is_an_error():
    v = ag.Vector([1, 2, 3])
    with pytest.raises(ValueError, match=r"(?s)3.*2|2.*3"):
        v[1:] = [1, 2, 3]
    assert v.tolist() == [1, 2, 3]


def test_iteration_gives_one_element_vectors():
    parts = list(ag.Vector([1, 2]))
    assert [type(part) for part in parts] == [ag.Vector] * 2
    assert [part.item() for part in parts] == [1, 2]
    assert [x.item() for x in reversed(ag.Vector([1, 2]))] == [2, 1]


def test_a_vector_contains_its_numbers():
    assert 2 in ag.Vector([1, 2])
    assert 3 not in ag.Vector([1, 2])


def test_operators_take_numbers_and_one_element_vectors_on_either_side():
    v = ag.Vector([1.0, 2.0, 4.0])
    for one in (2, 2.0, ag.Vector([2]), True + True):
        assert (v + one).tolist() == (one + v).tolist() == [3, 4, 6]
        assert (v * one).tolist() == (one * v).tolist() == [2, 4, 8]
        assert (v - one).tolist() == [-1, 0, 2]
        assert (one - v).tolist() == [1, 0, -2]
        assert (v / one).tolist() == [0.5, 1, 2]
        assert (one / v).tolist() == [2, 1, 0.5]
        assert (v**one).tolist() == [1, 4, 16]
        assert (one**v).tolist() == [2, 4, 16]


def test_operators_take_numpy_scalars_and_arrays_on_either_side():
    numpy = pytest.importorskip("numpy")
    v = ag.Vector([1.0, 2.0, 4.0])
    for one in (numpy.float64(2), numpy.float32(2), numpy.int64(2), numpy.array([2.0, 2.0, 2.0])):
        assert type(v * one) is type(one * v) is ag.Vector
        assert (v * one).tolist() == (one * v).tolist() == [2, 4, 8]
        assert (one - v).tolist() == [1, 0, -2]
        assert (one / v).tolist() == [2, 1, 0.5]


def test_in_place_operators_bind_a_new_vector():
    v = w = ag.Vector([1.0, 2.0])
    v += 1
    v *= 2
    assert v.tolist() == [4, 6]
    assert w.tolist() == [1, 2]


def test_signs_and_abs():
    v = ag.Vector([1, -2, 0])
    assert (-v).tolist() == v.neg().tolist() == [-1, 2, 0]
    assert (+v).tolist() == [1, -2, 0]
    assert abs(v).tolist() == v.abs().tolist() == [1, 2, 0]


def test_matmul_is_the_dot_product():
    v, w = ag.Vector([1, 2, 3]), ag.Vector([4, 5, 6])
    assert (v @ w).item() == v.matmul(w).item() == 32
    assert type(v @ w) is ag.Vector
    with pytest.raises(ValueError, match=r"3.*2|2.*3"):
        v @ ag.Vector([1, 2])


@pytest.mark.parametrize(
    "name",
    "log log2 log10 log1p exp sin cos tan sinh cosh tanh".split(),  # noqa: SIM905
)
def test_methods_are_those_of_math(name):
    entries = [0.25, 1.0, 2.5]
    want = [getattr(math, name)(x) for x in entries]
    assert getattr(ag.Vector(entries), name)().tolist() == pytest.approx(want, rel=3e-16)


def test_pow_takes_numbers_and_vectors():
    v = ag.Vector([1, 2, 3])
    assert v.pow(2).tolist() == [1, 4, 9]
    assert v.pow(ag.Vector([3, 2, 1])).tolist() == [1, 4, 3]


def test_comparisons_are_elementwise_and_give_zeros_and_ones():
    v, w = ag.Vector([1, 2, 3]), ag.Vector([3, 2, 1])
    assert (v < w).tolist() == [1, 0, 0]
    assert (v <= w).tolist() == [1, 1, 0]
    assert (v == w).tolist() == [0, 1, 0]
    assert (v != w).tolist() == [1, 0, 1]
    assert (v > 2).tolist() == (v > 2).tolist() == [0, 0, 1]
    assert (v >= 2).tolist() == [0, 1, 1]
    assert type(ag.Vector([1]) == 1) is ag.Vector
    assert ag.Vector([1]) == 1
    assert ag.Vector([1]) != 2


def test_equality_with_something_else_is_false():
    v = ag.Vector([1, 2])
    assert (v == "text") is False
    assert (v != None) is True  # noqa: E711
    with pytest.raises(TypeError):
        v < "text"


def test_all_and_any():
    assert ag.Vector([1, 2]).all()
    assert not ag.Vector([1, 0]).all()
    assert ag.Vector([1, 0]).any()
    assert not ag.Vector([0, 0]).any()
    assert ag.Vector([]).all()
    assert not ag.Vector([]).any()
    assert ag.Vector([math.nan]).any()


@pytest.mark.parametrize("x", [2.6, -2.5, 0.0, 3.0, 2.5])
def test_numbers_of_one_element(x):
    v = ag.Vector([x])
    assert v.item() == float(v) == x
    assert type(v.item()) is float
    assert int(v) == int(x)
    assert round(v) == round(x)
    assert bool(v) == bool(x)


@pytest.mark.parametrize("convert", [float, int, round, bool, ag.Vector.item])
@pytest.mark.parametrize("entries", [[], [1, 2]])
def test_conversion_of_other_than_one_element_is_an_error(convert, entries):
    if convert is bool and not entries:
        pytest.skip("the truth of an empty row is not specified")
    with pytest.raises((ValueError, TypeError), match=str(len(entries))):
        convert(ag.Vector(entries))


def test_int_of_nan_and_inf_is_an_error_as_for_floats():
    with pytest.raises(ValueError, match=r"nan|NaN"):
        int(ag.Vector([math.nan]))
    with pytest.raises(OverflowError):
        int(ag.Vector([math.inf]))


def test_formatting_one_element_is_that_of_a_float():
    assert f"{ag.Vector([2.5]):.3f}" == "2.500"
    assert f"{ag.Vector([2.5])}" == "Vector([2.5])"


def test_copy_is_independent():
    v = ag.Vector([1, 2])
    w = v.copy()
    w[0] = 5
    assert v.tolist() == [1, 2]
    entries = v.tolist()
    entries[0] = 7
    assert v.tolist() == [1, 2]


def test_a_vector_is_not_hashable_because_it_can_change():
    with pytest.raises(TypeError, match="unhashable"):
        hash(ag.Vector([1]))


@given(rows.filter(bool))
def test_reductions_are_those_of_python(entries):
    v = ag.Vector(entries)
    assert ag.max(v).item() == max(entries)
    assert ag.min(v).item() == min(entries)
    assert ag.sum(v).item() == pytest.approx(math.fsum(entries), rel=1e-13, abs=1e-8)
    assert ag.mean(v).item() == pytest.approx(math.fsum(entries) / len(entries), abs=1e-8)
    assert ag.prod(v / 1e6).item() == pytest.approx(math.prod(x / 1e6 for x in entries))
    assert ag.norm(v).item() == pytest.approx(math.hypot(*entries), rel=1e-14)


def test_functions_of_numbers_give_floats_and_of_vectors_vectors():
    assert type(ag.sin(1.0)) is type(ag.sin(1)) is float
    assert type(ag.sin(ag.Vector([1, 2]))) is ag.Vector
    assert type(ag.maximum(1, 2.0)) is float
    assert type(ag.maximum(ag.Vector([1, 2]), 2.0)) is ag.Vector
    assert type(ag.sum(ag.Vector([1, 2]))) is ag.Vector
    assert type(ag.dot(ag.Vector([1, 2]), ag.Vector([1, 2]))) is ag.Vector


def test_where_stack_and_concatenate_of_vectors_are_vectors():
    v = ag.Vector([1.0, -2.0])
    assert ag.where(v > 0, v, 0).tolist() == [1, 0]
    assert ag.stack([1, ag.Vector([2]), 3.5]).tolist() == [1, 2, 3.5]
    assert ag.concatenate([v, ag.Vector([]), ag.Vector([3])]).tolist() == [1, -2, 3]
    assert type(ag.stack([1, 2])) is ag.Vector


def test_a_vector_has_no_gradient_of_its_own():
    assert not hasattr(ag.Vector([1]), "grad")


def test_a_slice_in_a_tuple_is_assigned_as_a_slice():
    v = ag.Vector([1.0, 2.0, 3.0, 4.0])
    v[(slice(0, 2),)] = 9.0
    assert v.tolist() == [9.0, 9.0, 3.0, 4.0]
    v[(slice(2, 4),)] = [7.0, 8.0]
    v[(0,)] = 5.0
    assert v.tolist() == [5.0, 9.0, 7.0, 8.0]
