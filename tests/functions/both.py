"""The same lines in PyTorch and in Backlit, and what they give compared."""

import numpy as np
import pytest
import torch as oracle

import backlit

#: Values on which most of these tests work: six elements of two rows.
ROWS = np.arange(6.0, dtype=np.float32).reshape(2, 3)


def values(result):
    """A result as nested lists of (array, dtype name, shape), whichever library it comes from."""
    if isinstance(result, (tuple, list)) and not isinstance(result, (backlit.Size, oracle.Size)):
        return [values(part) for part in result]
    if isinstance(result, (oracle.Tensor, backlit.Tensor)):
        return result.detach().numpy(), str(result.dtype), tuple(result.shape)
    return result


def assert_same(mine, theirs, rtol=1e-6):
    if isinstance(mine, list):
        assert len(mine) == len(theirs)
        for a, b in zip(mine, theirs, strict=True):
            assert_same(a, b, rtol)
    elif isinstance(mine, tuple) and len(mine) == 3 and isinstance(mine[0], np.ndarray):
        assert mine[1:] == theirs[1:]
        np.testing.assert_allclose(mine[0], theirs[0], rtol=rtol, atol=1e-6)
    else:
        assert mine == theirs


def agree(call, rtol=1e-6):
    """`call(torch)` gives the same in both libraries; returns what Backlit gives."""
    result = call(backlit)
    assert_same(values(result), values(call(oracle)), rtol)
    return result


def gradients_agree(call, *arrays, rtol=1e-6):
    """`call(torch, *tensors)` and the gradients of its sum, weighted element by element, are the same in both."""
    found = []
    for library in (backlit, oracle):
        inputs = [library.from_numpy(a.copy()).requires_grad_() for a in arrays]
        out = call(library, *inputs)
        weights = library.from_numpy(np.cos(np.arange(out.numel(), dtype=out.detach().numpy().dtype)))
        (out.reshape(-1) * weights).sum().backward()
        found.append(values([out, *[x.grad for x in inputs]]))
    assert_same(*found, rtol)


def both_raise(call, match):
    """`call(torch)` raises in PyTorch, and the same type in Backlit, in words that match."""
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        call(oracle)
    kind = next(k for k in type(theirs.value).__mro__ if k.__module__ == "builtins")
    with pytest.raises(kind, match="(?s)" + match):
        call(backlit)
