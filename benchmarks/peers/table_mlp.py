"""scikit-learn's MLP on the rows of `backlit train`: `python -m benchmarks.peers.table_mlp DATA SEED` prints JSON."""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from backlit.data.table import load_table, prepare
from backlit.train.options import Options


def settings(validation_share: float) -> dict[str, dict[str, Any]]:
    """What scikit-learn is given beside its layers: nothing, or the options that `backlit train` has by itself."""
    own = Options()
    same = {
        "learning_rate_init": own.lr,
        "batch_size": own.batch,
        "max_iter": own.epochs,
        "n_iter_no_change": own.patience,
        "early_stopping": True,
        "validation_fraction": validation_share,
    }
    return {"as it comes": {}, "same options": same}


def measure(data: str, seed: int) -> dict[str, dict[str, float]]:
    """The test measure and the seconds of `fit`, for both settings.

    It is given the validation rows to learn from as well: what it holds out of them is its own affair.
    """
    prepared = prepare(load_table(data), seed, missing="impute")
    parts, task = prepared.parts, prepared.task
    seen = [parts["train"], parts["validation"]]
    x, y = np.concatenate([part.x for part in seen]), np.concatenate([part.y.ravel() for part in seen])
    make = MLPRegressor if task.kind == "regression" else MLPClassifier
    found = {}
    for name, options in settings(len(parts["validation"]) / len(x)).items():
        model = make(hidden_layer_sizes=Options().hidden, random_state=seed, **options)
        started = time.perf_counter()
        model.fit(x, y)
        seconds = time.perf_counter() - started
        found[name] = {"score": float(model.score(parts["test"].x, parts["test"].y.ravel())), "seconds": seconds}
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # it warns where max_iter, 200 as it comes, ends the training
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
