"""Each neuron, and the output, over the input plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backlit import nn
from backlit.autograd.modes import no_grad
from backlit.live.build import predicted
from backlit.live.rows import Rows
from backlit.tensor import Tensor

#: Pixels along a side of a neuron's picture, of the output's, and of the output's where there is one input.
NEURON, OUTPUT, OUTPUT_OF_ONE = 24, 64, 256


@dataclass(frozen=True)
class Plane:
    """Two inputs and how far they reach; the others stay at their means. With one input both axes are it."""

    rows: Rows
    axes: tuple[int, int]
    ranges: tuple[float, float, float, float]

    @property
    def is_line(self) -> bool:
        return len(self.rows.names) == 1

    def points(self, pixels: int) -> Tensor:
        """The middle of each pixel, as the network takes it, rows from the top down.  Shape: out (pixels, F)."""
        x0, x1, y0, y1 = self.ranges
        middles = (np.arange(pixels) + 0.5) / pixels
        across, down = x0 + (x1 - x0) * middles, y1 - (y1 - y0) * middles
        if self.is_line:
            return self.given(across[:, None])
        return self.given(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2))

    def given(self, at: np.ndarray) -> Tensor:
        """Points of the plane as the network takes them.  Shape: at (n, 2) or (n, 1), out (n, F)."""
        return Tensor.wrap(self.rows.scaled(self.inputs_at(at)))

    def inputs_at(self, at: np.ndarray) -> np.ndarray:
        """Points of the plane as rows, the other inputs at their means.  Shape: at (n, 2) or (n, 1), out (n, F)."""
        inputs = np.tile(self.rows.inputs[~self.rows.is_test].mean(axis=0), (len(at), 1))
        inputs[:, self.axes[0]] = at[:, 0]
        if not self.is_line:
            inputs[:, self.axes[1]] = at[:, 1]
        return inputs

    def shape(self, pixels: int) -> tuple[int, int]:
        return (1, pixels) if self.is_line else (pixels, pixels)

    def neurons(self, model: nn.Sequential) -> np.ndarray:
        """What each hidden neuron gives out, and each output's raw score.  Shape: out (U, 24, 24), or (U, 1, 24)."""
        values = np.concatenate(layer_outputs(model, self.points(NEURON)), axis=1)
        return np.ascontiguousarray(values.T).reshape(-1, *self.shape(NEURON))

    def output(self, model: nn.Sequential) -> np.ndarray:
        """What the network says.  Shape: out (K, 64, 64), or (1, 1, 256) for one input."""
        pixels = OUTPUT_OF_ONE if self.is_line else OUTPUT
        said = predicted(self.rows, layer_outputs(model, self.points(pixels))[-1])
        return np.ascontiguousarray(said.T, dtype=np.float32).reshape(-1, *self.shape(pixels))


def layer_outputs(model: nn.Sequential, x: Tensor) -> list[Any]:
    """What each hidden layer hands on, and the raw scores, as arrays; in evaluation mode.

    Shape: x (n, F), out [(n, width), ...].
    """
    was_training = model.training
    model.eval()
    outputs: list[Any] = []
    try:
        with no_grad():
            for place, module in enumerate(model):
                if place and isinstance(module, nn.Linear):
                    outputs.append(x.array)
                x = module(x)
    finally:
        model.train(was_training)
    return [*outputs, x.array]
