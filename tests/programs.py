"""Random programs over all ops, as text that runs on `autograd_rs` and on `truth.Truth` alike.

A program is grown statement by statement while it runs on the truth, so that every argument lies
inside its domain and away from kinks, and no value is large.
"""

import random
from dataclasses import dataclass, field

from truth import BINARY, UNARY, Truth, Uncomfortable

OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
OPERATORS |= {"remainder": "%", "floordiv": "//"}
REDUCTIONS = ("sum", "mean", "prod", "max", "min", "norm", "logsumexp")
SCANS = ("softmax", "cumsum")
METHODS = frozenset(
    "abs neg log log2 log10 log1p exp sin cos tan sinh cosh tanh sigmoid relu sum".split()  # noqa: SIM905
)
STRUCTURAL = (
    *REDUCTIONS,
    *SCANS,
    *("dot", "matmul", "index", "slice", "stack", "concatenate", "where", "clip"),
    *("iterate", "branch", "loop", "integer_power", "constant"),
)
SHAPES = ((1, 1, 3), (1, 2, 2), (1, 1, 1), (4,), (1, 3), (2, 2), (1, 1, 1, 2), (5,), (1, 4))


@dataclass
class Program:
    """A function of `ag` and some rows of numbers."""

    seed: int
    inputs: list
    lines: list = field(default_factory=list)
    kinds: list = field(default_factory=list)
    results: list = field(default_factory=list)

    @property
    def text(self):
        return self.text_of(self.lines)

    def text_of(self, lines):
        names = ", ".join(f"x{i}" for i in range(len(self.inputs)))
        return "\n    ".join([f"def f(ag, {names}):", *lines])

    def function(self):
        return self.compiled(self.text)

    def rows(self):
        """The function that returns its results as they are, one after the other."""
        last = f"return ag.concatenate([{', '.join(self.results)}])"
        return self.compiled(self.text_of([*self.lines[:-1], last]))

    @staticmethod
    def compiled(text):
        scope = {}
        exec(text, scope)
        return scope["f"]

    def __str__(self):
        return f"program {self.seed}, inputs {self.inputs}\n{self.text}"


class Author:
    """Writes one program."""

    def __init__(self, seed, kinds, statements):
        self.random = random.Random(seed)
        self.kinds, self.statements = kinds, statements
        self.truth = Truth(digits=25, picky=True)
        shape = self.random.choice(SHAPES)
        self.width = max(shape)
        inputs = [[round(self.random.uniform(-2, 2), 3) for _ in range(n)] for n in shape]
        self.program = Program(seed, inputs)
        self.scope = {"ag": self.truth}
        for i, entries in enumerate(inputs):
            self.scope[f"x{i}"] = self.truth.row(entries)
        self.names = [f"x{i}" for i in range(len(inputs))]

    def write(self):
        first = self.kinds[self.program.seed % len(self.kinds)]
        self.add(first)
        while len(self.program.kinds) < self.statements:
            self.add(self.random.choice(self.kinds))
        results = [self.names[-1], *self.random.sample(self.names, 3)]
        self.program.results = results
        terms = [f"{self.number()} * ag.sum(ag.sin({name}))" for name in results]
        self.program.lines.append("return " + " + ".join(terms))
        return self.program

    def add(self, kind):
        """Add a statement of this kind, on moderate arguments if none at hand will do."""
        name, begun = f"t{len(self.names)}", len(self.program.lines)
        for attempt in range(60):
            pool = None if attempt < 15 else [self.moderate(), self.moderate()]
            statement = self.statement(kind, name, pool)
            if statement and self.runs(statement, name):
                self.names.append(name)
                self.program.kinds.append(kind)
                return
            # Not every kind fits every program: a slice needs a row, for one.
            del self.program.lines[begun:]

    def runs(self, lines, name):
        """Run the statement and keep it if its result is moderate."""
        scope = dict(self.scope)
        try:
            exec("\n".join(lines), scope)
        except (Uncomfortable, ZeroDivisionError, OverflowError):
            return False
        entries = scope[name].entries
        if not entries or not all(abs(entry) < 30 for entry in entries):
            return False
        self.scope[name] = scope[name]
        self.program.lines += lines
        return True

    def moderate(self):
        """A new row near one of the points where every domain has some room."""
        name = f"m{len(self.program.lines)}"
        center, reach = self.random.choice([(0.5, 0.3), (2, 0.7), (-0.5, 0.3), (0.3, 0.1)])
        line = f"{name} = {center} + {reach} * ag.sin({self.any()})"
        return name if self.runs([line], name) else self.any()

    def any(self, length=None):
        fitting = [n for n in self.names if length is None or len(self.scope[n]) == length]
        # The recent ones are chosen more often, so that programs are deep as well as wide.
        return self.random.choice((fitting[-4:] + fitting) or self.names)

    def partner(self, name):
        """A row that can be combined with this one."""
        length = len(self.scope[name])
        if length == 1:
            return self.any()
        return self.any(self.random.choice([1, length]))

    def number(self):
        return self.random.choice([2, 3, -1, 0.5, round(self.random.uniform(-2, 2), 2)])

    def constant(self, name):
        length = len(self.scope[name])
        if self.random.random() < 0.5:
            return repr(self.number())
        return f"ag.Vector({[self.number() for _ in range(length)]})"

    def statement(self, kind, name, pool):
        x = pool[0] if pool else self.any()
        y = pool[1] if pool else self.partner(x)
        if kind in UNARY:
            method = kind in METHODS and self.random.random() < 0.3
            return [f"{name} = {x}.{kind}()" if method else f"{name} = {self.call(kind, x)}"]
        if kind in BINARY:
            return [f"{name} = {self.combine(kind, *self.order(x, y))}"]
        if kind in REDUCTIONS + SCANS:
            return [f"{name} = ag.{kind}({x})"]
        return getattr(self, f"write_{kind}")(name, x, y)

    def call(self, kind, x):
        return {"neg": f"-{x}", "abs": f"abs({x})"}.get(kind, f"ag.{kind}({x})")

    def order(self, x, y):
        """The operands: two rows, or one and a constant, either first."""
        draw = self.random.random()
        if draw < 0.2:
            return x, self.constant(x)
        if draw < 0.4:
            return self.constant(x), x
        return x, y

    def combine(self, kind, x, y):
        if kind in OPERATORS and self.random.random() < 0.7:
            return f"({x}) {OPERATORS[kind]} ({y})"
        return f"ag.{kind}({x}, {y})"

    def write_constant(self, name, x, y):
        return [f"{name} = {x} * {self.constant(x)} + {self.number()}"]

    def write_integer_power(self, name, x, y):
        return [f"{name} = {x} ** {self.random.choice([2, 3, 1, 0, -1, -2])}"]

    def write_dot(self, name, x, y):
        other = self.any(len(self.scope[x]))
        if len(self.scope[x]) != len(self.scope[other]):
            return None
        return [f"{name} = ag.dot({x}, {other})"]

    def write_matmul(self, name, x, y):
        if len(self.scope[x]) == 1:
            return None
        lhs, rhs = self.random.choice([(x, self.any(len(self.scope[x]))), (x, None), (None, x)])
        weights = f"ag.Vector({[self.number() for _ in self.scope[x].entries]})"
        return [f"{name} = {lhs or weights} @ {rhs or weights}"]

    def row(self, x):
        """What may be a number, as a row."""
        return x if len(self.scope[x]) > 1 else f"ag.concatenate([{x}])"

    def write_index(self, name, x, y):
        length = len(self.scope[x])
        return [f"{name} = {self.row(x)}[{self.random.randrange(-length, length)}]"]

    def write_slice(self, name, x, y):
        bounds = [None, *range(-self.width, self.width + 1)]
        start, stop = self.random.choice(bounds), self.random.choice(bounds)
        step = self.random.choice([None, 1, 2, -1, -2])
        text = ":".join("" if part is None else str(part) for part in (start, stop, step))
        return [f"{name} = {self.row(x)}[{text}]"]

    def write_stack(self, name, x, y):
        parts = [self.any(1) for _ in range(self.random.randint(1, 3))]
        if any(len(self.scope[part]) != 1 for part in parts):
            return None
        return [f"{name} = ag.stack([{', '.join([*parts, repr(self.number())])}])"]

    def write_concatenate(self, name, x, y):
        parts = [x, self.any(), f"ag.Vector([{self.number()}])"]
        self.random.shuffle(parts)
        if sum(len(self.scope[part]) for part in parts if part in self.scope) > 8:
            return None
        return [f"{name} = ag.concatenate([{', '.join(parts)}])"]

    def write_where(self, name, x, y):
        return [f"{name} = ag.where({x} > {self.number()}, {y}, {x} * {self.number()})"]

    def write_clip(self, name, x, y):
        low = round(self.random.uniform(-1, 0), 2)
        return [f"{name} = ag.clip({x}, {low}, {round(low + self.random.uniform(0.5, 2), 2)})"]

    def write_iterate(self, name, x, y):
        return [f"{name} = sum(entry * entry for entry in {self.row(x)})"]

    def write_branch(self, name, x, y):
        x, y = self.any(1), self.any(1)
        if len(self.scope[x]) != 1 or len(self.scope[y]) != 1:
            return None
        return [
            f"if {x} {self.random.choice('<>')} {self.random.choice([y, '0.25'])}:",
            f"    {name} = {x} * {y} - {x}",
            "else:",
            f"    {name} = ag.sin({x}) + {y}",
        ]

    def write_loop(self, name, x, y):
        return [
            f"{name} = {x}",
            f"for _ in range({self.random.randint(1, 4)}):",
            f"    {name} = {name} * ag.cos({name}) + {y}",
        ]


def write_program(seed, kinds, statements=None):
    """The program of this seed, over these kinds of statement; the seed picks the first of them."""
    return Author(seed, kinds, statements or 6 + seed % 11).write()
