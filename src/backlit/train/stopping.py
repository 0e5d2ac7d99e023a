"""Early stopping: the run ends when the validation loss no longer improves, and the best weights are kept."""

from __future__ import annotations

import math
from typing import Any

from backlit.tensor import Tensor
from backlit.train.events import Callback, Run


class EarlyStopping(Callback):
    """Stops when the validation loss has not improved for `patience` epochs, and puts the best weights back.

    Prechelt, "Early Stopping - But When?", 1998: his criterion UP with strips of one epoch.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.best_loss = math.inf
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] | None = None

    def on_start(self, run: Run) -> None:
        # A resumed run may stand where the patience, then or now, is at its end.
        if run.epoch:
            self._stop_if_patience_is_over(run)

    def on_epoch(self, run: Run) -> None:
        loss = run.history.epochs[-1]["validation_loss"]
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, run.epoch
            self.best_weights = copied(run.model.state_dict())
        else:
            self._stop_if_patience_is_over(run)

    def on_end(self, run: Run) -> None:
        if self.best_weights is not None:
            run.model.load_state_dict(self.best_weights)
            run.history.best_epoch = self.best_epoch

    def state_dict(self) -> dict[str, Any]:
        """What is known of the best epoch. The patience is an option, which a resumed run may be given anew."""
        return {"best_loss": self.best_loss, "best_epoch": self.best_epoch, "best_weights": self.best_weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` returned."""
        vars(self).update(state)

    def _stop_if_patience_is_over(self, run: Run) -> None:
        if run.epoch - self.best_epoch >= self.patience:
            plural = "" if self.patience == 1 else "s"
            better = f"has not improved on {self.best_loss:.4g}" if self.best_epoch else "was no finite number"
            run.stop(f"the validation loss {better} for {self.patience} epoch{plural}")


def copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state_dict that later steps leave as it is."""
    return {name: Tensor.wrap(tensor.array.copy()) for name, tensor in weights.items()}
