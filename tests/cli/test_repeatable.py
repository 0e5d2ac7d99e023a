"""A seed decides every byte of a run folder, wherever it is run, and whether or not it was resumed."""

import os
import subprocess
import sys

import numpy as np
import pytest

# Ahead of `main`, so that a small file is read as a large one is.
LARGE = "from backlit.data import files; files.MOST_BYTES_IN_MEMORY = 0; "
# The epochs after which a run is stopped, and those that it has in all. The first steps of a run are taken eagerly, and
# compiling the others takes a while; it may be stopped before or after.
TABLES = {
    "two inputs": ("moons", "", 3, 14),
    "text and missing values": ("shop.csv", "", 50, 60),
    "text and missing values, as in a large file": ("shop.csv", LARGE, 2, 5),
    "a quantity": ("diabetes", "", 2, 5),
}


def write_shop(folder):
    rng = np.random.default_rng(5)
    lines = ["size,colour,kind"]
    for size, colour in zip(rng.normal(size=200).round(2), rng.choice(["red", "blue", "grün", ""], 200), strict=True):
        lines.append(f"{size},{colour},{'big' if size + (colour == 'red') > 0.3 else 'small'}")
    (folder / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def train(folder, before, *words):
    """In a fresh interpreter, with the order of sets and dictionaries' hashes drawn anew."""
    command = [sys.executable, "-c", f"{before}from backlit.cli import main; main()", "train", *words, "--quiet"]
    environment = {**os.environ, "PYTHONHASHSEED": "random"}
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=120)


@pytest.mark.parametrize("table", TABLES)
def test_two_places_and_a_run_that_was_resumed_give_the_same_bytes(table, tmp_path):
    source, before, first, epochs = TABLES[table]
    once, twice = tmp_path / "once", tmp_path / "elsewhere" / "twice"
    for folder in (once, twice):
        folder.mkdir(parents=True)
        write_shop(folder)
    options = ("--missing", "impute", "--dropout", "0.1", "--seed", "3", "--patience", "99")
    train(once, before, source, *options, "--epochs", str(epochs), "--out", "run")
    train(twice, before, source, *options, "--epochs", str(first), "--out", "another name")
    train(twice, before, "--resume", "another name", "--epochs", str(epochs))
    expected = {path.name: path.read_bytes() for path in (once / "run").iterdir()}
    found = {path.name: path.read_bytes() for path in (twice / "another name").iterdir()}
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
