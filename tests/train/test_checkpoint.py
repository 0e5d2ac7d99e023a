"""A run that is killed at any moment goes on from its last checkpoint, to the bit; nothing is lost by mistake."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.train.checkpoint import KEPT, CheckpointError, Checkpoints

X = np.random.default_rng(0).normal(size=(70, 3)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] > 0).astype(np.float32)


def trained(folder=None, epochs=12, every=7, engine="eager", patience=None, callbacks=()):
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1))
    history = torch.fit(
        net, X, Y, loss="bce_with_logits", optimizer=lambda p: torch.optim.Adam(p, lr=0.01), epochs=epochs,
        batch_size=16, validation=(X[:20], Y[:20]), patience=patience, schedule="step", engine=engine,
        checkpoint=folder, every=every, callbacks=callbacks,
    )  # fmt: skip
    return [history.losses, *(value.array for value in net.state_dict().values())]


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


class Die(torch.train.Callback):
    """Ends a run in the middle, as an error of the user's would."""

    def __init__(self, step):
        self.step = step

    def on_step(self, run):
        if run.step >= self.step:
            raise RuntimeError("gone")


@pytest.mark.parametrize("step", [1, 9, 20, 25, 41])
@pytest.mark.parametrize("patience", [None, 3])
def test_a_run_that_died_goes_on_to_the_bit(tmp_path, step, patience):
    with pytest.raises(RuntimeError, match="gone"):
        trained(tmp_path, callbacks=[Die(step)], patience=patience)
    assert_same(trained(tmp_path, patience=patience), trained(patience=patience))


def test_a_longer_run_goes_on_from_a_finished_one(tmp_path):
    trained(tmp_path, epochs=5)
    assert_same(trained(tmp_path, epochs=12), trained(epochs=12))


def test_two_checkpoints_are_kept(tmp_path):
    trained(tmp_path)
    files = Checkpoints(tmp_path).files()
    assert len(files) == KEPT
    assert files[0].name == "checkpoint-000000000060.safetensors"  # 12 epochs of 5 steps
    assert sorted(os.listdir(tmp_path)) == sorted(["lock", *(file.name for file in files)])


@pytest.mark.parametrize("damage", [lambda data: data[:100], lambda data: data[:-3] + b"abc", lambda data: b""])
def test_a_damaged_checkpoint_is_named_and_the_one_before_used(tmp_path, damage):
    with pytest.raises(RuntimeError, match="gone"):
        trained(tmp_path, callbacks=[Die(33)])
    last = Checkpoints(tmp_path).files()[0]
    last.write_bytes(damage(last.read_bytes()))
    with pytest.warns(UserWarning, match=rf"A checkpoint is left out, .*{last.name}: it is damaged") as warned:
        found = trained(tmp_path)
    assert warned[0].filename == __file__
    assert_same(found, trained())


def test_where_all_are_damaged_nothing_is_overwritten(tmp_path):
    trained(tmp_path, epochs=3)
    for file in Checkpoints(tmp_path).files():
        file.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="No checkpoint in .* is whole"):
        trained(tmp_path)
    assert all(file.read_bytes() == b"nothing" for file in Checkpoints(tmp_path).files())


def test_checkpoints_of_another_network_are_refused(tmp_path):
    trained(tmp_path, epochs=2)
    net = nn.Linear(3, 1)
    with pytest.raises(CheckpointError, match="are not of this run"):
        torch.fit(net, X, Y, loss="mse", optimizer="sgd", epochs=2, checkpoint=tmp_path)


def test_a_folder_is_for_one_process_at_a_time(tmp_path):
    holder = Checkpoints(tmp_path)
    holder.open()
    code = "import sys; from backlit.train.checkpoint import Checkpoints; Checkpoints(sys.argv[1]).open()"
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert "Another process is writing checkpoints to" in done.stderr
    holder.close()
    assert subprocess.run([sys.executable, "-c", code, tmp_path]).returncode == 0


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    mine = ["notes.txt", "checkpoint-1.safetensors", "checkpoint-000000000007.safetensors.bak", ".hidden.tmp"]
    for name in mine:
        (tmp_path / name).write_text("mine")
    trained(tmp_path)
    assert [(tmp_path / name).read_text() for name in mine] == ["mine"] * 4
    assert len(Checkpoints(tmp_path).files()) == KEPT


def test_what_a_killed_process_had_begun_to_write_is_taken_away(tmp_path):
    (tmp_path / ".checkpoint-000000000007.safetensors.0123abcd.tmp").write_bytes(b"half")
    trained(tmp_path)
    assert list(tmp_path.glob(".*")) == []


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CheckpointError, match="Checkpoints cannot be written to .*file"):
        trained(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_says_so_and_leaves_what_was(tmp_path, monkeypatch):
    trained(tmp_path, epochs=2)
    before = {file.name: file.read_bytes() for file in Checkpoints(tmp_path).files()}

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(CheckpointError, match="cannot be written: No space left.*goes on from the last"):
        trained(tmp_path, epochs=4)
    assert {file.name: file.read_bytes() for file in Checkpoints(tmp_path).files()} == before


@pytest.mark.parametrize("every", [0, 1.5, True])
def test_every_is_a_number_of_steps(tmp_path, every):
    with pytest.raises(ValueError, match="every must be a whole number of steps"):
        trained(tmp_path, every=every)


PROGRAM = """
import sys, numpy as np, backlit as torch
from backlit import nn
folder, engine = sys.argv[1:]
torch.manual_seed(1)
x = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
print("ready", flush=True)
history = torch.fit(net, x, x[:, :1].copy(), loss="mse", optimizer="adam", epochs=400, batch_size=16, engine=engine,
                    checkpoint=folder or None, every=3)
print(history.losses.tobytes().hex()[-64:], *(p.array.tobytes().hex() for p in net.parameters()))
"""


@pytest.mark.parametrize("engine", ["eager", "native"])
def test_a_process_that_is_killed_again_and_again_ends_as_if_it_never_was(tmp_path, engine):
    def start(folder):
        command = [sys.executable, "-c", PROGRAM, str(folder), engine]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    undisturbed = start("").communicate()[0].split()[1:]
    draw = np.random.default_rng(0)
    for _ in range(6):
        process = start(tmp_path)
        process.stdout.readline()
        time.sleep(draw.uniform(0.05, 0.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert start(tmp_path).communicate()[0].split()[1:] == undisturbed
