"""D: gradients that grow or fade on their way through the layers."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median
from typing import Any

from backlit.doctor.numbers import NumberRule
from backlit.doctor.order import held
from backlit.doctor.rule import here
from backlit.doctor.updates import norm, weights_of

#: A gradient has exploded at so many times the median of so many steps, so many steps running.
EXPLODED, MEDIAN, RUNNING = 10.0, 50, 3
#: Gradients seen before a median is one.
LEAST_SEEN = 10
#: A gradient has vanished at this share of the last layer's, in so many layers, for so many steps.
VANISHED, LAYERS, STEPS = 1e-3, 3, 20
#: Of neighbouring layers, the share whose gradient falls towards the first: a vanishing one falls nearly everywhere.
FALLING = 0.75
#: A network whose loss is below this share of the baseline learns, whatever its gradients are.
LEARNS = 0.9


class ExplodingGradient(NumberRule):
    """Gradients become far larger than they were, and the loss rises."""

    id = "exploding-gradient"
    swallows = ("nan-origin",)

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.norms: list[float] = []
        self.running = 0
        self.level = math.inf  # of the loss, when it was found

    def before_step(self, optimizer: Any) -> None:
        if self.finding is not None or not self.is_alone:
            return
        size = math.sqrt(sum(norm(p.grad.array) ** 2 for p in held(optimizer) if p.grad is not None))
        usual = median(self.norms[-MEDIAN:]) if len(self.norms) >= LEAST_SEEN else math.inf
        means = self.course.means
        if not size > EXPLODED * usual:
            self.running = 0
            self.norms.append(size)
            return
        self.running += 1
        self.watch.until = max(self.watch.until, self.watch.steps + RUNNING)
        if self.running >= RUNNING and len(means) > RUNNING and means[-1] > means[-1 - RUNNING]:
            self.find(
                f"The gradient's norm is {size:.3g}, {size / max(usual, 1e-300):.0f} times what it was, and the loss "
                "rises.",
                "loss.backward()\ntorch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\noptimizer.step()",
                place=here(),
            )
            self.level = means[-1]

    def finish(self) -> None:
        """One leap that the run came back from is no harm."""
        if self.finding is not None and self.course.means[-1] < self.level / 2:
            self.withdraw()


class VanishingGradient(NumberRule):
    """The first layers get next to no gradient, and the network does not learn."""

    id = "vanishing-gradient"
    swallows = ("stuck-at-baseline", "saturated-units", "lr-too-low", "stopped-too-early")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.seen = 0

    def before_step(self, optimizer: Any) -> None:
        if not self.is_alone:
            return
        sizes = [norm(p.grad.array) / math.sqrt(p.array.size) for p in weights_of(optimizer) if p.array.size]
        self.seen = self.seen + 1 if self.is_fading(sizes) else 0
        if self.seen >= STEPS and self.finding is None and not self.course.is_fitted(LEARNS):
            self.find(
                f"The gradient of the first of {len(sizes)} layers is {sizes[0] / sizes[-1]:.1e} of the last one's "
                f"({sizes[0]:.1e} and {sizes[-1]:.1e}, root mean squares), and falls from layer to layer.",
                "nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))   # ReLU for sigmoid, fewer layers,\n"
                "# nn.BatchNorm1d between, or the input added to a block's output",
            )

    def is_fading(self, sizes: list[float]) -> bool:
        if len(sizes) < LAYERS or not sizes[-1] > 0 or sizes[0] >= VANISHED * sizes[-1]:
            return False
        falling = sum(near < far for near, far in pairwise(sizes))
        return falling >= FALLING * (len(sizes) - 1)

    def finish(self) -> None:
        if self.finding is not None and self.course.is_fitted(LEARNS):
            self.withdraw()
