"""`backlit export`: a program that predicts as the run does, and knows nothing of Backlit."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from backlit.cli import main
from backlit.train.options import ACTIVATIONS
from train.made import make_run, write_table

TASKS = ("binary", "classes", "regression")
# What each program must do without. PyTorch itself says so where NumPy is missing.
LIBRARIES = {
    "torch": {"backlit", "numpy", "scipy", "safetensors", "polars"},
    "numpy": {"backlit", "torch", "scipy", "safetensors", "polars"},
}
WARNINGS = ["-W", "error", "-W", "ignore:Failed to initialize NumPy"]

# What a program finds when it asks for a library that it should do without.
BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names}:
            raise ModuleNotFoundError("no " + name)

sys.meta_path.insert(0, Blocked())
"""


def run_program(folder, new, library, *, code=None):
    """The program, or some code beside it, in a fresh interpreter that has no library but its own."""
    (folder / "sitecustomize.py").write_text(BLOCKED.format(names=LIBRARIES[library]))
    environment = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    words = ["-c", code] if code else [str(folder / "model.py"), str(new)]
    return subprocess.run(
        [sys.executable, *WARNINGS, *words],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


def predictions(text):
    """The columns that predict added, and its rows of numbers."""
    rows = list(csv.DictReader(io.StringIO(text)))
    numbers = [[float(v) for k, v in row.items() if k.startswith("p") and v[:1] in "-0123456789"] for row in rows]
    return rows, np.array(numbers)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run for each task, with every kind of layer and column, and the table it was trained on."""
    folder = tmp_path_factory.mktemp("export")
    for task in TASKS:
        make_run(folder / task, write_table(folder / f"{task}.csv", task), epochs=15, batch_norm=True, dropout=0.1)
    return folder


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("task", TASKS)
def test_the_program_predicts_as_the_run_does(task, library, made, tmp_path, capsys):
    main_ends_well("export", made / task, "--to", library, "-o", tmp_path / "program")
    assert sorted(os.listdir(tmp_path / "program")) == ["model.py", "model.safetensors"]
    capsys.readouterr()
    main_ends_well("predict", made / task, made / f"{task}.csv")
    expected, numbers = predictions(capsys.readouterr().out)
    done = run_program(tmp_path / "program", made / f"{task}.csv", library)
    assert (done.returncode, done.stderr) == (0, "")
    rows, found = predictions(done.stdout)
    assert [list(row) for row in rows] == [list(row) for row in expected]
    assert len(rows) == 80
    assert found == pytest.approx(numbers, rel=1e-5, abs=1e-6)
    if task != "regression":
        assert [row["prediction"] for row in rows] == [row["prediction"] for row in expected]


def main_ends_well(*words):
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    assert not ended.value.code


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_has_its_line_in_numpy(activation, tmp_path, capsys):
    table = write_table(tmp_path / "t.csv")
    make_run(tmp_path / "run", table, activation=activation, epochs=3, hidden=(4, 3))
    main_ends_well("export", tmp_path / "run", "--to", "numpy", "-o", tmp_path / "program")
    capsys.readouterr()
    main_ends_well("predict", tmp_path / "run", table)
    _, numbers = predictions(capsys.readouterr().out)
    done = run_program(tmp_path / "program", table, "numpy")
    assert done.stderr == ""
    assert predictions(done.stdout)[1] == pytest.approx(numbers, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("library", LIBRARIES)
def test_it_is_a_function_for_other_programs(library, made, tmp_path):
    main_ends_well("export", made / "binary", "--to", library, "-o", tmp_path / "program")
    code = (
        "import json; from model import predict\n"
        "print(json.dumps(predict([{'size': 8.5, 'colour': 'red'}, {'size': '0.5', 'colour': 'violet'}])))\n"
        "assert predict([]) == []"
    )
    done = run_program(tmp_path / "program", None, library, code=code)
    assert done.stderr == ""
    first, second = json.loads(done.stdout)
    assert set(first) == {"prediction", "probability", "p(big)", "p(small)"}
    assert first["p(big)"] + first["p(small)"] == pytest.approx(1, abs=1e-6)
    assert second["prediction"] in ("big", "small")


def test_what_was_imputed_in_training_is_imputed_in_the_program(tmp_path, capsys):
    table = write_table(tmp_path / "t.csv")
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], ",red,small", "3,,small", *lines[3:]]) + "\n")
    make_run(tmp_path / "run", table, missing="impute", epochs=3)
    main_ends_well("export", tmp_path / "run", "--to", "numpy", "-o", tmp_path / "program")
    capsys.readouterr()
    main_ends_well("predict", tmp_path / "run", table)
    _, numbers = predictions(capsys.readouterr().out)
    done = run_program(tmp_path / "program", table, "numpy")
    assert predictions(done.stdout)[1] == pytest.approx(numbers, rel=1e-5, abs=1e-6)


BAD_ROWS = {
    "a missing column": ("size\n1\n", "row 1 has no column 'colour'"),
    "a missing value": ("size,colour\n1,red\n,red\n", "row 2: a value is missing in column 'size'"),
    "text for a number": ("size,colour\nwide,red\n", "row 1: column 'size' holds 'wide', and needs a finite number"),
    "an infinity": ("size,colour\ninf,red\n", "row 1: column 'size' holds 'inf', and needs a finite number"),
    "a short line": ("size,colour\n1,red\n2\n", "line 3 has 1 fields, and the first 2 names"),
}


def test_a_program_says_what_is_wrong_with_its_rows(made, tmp_path):
    main_ends_well("export", made / "binary", "--to", "numpy", "-o", tmp_path / "program")
    for text, message in BAD_ROWS.values():
        (tmp_path / "bad.csv").write_text(text)
        done = run_program(tmp_path / "program", tmp_path / "bad.csv", "numpy")
        assert done.returncode == 1
        assert done.stderr == f"{tmp_path / 'bad.csv'}: {message}\n"
    done = run_program(tmp_path / "program", tmp_path / "gone.csv", "numpy")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No such file or directory" in done.stderr


def test_its_folder_is_named_for_the_run_and_the_library(made, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main_ends_well("export", made / "binary", "--to", "numpy")
    main_ends_well("export", made / "binary", "--to", "numpy")
    assert sorted(os.listdir(tmp_path)) == ["binary-numpy", "binary-numpy-2"]
    assert "python binary-numpy/model.py NEW.csv" in capsys.readouterr().out


def test_what_cannot_be_exported_is_said_in_one_message(made, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made / "binary", "cut")
    os.unlink("cut/model.safetensors")
    os.mkdir("there")
    for words, message in (
        (["gone", "--to", "numpy"], "There is no run folder gone"),
        (["cut", "--to", "torch"], "cut lacks model.safetensors"),
        ([str(made / "binary"), "--to", "numpy", "-o", "there"], "there exists already"),
        ([str(made / "binary"), "--to", "onnx"], "'onnx'"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["export", *words])
        assert ended.value.code == 2
        assert message in capsys.readouterr().err
    assert sorted(os.listdir()) == ["cut", "there"]
