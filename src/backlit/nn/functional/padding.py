"""More elements around a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backlit.ops import index, shape
from backlit.tensor import Tensor, apply

MODES = ("reflect", "replicate", "circular")


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Elements before and behind the last dimensions: pad = (left, right, top, bottom, ...), the last dimension first.

    mode: "constant" fills with `value` (0), "reflect" mirrors at the edge, "replicate" repeats it, "circular" goes on
    at the other edge. Negative widths cut.

    >>> import backlit as torch
    >>> torch.nn.functional.pad(torch.tensor([1.0, 2.0]), (1, 2))
    tensor([0., 1., 2., 0., 0.])
    """
    ndim, widths = input.array.ndim, [(int(a), int(b)) for a, b in zip(pad[::2], pad[1::2], strict=True)]
    if len(pad) % 2 or len(widths) > ndim:
        raise RuntimeError(
            f"Padding length must be divisible by 2 and at most twice the number of dimensions of the input, {ndim}; "
            f"received {list(pad)}."
        )
    if mode == "constant":
        spread = ((0, 0),) * (ndim - len(widths)) + tuple(widths[::-1])
        return apply(shape.pad, input, widths=spread, value=0 if value is None else value)
    if mode not in MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}; there are constant, {', '.join(MODES)}.")
    for k, (before, behind) in enumerate(widths):
        axis = ndim - 1 - k
        length = input.array.shape[axis]
        if max(before, behind) >= length + (mode != "reflect") and mode != "replicate":
            raise RuntimeError(f"Padding size {(before, behind)} is too large for dimension {axis} of length {length}.")
        input = apply(index.pick, input, places(length, before, behind, mode), axis=axis)
    return input


def places(length: int, before: int, behind: int, mode: str) -> np.ndarray[Any, Any]:
    """The positions that a padded axis reads."""
    whole = np.arange(length)
    kept = slice(max(-before, 0), length - max(-behind, 0))
    widths = max(before, 0), max(behind, 0)
    if mode == "circular":  # what is cut is cut first: it does not come round
        return np.pad(whole[kept], widths, mode="wrap")
    padded = np.pad(whole, widths, mode="reflect" if mode == "reflect" else "edge")
    return padded[kept.start : len(padded) - max(-behind, 0)]
