"""What is told of a step: its record, and what it did to the parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backlit.nn import Module
    from backlit.optim import Optimizer
    from backlit.tracing import Graph


@dataclass(frozen=True)
class Explanation:
    """One training step, ready to be told.

    `step` counts the script's optimizer steps from 1. `parameters` holds, under each parameter's path, its array
    before the step, its gradient and its array after the step; a gradient that never arrived is None.
    """

    graph: Graph
    step: int = 1
    script: str = ""
    model: Module | None = None
    optimizer: Optimizer | None = None
    parameters: dict[str, tuple[Any, Any, Any]] = field(default_factory=dict)
