"""The graph's parts, under PyTorch's names."""

from __future__ import annotations

from typing import Any

from backlit.autograd.backward import as_tuple
from backlit.autograd.node import Node as Node


def increment_version(tensor: Any) -> None:
    """Note a write to a tensor's memory that was made behind its back, so that a stale kept value is noticed."""
    for t in as_tuple(tensor):
        t.bump()
