"""A run that goes on: to the bit as if it had never stopped."""

import dataclasses
import os

import numpy as np
import pytest

import backlit
from backlit.data.table import load_table, prepare
from backlit.train import Callback, state
from backlit.train.folder import RunFolderError, write_run
from backlit.train.options import OptionError, Options
from backlit.train.packing import pack, unpack
from backlit.train.resume import load_unfinished
from backlit.train.state import Capture, Resume, StateError
from backlit.train.table import train_table

# What makes a run hard to go on with: random masks, running statistics, moments, a rate that depends on the past.
FULL = dict(hidden=(8,), dropout=0.3, batch_norm=True, schedule="plateau", l1=1e-4, l2=1e-3, batch=16)


def run_in(folder, problem="iris", **options):
    chosen = Options(**options)
    prepared = prepare(load_table(problem), chosen.seed, chosen.missing, chosen.balance)
    write_run(train_table(prepared, chosen), folder)
    return folder


def go_on(folder, *changes):
    run = load_unfinished(folder, *changes)
    write_run(run.train(), folder, replaces=True)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


CASES = {
    "everything at once": FULL,
    "momentum of its own": dict(FULL, optimizer="nadam", schedule="step"),
    "warm up": dict(FULL, schedule="warmup", optimizer="sgd", lr=0.1),
    "a rate that was found": dict(find_lr=True),
    "balanced classes": dict(balance=True, batch=7),
    "a mean of weights": dict(optimizer="asgd"),
    "all rows a step": dict(batch=10_000),
}


@pytest.mark.parametrize("name", CASES)
def test_a_run_that_goes_on_is_the_run_that_never_stopped(name, tmp_path):
    whole = run_in(tmp_path / "whole", **CASES[name], epochs=50)
    parts = run_in(tmp_path / "parts", **CASES[name], epochs=20)
    assert contents(whole)["state.safetensors"] != contents(parts)["state.safetensors"]
    backlit.rand(5)  # what is drawn in between does not matter
    go_on(parts, 50)
    assert contents(whole) == contents(parts)


def test_a_run_goes_on_many_times(tmp_path):
    whole = run_in(tmp_path / "whole", **FULL, epochs=12)
    parts = run_in(tmp_path / "parts", **FULL, epochs=1)
    for epochs in range(2, 13):
        go_on(parts, epochs)
    assert contents(whole) == contents(parts)


@pytest.mark.parametrize("problem", ["xor", "moons"])
def test_early_stopping_counts_on(problem, tmp_path):
    """Without validation rows (xor) nothing is counted; with them, the stop comes in the same epoch."""
    options = dict(FULL, lr=0.3, patience=10)
    whole = run_in(tmp_path / "whole", problem, **options, epochs=60)
    parts = run_in(tmp_path / "parts", problem, **options, epochs=8)
    go_on(parts, 60)
    assert contents(whole) == contents(parts)


def test_more_patience_takes_a_run_past_where_it_stopped(tmp_path):
    options = dict(FULL, lr=0.3)
    short = run_in(tmp_path / "short", "moons", **options, epochs=80, patience=2)
    long = run_in(tmp_path / "long", "moons", **options, epochs=80, patience=20)
    assert len(contents(short)["history.csv"]) < len(contents(long)["history.csv"])
    before = contents(short)
    go_on(short, 80)
    assert contents(short) == before
    go_on(short, 80, 20)
    assert contents(short) == contents(long)


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step(self, run):
        if run.step == self.step:
            run.stop("enough")


@pytest.mark.parametrize("schedule", ["none", "cosine", "onecycle", "plateau"])
@pytest.mark.parametrize("step", [7, 23, 28])
def test_a_run_stopped_at_any_step_goes_on(step, schedule, tmp_path):
    """Seven steps make an epoch: the stops are at its end, in its middle, and at the end of another."""
    options = Options(**dict(FULL, schedule=schedule), epochs=9)
    prepared = prepare(load_table("iris"))
    whole = train_table(prepared, options)
    part = train_table(prepared, options, [StopAt(step)])
    assert len(part.history) == step
    state.save(part.state, tmp_path / "state")
    rest = train_table(prepared, options, state=state.load(tmp_path / "state"))
    assert np.array_equal(rest.history.losses, whole.history.losses)
    assert rest.history.epochs == whole.history.epochs
    assert rest.metrics == whole.metrics
    assert pack(rest.state.tree) == pack(whole.state.tree)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rprop", "lbfgs", "adamax"])
def test_fit_goes_on_with_any_optimizer(optimizer):
    x = np.linspace(-1, 1, 12, dtype=np.float32)[:, None]

    def fitted(epochs, *callbacks):
        backlit.manual_seed(1)
        model = backlit.nn.Sequential(backlit.nn.Linear(1, 4), backlit.nn.Tanh(), backlit.nn.Linear(4, 1))
        batch = None if optimizer == "lbfgs" else 5
        options = dict(loss="mse", optimizer=optimizer, epochs=epochs, batch_size=batch)
        return backlit.fit(model, x, x**2, callbacks=callbacks, **options).losses

    capture = Capture()
    fitted(4, capture)
    assert np.array_equal(fitted(9, Resume(capture.state)), fitted(9))


def test_a_state_is_of_its_own(tmp_path):
    """What is captured stays as it was, whatever becomes of the run."""
    prepared = prepare(load_table("iris"))
    captured = {}

    class At(Callback):
        def on_epoch(self, run):
            if run.epoch == 2:
                captured["state"] = state.capture(run)
                captured["bytes"] = pack(captured["state"].tree)

    train_table(prepared, Options(epochs=5, schedule="plateau"), [At()])
    assert pack(captured["state"].tree) == captured["bytes"]


def test_what_is_packed_is_unpacked_as_it_was():
    tree = {
        "nothing": None, "yes": True, "text": "größer", "whole": 3, "number": 0.1, "endless": float("inf"),
        "list": [1, [2.5, "a"]], "tuple": (1, (2,)), "numbers as keys": {0: "a", 7: {"b": 1}}, "empty": {},
        "array": np.arange(6).reshape(2, 3), "of none": np.zeros((0, 2), np.float32), "single": np.float32(0.5),
        "column": np.arange(6.0).reshape(2, 3)[:, ::2],
    }  # fmt: skip
    back = unpack(pack(tree))
    assert back.keys() == tree.keys()
    for name, value in tree.items():
        assert type(back[name]) in (type(value), float)
        np.testing.assert_equal(back[name], value)
    assert isinstance(unpack(pack([backlit.ones(2)]))[0], backlit.Tensor)
    with pytest.raises(TypeError, match=r"'a.0' is a set, which cannot be saved"):
        pack({"a": [{1}]})


def test_a_schedule_that_spans_the_run_cannot_be_made_longer(tmp_path):
    run = run_in(tmp_path / "run", schedule="cosine", epochs=3)
    with pytest.raises(OptionError, match=r"--epochs 5: the schedule cosine of .*run spans 3 epochs"):
        load_unfinished(run, 5)


def test_epochs_that_are_done_cannot_be_done_again(tmp_path):
    run = run_in(tmp_path / "run", epochs=3)
    for epochs in (2, 3, None):
        with pytest.raises(OptionError, match="has done 3 already. .* as in --epochs 6."):
            load_unfinished(run, epochs)


def test_data_that_changed_are_noticed(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "".join(f"{i % 5},{'xy'[i % 2]}\n" for i in range(40)))
    run = run_in(tmp_path / "run", str(path), epochs=2)
    path.write_text(path.read_text() + "3,x\n")
    with pytest.raises(RunFolderError, match=r"cannot go on: .*rows.csv has changed since the run began"):
        load_unfinished(run, 4)


DAMAGES = {
    "cut short": lambda content: content[:200],
    "empty": lambda content: b"",
    "altered": lambda content: content.replace(b"$array", b"$arrow"),
    "one bit altered": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "another format": lambda content: pack({**unpack(content), "format": 99}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_state_is_said(name, tmp_path):
    run = run_in(tmp_path / "run", epochs=2)
    path = run / "state.safetensors"
    path.write_bytes(DAMAGES[name](path.read_bytes()))
    with pytest.raises(RunFolderError, match="cannot go on from state.safetensors: it is (damaged|no state in format)"):
        go_on(run, 4)


@pytest.mark.parametrize("name", ["state.safetensors", "config.toml"])
def test_a_file_that_is_not_there_is_said(name, tmp_path):
    run = run_in(tmp_path / "run", epochs=2)
    os.remove(run / name)
    with pytest.raises(RunFolderError, match=f"cannot go on: it has no {name}. Copy the folder again"):
        load_unfinished(run, 4)


def test_settings_that_were_changed_are_noticed(tmp_path):
    run = run_in(tmp_path / "run", epochs=2)
    settings = (run / "config.toml").read_text()
    (run / "config.toml").write_text(settings.replace("hidden = [32]", "hidden = [3]"))
    with pytest.raises(RunFolderError, match=r"it is of another network or optimizer: .*this model has .*\)\. Copy"):
        go_on(run, 4)
    (run / "config.toml").write_text(settings.replace('data = "iris"', ""))
    with pytest.raises(RunFolderError, match="config.toml is damaged: it names no data"):
        load_unfinished(run, 4)


def test_other_files_in_the_folder_stay(tmp_path):
    run = run_in(tmp_path / "run", epochs=2)
    (run / "notes.txt").write_text("mine")
    go_on(run, 4)
    assert (run / "notes.txt").read_text() == "mine"
    assert os.listdir(tmp_path) == ["run"]


def test_a_full_disk_leaves_the_run_as_it_was(tmp_path, monkeypatch):
    run = run_in(tmp_path / "run", epochs=2)
    before = contents(run)

    def full(*_):
        raise OSError(28, "No space left on device")

    unfinished = load_unfinished(run, 4)
    trained = unfinished.train()
    monkeypatch.setattr(state, "save", full)
    with pytest.raises(RunFolderError, match="No space left on device.* free some space"):
        write_run(trained, run, replaces=True)
    assert contents(run) == before
    assert os.listdir(tmp_path) == ["run"]


def test_a_state_of_another_network_is_refused():
    prepared = prepare(load_table("iris"))
    made = train_table(prepared, Options(epochs=2))
    with pytest.raises(StateError, match="of another network or optimizer: .*size mismatch"):
        train_table(prepared, dataclasses.replace(made.options, hidden=(3,), epochs=4), state=made.state)
    with pytest.raises(StateError, match="it is of a run with"):
        train_table(prepared, dataclasses.replace(made.options, schedule="step", epochs=4), state=made.state)
