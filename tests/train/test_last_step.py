"""The last step of a run is the one that the run took."""

import numpy as np
import pytest

from backlit.train.folder import RunFolderError
from backlit.train.last_step import explain_run
from train.made import make_run, write_table


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 1},
        {"epochs": 3, "batch_norm": True, "dropout": 0.3, "hidden": (4, 3), "l1": 1e-3, "schedule": "cosine"},
        {"epochs": 4, "find_lr": True, "optimizer": "sgd", "batch": 100},
    ],
)
@pytest.mark.parametrize("task", ["binary", "classes"])
def test_it_ends_where_the_run_ended(tmp_path, task, options):
    trained = make_run(tmp_path / "run", write_table(tmp_path / "table.csv", task), patience=50, **options)
    told = explain_run(tmp_path / "run")
    assert told.step == len(trained.history)
    assert told.graph.loss.value == pytest.approx(trained.history.losses[-1], rel=1e-6)
    for path, (_, _, after) in told.parameters.items():
        np.testing.assert_array_equal(after, trained.state.tree["model"][path].array)


def test_a_long_run_is_repeated_with_the_compiled_steps_that_it_took(tmp_path):
    trained = make_run(tmp_path / "run", write_table(tmp_path / "table.csv"), batch=64, epochs=230, patience=230)
    told = explain_run(tmp_path / "run")
    assert told.step == len(trained.history) > 200
    for path, (_, _, after) in told.parameters.items():
        np.testing.assert_allclose(after, trained.state.tree["model"][path].array, rtol=1e-5, atol=1e-7)


def test_a_run_that_ends_before_its_last_step_is_another(tmp_path):
    trained = make_run(tmp_path / "run", write_table(tmp_path / "table.csv"), epochs=2)
    steps = len(trained.history)
    metrics = tmp_path / "run" / "metrics.json"
    metrics.write_text(metrics.read_text().replace(f'"steps": {steps}', f'"steps": {steps + 1}'))
    with pytest.raises(RunFolderError, match=f"cannot be repeated: it took {steps + 1} steps, and now ends before"):
        explain_run(tmp_path / "run")
    metrics.write_text(metrics.read_text().replace(f'"steps": {steps + 1}', '"steps": "many"'))
    with pytest.raises(RunFolderError, match="metrics.json is damaged: it does not say how many steps the run took"):
        explain_run(tmp_path / "run")
