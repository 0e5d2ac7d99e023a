"""Sequences of different lengths in one tensor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.functions.joining import stack
from backlit.functions.shape import transpose
from backlit.ops import shape
from backlit.tensor import Tensor, apply


def pad_sequence(
    sequences: Tensor | Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:  # fmt: skip
    """Sequences (T_k, ...) made equally long with padding_value.  Shape: (T, B, ...), or (B, T, ...) with batch_first.

    >>> import backlit as torch
    >>> torch.nn.utils.rnn.pad_sequence([torch.ones(2), torch.ones(1)], batch_first=True)
    tensor([[1., 1.],
            [1., 0.]])
    """
    given = list(sequences)
    if not given or not all(isinstance(s, Tensor) for s in given):
        raise RuntimeError(
            f"pad_sequence: Expected an iterable of at least one tensor for input sequences, but got: {type(sequences)}"
        )
    longest = max(len(s.array) for s in given)
    rows = [padded(s, longest - len(s.array), padding_value, padding_side) for s in given]
    return stack(rows, 0 if batch_first else 1)


def padded(sequence: Tensor, missing: int, value: float, side: str) -> Tensor:
    if side not in ("left", "right"):
        raise RuntimeError(f'padding_side must be "left" or "right", not {side!r}')
    width = (missing, 0) if side == "left" else (0, missing)
    return apply(shape.pad, sequence, widths=(width, *((0, 0),) * (sequence.array.ndim - 1)), value=value)


def unpad_sequence(padded_sequences: Tensor, lengths: Iterable[Any], batch_first: bool = False) -> list[Tensor]:
    """The sequences that pad_sequence made equally long, of their own lengths again."""
    rows = padded_sequences if batch_first else transpose(padded_sequences, 0, 1)
    return [rows[k, : int(n)] for k, n in enumerate(lengths)]
