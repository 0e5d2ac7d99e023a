"""The programs of what is on screen, run."""

import base64
import subprocess
import sys

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.live.programs import PROGRAMS, Shown, written
from live.network import network_in_training
from live.printing import printed

LAYERS = [(nn.Tanh,), (lambda: nn.BatchNorm1d(4), nn.ReLU, lambda: nn.Dropout(0.3)), (nn.Sigmoid,)]


def shown_of(eager):
    return Shown("moons", 4, eager.model, eager.loss, eager.optimizer, eager.batches.x, eager.batches.y, 8)


def loss_on_screen(eager):
    eager.model.eval()
    with torch.no_grad():
        loss = eager.loss(eager.model(eager.batches.x), eager.batches.y).item()
    eager.model.train()
    return loss


@pytest.mark.parametrize("language", PROGRAMS)
@pytest.mark.parametrize("kind", ["binary", "classes", "regression"])
def test_each_program_prints_the_loss_on_the_screen(kind, language):
    # Many rows of many inputs are written in base64.
    for rows, inputs, between in zip((30, 30, 120), (2, 3, 20), LAYERS, strict=True):
        eager = network_in_training(kind, rows=rows, inputs=inputs, between=between)
        (loss,) = printed(PROGRAMS[language](shown_of(eager)))
        assert float(loss) == pytest.approx(loss_on_screen(eager), rel=1e-6)


def test_the_numpy_program_needs_nothing_but_numpy(tmp_path):
    file, eager = tmp_path / "program.py", network_in_training()
    file.write_text(PROGRAMS["numpy"](shown_of(eager)), encoding="utf-8")
    check = "import runpy, sys; runpy.run_path(sys.argv[1]); print('backlit' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check, file], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.split()[1:] == ["False", "False"]


def test_making_a_program_changes_nothing():
    eager = network_in_training(between=(lambda: nn.BatchNorm1d(4), nn.Tanh))
    before = {name: tensor.array.copy() for name, tensor in eager.model.state_dict().items()}
    for make in PROGRAMS.values():
        make(shown_of(eager))
    assert all(np.array_equal(before[name], t.array) for name, t in eager.model.state_dict().items())
    assert all(module.training for module in eager.model.modules())


def test_the_torch_program_can_train_on():
    program = PROGRAMS["torch"](shown_of(network_in_training()))
    first, last = map(float, printed(program + "train(200)\nmodel.eval()\nprint(loss_fn(model(x), y).item())\n"))
    assert last < first / 2


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.1, -1e-30, np.inf, -np.inf, np.nan], np.float32),
        np.array(5, np.int64),
        np.arange(3000, dtype=np.float32).reshape(30, 100) / 7,
        np.linspace(-1, 1, 500).reshape(5, 100),
    ],
)
def test_an_array_that_is_written_comes_back_to_the_bit(array):
    again = eval(written(array), {"np": np, "base64": base64, "float": float})
    assert again.dtype == array.dtype
    assert np.array_equal(again, array, equal_nan=array.dtype.kind == "f")
