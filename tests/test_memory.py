"""Out of memory is a MemoryError, and everything is as before after it.

A process makes its data, and forks for each operation: the fork gets a limit of address space, runs
the operation while less and less of that is left, and says how it ended. `AUTOGRAD_COUNT` sets how
many entries the vectors have (1000000).
"""

import json
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs limits of address space, and /proc"
)

SPARE = [20, 100]

PROGRAM = """
import copy, json, os, pickle, resource, signal, sys
import numpy as np
import autograd_rs as ag

MB = 2**20
COUNT = int(os.environ.get("AUTOGRAD_COUNT", "1000000"))
NODES = COUNT // 2

def chain(s):
    y = s
    for _ in range(NODES):
        y = y * 1.0000001
    return y

def of_vector(x):
    return ag.sum(ag.sin(x) * x)

def assigned(x, value):
    x.value = value
    return x.value

def written(w):
    w[0] = 3.0
    return w

def viewed(w):
    memoryview(w)[0] = 3.0
    return w

def without_first(w):
    del w[0]
    return w

def swept(loss):
    ag.grad(loss)
    return x.grad

@ag.primitive
def tripled(x):
    return 3.0 * x

ag.defvjp(tripled, lambda y, x: lambda y_bar: 3.0 * y_bar)

array = np.linspace(1.0, 2.0, COUNT)
floats = array.tolist()
truths = [number > 1.5 for number in floats]
places = list(range(COUNT))
of_places = np.arange(COUNT)
x = ag.Variable(array)
v = ag.Vector(array)
loss = of_vector(x)
s = ag.Variable(1.0)
y = chain(s)
several = [s * float(k) for k in range(COUNT // 4)]
lines = np.ones((4, COUNT))

OPERATIONS = {
    "vector of a list": lambda: ag.Vector(floats),
    "vector of an iterator": lambda: ag.Vector(iter(floats)),
    "vector of an array": lambda: ag.Vector(array),
    "vector of whole numbers": lambda: ag.Vector(of_places),
    "variable of an array": lambda: ag.Variable(array),
    "many variables": lambda: [ag.Variable(1.0) for _ in range(COUNT // 4)],
    "zeros": lambda: ag.Vector.zeros(COUNT),
    "unary": lambda: ag.exp(x),
    "unary of a vector": lambda: ag.exp(v),
    "binary": lambda: x * x,
    "binary with an array": lambda: x * array,
    "binary of vectors": lambda: v + v,
    "numbers": lambda: chain(s),
    "small vectors": lambda: [x[k : k + 3] * 2.0 for k in range(100_000)],
    "comparison": lambda: x > 1.5,
    "where": lambda: ag.where(x > 1.5, x, 0.0),
    "where with a list": lambda: ag.where(truths, x, 0.0),
    "clip": lambda: ag.clip(x, 1.2, 1.8),
    "sum": lambda: ag.sum(x * x),
    "prod": lambda: ag.prod(x),
    "norm": lambda: ag.norm(x + 1.0),
    "dot": lambda: ag.dot(x, x * 2.0),
    "softmax": lambda: ag.softmax(x),
    "cumsum": lambda: ag.cumsum(x),
    "matrix product": lambda: lines @ x,
    "concatenate": lambda: ag.concatenate([x, x]),
    "stack": lambda: ag.stack(several),
    "slice": lambda: x[::-1],
    "take": lambda: x[places],
    "take by an array": lambda: x[of_places],
    "mask": lambda: x[x > 1.5],
    "entries": lambda: list(x),
    "gradient of numbers": lambda: ag.grad(y),
    "gradient of vectors": lambda: swept(loss),
    "recorded gradient of numbers": lambda: ag.grad(y, wrt=[s], create_graph=True),
    "recorded gradient of vectors": lambda: ag.grad(loss, wrt=[x], create_graph=True),
    "gradient of a stack": lambda: ag.grad(ag.sum(ag.stack(several)), wrt=[s]),
    "recorded gradient of a stack": lambda: ag.grad(
        ag.sum(ag.stack(several)), wrt=[s], create_graph=True
    ),
    "gradient of a primitive": lambda: ag.grad(lambda x: ag.sum(tripled(x)))(v),
    "grad": lambda: ag.grad(of_vector)(v),
    "jvp of numbers": lambda: ag.jvp(chain, (1.0,), (1.0,)),
    "jvp of vectors": lambda: ag.jvp(of_vector, (v,), (v,)),
    "jvp of infinite entries": lambda: ag.jvp(ag.sqrt, (v * 0.0,), (v,)),
    "hvp of numbers": lambda: ag.hvp(chain)(1.0, 1.0),
    "hvp of vectors": lambda: ag.hvp(of_vector)(v, v),
    "jacobian": lambda: ag.jacobian(lambda t: ag.sin(t * v))(1.0),
    "jacobian too large": lambda: ag.jacobian(ag.sin)(v),
    "hessian of numbers": lambda: ag.hessian(chain)(1.0),
    "hessian too large": lambda: ag.hessian(of_vector)(v),
    "tolist": lambda: v.tolist(),
    "view of a value": lambda: viewed(x.value),
    "array": lambda: np.array(v),
    "array of Variables": lambda: np.asarray(x),
    "copy": lambda: written(copy.copy(v)),
    "value written to": lambda: written(x.value),
    "entry deleted": lambda: without_first(x.value),
    "value assigned": lambda: assigned(x, ag.Vector(array)),
    "pickle": lambda: pickle.dumps(v),
    "format": lambda: f"{v:.3f}",
    "repr": lambda: repr(v) + repr(x * 1.0),
    "numpy function": lambda: np.sin(x),
    "numpy where": lambda: np.where(array > 1.5, x, 0.0),
    "numpy concatenate": lambda: np.concatenate([x, floats]),
    "numpy stack": lambda: np.stack(several),
}

def ending(operation):
    kept, size = [], 16 * MB
    while True:
        try:
            kept.append(operation())
        except MemoryError:
            return "MemoryError"
        except BaseException as error:
            return repr(error)
        try:
            kept.append(bytearray(size))
        except MemoryError:
            size //= 2
            if size < MB:
                return "enough"

def is_usable():
    t = ag.Variable(2.0)
    ag.grad(t * t * t)
    w = ag.Variable(ag.Vector([1.0, 2.0]))
    ag.grad(ag.sum(w * w))
    return t.grad.item() == 12.0 and w.grad.tolist() == [2.0, 4.0]

def run(name, spare, out):
    signal.alarm(300)
    used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + spare * MB,) * 2)
    end = ending(OPERATIONS[name])
    ok = is_usable()
    ag._core.reclaim()
    left = ag._core.tape_nodes() - NODES - len(several)
    os.write(out, json.dumps([end, ok, left]).encode())
    os._exit(0)

chosen = sys.argv[2:] or list(OPERATIONS)
ends = {}
for name in chosen:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        run(name, int(sys.argv[1]), write)
    os.close(write)
    text = os.read(read, 4096)
    os.close(read)
    _, status = os.waitpid(child, 0)
    ends[name] = json.loads(text) if text else [f"signal {status & 127}", False, 0]
print(json.dumps(ends))
"""


def run(spare, *names):
    """Run operations with so many megabytes to spare, and give how each of them ended."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(spare), *names]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "panicked" not in ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("spare", SPARE)
def test_out_of_memory_is_a_memory_error_and_leaves_everything_usable(spare):
    ends = run(spare)
    # Some results take no memory.
    allowed = {"MemoryError", "enough"}
    assert {name: end for name, (end, _, _) in ends.items() if end not in allowed} == {}
    assert sum(end == "MemoryError" for end, _, _ in ends.values()) > 50
    assert [name for name, (_, is_usable, _) in ends.items() if not is_usable] == []
    # A handful of leaves and losses is kept.
    assert {name: left for name, (_, _, left) in ends.items() if left > 100} == {}
