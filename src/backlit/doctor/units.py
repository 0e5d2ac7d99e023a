"""D: hidden units that say the same of every row, or the same as each other."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from backlit.doctor.numbers import NumberRule
from backlit.doctor.order import held
from backlit.doctor.rule import OpCall, Place, Rule, here

#: Batches and rows over which a unit is watched before it is judged.
BATCHES, ROWS = 10, 500
#: The share of a layer's units that must be idle.
MANY = 0.5
#: Outputs beyond which tanh and the sigmoid hardly change, and the share of rows on which a unit is there.
SATURATED_TANH, SATURATED_SIGMOID, ON_ROWS = 0.99, 0.01, 0.95


class Layer:
    """What was seen of the units of one activation: on how many rows each was idle."""

    def __init__(self, name: str, units: int, place: Place) -> None:
        self.name, self.place = name, place
        self.idle = np.zeros(units, dtype=np.int64)
        self.rows = self.batches = 0

    def add(self, idle: np.ndarray) -> None:
        self.idle += np.add.reduce(idle, axis=0, dtype=np.int32)
        self.rows += len(idle)
        self.batches += 1

    @property
    def is_known(self) -> bool:
        return self.batches >= BATCHES and self.rows >= ROWS


class UnitRule(NumberRule):
    """A rule about what activations give, each known by its place in the step and its width."""

    activations: ClassVar[tuple[str, ...]] = ()
    share = 1.0  # of the rows, on which a unit must be idle

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.layers: dict[tuple[int, str, int], Layer] = {}

    def before_step(self, optimizer: Any) -> None:
        if self.finding is not None or not self.is_alone:
            return
        for number, call in enumerate(self.watch.tape.hidden(self.activations)):
            self.see(number, call)

    def see(self, number: int, call: OpCall) -> None:
        out = call.result.array
        rows = out if out.ndim == 2 else np.moveaxis(out, 1, -1).reshape(-1, out.shape[1])
        key = (number, call.op.name, out.shape[1])
        layer = self.layers.setdefault(key, Layer(call.op.name, out.shape[1], call.place))
        layer.add(self.idle(call.op.name, rows))
        if layer.is_known:
            share = float(np.mean(layer.idle >= self.share * layer.rows))
            del self.layers[key]
            if share > MANY and not self.course.is_fitted():
                self.say(layer, number, share)

    def idle(self, name: str, rows: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def say(self, layer: Layer, number: int, share: float) -> None:
        raise NotImplementedError


class DeadRelu(UnitRule):
    """Units that give 0 for every row: no gradient ever reaches their weights again."""

    id, activations = "dead-relu", ("relu",)
    swallows = ("stuck-at-baseline", "lr-too-low", "vanishing-gradient", "stopped-too-early")

    def idle(self, name: str, rows: np.ndarray) -> np.ndarray:
        return rows <= 0

    def say(self, layer: Layer, number: int, share: float) -> None:
        self.find(
            f"{share:.0%} of the {len(layer.idle)} units of ReLU number {number + 1} gave 0 for each of {layer.rows} "
            "rows.",
            "nn.LeakyReLU(0.01)   # for nn.ReLU(); or a lower lr, and scaled inputs",
            place=layer.place,
            severity="error" if share == 1 else "warning",
        )


class SaturatedUnits(UnitRule):
    """Units at the flat ends of tanh or the sigmoid, where gradients are next to nothing."""

    id, activations, share = "saturated-units", ("tanh", "sigmoid"), ON_ROWS
    swallows = ("stuck-at-baseline", "stopped-too-early", "vanishing-gradient", "lr-too-low")

    def idle(self, name: str, rows: np.ndarray) -> np.ndarray:
        if name == "tanh":
            return np.abs(rows) > SATURATED_TANH
        return (rows < SATURATED_SIGMOID) | (rows > 1 - SATURATED_SIGMOID)

    def say(self, layer: Layer, number: int, share: float) -> None:
        self.find(
            f"{share:.0%} of the {len(layer.idle)} units of {layer.name} number {number + 1} are at its flat ends on "
            f"{ON_ROWS:.0%} of {layer.rows} rows.",
            "X = (X - X.mean(0)) / X.std(0)   # scaled inputs, smaller first weights\n"
            "nn.init.xavier_uniform_(layer.weight)",
            place=layer.place,
        )


class SymmetricInit(Rule):
    """All units of a layer begin alike, get like gradients, and stay alike."""

    id, group = "symmetric-init", "D"
    swallows = ("stuck-at-baseline", "vanishing-gradient", "dead-relu", "lr-too-low", "stopped-too-early")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.looked: set[int] = set()

    def before_step(self, optimizer: Any) -> None:
        if id(optimizer) in self.looked:
            return
        self.looked.add(id(optimizer))
        for p in held(optimizer):
            rows, grad = p.array, p.grad
            if rows.ndim >= 2 and len(rows) > 1 and grad is not None and alike(rows) and alike(grad.array):
                self.find(
                    f"All {len(rows)} units of the layer with the weights of shape {list(rows.shape)} begin with the "
                    "same weights, and their gradients are the same: they will stay one unit.",
                    "nn.init.xavier_uniform_(layer.weight)   # not a constant",
                    place=here(),
                )


def alike(rows: np.ndarray) -> bool:
    """Whether all rows are equal, but for rounding."""
    return bool(np.allclose(rows, rows[:1], rtol=1e-6, atol=0))
