"""The tape: bounded memory, any depth, threads, forks, interrupts, results that nothing disturbs.

`AUTOGRAD_STEPS` sets the steps of the memory test (100000), `AUTOGRAD_CHAIN` the depth of the deep
chain.
"""

import copy
import gc
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import textwrap
import threading
import warnings

import pytest

import autograd_rs as ag

STEPS = int(os.environ.get("AUTOGRAD_STEPS", "100000"))
CHAIN = int(os.environ.get("AUTOGRAD_CHAIN", "10000000"))

posix = pytest.mark.skipif(os.name != "posix", reason="needs fork and signals")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def run_alone(program, *arguments):
    """Run a program in a process of its own and give what it printed as JSON."""
    command = [sys.executable, "-X", "faulthandler", "-W", "error", "-c", textwrap.dedent(program)]
    finished = subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def chain(a, b, c, length):
    """The chain of the benchmarks."""
    for _ in range(length):
        a = a * b + ag.sin(a) / c
    return a


def gradient_of_chain(length=20):
    a, b, c = map(ag.Variable, (0.5, 0.75, 2.5))
    return [bar.item() for bar in ag.grad(chain(a, b, c, length), wrt=[a, b, c])]


# Memory.

RESIDENT = """
    def resident():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
"""


@linux
@pytest.mark.parametrize(
    "kind", ["scalars", "rows", "recorded", "wrt", "exceptions", "errors", "unswept"]
)
def test_memory_is_flat_over_many_gradient_steps(kind):
    """As a training loop without the garbage collector: `loss` is bound anew each step."""
    program = (
        """
    import gc, os, sys
    import autograd_rs as ag
    """
        + RESIDENT
        + """
    def scalars(x, row):
        y = x
        for _ in range(20):
            y = y * x + ag.sin(y) / 3 - 0.5 * x
        return y

    def rows(x, row):
        y = row
        for _ in range(5):
            y = y * row + ag.sin(y) * x
        return ag.sum(y)

    def step(kind, x, row):
        if kind == "rows":
            loss = rows(x, row)
            ag.grad(loss)
            row.value = row.value - 1e-9 * row.grad
        elif kind == "recorded":
            loss = scalars(x, row)
            (bar,) = ag.grad(loss, wrt=[x], create_graph=True)
            ag.grad(bar * bar)
        elif kind == "wrt":
            loss = scalars(x, row) * ag.sum(row)
            ag.grad(loss, wrt=[x, row])
        elif kind == "exceptions":
            loss = scalars(x, row)
            try:
                row + ag.Vector([1.0, loss.item()])
            except ValueError:
                pass
        elif kind == "errors":
            # Once what these left was released at the next call of another kind only.
            loss = x
            for wrong in (lambda: ag.sin("text"), lambda: x * "text", lambda: row[9]):
                try:
                    wrong()
                except (TypeError, IndexError):
                    pass
        elif kind == "unswept":
            loss = scalars(x, row)
        else:
            loss = scalars(x, row)
            ag.grad(loss)
            x.value = x.item() - 1e-9 * x.grad.item()
        return loss

    kind, steps = sys.argv[1], int(sys.argv[2])
    gc.disable()
    x, row = ag.Variable(0.3), ag.Variable(ag.Vector([0.1, 0.2, 0.3, 0.4]))
    for _ in range(10_000):
        loss = step(kind, x, row)
    before = resident()
    for _ in range(steps):
        loss = step(kind, x, row)
    print(resident() - before)
    """
    )
    assert run_alone(program, kind, STEPS) < 2**20


@linux
def test_memory_of_a_leaf_made_in_each_step_is_given_back():
    program = (
        """
    import gc, os, sys
    import autograd_rs as ag
    """
        + RESIDENT
        + """
    gc.disable()
    kept = [ag.Variable(1.0) for _ in range(100)]
    for step in range(2_000_000):
        kept[step % 100] = ag.Variable(2.0)
        kept[step % 7] = kept[step % 100] * kept[step % 13] + 1.0
        if step % 64 == 0:
            kept = [ag.Variable(leaf.item()) for leaf in kept]
        if step == 200_000:
            before = resident()
    print(resident() - before)
    """
    )
    assert run_alone(program) < 2**20


@linux
def test_the_deep_chain_is_built_swept_recorded_printed_and_freed_on_a_small_stack():
    """Peak memory at building and sweeping is at most 48 bytes an op."""
    program = (
        """
    import os, pickle, sys, threading
    import autograd_rs as ag

    # Not ru_maxrss, which begins with what the parent had.
    def peak():
        with open("/proc/self/status") as status:
            lines = dict(line.split(":", 1) for line in status)
        return int(lines["VmHWM"].split()[0]) * 1024
    """
        + RESIDENT
        + """
    length, stack = int(sys.argv[1]), int(sys.argv[2])
    found = {}

    def work():
        a, b = ag.Variable(0.5), ag.Variable(1.0)
        before = resident()
        y = a
        for _ in range(length // 2):
            y = y * b + 1e-7
        (first,) = ag.grad(y, wrt=[b])
        ag.grad(y)
        found["bytes"] = peak() - before
        found["same"] = (first.item(), b.grad.item())
        found["repr"] = [repr(y), str(y), repr(a)]
        found["leaf"] = pickle.loads(pickle.dumps(a)).item()
        found["value"] = pickle.loads(pickle.dumps(y.detach())).item()
        (bar,) = ag.grad(y, wrt=[b], create_graph=True)
        (second,) = ag.grad(bar, wrt=[a])
        found["second"] = second.item()
        del bar, y
        z = a * b
        found["after"] = [bar.item() for bar in ag.grad(z, wrt=[a, b])]

    threading.stack_size(stack)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    import json
    print(json.dumps(found))
    """
    )
    found = run_alone(program, CHAIN, 64 * 1024)
    n = CHAIN // 2
    # y = a + n * 1e-7 at b = 1, so dy/db = n * a + 1e-7 * n * (n - 1) / 2, and d2y/dadb = n.
    want = n * 0.5 + 1e-7 * n * (n - 1) / 2
    assert found["same"] == [pytest.approx(want, rel=1e-9)] * 2
    assert found["second"] == pytest.approx(n, rel=1e-12)
    assert found["leaf"] == 0.5
    assert found["value"] == pytest.approx(0.5 + n * 1e-7)
    assert found["after"] == [1, 0.5]
    assert max(map(len, found["repr"])) < 300
    if CHAIN >= 1_000_000:
        assert found["bytes"] / CHAIN < 48


@linux
def test_a_wide_sum_of_a_million_leaves_is_swept():
    program = """
    import autograd_rs as ag
    leaves = [ag.Variable(float(k)) for k in range(1_000_000)]
    total = ag.sum(ag.stack(leaves)) * 2
    ag.grad(total)
    print([leaves[0].grad.item(), leaves[-1].grad.item(), total.item()])
    """
    assert run_alone(program) == [2, 2, 999_999_000_000]


# Reclaiming.


def test_reclaiming_keeps_every_handle_and_its_graph():
    """Two million dead ops force several passes; what is held must not move under its handle."""
    draw = random.Random(3)
    held = []
    for k in range(2000):
        a, b, c = (ag.Variable(draw.uniform(0.1, 1)) for _ in range(3))
        y = chain(a, b, c, 3)
        want = [bar.item() for bar in ag.grad(y, wrt=[a, b, c])]
        held.append(((a, b, c), y, want))
        if k % 3 == 0:
            del held[draw.randrange(len(held))]
        waste = ag.Variable(1.0)
        for _ in range(1000):
            waste = waste * 0.5
    for leaves, y, want in held:
        assert [bar.item() for bar in ag.grad(y, wrt=leaves)] == want


def test_a_handle_in_the_middle_of_a_graph_keeps_only_what_it_needs():
    a = ag.Variable(2.0)
    middle = a * a * a
    end = middle * a
    del end
    for _ in range(200_000):
        a * 2
    assert ag.grad(middle, wrt=[a])[0].item() == 12
    assert middle.item() == 8


def test_a_recorded_gradient_survives_reclaiming_while_it_is_made():
    """Enough handles that recording passes the bound in the middle of a sweep, at several sizes."""
    for length in (5_000, 20_000, 60_000):
        a, b, c = map(ag.Variable, (0.5, 0.75, 2.5))
        waste = [a * float(k) for k in range(length)]
        y = chain(a, b, c, 2_000)
        (bar,) = ag.grad(y, wrt=[a], create_graph=True)
        (plain,) = ag.grad(y, wrt=[a])
        assert bar.item() == pytest.approx(plain.item(), rel=1e-12)
        (second,) = ag.grad(bar, wrt=[b])
        del waste
        for _ in range(100_000):
            a * 2
        assert ag.grad(bar, wrt=[b])[0].item() == second.item()


def test_results_are_the_same_at_every_fill_of_the_tape():
    """Reclaiming happens at some op or other of the graph as the fill grows by primes."""
    want = gradient_of_chain()
    a = ag.Variable(1.0)
    held = []
    for k in range(300):
        held += [a * 0.5 for _ in range(509)]
        if k % 40 == 39:
            held = held[::2]
        assert gradient_of_chain() == want


class Meddler:
    """A number whose conversion records enough to have the tape reclaimed, so that nodes move."""

    def __float__(self):
        x = ag.Variable(1.0)
        for _ in range(200_000):
            x = x * 0.5
        return 2.0


@pytest.mark.parametrize(
    ("call", "want"),
    [
        (lambda x: x * Meddler(), [2, 2]),
        (lambda x: Meddler() / x, [-2 / 9, -2 / 16]),
        (lambda x: ag.maximum(x, Meddler()), [1, 1]),
        (lambda x: ag.maximum(Meddler(), x), [1, 1]),
        (lambda x: ag.stack([x[0], Meddler(), x[1]]), [1, 1]),
        (lambda x: ag.concatenate([x, Meddler(), x]), [2, 2]),
        (lambda x: ag.where(Meddler(), x, Meddler()), [1, 1]),
        (lambda x: ag.where(x > 3, Meddler(), x), [1, 0]),
        (lambda x: ag.clip(x, Meddler(), 3.5), [1, 0]),
        (lambda x: ag.dot([Meddler(), Meddler()], x), [2, 2]),
        (lambda x: ag.dot(x, [x[1], Meddler()]), [4, 5]),
        (lambda x: ag.sum([x[0], Meddler(), x[1]]), [1, 1]),
        (lambda x: ag.max([x[0], Meddler(), x[1]]), [0, 1]),
        (lambda x: ag.mean([x[0], Meddler(), x[1], 0]), [0.25, 0.25]),
        (lambda x: x ** Meddler(), [6, 8]),
        (lambda x: ag.hypot(x * 0, Meddler()), [0, 0]),
        (lambda x: ag.grad(x * x, wrt=[x], seed=Meddler(), create_graph=True)[0], [4, 4]),
    ],
)
def test_operands_whose_conversion_moves_the_tape_do_no_harm(call, want):
    # What is dropped lies below the leaf, so that its node moves.
    waste = [ag.Variable(0.0) * 1.0 for _ in range(1000)]
    x = ag.Variable(ag.Vector([3.0, 4.0]))
    del waste
    assert ag.grad(call(x), wrt=[x])[0].tolist() == pytest.approx(want)


def test_a_wrt_whose_iteration_moves_the_tape_does_no_harm():
    waste = [ag.Variable(0.0) * 1.0 for _ in range(1000)]
    x, seed = ag.Variable(3.0), ag.Variable(5.0)
    y = x * x
    del waste

    def leaves():
        yield x
        float(Meddler())

    (bar,) = ag.grad(y, wrt=leaves(), seed=seed, create_graph=True)
    assert bar.item() == 30
    assert [bar.item() for bar in ag.grad(bar, wrt=[x, seed])] == [10, 6]


# Kinds of copies.


def leaf_and_result():
    x = ag.Variable(ag.Vector([1.0, 2.0, 3.0]))
    return x, ag.sin(x) * 2


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_gives_leaves_with_the_value(protocol):
    x, y = leaf_and_result()
    for original in (x, ag.Variable(2.5), y.detach()):
        copied = pickle.loads(pickle.dumps(original, protocol))
        assert type(copied) is ag.Variable
        assert copied.is_leaf
        assert copied.value.tolist() == original.value.tolist()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_gives_vectors(protocol):
    for entries in ([], [1.5], [1.0, -0.0, float("inf")], [0.1] * 1000):
        assert pickle.loads(pickle.dumps(ag.Vector(entries), protocol)).tolist() == entries


def test_pickling_a_result_dropped_its_gradient_without_a_warning():
    for result in (leaf_and_result()[1], ag.Variable(2.5) * 2):
        with pytest.warns(ag.GradientDroppedWarning, match=r"pickle of a Variable .*\.detach\(\)"):
            copied = pickle.loads(pickle.dumps(result))
        assert copied.is_leaf
        assert copied.value.tolist() == result.value.tolist()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            pickle.dumps(result)
    assert [warning.filename for warning in caught] == [__file__]


COPIES = [copy.copy, copy.deepcopy, lambda x: x.copy()]


@pytest.mark.parametrize("make", COPIES)
def test_a_copy_of_a_leaf_is_a_leaf_of_its_own(make):
    x, _ = leaf_and_result()
    copied = make(x)
    assert copied is not x
    assert copied.is_leaf
    assert copied.value.tolist() == x.value.tolist()
    copied.value = ag.Vector([9.0, 9.0, 9.0])
    assert x.value[0].item() != 9
    ag.grad(make(x) * 3)
    assert x.grad is None


@pytest.mark.parametrize("make", COPIES)
def test_a_copy_of_a_result_by_module_copy_had_no_derivative(make):
    x, y = leaf_and_result()
    copied = make(y)
    assert copied is not y
    assert not copied.is_leaf
    assert copied.value.tolist() == y.value.tolist()
    assert ag.grad(copied, wrt=[x])[0].tolist() == ag.grad(y, wrt=[x])[0].tolist()
    with ag.no_grad():
        assert make(y).is_leaf


def test_deepcopy_of_a_container_keeps_shared_leaves_shared():
    x = ag.Variable(1.0)
    copied = copy.deepcopy({"w": [x, x], "v": ag.Vector([1, 2])})
    assert copied["w"][0] is copied["w"][1]
    assert copied["w"][0] is not x
    assert copied["v"].tolist() == [1, 2]


# Threads and processes.


def in_threads(count, work):
    """Run `work(k)` in that many threads; what one raises is raised here."""
    problems = []

    def guarded(k):
        try:
            work(k)
        except BaseException as problem:  # noqa: BLE001 (raised again below)
            problems.append(problem)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


@pytest.fixture
def eager_switching():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_switching")
def test_many_threads_each_with_graphs_of_its_own():
    want = gradient_of_chain(200)

    def work(k):
        for _ in range(20):
            assert gradient_of_chain(200) == want

    in_threads(16, work)


@pytest.mark.usefixtures("eager_switching")
def test_many_threads_share_leaves():
    shared = [ag.Variable(float(k + 1)) for k in range(4)]

    def work(k):
        for turn in range(300):
            total = sum(x * x * (k + 1) + turn for x in shared)
            bars = ag.grad(total, wrt=shared)
            assert [bar.item() for bar in bars] == [2 * (j + 1) * (k + 1) for j in range(4)]

    in_threads(12, work)


@pytest.mark.usefixtures("eager_switching")
def test_a_graph_begun_in_one_thread_goes_on_and_ends_in_others():
    x = ag.Variable(1.5)
    stages = [x]

    def work(k):
        stages.append(stages[-1] * x)

    for _ in range(10):
        in_threads(1, work)
    (bar,) = ag.grad(stages[-1], wrt=[x])
    assert bar.item() == pytest.approx(11 * 1.5**10)
    stages.clear()


def test_no_grad_holds_for_one_thread_only():
    x = ag.Variable(2.0)
    inside, done = threading.Event(), threading.Event()

    def work():
        with ag.no_grad():
            inside.set()
            done.wait()

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    y = x * x
    done.set()
    thread.join()
    assert ag.grad(y, wrt=[x])[0].item() == 4


@posix
def test_a_process_forked_after_gradients_has_right_ones():
    x = ag.Variable(3.0)
    y = x * x * x
    ag.grad(y)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            more = y * x
            bars = [bar.item() for bar in ag.grad(more, wrt=[x])]
            os.write(writer, json.dumps([bars, gradient_of_chain()]).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        found = json.loads(pipe.read())
    assert os.waitpid(child, 0)[1] == 0
    assert found == [[108], gradient_of_chain()]
    assert ag.grad(y, wrt=[x])[0].item() == 27


POOL = """
import json, multiprocessing, sys
import autograd_rs as ag

def f(x):
    return ag.grad(ag.sum(x * x), wrt=[x])[0]

if __name__ == "__main__":
    f(ag.Variable(1.0))
    leaves = [ag.Variable(ag.Vector([float(k), 1.0])) for k in range(4)]
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(json.dumps([bar.tolist() for bar in pool.map(f, leaves)]))
"""


@posix
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_leaves_travel_to_other_processes_and_gradients_come_back(method, tmp_path):
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    printed = subprocess.check_output([sys.executable, script, method], text=True, timeout=100)
    assert json.loads(printed) == [[2.0 * k, 2.0] for k in range(4)]


# Interrupts and exceptions.


class Interrupted(KeyboardInterrupt):
    """Ours, so that a real interrupt still ends the tests."""


@pytest.fixture
def interrupt_after():
    """A function that raises `Interrupted` in this thread after so many seconds."""

    def interrupt(signum, frame):
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@posix
@pytest.mark.parametrize("kind", ["scalars", "rows", "recorded"])
def test_an_interrupt_in_the_middle_leaves_a_right_tape(interrupt_after, kind):
    a, b, c = map(ag.Variable, (0.5, 0.75, 2.5))
    row = ag.Variable(ag.Vector([0.1, 0.2, 0.3]))
    want = gradient_of_chain()
    y = chain(a, b, c, 20)
    draw = random.Random(5)
    for _ in range(40):
        try:
            interrupt_after(draw.uniform(1e-4, 5e-3))
            while True:
                if kind == "scalars":
                    ag.grad(chain(a, b, c, 200))
                elif kind == "rows":
                    ag.grad(ag.sum(chain(row, b, c, 50)))
                else:
                    ag.grad(chain(a, b, c, 50), wrt=[a], create_graph=True)
        except Interrupted:
            pass
        assert gradient_of_chain() == want
        assert [bar.item() for bar in ag.grad(y, wrt=[a, b, c])] == want


@posix
def test_a_long_sweep_can_be_interrupted_and_taken_again(interrupt_after):
    a, b, c = map(ag.Variable, (0.5, 0.75, 2.5))
    y = chain(a, b, c, 300_000)
    want = [bar.item() for bar in ag.grad(y, wrt=[a, b, c])]
    for delay in (1e-3, 2e-3, 5e-3):
        try:
            interrupt_after(delay)
            while True:
                ag.grad(y, wrt=[a, b, c])
        except Interrupted:
            pass
        assert [bar.item() for bar in ag.grad(y, wrt=[a, b, c])] == want


def test_an_exception_in_the_middle_loses_nothing():
    x = ag.Variable(ag.Vector([1.0, 2.0]))
    y = ag.sum(x * x)
    with pytest.raises(ValueError, match="3"):
        y + x * ag.Vector([1.0, 2.0, 3.0])
    with pytest.raises(TypeError):
        ag.grad(y, wrt=[x, "y"])
    with pytest.raises(ValueError, match="seed"):
        ag.grad(x, wrt=[x], seed=ag.Vector([1.0, 2.0, 3.0]))
    assert x.grad is None
    ag.grad(y)
    assert x.grad.tolist() == [2, 4]


def test_handles_die_in_any_order_and_cycles_are_collected():
    draw = random.Random(7)
    for _ in range(10):
        x = ag.Variable(1.0)
        nodes = [x]
        for _ in range(100):
            nodes.append(nodes[draw.randrange(len(nodes))] * nodes[draw.randrange(len(nodes))])
        last = nodes[-1]
        draw.shuffle(nodes)
        holder = {"self": None, "nodes": nodes}
        holder["self"] = holder
        del nodes, holder
        gc.collect()
        assert ag.grad(last, wrt=[x])[0].item() >= 1


# Assigning values.


def test_assigning_a_leafs_value_does_not_change_what_was_recorded():
    x, y = ag.Variable(2.0), ag.Variable(5.0)
    z = x * y
    x.value = 100.0
    assert z.item() == 10
    assert [bar.item() for bar in ag.grad(z, wrt=[x, y])] == [5, 2]
    assert ag.grad(x * y, wrt=[y])[0].item() == 100


def test_changing_a_vector_after_its_use_does_not_change_what_was_recorded():
    entries = ag.Vector([1.0, 2.0, 3.0])
    x = ag.Variable(entries)
    weights = ag.Vector([4.0, 5.0, 6.0])
    y = ag.dot(x * x, weights)
    entries[0] = 100
    weights[1:] = [0.0, 0.0]
    assert x.value.tolist() == [1, 2, 3]
    assert y.item() == 4 + 20 + 54
    assert ag.grad(y, wrt=[x])[0].tolist() == [8, 20, 36]


def test_changing_a_result_does_not_change_the_tape():
    x = ag.Variable(ag.Vector([1.0, 2.0]))
    y = ag.exp(x)
    want = ag.grad(y, wrt=[x])[0].tolist()
    seen = y.value
    seen[0] = -1
    ag.grad(y)
    x.grad[0] = 50
    assert ag.grad(y, wrt=[x])[0].tolist() == want
