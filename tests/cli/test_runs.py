"""`backlit runs` as a person meets it: the list, the comparison, and what it says about folders that are amiss."""

import json
import os
import shutil
from pathlib import Path

import pytest

from backlit.cli import main
from cli.terminal import on_a_terminal
from train.made import make_run, write_table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    boxes, prices = write_table(folder / "boxes.csv"), write_table(folder / "prices.csv", "regression")
    make_run(folder / "runs" / "short", boxes, epochs=1, lr=0.0001)
    make_run(folder / "runs" / "long", boxes, epochs=60)
    make_run(folder / "runs" / "prices", prices, hidden=(4, 3), seed=7)
    return folder


@pytest.fixture
def runs(made, tmp_path, monkeypatch, capsys):
    """Runs the command in a folder with a copy of the runs; gives the exit code, stdout and stderr."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)

    def call(*words):
        code = 0
        try:
            main(["runs", *words])
        except SystemExit as ended:
            code = ended.code or 0
        return code, *capsys.readouterr()

    return call


def test_runs_on_the_same_data_stand_together_the_best_first(runs):
    code, out, err = runs()
    assert (code, err) == (0, "")
    header, *rows = out.splitlines()
    assert header.split() == ["run", "data", "target", "task", "network", "epochs", "metric", "seed"]
    assert [row.split()[0] for row in rows] == ["runs/long", "runs/short", "runs/prices"]
    assert "boxes   kind    binary      4-6-1 relu" in rows[0]
    assert "accuracy " in rows[0]
    assert "r2 " in rows[2]
    assert rows[2].split()[-1] == "7"
    starts = [header.index(name) for name in header.split()]
    assert all(row[start - 1] == " " != row[start] for row in rows for start in starts[1:])


def test_a_comparison_has_what_differs_and_every_measure(runs):
    code, out, _ = runs("runs/short", "runs/long")
    assert code == 0
    differing, measures, stopped = out.split("\n\n")
    assert [line.split() for line in differing.splitlines()] == [
        ["differs", "runs/short", "runs/long"],
        ["lr", "0.0001", "0.05"],
        ["epochs", "1", "60"],
    ]
    known = json.loads(Path("runs/long/metrics.json").read_text())
    row = next(line.split() for line in measures.splitlines() if line.startswith("test accuracy"))
    assert row[-1] == f"{known['test']['accuracy']:.4f}"
    assert f"runs/long stopped: {known['training']['stopped']}" in stopped


def test_runs_on_other_data_can_be_compared(runs):
    code, out, _ = runs("runs/prices", "runs/long")
    assert code == 0
    assert "data" in out
    row = next(line.split() for line in out.splitlines() if line.startswith("test r2"))
    assert row[-1] == "-"


def test_two_runs_that_are_the_same_are_said_to_be(runs, tmp_path):
    shutil.copytree("runs/long", "runs/again")
    assert runs("runs/long", "runs/again")[1].startswith("Data, options and versions are the same.")


def test_json_has_every_option_and_measure(runs):
    code, out, _ = runs("--json")
    assert code == 0
    found = {run["run"]: run for run in json.loads(out)}
    assert set(found) == {"runs/long", "runs/short", "runs/prices"}
    assert found["runs/long"]["options"]["epochs"] == 60
    assert found["runs/long"]["metrics"] == json.loads(Path("runs/long/metrics.json").read_text())


def test_a_damaged_run_is_said_and_left_out(runs):
    Path("runs/short/metrics.json").write_text("")
    os.mkdir("runs/notes")
    shutil.copytree("runs/long", "runs/part")
    os.unlink("runs/part/model.safetensors")
    code, out, err = runs()
    assert code == 0
    assert [row.split()[0] for row in out.splitlines()[1:]] == ["runs/long", "runs/prices"]
    assert "left out: runs/part lacks model.safetensors" in err
    assert "left out: runs/short/metrics.json is damaged" in err
    assert "left out: runs/notes is no run folder" in err


def test_a_measure_that_is_not_defined_comes_last(runs):
    metrics = json.loads(Path("runs/long/metrics.json").read_text())
    metrics["test"]["accuracy"] = None
    Path("runs/long/metrics.json").write_text(json.dumps(metrics))
    rows = runs()[1].splitlines()
    assert [row.split()[0] for row in rows[1:3]] == ["runs/short", "runs/long"]
    assert "accuracy undefined" in rows[2]


def test_without_runs_it_says_how_to_make_one(runs):
    shutil.rmtree("runs")
    code, out, err = runs()
    assert (code, out) == (0, "")
    assert "there are no runs in runs. One is made by: backlit train iris" in err
    assert runs("--json")[1] == "[]\n"


BAD = {
    "no such folder": (["rans"], "There is no folder rans"),
    "a run that is damaged": (["runs/long", "runs/short"], "runs/short/config.json is damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_named_and_cannot_be_read_is_said(name, runs):
    Path("runs/short/config.json").write_text("")
    words, message = BAD[name]
    code, out, err = runs(*words)
    assert (code, out) == (2, "")
    assert err.startswith("backlit runs: ")
    assert message in err


def test_on_a_terminal_the_table_fits_its_width(made):
    code, shown = on_a_terminal(["runs"], made, 80)
    assert code == 0
    assert b"\x1b[1m" in shown
    assert b"runs/long" in shown
