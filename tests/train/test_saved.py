"""A run folder read back: the same network, and a clear word where the folder is not what it should be."""

import json
import os
import pickle
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import backlit
from backlit.train.folder import FORMAT, RunFolderError
from backlit.train.loop import outputs_of
from backlit.train.saved import FILES, load_run
from train.made import make_run, write_table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    trained = make_run(folder / "run", write_table(folder / "boxes.csv", "classes"), batch_norm=True, dropout=0.2)
    return folder / "run", trained


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "run")


def test_the_network_is_the_one_that_was_trained(made):
    folder, trained = made
    saved = load_run(folder)
    x = backlit.Tensor(trained.prepared.parts["test"].x)
    assert np.array_equal(outputs_of(saved.model, x).array, outputs_of(trained.model, x).array)
    assert not saved.model.training
    assert saved.task == trained.prepared.task
    assert saved.columns == trained.prepared.columns
    assert saved.options == trained.options
    assert saved.target == "kind"


@pytest.mark.parametrize("activation", ["tanh", "gelu", "leaky_relu", "softplus"])
def test_every_choice_of_network_is_built_again(tmp_path, activation):
    table = write_table(tmp_path / "boxes.csv")
    trained = make_run(tmp_path / "run", table, activation=activation, hidden=(5, 3), epochs=2)
    assert str(load_run(tmp_path / "run").model) == str(trained.model)


def test_figures_and_history_are_those_of_the_run(made):
    folder, trained = made
    saved = load_run(folder)
    assert saved.metrics["test"]["accuracy"] == trained.metrics["test"]["accuracy"]
    assert saved.history == trained.history.epochs


def test_reading_leaves_the_random_numbers_alone(made):
    backlit.manual_seed(3)
    expected = backlit.rand(4).tolist()
    backlit.manual_seed(3)
    load_run(made[0])
    assert backlit.rand(4).tolist() == expected


def change_config(run, change):
    config = json.loads((run / "config.json").read_text())
    change(config)
    (run / "config.json").write_text(json.dumps(config))


def change_weights(run, change):
    weights = load_file(run / "model.safetensors")
    change(weights)
    save_file(weights, run / "model.safetensors")


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


DAMAGE = {
    "config cut short": (lambda run: cut(run / "config.json"), "config.json is damaged: "),
    "config no object": (lambda run: (run / "config.json").write_text("[]"), "it holds a list, not an object"),
    "config no text": (lambda run: (run / "config.json").write_bytes(b"\xff\xfe"), "config.json is damaged"),
    "no format": (lambda run: change_config(run, lambda c: c.pop("format")), "it names no format"),
    "another version": (
        lambda run: change_config(run, lambda c: c.update(format=FORMAT + 1, backlit="9.1")),
        f"has run-folder format {FORMAT + 1}, written by Backlit 9.1; Backlit .* reads format {FORMAT}. Use that",
    ),
    "no task": (lambda run: change_config(run, lambda c: c.pop("task")), "config.json is damaged: KeyError: 'task'"),
    "unknown column": (
        lambda run: change_config(run, lambda c: c["columns"][0].update(kind="colour")),
        "config.json is damaged: DataError: .*colour",
    ),
    "a column without numbers": (
        lambda run: change_config(run, lambda c: c["columns"][0].update(std=None)),
        "config.json is damaged: DataError: .*mean, std and fill must be finite numbers",
    ),
    "categories twice": (
        lambda run: change_config(run, lambda c: c["columns"][1].update(values=["red"] * 3)),
        "config.json is damaged: DataError: .*each value another",
    ),
    "labels twice": (
        lambda run: change_config(run, lambda c: c["task"].update(labels=["a"] * 6)),
        "config.json is damaged: ValueError: .*labels that differ",
    ),
    "unknown option": (lambda run: change_config(run, lambda c: c["options"].update(x=1)), "config.json is damaged"),
    "option out of range": (lambda run: change_config(run, lambda c: c["options"].update(lr=-1)), "--lr -1"),
    "weights cut short": (lambda run: cut(run / "model.safetensors"), "it is no whole safetensors file"),
    "weights empty": (lambda run: (run / "model.safetensors").write_bytes(b""), "it is no whole safetensors file"),
    "weights of other shapes": (
        lambda run: change_weights(run, lambda w: w.update({"0.bias": np.zeros(7, np.float32)})),
        r"0.bias is float32 \(7,\) in the file, and float32 \(6,\) by config.json",
    ),
    "a weight missing": (
        lambda run: change_weights(run, lambda w: w.pop("0.weight")),
        r"0.weight is not there in the file, and float32 \(6, 4\)",
    ),
    "a weight too many": (
        lambda run: change_weights(run, lambda w: w.update(more=np.zeros(2, np.float32))),
        r"more is float32 \(2,\) in the file, and not part of the network",
    ),
    "weights no numbers": (
        lambda run: change_weights(run, lambda w: w["0.bias"].fill(np.nan)),
        "0.bias holds a value that is not finite",
    ),
    "history no numbers": (
        lambda run: (run / "history.csv").write_text("epoch,loss\n1,low\n"),
        "history.csv is damaged",
    ),
    "metrics no measures": (lambda run: (run / "metrics.json").write_text('{"test": 3}'), "metrics.json is damaged"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_is_refused_with_the_file_and_the_reason(name, run):
    damage, message = DAMAGE[name]
    damage(run)
    with pytest.raises(RunFolderError, match=message) as raised:
        load_run(run)
    assert str(run) in str(raised.value)


@pytest.mark.parametrize("name", FILES)
def test_a_run_that_lacks_a_file_is_refused(name, run):
    os.unlink(run / name)
    with pytest.raises(RunFolderError, match=f"lacks {name}|has no {name}"):
        load_run(run)


def test_a_folder_that_is_no_run_is_refused(run, tmp_path):
    with pytest.raises(RunFolderError, match="There is no run folder .*ru. Did you mean 'run'?"):
        load_run(tmp_path / "ru")
    with pytest.raises(
        RunFolderError, match="is no run folder: it has no config.json. It holds runs: name one, as in .*run"
    ):
        load_run(tmp_path)
    with pytest.raises(RunFolderError, match="is a file. Name the run folder"):
        load_run(run / "config.json")


def test_weights_are_never_unpickled(run, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    (run / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RunFolderError, match="it is no whole safetensors file"):
        load_run(run)
    assert not (tmp_path / "exploded").exists()
