"""Stand-in until the engine's own is there."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Table:
    names: list[str]
    values: np.ndarray
    labels: dict[str, list[str]] = field(default_factory=dict)
