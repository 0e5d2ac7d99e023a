"""A step as a folder that needs only NumPy: it repeats the step, and says so when it does not."""

import subprocess
import sys

import numpy as np
import pytest

import backlit as torch
from backlit import explain, nn
from backlit.explain.program import FolderError, write_program

#: Runs step.py and refuses every import of Backlit's, as in an environment without it.
ALONE = """
import runpy, sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("backlit", "torch", "scipy"):
            raise ImportError(f"step.py needs {name}")
sys.meta_path.insert(0, Refusing())
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def explanation(dtype=torch.float32, optimizer=torch.optim.Adam):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 3)).to(dtype)
    chosen = optimizer(model.parameters(), lr=0.1)
    labels = torch.tensor([0, 2, 1, 1])

    def step(x):
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        chosen.step()

    return explain.explain(step, torch.randn(4, 2, dtype=dtype))


def repeated(folder):
    """What `python step.py` prints, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE, folder / "step.py"], capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout, done.returncode


@pytest.mark.parametrize("verbatim", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_program_repeats_the_step_with_numpy_alone(tmp_path, dtype, verbatim):
    told = explanation(dtype)
    write_program(told, tmp_path / "new" / "step", verbatim=verbatim)
    assert sorted(path.name for path in (tmp_path / "new" / "step").iterdir()) == [
        "inputs.npz",
        "outputs.npz",
        "step.py",
    ]
    out, code = repeated(tmp_path / "new" / "step")
    assert code == 0
    assert out.splitlines()[-1].endswith(": the same step")
    greatest = float(out.splitlines()[-1].split()[3].rstrip(":"))
    assert greatest <= (1e-6 if dtype is torch.float32 else 1e-12)
    assert {line.split()[0] for line in out.splitlines()[:-1]} == set(told.graph.outputs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_difference_beyond_rounding_is_said(tmp_path, dtype):
    told = explanation(dtype)
    write_program(told, tmp_path / "step")
    arrays = dict(np.load(tmp_path / "step" / "inputs.npz"))
    name = next(name for name, array in arrays.items() if array.dtype == dtype.numpy and array.ndim == 2)
    arrays[name] *= arrays[name].dtype.type(1 + 1e-3)
    np.savez(tmp_path / "step" / "inputs.npz", **arrays)
    out, code = repeated(tmp_path / "step")
    assert code == 1
    assert out.splitlines()[-1].endswith(": NOT the same step")


def test_numbers_that_are_not_finite_agree_with_themselves(tmp_path):
    w = torch.tensor([0.0, -1.0, 2.0], requires_grad=True)
    told = explain.explain(lambda: (torch.log(w).sum() * 2).backward())
    write_program(told, tmp_path / "step")
    out, code = repeated(tmp_path / "step")
    assert (code, out.splitlines()[-1]) == (0, "greatest relative difference 0.0e+00: the same step")


@pytest.mark.parametrize("name", ["here", "given", "results", "file", "allow_pickle"])
def test_any_name_of_the_users_may_stand_in_the_program(tmp_path, name):
    told = explain.explain(
        eval(f"lambda {name}: ({name} * {name}).sum().backward()"), torch.ones(3, requires_grad=True)
    )
    write_program(told, tmp_path / "step")
    assert name in np.load(tmp_path / "step" / "inputs.npz").files
    assert repeated(tmp_path / "step")[1] == 0


def test_the_same_step_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        write_program(explanation(), tmp_path / folder)
    for name in ("step.py", "inputs.npz", "outputs.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_an_older_step_is_renewed_and_other_folders_are_left(tmp_path):
    write_program(explanation(optimizer=torch.optim.SGD), tmp_path / "step")
    (tmp_path / "step" / "notes.txt").write_text("mine")
    before = (tmp_path / "step" / "step.py").read_text()
    write_program(explanation(), tmp_path / "step")
    assert (tmp_path / "step" / "step.py").read_text() != before
    assert (tmp_path / "step" / "notes.txt").read_text() == "mine"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years")
    (tmp_path / "other" / "step.py").write_text("# a script of the user's own")
    with pytest.raises(FolderError, match="other holds other files, and is left as it is. Name a folder that does not"):
        write_program(explanation(), tmp_path / "other")
    with pytest.raises(FolderError, match="thesis.tex is a file. Name a folder for step.py, inputs.npz, outputs.npz."):
        write_program(explanation(), tmp_path / "other" / "thesis.tex")
    assert {path.name for path in (tmp_path / "other").iterdir()} == {"thesis.tex", "step.py"}
    assert (tmp_path / "other" / "step.py").read_text() == "# a script of the user's own"


def test_nothing_is_left_of_a_folder_that_cannot_be_written_whole(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(FolderError, match="step cannot be written: No space left on device."):
        write_program(explanation(), tmp_path / "step")
    assert list(tmp_path.iterdir()) == []
