"""Anomaly detection: a backward pass that stops where a gradient becomes NaN, and names the operation."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

from backlit.autograd.modes import grad_mode


class set_detect_anomaly:
    """Look for NaN in every gradient from now on, or no more; as a context manager, while it is entered.

    It costs time. `check_nan=False` is accepted, and then nothing is looked for.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = grad_mode.anomaly
        grad_mode.anomaly = bool(mode) and check_nan

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        grad_mode.anomaly = self.before


class detect_anomaly(set_detect_anomaly):
    """Look for NaN in every gradient while entered.

    >>> import backlit as torch
    >>> x = torch.tensor([-1.0], requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     torch.sqrt(x).sum().backward()
    Traceback (most recent call last):
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output...
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
        self.mode, grad_mode.anomaly = grad_mode.anomaly, self.before

    def __enter__(self) -> None:
        self.before, grad_mode.anomaly = grad_mode.anomaly, self.mode


def is_anomaly_enabled() -> bool:
    """Whether gradients are looked through for NaN."""
    return grad_mode.anomaly


def raise_on_nan(node: Any, gradients: Sequence[Any]) -> None:
    """Raise RuntimeError if a node gave a gradient with NaN in it."""
    for k, g in enumerate(gradients):
        array = getattr(g, "array", g)
        if isinstance(array, (np.ndarray, np.generic)) and np.isnan(array).any():
            raise RuntimeError(
                f"Function '{node.name()}' returned nan values in its {k}th output: the gradient of its input {k}, of "
                f"shape {list(array.shape)}, has {np.isnan(array).sum()} NaN of {array.size}.\nLikely causes: the "
                "operation was evaluated where it has no slope (sqrt or norm at 0, log or division of 0), or its value "
                "overflowed."
            )
