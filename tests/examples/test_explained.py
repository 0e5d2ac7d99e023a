"""A step of an example, written as a program, is repeated by NumPy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*words, folder):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, timeout=120)


@pytest.mark.parametrize("name", ["one_step", "xor_by_hand", "xor_sigmoid", "deep_sigmoid"])
def test_a_step_of_an_example_is_repeated(tmp_path, name):
    told = run("-m", "backlit", "explain", EXAMPLES / f"{name}.py", "--step", "2", "--source", "step", folder=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    repeated = run("step/step.py", folder=tmp_path)
    assert (repeated.returncode, repeated.stderr) == (0, "")
    assert repeated.stdout.endswith(": the same step\n")


def test_an_example_that_trains_nothing_has_no_step(tmp_path):
    told = run("-m", "backlit", "explain", EXAMPLES / "softmax_gradient.py", folder=tmp_path)
    assert told.returncode == 2
    assert "calls backward once, but never changes a parameter after it" in told.stderr
