"""Functions that make derivatives of functions."""

from autograd_rs.transforms.checkpoint import checkpoint
from autograd_rs.transforms.flatten import flatten
from autograd_rs.transforms.grad import elementwise_grad, grad, value_and_grad
from autograd_rs.transforms.hessian import hessian, hvp
from autograd_rs.transforms.jacobian import jacfwd, jacobian, jacrev
from autograd_rs.transforms.jvp import jvp, vjp

__all__ = [
    "checkpoint",
    "elementwise_grad",
    "flatten",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "value_and_grad",
    "vjp",
]
