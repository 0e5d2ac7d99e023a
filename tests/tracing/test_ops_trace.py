"""Every op of the registry traces: the program that comes of it gives the same numbers, to the bit."""

import numpy as np
import pytest

import backlit as torch
import backlit.nn  # brings the ops of layers and losses into the registry
from backlit import tracing
from backlit.ops.registry import OPS
from backlit.tensor import apply

EVERY_OP = [op for op in OPS.values() if op.samples]


def inputs_of(op, sample, dtype):
    made = []
    for k, a in enumerate(sample.arrays):
        if isinstance(a, np.ndarray):
            is_float = a.dtype.kind == "f"
            a = torch.from_numpy(np.array(a, dtype if is_float else a.dtype))
            a.requires_grad_(is_float and op.inputs[min(k, len(op.inputs) - 1)] in op.rules)
        made.append(a)
    return made


def traced(op, sample, dtype):
    """The record of the op's forward and backward on a sample, with gradients that are not all alike."""
    tensors = inputs_of(op, sample, dtype)

    def step(*tensors):
        out = apply(op, *([sample.through(*tensors)] if sample.through else tensors), **sample.settings)
        if out.requires_grad:
            g = np.linspace(-1, 1, out.array.size).reshape(out.shape).astype(out.array.dtype)
            out.backward(torch.from_numpy(g))
        return out

    return tracing.trace(step, *tensors), tensors


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", EVERY_OP, ids=lambda op: op.name)
def test_an_ops_program_gives_its_numbers_to_the_bit(op, dtype):
    for sample in op.samples(np.random.default_rng(0)):
        graph, tensors = traced(op, sample, dtype)
        found = graph.run()
        names = {id(line): name for name, line in graph.outputs.items()}
        for line in graph.outputs.values():
            np.testing.assert_array_equal(found[names[id(line)]], line.value)
        for tensor in tensors:
            if isinstance(tensor, torch.Tensor) and tensor.grad is not None:
                assert any(np.array_equal(tensor.grad.array, v, equal_nan=True) for v in found.values())
