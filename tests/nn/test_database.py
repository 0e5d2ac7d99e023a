"""Every module of PyTorch's own database: the same names, initial values, outputs, gradients and buffers."""

import warnings

import numpy as np
import pytest
import torch

from backlit import nn
from nn.cases import DATABASE, assert_same_state, carried, numpy_of, samples, seed


def tensors_in(values):
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from tensors_in(value)
        elif hasattr(value, "requires_grad"):
            yield value


def called(module, inputs):
    """The output, and after a backward pass of it every gradient that the inputs and parameters got."""
    args, kwargs = inputs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # implicit dimensions, broadcast losses: tested by their words
        out = module(*args, **kwargs)
    out = out[0] if isinstance(out, tuple) else out  # attention also gives its weights
    if out.requires_grad:
        (out * out + out).sum().backward()
    leaves = [*tensors_in(args), *tensors_in(kwargs.values()), *module.parameters()]
    return out, [leaf.grad if leaf.is_leaf else None for leaf in leaves]


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", DATABASE)
def test_every_module_does_what_pytorchs_does(name, training):
    count = 0
    for (args, kwargs), inputs in samples(name, training):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            seed()
            theirs = getattr(torch.nn, name)(*args, **kwargs)
            mine = getattr(nn, name)(*carried(args), **carried(kwargs))
        assert_same_state(mine, theirs, rtol=1e-5)
        assert repr(mine) == repr(theirs)
        mine.double().train(training).load_state_dict(carried(theirs.double().train(training).state_dict()))
        seen = {}
        seed()
        out, grads = called(mine, (carried(inputs[0], seen), carried(inputs[1], seen)))
        expected, expected_grads = called(theirs, inputs)
        assert out.shape == tuple(expected.shape)
        np.testing.assert_allclose(numpy_of(out), numpy_of(expected), rtol=1e-7, atol=1e-8)
        for grad, wanted in zip(grads, expected_grads, strict=True):
            if wanted is not None:
                np.testing.assert_allclose(numpy_of(grad), numpy_of(wanted), rtol=1e-7, atol=1e-8)
        assert_same_state(mine, theirs)
        count += 1
    assert count > 0
