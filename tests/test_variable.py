"""`Variable` and `grad`: what they offer, and the assertions of the package we succeed."""

import gc
import math

import pytest

import autograd_rs as ag

ROW = [0.5, -1.25, 2.0]


def row(*entries):
    return ag.Variable(ag.Vector(entries or ROW))


# The predecessor's own tests and README.


def test_the_collector_does_not_track_variables():
    """They have no header for it: it would read what lies before them."""
    tracked = 1 << 14
    assert not ag.Variable.__flags__ & tracked
    assert not gc.is_tracked(ag.Variable(1.0))


def test_sin_of_the_predecessors_tests():
    v = ag.Variable(ag.Vector([2, 1, -3]))
    t = v.sin()
    ag.grad(t)
    assert v.grad.tolist() == pytest.approx(v.value.cos().tolist(), rel=1e-15)


def test_linear_model_of_the_predecessors_tests():
    w = ag.Variable(ag.Vector([-0.5, 2, 3]))
    b = ag.Variable(2)
    x = ag.Vector([12, 3, 2])
    h = w @ x + b
    ag.grad(h)
    assert (w.grad == x).all()
    assert b.grad.item() == 1


def test_log_normal_of_the_predecessors_tests():
    y, mu, sigma = 10, ag.Variable(5), ag.Variable(2)
    density = -0.5 * ((y - mu) / sigma) ** 2 - sigma.log() - 0.5 * math.log(2 * math.pi)
    ag.grad(density)
    assert mu.grad.item() == 1.25
    assert sigma.grad.item() == 2.625


def test_readme_example_of_the_predecessor():
    w = ag.Variable(ag.Vector([-0.5, 0.3, 1]))
    b = ag.Variable(2)
    x = ag.Vector([10, 0.4, 3.5])
    y = 1
    model = ag.sigmoid(w @ x + b)
    loss = -ag.log(model) if y == 1 else -ag.log(1 - model)
    assert repr(loss.value) == "Vector(0.430446744029496)"
    assert ag.grad(loss) is None
    assert b.grad.item() == -0.3497814514261729
    assert w.grad.tolist() == pytest.approx([x * -0.3497814514261729 for x in (10, 0.4, 3.5)])


# Values and attributes.


@pytest.mark.parametrize("x", [2, 2.0, True, ag.Vector([2]), 10**20])
def test_a_variable_of_a_number_has_dim_one(x):
    v = ag.Variable(x)
    assert v.dim == 1
    assert v.item() == float(x)
    assert type(v.value) is ag.Vector
    assert v.grad is None
    assert v.is_leaf
    assert len(v.parents) == 0


def test_the_value_of_a_number_is_a_one_element_vector():
    assert repr(ag.Variable(2).value) == "Vector(2.0)"


def test_a_variable_of_a_vector_is_not_changed_through_it():
    entries = ag.Vector([1, 2])
    v = ag.Variable(entries)
    entries[0] = 9
    assert v.value.tolist() == [1, 2]


def test_a_float_subclass_is_a_number():
    class Metres(float):
        pass

    assert ag.Variable(Metres(2)).item() == 2
    assert (ag.Variable(1.0) + Metres(2)).item() == 3
    assert type((Metres(2) * ag.Variable(1.0)).item()) is float


def test_parents_are_the_operands():
    x, y = ag.Variable(2.0), ag.Variable(3.0)
    z = x * y
    assert not z.is_leaf
    assert len(z.parents) == 2
    assert z.parents[0] is x or z.parents[0].item() == 2
    assert z.parents[1].item() == 3
    assert (x + 1).parents[0].item() == 2


def test_parents_can_be_differentiated():
    x = ag.Variable(2.0)
    z = ag.sin(x * x)
    (inner,) = z.parents
    assert ag.grad(inner, wrt=[x])[0].item() == 4


def test_a_name_is_kept_and_shown():
    v = ag.Variable(1.0, name="weight")
    assert v.name == "weight"
    assert "weight" in repr(v)
    assert ag.Variable(1.0).name is None


def test_repr_shows_the_value():
    assert "2.0" in repr(ag.Variable(2))
    assert "Variable" in repr(ag.Variable(2))
    assert len(repr(ag.Variable(ag.Vector.zeros(100_000)))) < 500


def test_comparisons_of_numbers_are_bools_and_of_rows_are_vectors():
    assert (ag.Variable(1) < 2) is True
    assert (ag.Variable(1) > 2) is False
    assert (ag.Variable(1) == ag.Vector([1])).tolist() == [1]
    claims = row() > 0
    assert type(claims) is ag.Vector
    assert claims.tolist() == [1, 0, 1]
    assert (row() == row()).all()


def test_equality_with_something_else_is_false():
    v = ag.Variable(1.0)
    assert (v == "text") is False
    assert (v != "text") is True
    assert (v == None) is False  # noqa: E711
    with pytest.raises(TypeError):
        v < "text"


def test_hash_is_identity_so_leaves_can_be_keys():
    a, b = ag.Variable(1.0), ag.Variable(2.0)
    names = {a: "a", b: "b"}
    assert names[a] == "a"
    assert hash(a) != hash(b)
    assert len({a, b, a}) == 2


def test_truth_is_that_of_the_number():
    assert ag.Variable(2)
    assert not ag.Variable(0)
    with pytest.raises(ValueError, match="3"):
        bool(row())


def test_length_iteration_and_indices():
    v = row()
    assert len(v) == 3
    assert [x.item() for x in v] == ROW
    assert v[1].item() == -1.25
    assert v[-1].dim == 1
    assert v[::-1].value.tolist() == ROW[::-1]
    with pytest.raises(IndexError, match=r"3.*3"):
        v[3]


def test_iteration_and_unpacking_are_differentiable():
    v = row(1.0, 2.0, 3.0)
    a, b, c = v
    (bar,) = ag.grad(a * b * c, wrt=[v])
    assert bar.tolist() == [6, 3, 2]
    (bar,) = ag.grad(sum(x * x for x in v), wrt=[v])
    assert bar.tolist() == [2, 4, 6]


@pytest.mark.parametrize("chosen", [slice(1, None), slice(None, None, 2), slice(None, None, -1)])
def test_slices_are_differentiable(chosen):
    v = row(1.0, 2.0, 3.0, 4.0)
    (bar,) = ag.grad(ag.sum(v[chosen] ** 2), wrt=[v])
    want = [0.0] * 4
    for k in range(4)[chosen]:
        want[k] = 2 * (k + 1.0)
    assert bar.tolist() == want


def test_overlapping_slices_add_up():
    v = row(1.0, 2.0, 3.0)
    (bar,) = ag.grad(ag.sum(v[:2]) + ag.sum(v[1:]) + v[1], wrt=[v])
    assert bar.tolist() == [1, 3, 1]


def test_a_variable_refuses_item_assignment():
    with pytest.raises(TypeError):
        row()[0] = 1.0


@pytest.mark.parametrize(
    "name",
    "abs neg log log2 log10 log1p exp sin cos tan sinh cosh tanh sigmoid relu sum".split(),  # noqa: SIM905
)
def test_methods_are_the_functions(name):
    function = {"abs": abs, "neg": lambda x: -x}.get(name) or getattr(ag, name)
    for v in (row(0.25, 0.5), ag.Variable(0.75)):
        assert getattr(v, name)().value.tolist() == function(v).value.tolist()


def test_pow_and_matmul_are_methods():
    v = row(1.0, 2.0)
    assert v.pow(2).value.tolist() == [1, 4]
    assert v.matmul(v).item() == 5
    assert v.matmul(ag.Vector([3, 4])).item() == 11


def test_matmul_takes_vectors_and_variables_on_either_side():
    v, w = row(1.0, 2.0, 3.0), ag.Vector([4, 5, 6])
    for y in (v @ w, w @ v, ag.dot(v, w), ag.dot(w, v)):
        assert y.item() == 32
        assert ag.grad(y, wrt=[v])[0].tolist() == [4, 5, 6]
    assert ag.grad(v @ v, wrt=[v])[0].tolist() == [2, 4, 6]


def test_operators_broadcast_numbers_over_rows():
    v, s = row(1.0, 2.0, 4.0), ag.Variable(2.0)
    y = v * s - s / v
    v_bar, s_bar = ag.grad(y, wrt=[v, s])
    assert y.value.tolist() == [0, 3, 7.5]
    assert v_bar.tolist() == [2 + 2, 2 + 0.5, 2 + 0.125]
    assert s_bar.item() == 7 - 1.75


def test_in_place_operators_bind_a_new_variable():
    x = y = ag.Variable(2.0)
    x += 1
    x *= y
    x -= 0.5
    x /= 2
    x **= 2
    assert x.item() == ((2 + 1) * 2 - 0.5) ** 2 / 4
    assert y.item() == 2
    assert ag.grad(x, wrt=[y])[0].item() == pytest.approx(2 * 2.75 * (2 * 2 + 1) / 2)


def test_numbers_of_a_leaf():
    v = ag.Variable(2.6)
    assert float(v) == v.item() == 2.6
    assert int(v) == 2
    assert round(v) == 3


def test_positive_and_abs_of_a_variable():
    v = ag.Variable(-2.0)
    assert (+v).item() == -2
    assert abs(v).item() == 2
    assert ag.grad(+v, wrt=[v])[0].item() == 1


# grad(loss).


def test_grad_overwrites_and_never_accumulates():
    x = ag.Variable(3.0)
    for _ in range(3):
        ag.grad(x * x)
        assert x.grad.item() == 6


def test_grad_may_be_called_again_on_a_part():
    x = ag.Variable(2.0)
    y = x * x
    z = y * y
    ag.grad(z)
    assert x.grad.item() == 32
    ag.grad(y)
    assert x.grad.item() == 4


def test_shared_nodes_are_counted_once_for_each_use():
    x = ag.Variable(3.0)
    ag.grad(x - x)
    assert x.grad.item() == 0
    y = x * x
    ag.grad(y + y * y)
    assert x.grad.item() == 6 + 4 * 27


def test_a_deep_shared_graph_is_not_exponential():
    x = ag.Variable(1.0)
    y = x
    for _ in range(1000):
        y = (y + y) * 0.5
    ag.grad(y)
    assert x.grad.item() == 1


def test_grad_sets_only_leaves():
    x = ag.Variable(2.0)
    y = x * x
    ag.grad(y * 3)
    with pytest.warns(UserWarning, match="grad: got a result"):
        assert y.grad is None
    assert x.grad.item() == 12


def test_the_grad_of_a_row_is_a_vector_of_its_length():
    v = row()
    ag.grad(ag.sum(v * v))
    assert type(v.grad) is ag.Vector
    assert v.grad.tolist() == [1, -2.5, 4]


def test_the_grad_attribute_can_be_cleared():
    x = ag.Variable(2.0)
    ag.grad(x * 2)
    x.grad = None
    assert x.grad is None


# grad(loss, wrt=...).


def test_wrt_returns_vectors_and_leaves_the_attribute_alone():
    x, v = ag.Variable(2.0), row(1.0, 2.0)
    bars = ag.grad(x * ag.sum(v), wrt=[x, v])
    assert [type(bar) for bar in bars] == [ag.Vector] * 2
    assert [bar.tolist() for bar in bars] == [[3], [2, 2]]
    assert x.grad is None
    assert v.grad is None


def test_wrt_takes_results_as_well_as_leaves():
    x = ag.Variable(2.0)
    y = x * x
    z = ag.sin(y) * x
    y_bar, x_bar = ag.grad(z, wrt=[y, x])
    assert y_bar.item() == math.cos(4) * 2
    assert x_bar.item() == pytest.approx(math.cos(4) * 8 + math.sin(4))


def test_wrt_takes_the_same_variable_twice_and_the_loss_itself():
    x = ag.Variable(2.0)
    y = x * x
    assert [bar.item() for bar in ag.grad(y, wrt=[x, x, y])] == [4, 4, 1]


@pytest.mark.parametrize("collection", [list, tuple])
def test_wrt_takes_any_sequence(collection):
    x = ag.Variable(2.0)
    assert ag.grad(x * x, wrt=collection([x]))[0].item() == 4
    assert ag.grad(x * x, wrt=collection([])) == []


@pytest.mark.parametrize("seed", [2, 2.0, ag.Vector([2]), ag.Variable(2.0)])
def test_a_seed_multiplies(seed):
    x = ag.Variable(3.0)
    assert ag.grad(x * x, wrt=[x], seed=seed)[0].item() == 12


def test_a_seed_for_a_row_is_a_row_or_a_number():
    v = row(1.0, 2.0, 3.0)
    assert ag.grad(v * v, wrt=[v], seed=ag.Vector([1, 0, -1]))[0].tolist() == [2, 0, -6]
    assert ag.grad(v * v, wrt=[v], seed=2)[0].tolist() == [4, 8, 12]


def test_create_graph_gives_variables_that_are_differentiable_to_any_order():
    x = ag.Variable(0.5)
    y = ag.exp(2 * x)
    for order in range(1, 7):
        (y,) = ag.grad(y, wrt=[x], create_graph=True)
        assert type(y) is ag.Variable
        assert y.item() == pytest.approx(2**order * math.e, rel=1e-14)


def test_a_recorded_gradient_depends_on_every_input():
    x, y = ag.Variable(2.0), ag.Variable(3.0)
    (x_bar,) = ag.grad(x * x * y, wrt=[x], create_graph=True)
    assert x_bar.item() == 12
    assert [bar.item() for bar in ag.grad(x_bar, wrt=[x, y])] == [6, 4]


def test_a_constant_gradient_is_recorded_with_its_value():
    """Once the recorded sweep through it took it for 1."""
    x = ag.Variable(2.0)
    (slope,) = ag.grad(3 * x, wrt=[x], create_graph=True)
    for create_graph in (False, True):
        (bar,) = ag.grad(slope * slope * x, wrt=[x], create_graph=create_graph)
        assert bar.item() == 9
        assert ag.grad(slope, wrt=[x], create_graph=create_graph)[0].item() == 0


def test_a_recorded_gradient_is_a_variable_of_its_own():
    """Once the gradient of `x * w` was `w` itself, to be named, assigned and differentiated by."""
    x, w = ag.Variable(2.0), ag.Variable(3.0, name="w")
    y = x * w
    x_bar, again = ag.grad(y, wrt=[x, x], create_graph=True)
    assert not x_bar.is_leaf
    assert x_bar.name is None
    with pytest.warns(UserWarning, match="grad: got a result"):
        assert x_bar.grad is None
    assert ag.grad(w * w, wrt=[x_bar])[0].item() == 0
    assert ag.grad(x_bar * x_bar, wrt=[w])[0].item() == 6
    with pytest.raises(AttributeError):
        x_bar.value = 5.0
    assert ag.grad(x_bar * 2, wrt=[again])[0].item() == 0
    (s_bar, t_bar) = ag.grad(x + w, wrt=[x, w], create_graph=True)
    assert ag.grad(s_bar * 2, wrt=[t_bar])[0].item() == 0


def test_a_recorded_gradient_depends_on_its_seed():
    x, s = ag.Variable(2.0), ag.Variable(5.0)
    (bar,) = ag.grad(x * x, wrt=[x], seed=s, create_graph=True)
    assert bar.item() == 20
    assert ag.grad(bar, wrt=[s])[0].item() == 4


def test_a_gradient_can_be_part_of_a_loss():
    x = ag.Variable(2.0)
    y = x**3
    (bar,) = ag.grad(y, wrt=[x], create_graph=True)
    ag.grad(bar * bar + y)
    assert x.grad.item() == 2 * 12 * 12 + 12


def test_recorded_and_plain_gradients_have_the_same_bits_for_a_number():
    x = ag.Variable(0.7)
    y = ag.tanh(ag.sin(x) * x) / (1 + x * x)
    (plain,) = ag.grad(y, wrt=[x])
    (recorded,) = ag.grad(y, wrt=[x], create_graph=True)
    assert recorded.item() == plain.item()


# Leaves that change, and values outside the graph.


def test_a_training_loop_assigns_values():
    x = ag.Variable(0.0)
    for _ in range(200):
        ag.grad((x - 3) ** 2)
        x.value = x.value - 0.1 * x.grad
    assert x.item() == pytest.approx(3)


@pytest.mark.parametrize("new", [5, 5.0, ag.Vector([5])])
def test_a_leafs_value_takes_numbers_and_vectors(new):
    x = ag.Variable(1.0)
    x.value = new
    assert x.item() == 5
    assert ag.grad(x * x, wrt=[x])[0].item() == 10


def test_changing_the_value_of_a_leaf_in_place_does_not_reach_old_results():
    v = row(1.0, 2.0)
    y = ag.sum(v * v)
    v.value[0] = 100.0
    assert ag.grad(y, wrt=[v])[0].tolist() == [2, 4]


def test_the_value_of_a_result_cannot_be_assigned():
    x = ag.Variable(1.0)
    y = x * 2
    with pytest.raises((AttributeError, TypeError, ValueError), match="leaf"):
        y.value = 3.0
    assert y.item() == 2


def test_a_leafs_value_of_another_dimension_is_refused_or_used_from_then_on():
    v = row(1.0, 2.0)
    y = ag.sum(v * v)
    try:
        v.value = ag.Vector([1.0, 2.0, 3.0])
    except ValueError:
        assert v.dim == 2
    else:
        assert v.dim == 3
        assert ag.grad(ag.sum(v), wrt=[v])[0].tolist() == [1, 1, 1]
    assert ag.grad(y, wrt=[y])[0].item() == 1


@pytest.mark.parametrize("cut", [lambda y: y.detach(), ag.stop_gradient])
def test_detach_and_stop_gradient_cut_the_graph(cut):
    x = ag.Variable(3.0)
    y = x * x
    held = cut(y)
    assert held.item() == 9
    assert ag.grad(held * x, wrt=[x])[0].item() == 9
    v = row(1.0, 2.0)
    assert ag.grad(cut(v) * v, wrt=[v])[0].tolist() == [1, 2]


def test_stop_gradient_passes_numbers_and_vectors_through():
    assert ag.stop_gradient(2.0) == 2.0
    assert ag.stop_gradient(ag.Vector([1, 2])).tolist() == [1, 2]


def test_no_grad_records_nothing_as_context_and_as_decorator():
    x = ag.Variable(3.0)
    with ag.no_grad():
        y = x * x
    assert y.item() == 9
    assert ag.grad(y * x, wrt=[x])[0].item() == 9

    @ag.no_grad()
    def square(x):
        return x * x

    assert ag.grad(square(x) * x, wrt=[x])[0].item() == 9
    assert square.__name__ == "square"


def test_no_grad_ends_with_an_exception_and_nests():
    x = ag.Variable(3.0)
    with pytest.raises(ZeroDivisionError), ag.no_grad():
        1 / 0
    with ag.no_grad():
        with ag.no_grad():
            pass
        held = x * x
    assert ag.grad(held * x, wrt=[x])[0].item() == 9
    assert ag.grad(x * x, wrt=[x])[0].item() == 6


def test_no_grad_holds_for_one_context_only():
    import contextvars

    x = ag.Variable(3.0)
    outside = contextvars.copy_context()
    with ag.no_grad():
        y = outside.run(lambda: x * x)
    assert ag.grad(y, wrt=[x])[0].item() == 6


def test_generators_with_no_grad_do_not_leak_into_their_caller():
    x = ag.Variable(3.0)

    def values():
        with ag.no_grad():
            yield x * x

    for _ in values():
        pass
    assert ag.grad(x * x, wrt=[x])[0].item() == 6


# Structural functions as joints between Variables.


def test_stack_and_concatenate_make_one_row_of_variables():
    a, b = ag.Variable(2.0), ag.Variable(3.0)
    v = row(1.0, 2.0)
    joined = ag.concatenate([ag.stack([a, 5, b]), v, ag.Vector([7])])
    assert joined.value.tolist() == [2, 5, 3, 1, 2, 7]
    a_bar, b_bar, v_bar = ag.grad(ag.sum(joined * joined), wrt=[a, b, v])
    assert (a_bar.item(), b_bar.item(), v_bar.tolist()) == (4, 6, [2, 4])


def test_stack_counts_a_variable_each_time_it_is_given():
    a = ag.Variable(2.0)
    (bar,) = ag.grad(ag.stack([a, a, a]), wrt=[a], seed=ag.Vector([1, 2, 3]))
    assert bar.item() == 6


def test_where_takes_bools_vectors_and_variables_as_conditions():
    v = row(1.0, -2.0, 3.0)
    for condition in (v > 0, ag.Vector([1, 0, 1])):
        y = ag.where(condition, v * v, -v)
        assert y.value.tolist() == [1, 2, 9]
        assert ag.grad(y, wrt=[v])[0].tolist() == [2, -1, 6]
    assert ag.where(True, v, 0).value.tolist() == [1, -2, 3]
    assert ag.where(v > 0, 1.0, 0.0).tolist() == [1, 0, 1]


def test_python_min_max_sum_and_sorted_work_on_variables():
    a, b = ag.Variable(2.0), ag.Variable(3.0)
    assert max(a, b) is b
    assert min(a, b) is a
    assert sorted([b, a]) == [a, b]
    assert sum([a, b]).item() == 5
    assert math.isclose(sum([a, b]).item(), 5)


@pytest.mark.parametrize(("a", "b"), [(7.5, 2), (-7.5, 2.0), (9, 3.5)])
def test_divmod_is_that_of_floats_with_derivatives(a, b):
    for x, y in [(ag.Variable(a), b), (a, ag.Variable(b)), (ag.Variable(a), ag.Variable(b))]:
        quotient, remainder = divmod(x, y)
        assert (quotient.item(), remainder.item()) == divmod(a, b)
        whole, rest = x // y, x % y
        leaves = [v for v in (x, y) if isinstance(v, ag.Variable)]
        for ours, same in [(quotient, whole), (remainder, rest)]:
            expected = [g.item() for g in ag.grad(same, wrt=leaves)]
            assert [g.item() for g in ag.grad(ours, wrt=leaves)] == expected
    assert [part.tolist() for part in divmod(ag.Vector([a, b]), b)] == [
        [a // b, 1.0],
        [a % b, 0.0],
    ]
    assert [part.item() for part in divmod(a, ag.Vector([b]))] == list(divmod(a, b))
    with pytest.raises(TypeError, match="divmod"):
        divmod(ag.Variable(a), "b")
    with pytest.raises(ValueError, match="lengths differ: 2 and 3"):
        divmod(ag.Vector([a, b]), ag.Vector([1.0, 2.0, 3.0]))
