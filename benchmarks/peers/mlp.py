"""scikit-learn's MLP: its fit runs every epoch in one call."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.workloads import Workload


def prepare(workload: Workload) -> tuple[Callable[[], None], Callable[[], float]]:
    from sklearn.neural_network import MLPClassifier

    x, y = workload.data()
    model = MLPClassifier(
        workload.sizes[1:-1],
        activation="logistic" if workload.activation == "sigmoid" else "relu",
        solver=workload.optimizer,
        batch_size=workload.batch,
        learning_rate_init=workload.lr,
        max_iter=workload.epochs,
        momentum=0.0,
        alpha=0.0,
        tol=0.0,
        n_iter_no_change=10**9,  # never stops early
        random_state=0,
    )

    def epoch() -> None:
        model.fit(x, np.ravel(y))

    epoch.takes_all = True  # type: ignore[attr-defined]
    return epoch, lambda: float(model.loss_)
