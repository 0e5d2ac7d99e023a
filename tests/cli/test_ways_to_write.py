"""One table in the ways in which people's programs write it: trained on, predicted and exported alike."""

import csv
import io
import json
import runpy
import sys

import numpy as np
import pytest

from backlit.cli import main

ROWS = 60
WAYS = {
    "as Backlit writes": (",", "{:.2f}".format, str),
    "as pandas writes truth values": (",", "{:.2f}".format, lambda truth: str(truth == "true")),
    "as a spreadsheet writes truth values": (",", "{:.2f}".format, str.upper),
    "with decimal commas": (";", lambda value: f"{value:.2f}".replace(".", ","), str),
    "with decimal commas and thousands": (";", lambda value: f"{value:,.2f}".translate({44: 46, 46: 44}), str),
}


def write_table(path, way):
    separator, number, truth = WAYS[way]
    rng = np.random.default_rng(4)
    size, is_big = rng.uniform(-3000, 3000, ROWS), rng.choice(["true", "false"], ROWS)
    price = size / 7 + 800 * (is_big == "true")
    lines = [("size", "big", "price")]
    lines += [(number(s), truth(str(b)), number(p)) for s, b, p in zip(size, is_big, price, strict=True)]
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows(lines)


def call(*words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


def predicted(text):
    return [float(row["prediction"]) for row in csv.DictReader(io.StringIO(text))]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What the run on the plainest table measured."""
    folder = tmp_path_factory.mktemp("plain")
    write_table(folder / "table.csv", "as Backlit writes")
    call("train", str(folder / "table.csv"), "--out", str(folder / "run"), "--epochs", "20", "--quiet")
    return json.loads((folder / "run" / "metrics.json").read_text())


@pytest.mark.parametrize("way", WAYS)
def test_the_same_numbers_come_out(way, plain, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "table.csv", way)
    call("train", "table.csv", "--out", "run", "--epochs", "20", "--quiet")
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == plain
    capsys.readouterr()
    call("predict", "run", "table.csv")
    out, said = capsys.readouterr()
    assert "training did not see" not in said
    for library in ("numpy", "torch"):
        call("export", "run", "--to", library, "-o", library)
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["model.py", "table.csv"])
        runpy.run_path(f"{library}/model.py", run_name="__main__")
        assert predicted(capsys.readouterr().out) == pytest.approx(predicted(out), abs=1e-3)


@pytest.mark.parametrize("text", ["{0},5{0:02}", "{0} %", "€{0}.50", "−{0}"])
def test_numbers_that_are_not_written_as_such_are_refused(text, tmp_path, capsys):
    rows = "\n".join(f'"{text.format(i)}",{i}' for i in range(1, 41))
    (tmp_path / "table.csv").write_text(f"amount,y\n{rows}\n")
    assert call("train", str(tmp_path / "table.csv"), "--out", str(tmp_path / "run")) == 2
    said = capsys.readouterr().err
    assert f"'amount' holds numbers with commas or signs, such as {text.format(1)!r} in row 1. Write a point" in said
    assert ("Decimal commas" in said) == ("," in text)
