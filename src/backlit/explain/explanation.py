"""What is told of a step: its record, and what it did to the parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backlit.explain.path import Path
    from backlit.nn import Module
    from backlit.optim import Optimizer
    from backlit.tracing import Graph


@dataclass(frozen=True)
class Explanation:
    """One training step, ready to be told.

    `step` counts the script's optimizer steps from 1. `parameters` holds, under each parameter's path, its array
    before the step, its gradient and its array after the step; a gradient that never arrived is None.

    >>> import backlit as torch
    >>> from backlit.explain import explain
    >>> w = torch.tensor([2.0, 3.0], requires_grad=True)
    >>> explained = explain(lambda: (w * w).sum().backward())
    >>> print(explained.path("w[1]"))
    w[1] = 3
    ...
      w[1] → mul_1[1] → loss
          3 · 1 = 3
    ...
      the sum over all routes                      6
    ...
    """

    graph: Graph
    step: int = 1
    script: str = ""
    model: Module | None = None
    optimizer: Optimizer | None = None
    parameters: dict[str, tuple[Any, Any, Any]] = field(default_factory=dict)

    def tell(self, sample: int | None = None, numbers: bool = True) -> str:
        """The step as text, in its five moments: see `backlit.explain.story.tell`."""
        from backlit.explain import story

        return story.tell(self, sample, numbers)

    def path(self, name: str, most: int = 12) -> Path:
        """Every route from one scalar weight to the loss: see `backlit.explain.path.path`."""
        from backlit.explain.path import path

        return path(self, name, most)

    def latex(self) -> str:
        """All formulas of the step as a LaTeX document: see `backlit.explain.sheet.latex`."""
        from backlit.explain import sheet

        return sheet.latex(self)
