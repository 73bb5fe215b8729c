"""JAX in double precision, compiled; `eager` is the same without compiling."""

from __future__ import annotations

import types

import jax
import jax.numpy as jnp

from peers import namespace

jax.config.update("jax_enable_x64", True)

NAME = "JAX jit"
math = namespace(
    **{name: getattr(jnp, name) for name in ("sin", "exp", "log", "tanh", "mean", "sum", "dot")},
    relu=lambda x: jnp.maximum(x, 0.0),
    sigmoid=jax.nn.sigmoid,
    softplus=jax.nn.softplus,
)


def plain(value):
    return jnp.array(value) if isinstance(value, list) else jnp.float64(value)


def differentiate(function, values, constants):
    """Return the differentiated function, not compiled, and its arguments."""
    values = [plain(value) for value in values]
    constants = [plain(value) if isinstance(value, list) else value for value in constants]
    differentiated = jax.value_and_grad(
        lambda *values: function(math, *values, *constants), tuple(range(len(values)))
    )
    return differentiated, values


def value_and_gradient(function, values, constants=()):
    differentiated, values = differentiate(function, values, constants)
    compiled = jax.jit(differentiated)
    return lambda: jax.block_until_ready(compiled(*values))


def value_and_gradient_eager(function, values, constants=()):
    differentiated, values = differentiate(function, values, constants)
    return lambda: jax.block_until_ready(differentiated(*values))


def slope(function, x, constants=()):
    """Return the gradient as a function of an array."""
    return jax.jit(slope_eager(function, x, constants))


def slope_eager(function, x, constants=()):
    constants = [plain(value) for value in constants]
    return jax.grad(lambda x: function(math, x, *constants))


def hessian(function, x):
    compiled, x = jax.jit(jax.hessian(lambda x: function(math, x))), plain(x)
    return lambda: jax.block_until_ready(compiled(x))


def hvp(function, x, v):
    gradient = jax.grad(lambda x: function(math, x))
    compiled = jax.jit(lambda x, v: jax.jvp(gradient, (x,), (v,))[1])
    x, v = plain(x), plain(v)
    return lambda: jax.block_until_ready(compiled(x, v))


def compiled_leap(leap, function, constants, position, momentum):
    """Compile a leapfrog step as one."""
    gradient = slope_eager(function, position, constants)
    compiled = jax.jit(lambda position, momentum, force: leap(gradient, position, momentum, force))
    start = plain(position), plain(momentum), gradient(plain(position))
    return lambda: jax.block_until_ready(compiled(*start))


eager = types.SimpleNamespace(
    NAME="JAX, not compiled",
    math=math,
    plain=plain,
    value_and_gradient=value_and_gradient_eager,
    slope=slope_eager,
)
