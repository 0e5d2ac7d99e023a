"""`backlit predict` as a person meets it: what it adds to a file, what it says, and what it refuses."""

import csv
import io
import os
import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from backlit.cli import main
from backlit.data import files
from backlit.data.task import Task
from backlit.train.predicting import measure_target
from train.made import make_run, write_table


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One run for each task, beside the table that it was trained on."""
    folder = tmp_path_factory.mktemp("predict")
    for task in ("binary", "classes", "regression"):
        make_run(folder / task, write_table(folder / f"{task}.csv", task), epochs=40)
    return folder


@pytest.fixture
def predict(runs, tmp_path, monkeypatch, capsys):
    """Runs the command among the runs' folders; gives the exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for name in os.listdir(runs):
        os.symlink(runs / name, tmp_path / name)

    def call(*words):
        code = 0
        try:
            main(["predict", *map(str, words)])
        except SystemExit as ended:
            code = ended.code or 0
        return code, *capsys.readouterr()

    return call


def test_classes_get_a_label_its_probability_and_that_of_every_class(predict):
    code, out, err = predict("classes", "classes.csv")
    assert code == 0
    table = pl.read_csv(io.StringIO(out))
    labels = [f"{colour} {size}" for colour in ("blue", "green", "red") for size in ("big", "small")]
    assert table.columns == ["size", "colour", "kind", "prediction", "probability", *(f"p({each})" for each in labels)]
    shares = table.select([f"p({each})" for each in labels]).to_numpy()
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert table["probability"].to_numpy() == pytest.approx(shares.max(axis=1))
    assert table["prediction"].to_list() == [labels[i] for i in shares.argmax(axis=1)]
    agree = (table["prediction"] == table["kind"]).mean()
    assert f"The file has the target 'kind': accuracy {agree:.4f} on 80 rows" in err


def test_two_labels_have_two_probabilities(predict):
    _, out, _ = predict("binary", "binary.csv")
    table = pl.read_csv(io.StringIO(out))
    assert table.columns[3:] == ["prediction", "probability", "p(big)", "p(small)"]
    assert (table["p(big)"] + table["p(small)"]).to_numpy() == pytest.approx(1, abs=1e-6)
    assert ((table["p(small)"] > 0.5) == (table["prediction"] == "small")).all()


def test_a_quantity_is_in_the_targets_own_units(predict):
    _, out, err = predict("regression", "regression.csv")
    table = pl.read_csv(io.StringIO(out))
    assert table.columns[3:] == ["prediction"]
    errors = (table["prediction"] - table["kind"]).to_numpy()
    rmse = np.sqrt(np.mean(errors**2))
    assert 0 < rmse < 5
    said = float(re.search(r"rmse (\d+\.\d{4}) on 80 rows", err)[1])
    assert said == pytest.approx(rmse, abs=1e-3)
    assert all(len(text.split(",")[3]) <= 12 for text in out.splitlines()[1:])


def test_the_files_own_cells_stay_as_they_were_written(predict, tmp_path):
    text = 'number;colour;size;note\n007;red;1.50;"a; ""b""\nc"\n\nNA;NA;;?\n008;blue;9e0;\n'
    (tmp_path / "new.csv").write_text(text)
    code, out, err = predict("binary", "new.csv")
    assert code == 0
    rows = list(csv.reader(io.StringIO(out)))
    assert [row[:4] for row in rows[1:]] == [["007", "red", "1.50", 'a; "b"\nc'], ["008", "blue", "9e0", ""]]
    assert [row[4] for row in rows] == ["prediction", "small", "big"]
    assert "Not used, since the network was trained without them: 'number', 'note'." in err


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.parquet"])
def test_the_suffix_says_how_the_file_is_written(name, predict, tmp_path):
    code, out, _ = predict("binary", "binary.csv", "-o", name)
    assert (code, out) == (0, "")
    read = pl.read_parquet if name.endswith("parquet") else pl.read_csv
    table = read(tmp_path / name, **({"separator": "\t"} if name.endswith("tsv") else {}))
    assert table.height == 80
    assert table.columns[-1] == "p(small)"
    assert table["size"].dtype == pl.Float64
    assert sorted(each for each in os.listdir(tmp_path) if each.startswith((".", "out"))) == [name]


@pytest.mark.parametrize("name", ["new.parquet", "new.tsv"])
def test_every_kind_of_file_is_read(name, predict, runs, tmp_path):
    table = pl.read_csv(runs / "binary.csv").drop("kind")
    if name.endswith("tsv"):
        table.write_csv(tmp_path / name, separator="\t")
    else:
        table.write_parquet(tmp_path / name)
    expected = pl.read_csv(io.StringIO(predict("binary", "binary.csv")[1]))
    code, out, err = predict("binary", name)
    assert (code, err) == (0, "")
    assert pl.read_csv(io.StringIO(out))["p(big)"].to_numpy() == pytest.approx(expected["p(big)"].to_numpy())


def test_arrays_need_no_targets(predict, tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 3))
    np.savez(tmp_path / "known.npz", X=x, y=(x[:, 0] > 0).astype(int))
    np.savez(tmp_path / "new.npz", X=x[:5])
    make_run(tmp_path / "arrays", tmp_path / "known.npz")
    code, out, err = predict("arrays", "new.npz")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "x0,x1,x2,prediction,probability,p(0),p(1)"
    assert len(out.splitlines()) == 6


def test_a_large_file_streams_in_pieces(predict, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"size": rng.uniform(0, 9, 600), "colour": ["red", "blue", "violet"] * 200, "kind": "small"})
    table.write_parquet(tmp_path / "long.parquet")
    whole = predict("binary", "long.parquet")
    assert len(whole[1].splitlines()) == 601
    monkeypatch.setattr("backlit.data.parquet.MOST_VALUES_IN_MEMORY", 10)
    monkeypatch.setattr("backlit.data.chunks.CHUNK_VALUES", 256)
    code, out, err = predict("binary", "long.parquet")
    assert code == 0
    numbers = [pl.read_csv(io.StringIO(text))["p(big)"].to_numpy() for text in (out, whole[1])]
    assert numbers[0] == pytest.approx(numbers[1], abs=1e-6)
    assert "on 600 rows" in err
    assert "200 rows hold in 'colour' a text that training did not see ('violet')" in err
    table.with_columns(size=pl.when(pl.int_range(600) == 300).then(None).otherwise("size")).write_parquet(
        "hole.parquet"
    )
    code, _, err = predict("binary", "hole.parquet", "-o", "out.csv")
    assert code == 2
    assert "Counted from row 257: Values are missing: 1 in 'size' (first in row 45)" in err
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_was_predicted_before_keeps_its_columns(predict, tmp_path):
    predict("regression", "regression.csv", "-o", "once.csv")
    code, out, err = predict("regression", "once.csv")
    assert code == 0
    assert out.splitlines()[0] == "size,colour,kind,prediction,prediction_2"
    assert "has a column 'prediction' already: the new one is called 'prediction_2'" in err


def test_what_training_did_not_know_is_said(predict, tmp_path):
    (tmp_path / "new.csv").write_text("size,colour,weight\n1,red,2\n2,violet,3\n3,violet,4\n")
    code, out, err = predict("binary", "new.csv")
    assert code == 0
    assert len(out.splitlines()) == 4
    assert "Not used, since the network was trained without it: 'weight'." in err
    assert "2 rows hold in 'colour' a text that training did not see ('violet')" in err


def test_a_text_is_the_same_text_where_all_rows_look_like_numbers(predict, tmp_path):
    rows = [(f"0{i % 3}" if i % 2 else "2A", i % 2) for i in range(60)]
    (tmp_path / "codes.csv").write_text("code,y\n" + "".join(f"{code},{y}\n" for code, y in rows))
    make_run(tmp_path / "codes", tmp_path / "codes.csv", epochs=20)
    (tmp_path / "new.csv").write_text("code\n01\n02\n00\n")
    code, out, err = predict("codes", "new.csv")
    assert (code, err) == (0, "")
    assert [line.split(",")[:2] for line in out.splitlines()[1:]] == [["01", "1"], ["02", "1"], ["00", "1"]]


def test_rows_whose_target_is_not_known_are_left_out_of_the_measure(predict, tmp_path):
    (tmp_path / "new.csv").write_text("size,colour,kind\n1,red,small\n2,red,\n8,blue,huge\n")
    _, _, err = predict("binary", "new.csv")
    assert re.search(r"accuracy \d\.\d{4} on 1 row; 2 without a known one left out", err)


@pytest.mark.parametrize(
    "values", [["1", "0", "1.0", "2"], [1, 0, 1, 5], [1.0, 0.0, 1.0, None], [" 1", "0 ", "1", "?"]]
)
def test_a_class_that_is_a_number_is_known_however_it_is_written(values):
    scores = np.array([[2], [-2], [-2], [2]], np.float32)
    measures, rows = measure_target(Task("binary", (0, 1)), pl.Series("y", values), scores)
    assert (rows, measures["accuracy"]) == (3, pytest.approx(2 / 3))


@pytest.mark.parametrize("values", [["true", "false", "true", "maybe"], [True, False, True, None]])
def test_truth_values_are_known_as_texts_too(values):
    scores = np.array([[2], [-2], [-2], [2]], np.float32)
    measures, rows = measure_target(Task("binary", (False, True)), pl.Series("y", values), scores)
    assert (rows, measures["accuracy"]) == (3, pytest.approx(2 / 3))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_said(predict, tmp_path):
    command = f"{sys.executable} -m backlit predict binary binary.csv > /dev/full"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "backlit predict: stdout cannot be written: No space left on device.\n"


BAD = {
    "no such run": (["rnary", "binary.csv"], "There is no run folder rnary. Did you mean 'binary'?"),
    "no run": ([".", "binary.csv"], "is no run folder: it has no config.json. It holds runs"),
    "no such file": (["binary", "gone.csv"], "There is no file gone.csv"),
    "a missing column": (["binary", "short.csv"], "missing here: 'colour'. Did you mean 'color'?"),
    "text for a number": (["binary", "text.csv"], "Column 'size' holds the text 'wide' in row 2"),
    "a missing value": (["binary", "hole.csv"], "1 in 'size' (first in row 1)"),
    "an infinity": (["binary", "inf.csv"], "Column 'size' holds inf in row 1"),
    "a file that is there": (["binary", "binary.csv", "-o", "hole.csv"], "exists already, and is left as it is"),
    "a directory": (["binary", "binary.csv", "-o", "d.csv"], "is a directory. Name a file in it"),
    "no directory": (["binary", "binary.csv", "-o", "no/out.csv"], "there is no directory no. Make it first"),
    "no suffix": (["binary", "binary.csv", "-o", "out.xlsx"], "must end in .csv, .tsv, .txt or .parquet"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_done_is_said_in_one_message(name, predict, tmp_path):
    (tmp_path / "short.csv").write_text("size,color\n1,red\n")
    (tmp_path / "text.csv").write_text("size,colour\n1,red\nwide,red\n")
    (tmp_path / "hole.csv").write_text("size,colour\n,red\n2,red\n")
    (tmp_path / "inf.csv").write_text("size,colour\ninf,red\n2,red\n")
    (tmp_path / "d.csv").mkdir()
    before = sorted(os.listdir(tmp_path))
    words, message = BAD[name]
    code, out, err = predict(*words)
    assert (code, out) == (2, "")
    assert err.startswith("backlit predict: ")
    assert message in err
    assert "Traceback" not in err
    assert sorted(os.listdir(tmp_path)) == before


def test_force_writes_over_a_file(predict, tmp_path):
    (tmp_path / "out.csv").write_text("old")
    assert predict("binary", "binary.csv", "-o", "out.csv", "--force")[0] == 0
    assert (tmp_path / "out.csv").read_text().startswith("size,colour,kind,prediction")


def test_a_reader_that_has_seen_enough_is_no_error(predict, runs, tmp_path):
    rows = "".join(f"{i % 9},red\n" for i in range(20_000))
    (tmp_path / "long.csv").write_text("size,colour\n" + rows)
    command = f"{sys.executable} -m backlit predict binary long.csv | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert done.stdout == "size,colour,prediction,probability,p(big),p(small)\n"
    assert done.stderr == ""


@pytest.mark.parametrize("task", ["classes", "regression"])
def test_a_large_file_is_predicted_as_a_small_one(task, predict, monkeypatch):
    small = predict(task, f"{task}.csv")
    monkeypatch.setattr(files, "MOST_BYTES_IN_MEMORY", 0)
    assert predict(task, f"{task}.csv") == small


def test_a_single_row_has_no_share_of_a_spread(predict, tmp_path):
    lines = (tmp_path / "regression.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "one.csv").write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    _, _, err = predict("regression", "one.csv")
    assert re.search(r"has the target '\w+': rmse [\d.]+ on 1 row\.", err)
