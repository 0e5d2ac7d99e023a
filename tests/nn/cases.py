"""PyTorch's own module cases, and values carried from PyTorch to Backlit."""

import numpy as np
import torch
from torch.testing._internal.common_modules import module_db

import backlit
from backlit import nn

DATABASE = {info.module_cls.__name__: info for info in module_db if hasattr(nn, info.module_cls.__name__)}
DTYPES = {torch.float64: backlit.float64, torch.float32: backlit.float32, torch.int64: backlit.int64}


def carried(value, seen=None):
    """A nest of PyTorch's values as Backlit's: what was one tensor stays one, leaves stay leaves."""
    seen = {} if seen is None else seen
    if isinstance(value, torch.Tensor):
        if id(value) not in seen:
            copy = backlit.from_numpy(value.detach().numpy().copy())
            seen[id(value)] = copy.requires_grad_(value.requires_grad)
        return seen[id(value)]
    if isinstance(value, torch.dtype):
        return DTYPES[value]
    if value is torch.nn.functional.gelu:
        return nn.functional.gelu
    if isinstance(value, torch.nn.Module):
        return twin(value)
    if isinstance(value, (list, tuple)):
        return type(value)(carried(v, seen) for v in value)
    if isinstance(value, dict):
        return {k: carried(v, seen) for k, v in value.items()}
    return value


def twin(layer):
    """Backlit's layer of a Transformer, with the sizes and the state of PyTorch's."""
    attention, feed = layer.self_attn, layer.linear1
    made = getattr(nn, type(layer).__name__)(
        attention.embed_dim, attention.num_heads, feed.out_features, layer.dropout.p, layer.activation.__name__,
        batch_first=attention.batch_first, norm_first=layer.norm_first, bias=feed.bias is not None,
        dtype=DTYPES[feed.weight.dtype],
    )  # fmt: skip
    made.load_state_dict(carried(dict(layer.state_dict())))
    return made


def samples(name, training):
    """(constructor arguments, call arguments), each as (args, kwargs), for every case of a module."""
    info = DATABASE[name]
    torch.manual_seed(0)
    for case in info.module_inputs_func(info, device="cpu", dtype=torch.float64, requires_grad=True, training=training):
        made, called = case.constructor_input, case.forward_input
        kwargs = {k: v for k, v in made.kwargs.items() if k not in ("device", "dtype")}
        yield (made.args, kwargs), (called.args, called.kwargs)


def seed(number=0):
    torch.manual_seed(number)
    backlit.manual_seed(number)


def numpy_of(tensor):
    return tensor.detach().numpy()


def assert_same_state(mine, theirs, rtol=1e-7):
    mine, theirs = mine.state_dict(), theirs.state_dict()
    assert list(mine) == list(theirs)
    for key, value in theirs.items():
        assert numpy_of(mine[key]).dtype == numpy_of(value).dtype
        np.testing.assert_allclose(numpy_of(mine[key]), numpy_of(value), rtol=rtol, atol=1e-8, err_msg=key)
