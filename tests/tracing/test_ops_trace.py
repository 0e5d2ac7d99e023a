"""Every op of the registry traces: the program that comes of it gives the same numbers, to the bit."""

import numpy as np
import pytest

import backlit as torch
from tracing.traced import EVERY_OP, traced


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
