"""What the tests that walk the registry share: the record of one op."""

import numpy as np

import backlit as torch
import backlit.nn  # brings the ops of layers and losses into the registry
from backlit import tracing
from backlit.ops.registry import OPS
from backlit.tensor import apply

EVERY_OP = [op for op in OPS.values() if op.samples]


def tensors_of(op, arrays, dtype):
    """An op's inputs as tensors; those that have a rule want a gradient."""
    made = []
    for k, a in enumerate(arrays):
        if isinstance(a, np.ndarray):
            is_float = a.dtype.kind == "f"
            a = torch.from_numpy(np.array(a, dtype if is_float else a.dtype))
            a.requires_grad_(is_float and op.inputs[min(k, len(op.inputs) - 1)] in op.rules)
        made.append(a)
    return made


def traced(op, sample, dtype, arrays=None, backward=True):
    """The record of the op's forward and backward, with gradients that are not all alike; and the op's tensors."""
    tensors = tensors_of(op, sample.arrays if arrays is None else arrays, dtype)

    def step(*tensors):
        out = apply(op, *([sample.through(*tensors)] if sample.through else tensors), **sample.settings)
        if backward and out.requires_grad:
            g = np.linspace(-1, 1, out.array.size).reshape(out.shape).astype(out.array.dtype)
            out.backward(torch.from_numpy(g))
        return out

    return tracing.trace(step, *tensors), tensors
