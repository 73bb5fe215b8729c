"""JAX in double precision, compiled; `eager` is the same without compiling."""

from __future__ import annotations

import types

import jax
import jax.numpy as jnp

from peers import namespace

jax.config.update("jax_enable_x64", True)

NAME = "JAX jit"
math = namespace(
    **{name: getattr(jnp, name) for name in ("sin", "exp", "log", "tanh", "mean", "sum", "where")},
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


eager = types.SimpleNamespace(
    NAME="JAX, not compiled", math=math, value_and_gradient=value_and_gradient_eager
)
