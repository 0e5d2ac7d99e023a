"""E: what is learned of the training rows, and not of others."""

from __future__ import annotations

import math
from typing import Any

from backlit.doctor.rule import LossCall, Place, Rule

#: Evaluations since the best one, how far the loss has risen since, and how far the training loss has fallen.
OLD, RISEN, FALLEN = 10, 1.1, 0.1
#: Evaluations are smoothed a little: few rows are evaluated.
SMOOTHING = 0.5


class Overfit(Rule):
    """The validation loss rises while the training loss falls."""

    id, group, severity = "overfit", "E", "warning"

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.mean = self.best = self.trained = math.nan
        self.age = 0
        self.place: Place | None = None

    def after_loss(self, call: LossCall, value: Any) -> None:
        self.place = call.place

    def on_score(self, value: float) -> None:
        means = self.watch.course.means
        if not math.isfinite(value) or not means:
            return
        self.mean = value if math.isnan(self.mean) else SMOOTHING * self.mean + (1 - SMOOTHING) * value
        self.age += 1
        if not self.mean >= self.best:
            self.best, self.trained, self.age = self.mean, means[-1], 0
        has_fallen = means[-1] <= (1 - FALLEN) * self.trained
        if self.age >= OLD and self.mean >= RISEN * self.best and has_fallen:
            self.find(
                f"The validation loss was {self.best:.4g} at its lowest, {self.age} evaluations ago, and is now "
                f"{self.mean:.4g}; the training loss fell from {self.trained:.4g} to {means[-1]:.4g} meanwhile.",
                "if validation_loss < best:\n    best, weights = validation_loss, copy.deepcopy(model.state_dict())\n"
                "model.load_state_dict(weights)   # after training: the best, not the last",
                place=self.place,
            )
