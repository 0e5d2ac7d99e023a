"""From a table to a run folder: the network learns, the folder is whole, the seed decides every byte."""

import csv
import json
import os

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import backlit
from backlit.data.table import load_table, prepare
from backlit.train import Callback
from backlit.train.folder import RunFolderError, choose_folder, write_run
from backlit.train.options import OptionError, Options
from backlit.train.table import TrainingError, build_network, build_optimizer, train_table

FILES = ["config.json", "config.toml", "history.csv", "metrics.json", "model.safetensors", "state.safetensors"]


def trained(problem="iris", callbacks=(), **options):
    chosen = Options(**({"epochs": 30} | options))
    return train_table(prepare(load_table(problem), chosen.seed), chosen, callbacks)


@pytest.fixture(scope="module")
def iris():
    return trained()


@pytest.mark.parametrize(("problem", "at_least"), [("xor", 1.0), ("moons", 0.9), ("iris", 0.9), ("digits", 0.9)])
def test_every_problem_is_learned(problem, at_least):
    run = trained(problem, epochs=200)
    assert run.metrics["train"]["accuracy"] >= at_least
    assert run.metrics.get("test", run.metrics["train"])["accuracy"] >= at_least


def test_a_quantity_is_learned(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = 300 + 40 * x[:, 0] - 10 * x[:, 1] ** 2
    path = tmp_path / "q.csv"
    np.savetxt(path, np.column_stack([x, y]), delimiter=",", header="a,b,price", comments="")
    run = trained(str(path), epochs=100)
    assert run.metrics["test"]["r2"] > 0.9
    assert run.metrics["test"]["rmse"] < y.std() / 3


def test_metrics_are_those_of_the_kept_weights(iris):
    best = iris.history.epochs[iris.history.best_epoch - 1]
    assert iris.metrics["validation"]["loss"] == pytest.approx(best["validation_loss"], rel=1e-6)
    assert iris.metrics["validation"]["accuracy"] == best["validation_accuracy"]
    assert [iris.metrics[part]["rows"] for part in ("train", "validation", "test")] == [105, 22, 23]


def test_run_folder_holds_the_network_and_how_it_came_about(iris, tmp_path):
    write_run(iris, tmp_path / "run")
    assert set(FILES) <= set(os.listdir(tmp_path / "run"))
    assert os.listdir(tmp_path) == ["run"]
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert config["task"]["labels"] == ["setosa", "versicolor", "virginica"]
    assert config["network"] == {"inputs": [c["name"] for c in config["columns"]], "outputs": 3}
    assert config["options"]["epochs"] == 30
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["test"] == iris.metrics["test"]
    assert metrics["training"]["best_epoch"] == iris.history.best_epoch
    with open(tmp_path / "run/history.csv", newline="") as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == [row["epoch"] for row in iris.history.epochs]


def test_weights_and_statistics_in_the_folder_predict_what_the_run_predicts(iris, tmp_path):
    """A reader with NumPy alone gets the reported accuracy from the two files and the raw rows."""
    write_run(iris, tmp_path / "run")
    config = json.loads((tmp_path / "run/config.json").read_text())
    w = load_file(tmp_path / "run/model.safetensors")
    table = iris.prepared.table
    mean, std = (np.array([column[key] for column in config["columns"]]) for key in ("mean", "std"))
    x = (table.frame.drop(table.target).to_numpy() - mean) / std
    scores = np.maximum(x @ w["0.weight"].T + w["0.bias"], 0) @ w["2.weight"].T + w["2.bias"]
    names = np.array(config["task"]["labels"])[scores.argmax(axis=1)]
    right = int((names == table.frame[table.target].to_numpy()).sum())
    reported = sum(round(part["rows"] * part["accuracy"]) for part in iris.metrics.values())
    assert right == reported


@pytest.mark.parametrize("problem", ["xor", "iris"])
def test_the_same_seed_gives_the_same_bytes(problem, tmp_path):
    for name in ("one", "two"):
        backlit.rand(3)  # what was drawn before must not matter
        write_run(trained(problem), tmp_path / name)
    write_run(trained(problem, seed=1), tmp_path / "other")
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    weights = "model.safetensors"
    assert (tmp_path / "one" / weights).read_bytes() != (tmp_path / "other" / weights).read_bytes()


def test_nothing_is_left_when_a_folder_cannot_be_completed(iris, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(iris.history), "to_csv", full)
    with pytest.raises(RunFolderError, match="cannot be written: No space left on device"):
        write_run(iris, tmp_path / "run")
    assert os.listdir(tmp_path) == []


def test_a_folder_under_a_file_cannot_be_made(iris, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot be made"):
        write_run(iris, tmp_path / "file" / "run")


def test_a_folder_that_cannot_be_made_is_known_before_the_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot be made in .*file: Not a directory. Choose another with --out"):
        choose_folder("iris", tmp_path / "file" / "run")


def test_a_folder_that_is_there_is_never_written_to(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(RunFolderError, match="exists already"):
        choose_folder("iris", tmp_path / "mine")
    assert choose_folder("iris", under=tmp_path) == tmp_path / "iris"
    (tmp_path / "iris").mkdir()
    (tmp_path / "iris-2").mkdir()
    assert choose_folder("iris", under=tmp_path) == tmp_path / "iris-3"


def test_two_runs_that_finish_under_one_name_do_not_mix(iris, tmp_path):
    write_run(iris, tmp_path / "run")
    before = {file: (tmp_path / "run" / file).stat().st_mtime_ns for file in FILES}
    with pytest.raises(RunFolderError, match="cannot be written"):
        write_run(iris, tmp_path / "run")
    assert {file: (tmp_path / "run" / file).stat().st_mtime_ns for file in FILES} == before
    assert os.listdir(tmp_path) == ["run"]


def test_a_loss_that_overflows_ends_the_run_with_advice():
    with pytest.raises(TrainingError, match=r"The loss became (inf|nan) at step \d+ .* as in --lr 1e\+29"):
        trained("moons", optimizer="sgd", lr=1e30)


def test_callbacks_hear_of_the_run():
    heard = []

    class Listen(Callback):
        def on_epoch(self, run):
            heard.append(run.history.epochs[-1])

    trained("xor", [Listen()], epochs=3)
    assert [row["epoch"] for row in heard] == [1, 2, 3]
    assert all("train_accuracy" in row for row in heard)


def test_layers_stand_in_the_order_of_the_papers():
    model = build_network(4, Options(hidden=(8, 3), activation="tanh", batch_norm=True, dropout=0.5), 2)
    hidden = ["Linear", "BatchNorm1d", "Tanh", "Dropout"]
    assert [type(layer).__name__ for layer in model] == [*hidden, *hidden, "Linear"]
    assert [layer.out_features for layer in model if isinstance(layer, backlit.nn.Linear)] == [8, 3, 2]
    assert len(build_network(4, Options(hidden=(), batch_norm=True), 1)) == 1


def test_weight_decay_is_of_the_weights():
    model = build_network(4, Options(batch_norm=True), 2)
    optimizer = build_optimizer(model, Options(optimizer="adamw", l2=0.3))
    decay = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert [decay[id(p)] for p in model.parameters()] == [0.3 if p.ndim == 2 else 0 for p in model.parameters()]
    assert build_optimizer(model, Options(optimizer="adamw")).param_groups[0]["weight_decay"] == 0.01


def rare(tmp_path, kinds):
    """A table in which the kinds that come later are rarer, and cannot be told apart well."""
    rng = np.random.default_rng(0)
    rows = [(rng.normal(i, 2), rng.normal(), kind) for i, kind in enumerate(kinds) for _ in range(600 // 4**i)]
    path = tmp_path / "rare.csv"
    path.write_text("a,b,kind\n" + "".join(f"{a},{b},{kind}\n" for a, b, kind in rows))
    return str(path)


@pytest.mark.parametrize("kinds", ["no yes", "common scarce rare"])
def test_balanced_classes_count_alike(kinds, tmp_path):
    """The loss is PyTorch's, with the weight n / (K count) for each row, and rare classes are found more often."""
    path, kinds = rare(tmp_path, kinds.split()), kinds.split()
    table = load_table(path)
    prepared = prepare(table, balance=True)
    run = train_table(prepared, Options(epochs=20, balance=True))
    part = prepared.parts["train"]
    scores = torch.from_numpy(run.model(backlit.from_numpy(part.x)).detach().numpy())
    y = torch.from_numpy(part.y)
    counts = np.bincount(part.y.astype(int).ravel())
    weights = torch.from_numpy((len(part.y) / (len(counts) * counts)).astype(np.float32))
    if len(kinds) == 2:
        losses = torch.nn.functional.binary_cross_entropy_with_logits(scores, y, reduction="none")
    else:
        losses = torch.nn.functional.cross_entropy(scores, y, reduction="none")
    expected = (losses * weights[y.long()]).sum() / weights[y.long()].sum()
    assert run.metrics["train"]["loss"] == pytest.approx(expected.item(), rel=1e-4)
    rarest = counts.argmin()
    assert found_share(run, rarest) > found_share(trained(path, epochs=20), rarest)


def found_share(run, kind):
    """How many of the training rows of a class are told to be of it."""
    part = run.prepared.parts["train"]
    scores = run.model(backlit.from_numpy(part.x)).detach().numpy()
    told = scores[:, 0] > 0 if scores.shape[1] == 1 else scores.argmax(axis=1)
    return np.mean(told[part.y.ravel() == kind] == kind)


def test_a_quantity_has_no_classes_to_balance():
    with pytest.raises(OptionError, match="is a quantity, and has no classes to balance"):
        trained("sine", epochs=1, balance=True)


def test_a_batch_of_one_row_is_not_normalised():
    with pytest.raises(OptionError, match="--batch 104: .* a single one.* Take --batch 105."):
        trained("iris", epochs=1, batch=104, batch_norm=True)
    assert trained("iris", epochs=1, batch=105, batch_norm=True).metrics["train"]["loss"] < 3
