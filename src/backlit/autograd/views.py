"""Writing in place to recorded tensors, and to views of them, without losing the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit.autograd.node import Node, OpNode
from backlit.autograd.tracked import Tracked

Path = tuple[tuple[Any, dict[str, Any]], ...]


class WriteNode(Node):
    """A tensor that was overwritten in part: that part's gradient goes to the value written, the rest to before."""

    def __init__(self, before: Any, value: Any, path: Path, shape: tuple[int, ...]) -> None:
        edges = [("before", before), ("value", value)]
        self.sides = [side for side, edge in edges if edge is not None]
        super().__init__([edge for _, edge in edges if edge is not None])
        self.path, self.shape = path, shape

    def name(self) -> str:
        return "CopySlices"

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> list[Any]:
        return [follow(self.path, g) if side == "value" else np.where(self.written(), 0, g) for side in self.sides]

    def written(self) -> Any:
        """True where the write went."""
        mask = np.zeros(self.shape, bool)
        follow(self.path, mask)[...] = True
        return mask


def follow(path: Path, value: Any) -> Any:
    """Take the view that `path` leads to from `value`."""
    for op, settings in path:
        value = op(value, **settings)
    return value


def refresh(view: Tracked) -> None:
    """Give a view the node that it has since its base was last overwritten."""
    base = view.base
    assert base is not None
    view.seen = view.version.history
    fresh = follow(view.path, base)
    view.node, view.needs_grad = fresh.node, fresh.needs_grad


def rebase(target: Tracked, result: Tracked) -> None:
    """Make `target`, whose memory has just been overwritten with `result`'s values, continue `result`'s graph."""
    target.version.history += 1
    base = target.base
    if base is None and result.node is not None:
        target.node, target.needs_grad = result.node, True
    elif base is None:  # overwritten with a constant, or with a leaf
        target.node, target.needs_grad = WriteNode(target.edge, result.edge, (), target.array.shape), True
    else:
        base.node = WriteNode(base.edge, result.edge, target.path, base.array.shape)
        base.needs_grad = True
    if isinstance(result.node, OpNode):
        keep_output(result.node, target)


def keep_output(node: OpNode, target: Tracked) -> None:
    """A node that kept its output shall notice when the tensor it was written to is overwritten."""
    for index, keep in enumerate(node.plan.keeps):
        if keep.kind == "out" and node.kept is not None:
            node.kept[index] = target.array
            node.versions[index], node.counts[index] = target.version, target.version.count
