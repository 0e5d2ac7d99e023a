"""Where tables come from: files of every kind, large ones streamed, and built-in problems."""

import errno
import gc
import os
import tempfile
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import backlit as torch
from backlit.data import chunks, files, parquet
from backlit.data.errors import DataError
from backlit.data.files import MISSING, open_table
from backlit.data.table import load_table, prepare
from backlit.train.rows import rows_from

# What a CSV file cannot tell apart from something else: numbers and truth values as text, words for no value, spaces
# around a text.
words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=6).filter(
    lambda text: text == text.strip() and text not in MISSING and not set(text) <= set("0123456789.eE+-_infatyINFATY")
)
VALUES = {
    pl.Int64: st.integers(-(2**62), 2**62),
    pl.Float64: st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    pl.String: words.filter(lambda text: text.lower() not in ("true", "false")),
    pl.Boolean: st.booleans(),
}


@st.composite
def frames(draw):
    """Tables of one to four columns, with missing values, and a number in each row so that none is blank."""
    rows = draw(st.integers(1, 8))
    columns = {"row": pl.Series(range(rows), dtype=pl.Int64)}
    for i, kind in enumerate(draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4))):
        values = draw(st.lists(st.none() | VALUES[kind], min_size=rows, max_size=rows))
        columns[f"c{i}"] = pl.Series(values, dtype=kind)
    return pl.DataFrame(columns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@settings(deadline=None, max_examples=60)
@given(frame=frames(), separator=st.sampled_from(",;\t"))
def test_a_table_written_as_csv_reads_back_the_same(folder, frame, separator):
    path = folder / "t.csv"
    frame.write_csv(path, separator=separator)
    found = chunks.whole(open_table(path))
    assert found.columns == frame.columns
    for name, kind in frame.schema.items():
        if frame[name].null_count() == frame.height:
            assert found[name].null_count() == frame.height
        else:
            # Floats that are all whole may be read as whole numbers, and the other way round: 1e18 is written 1e18.
            alike = found[name].cast(kind)
            assert alike.to_list() == frame[name].to_list()


@settings(deadline=None, max_examples=40)
@given(frame=frames())
def test_a_table_written_as_parquet_reads_back_the_same(folder, frame):
    frame.write_parquet(folder / "t.parquet")
    assert_frame_equal(chunks.whole(open_table(folder / "t.parquet")), frame)


def test_tabs_separate_in_a_tsv_whatever_else_is_in_it(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a, b, c\ty\n1\t2\n3\t4\n")
    assert chunks.whole(open_table(path)).columns == ["a, b, c", "y"]


def test_an_index_without_a_name_is_left_out(tmp_path):
    """As pandas writes it."""
    path = tmp_path / "t.csv"
    path.write_text(",x,y\n" + "".join(f"{i},{i % 7},{i / 3}\n" for i in range(40)))
    prepared = prepare(load_table(str(path)))
    assert prepared.features == ["x"]
    assert list(prepared.left_out) == ["index"]


def test_a_path_with_signs_that_mean_something_elsewhere(tmp_path):
    frame = pl.DataFrame({"x": [1, 2], "y": [3, 4]})
    for name in ("50% [a]*?.parquet", "50% [a]*?.csv"):
        getattr(frame, "write_" + name.rpartition(".")[2])(tmp_path / name)
        assert_frame_equal(chunks.whole(open_table(tmp_path / name)), frame)


NPZ = {
    "X and y": dict(X=[[1, 2], [3, 4]], y=[5, 6]),
    "x and target": dict(x=[[1, 2], [3, 4]], target=[5, 6]),
    "data and labels": dict(data=[[1, 2], [3, 4]], labels=[[5], [6]]),
    "more axes": dict(X=[[[1], [2]], [[3], [4]]], y=[5, 6]),
    "one array": dict(table=[[1, 2, 5], [3, 4, 6]]),
}


@pytest.mark.parametrize("name", NPZ)
def test_arrays_of_an_archive_are_columns(tmp_path, name):
    np.savez(tmp_path / "t.npz", **{key: np.array(values) for key, values in NPZ[name].items()})
    frame = chunks.whole(open_table(tmp_path / "t.npz"))
    assert frame.columns[:2] == ["x0", "x1"]
    assert frame.rows() == [(1, 2, 5), (3, 4, 6)]


def test_texts_of_an_archive_are_labels(tmp_path):
    np.savez(tmp_path / "t.npz", X=np.arange(40.0).reshape(20, 2), y=np.array([b"a", b"b"] * 10))
    assert prepare(load_table(str(tmp_path / "t.npz"))).task.labels == ("a", "b")


BAD_NPZ = {
    "pickled": (dict(X=np.zeros((2, 2)), y=np.array([{}, None])), "is pickled, and could run any program"),
    "unknown names": (
        dict(a=np.zeros((2, 2)), b=np.zeros(2)),
        r"holds a \(2, 2\), b \(2,\): which array is the inputs",
    ),
    "inputs only": (dict(X=np.zeros(2)), "which array is the inputs"),
    "rows that do not match": (dict(X=np.zeros((2, 2)), y=np.zeros(3)), r"shape \(2, 2\) and the targets \(3,\)"),
    "many targets": (dict(X=np.zeros((2, 2)), y=np.zeros((2, 3))), "one value a row"),
    "complex numbers": (dict(X=np.zeros((2, 2), complex), y=np.zeros(2)), "X is of dtype complex128"),
    "no rows": (dict(X=np.zeros((0, 2)), y=np.zeros(0)), "without rows"),
}


@pytest.mark.parametrize("name", BAD_NPZ)
def test_an_archive_that_is_no_table_is_refused(tmp_path, name):
    arrays, words = BAD_NPZ[name]
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(DataError, match=words):
        chunks.whole(open_table(tmp_path / "t.npz"))


BAD = {
    "damaged Parquet": ("t.parquet", b"PAR1 and no more", "cannot be read as Parquet"),
    "empty Parquet": ("t.parquet", b"", "cannot be read as Parquet"),
    "damaged archive": ("t.npz", b"PK\x03\x04 and no more", "no .npz archive, or damaged"),
    "text as archive": ("t.npz", b"a,b\n1,2\n", "no .npz archive"),
    "spreadsheet": ("t.xlsx", b"PK\x03\x04", r"\.xlsx files are not read. Save the sheet as CSV"),
    "pickle": ("t.pkl", b"\x80\x04N.", "A pickle can run any program, so none is opened"),
    "array": ("t.npy", b"\x93NUMPY", "np.savez"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_of_another_kind_is_refused(tmp_path, name):
    file, content, words = BAD[name]
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        chunks.whole(open_table(tmp_path / file))
    assert str(tmp_path / file) in str(caught.value)


def test_parquet_without_rows_is_refused(tmp_path):
    pl.DataFrame({"x": [], "y": []}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="2 columns and 0 rows"):
        chunks.whole(open_table(tmp_path / "t.parquet"))


def mixed(rows=300):
    """Numbers, texts, truth values, dates and missing values."""
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "id": range(rows),
            "length": rng.normal(1e3, 1, rows),
            "colour": rng.choice(["red", "green", "blue"], rows),
            "is_new": rng.integers(0, 2, rows).astype(bool),
            "size": [None if i % 37 == 5 else str(i % 11) + " " for i in range(rows)],
            "day": [date(2024, 1, 1 + i % 28) for i in range(rows)],
            "kind": rng.choice(["a", "b"], rows),
        }
    )


@pytest.fixture
def as_if_large(monkeypatch):
    """Every file counts as large, and a chunk holds a few rows."""
    monkeypatch.setattr(parquet, "MOST_VALUES_IN_MEMORY", 0)
    monkeypatch.setattr(files, "MOST_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr(chunks, "CHUNK_VALUES", 40)
    monkeypatch.setattr(chunks, "FEWEST_ROWS", 7)


@pytest.mark.parametrize("missing", ["drop", "impute"])
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_streamed_table_gives_the_arrays_of_one_in_memory(tmp_path, request, kind, missing):
    path = tmp_path / f"t.{kind}"
    getattr(mixed(), f"write_{kind}")(path)
    whole = prepare(load_table(str(path)), 3, missing, balance=True)
    request.getfixturevalue("as_if_large")
    streamed = prepare(load_table(str(path)), 3, missing, balance=True)
    assert streamed.table.is_streamed
    assert not whole.table.is_streamed
    assert streamed.task == whole.task
    assert streamed.features == whole.features
    assert streamed.left_out == whole.left_out
    assert streamed.notes == whole.notes
    assert streamed.class_weights.tolist() == whole.class_weights.tolist()
    for name, part in whole.parts.items():
        np.testing.assert_allclose(streamed.parts[name].x, part.x, rtol=1e-5, atol=1e-6)
        assert np.array_equal(streamed.parts[name].y, part.y)
        assert np.array_equal(streamed.parts[name].rows, part.rows)


def test_rows_of_a_streamed_table_are_picked_in_the_order_asked_for(tmp_path, as_if_large):
    mixed().write_parquet(tmp_path / "t.parquet")
    table = load_table(str(tmp_path / "t.parquet"))
    rows = np.array([250, 3, 17, 3])
    assert_frame_equal(table.pick(rows), mixed()[rows])
    assert table.pick(np.array([], np.int64)).columns == mixed().columns
    assert table.height == 300


def test_fit_takes_streamed_arrays_without_a_copy(tmp_path, as_if_large):
    """They may be larger than memory: a batch at a time is read from the file."""
    mixed().write_parquet(tmp_path / "t.parquet")
    part = prepare(load_table(str(tmp_path / "t.parquet")), missing="drop").parts["train"]
    assert isinstance(part.x.base, np.memmap)
    rows = rows_from("x, y", torch.nn.Linear(part.x.shape[1], 1), part.x, part.y)
    assert np.shares_memory(rows.x.array, part.x)


def test_nothing_is_left_in_the_temporary_folder(tmp_path, as_if_large, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    mixed().write_csv(tmp_path / "t.csv")
    prepared = prepare(load_table(str(tmp_path / "t.csv")), missing="drop")
    assert len(os.listdir(temporary)) == 1
    part = prepared.parts["train"]
    del prepared
    gc.collect()
    assert os.listdir(temporary) == []
    assert np.isfinite(part.x).all()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="space cannot be asked for here")
def test_a_full_disk_is_said_before_the_training(tmp_path, as_if_large, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    mixed().write_csv(tmp_path / "t.csv")
    table = load_table(str(tmp_path / "t.csv"))
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match=r"MB of disk: the temporary folder .* \(No space left on device\).*TMPDIR"):
        prepare(table, missing="drop")
    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", full)
    with pytest.raises(DataError, match=r"rewritten before it is read, and the temporary folder .* cannot hold it"):
        load_table(str(tmp_path / "t.csv"))


def test_faults_of_a_large_csv_are_named_as_those_of_a_small_one(tmp_path, as_if_large):
    path = tmp_path / "t.csv"
    for content, words in (
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 fields"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 fields"),
        (b"a,b\nx,1\nJos\xe9,2\n", "line 3: byte 0xe9 is not UTF-8"),
        (b"a,b\n\n\n", "no rows below"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            load_table(str(path))


def test_times_and_zones_are_dates(tmp_path):
    frame = pl.DataFrame(
        {"at": [datetime(2024, 1, 1, i) for i in range(20)], "x": range(20), "y": [i / 3 for i in range(20)]}
    )
    frame.write_parquet(tmp_path / "t.parquet")
    assert "at" in prepare(load_table(str(tmp_path / "t.parquet"))).left_out
