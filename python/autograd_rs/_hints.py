"""What to write here instead of what other packages have, for messages.

Loaded when a message is made.
"""

from __future__ import annotations

_NUMPY = "use NumPy's, import numpy as np, or import autograd_rs.numpy as np"
_VARIABLE = "use Variable(x) for what is differentiated, Vector([...]) or an array for what is not"
_NOTHING = "leave it out: functions run as the Python that they are"
_RECORDED = "leave it out: what is computed with Variables is recorded"
_PRIMITIVE = "use @primitive, with defvjp or defjvp"
_HVP = "use hvp(f)(x, v)"
_VJP = "use vjp(f, x), which gives (value, pullback)"
_DICT = "use grad(f) of a function that takes a dict"
_SCIPY = "use SciPy's minimize(value_and_grad(f), x, jac=True), or a loop with w.value = ..."

INSTEAD = {
    "vmap": "use a loop, or elementwise_grad(f) of a function that goes entry by entry",
    "pmap": _NOTHING,
    "jit": _NOTHING,
    "compile": _NOTHING,
    "function": _NOTHING,
    "lax": "use if, while and for",
    "np": _NUMPY,
    "jnp": _NUMPY,
    "numpy": "write import autograd_rs.numpy as np",
    "scipy": "use scipy.special, which takes Variables, or erf, lgamma and others of autograd_rs",
    "linalg": "use norm, dot and a @ b, or write import autograd_rs.numpy.linalg",
    "random": "use NumPy's",
    "array": _NUMPY,
    "asarray": _NUMPY,
    "zeros": "use Vector.zeros(n), or NumPy's",
    "ones": "use Vector.ones(n), or NumPy's",
    "arange": _NUMPY,
    "linspace": _NUMPY,
    "einsum": _NUMPY,
    "Tensor": _VARIABLE,
    "tensor": _VARIABLE,
    "Value": _VARIABLE,
    "Parameter": _VARIABLE,
    "constant": _VARIABLE,
    "Array": _VARIABLE,
    "GradientTape": f"{_RECORDED}; grad(loss, wrt=[...]) gives its derivatives",
    "enable_grad": _RECORDED,
    "set_grad_enabled": "use with no_grad(): for what is not recorded",
    "inference_mode": "use no_grad()",
    "detach": "use x.detach(), or stop_gradient(x)",
    "backward": "use grad(loss), which sets .grad of every leaf",
    "gradient": "use grad(f), or grad(loss, wrt=[...])",
    "gradients": "use grad(f), or grad(loss, wrt=[...])",
    "grad_and_value": "use value_and_grad(f), which gives (value, gradient)",
    "grad_and_aux": "use grad(f, has_aux=True)",
    "multigrad_dict": _DICT,
    "grad_named": _DICT,
    "holomorphic_grad": "use real and imaginary parts: there are no complex Variables",
    "deriv": "use grad(f)",
    "make_vjp": _VJP,
    "vector_jacobian_product": _VJP,
    "tensor_jacobian_product": _VJP,
    "linearize": "use jvp(f, (x,), (v,))",
    "make_jvp": "use jvp(f, (x,), (v,)), which gives (value, tangent)",
    "jacobian_vector_product": "use jvp(f, (x,), (v,)), which gives (value, tangent)",
    "hessian_vector_product": _HVP,
    "hessian_tensor_product": _HVP,
    "make_hvp": _HVP,
    "make_ggnvp": "write it with jvp, hvp and vjp",
    "custom_vjp": _PRIMITIVE,
    "custom_jvp": _PRIMITIVE,
    "custom_gradient": _PRIMITIVE,
    "Function": _PRIMITIVE,
    "extend": "use primitive, defvjp and defjvp of autograd_rs itself",
    "core": "use primitive, defvjp and defjvp of autograd_rs itself",
    "misc": "use flatten of autograd_rs itself",
    "flatten_util": "use flatten",
    "ravel_pytree": "use flatten",
    "tree": "use flatten",
    "tree_util": "use flatten",
    "tree_map": "use flatten",
    "test_util": "use check_grads",
    "gradcheck": "use check_grads(f, args)",
    "gradgradcheck": "use check_grads(f, args, order=2)",
    "clamp": "use clip",
    "cat": "use concatenate",
    "matmul": "use a @ b",
    "mm": "use a @ b",
    "var": "use NumPy's, or the method of the Variable",
    "std": "use NumPy's, or the method of the Variable",
    "nn": "write the model with Variables: softplus, relu, sigmoid, softmax are here",
    "optim": _SCIPY,
    "optimizers": _SCIPY,
    "cuda": "leave it out: all numbers are in the memory of this process",
    "device": "leave it out: all numbers are in the memory of this process",
    "float32": "leave it out: all numbers are float64",
    "float64": "leave it out: all numbers are float64",
    "manual_seed": "use NumPy's, or that of random",
}


def instead_of(name: str) -> str:
    """Say what to use instead of a name that this package does not have, if that is known."""
    return f": {INSTEAD[name]}" if name in INSTEAD else ""


_NO_LOOP = (
    "autograd_rs: the function made an array of Variables, and used a function of NumPy on it that "
    "has no derivative for objects; write it with elementary functions, which numpy and "
    "scipy.special have for Variables, or give it a rule with autograd_rs.primitive"
)
_LIST = (
    "autograd_rs: a list that is differentiated comes as a list of Variables; give a Vector or an "
    "array for one Variable, with which arithmetic is possible"
)


def explain(error: TypeError) -> None:
    """Add to an error of a function that is differentiated what is known of its cause."""
    text = str(error)
    notes: list[str] = getattr(error, "__notes__", [])
    note = ""
    if "ufunc '" in text and ("for the input types" in text or "dtype('O')" in text):
        note = _NO_LOOP
    elif "sequence by non-int of type 'list'" in text or "and 'list'" in text:
        note = _LIST
    if note and note not in notes and hasattr(error, "add_note"):
        error.add_note(note)
