"""What the tape knows of a tensor: its array, the node that made it, and the version of its memory."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from backlit.autograd.node import Node
    from backlit.ops.registry import Op

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Version:
    """Counts the writes to one piece of memory; a tensor and its views share it."""

    count = 0
    history = 0  # recorded writes: views made before the last one have an outdated node
    writer = ""  # the user's line of the last write


class Tracked:
    """A tensor as the tape sees it. `Tensor` adds everything else.

    A leaf (made by the user) has no `node`; `needs_grad` says whether gradients are wanted. A view has a `base` and
    the `path` of view ops that leads from it.
    """

    array: np.ndarray[Any, Any]
    version: Version
    node: Node | None = None
    needs_grad: bool = False
    grad: Any = None
    base: Tracked | None = None
    path: tuple[tuple[Op, dict[str, Any]], ...] = ()
    seen: int = 0
    hooks: Any = None

    @staticmethod
    def wrap(array: Any, node: Node | None = None) -> Any:
        """A tensor around `array`, without a copy; with a node, part of the graph."""
        raise NotImplementedError

    @property
    def edge(self) -> Any:
        """Where a gradient of this tensor goes: its node, or the leaf itself; None if none is wanted."""
        return self.node if self.node is not None else self if self.needs_grad else None

    def bump(self) -> None:
        """Note a write to this tensor's memory, and the user's line that did it."""
        self.version.count += 1
        self.version.writer = users_line()


def users_line() -> str:
    """file:line of the nearest caller outside Backlit."""
    frame = users_frame()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def users_frame() -> Any:
    """The frame of the nearest caller outside Backlit."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame
