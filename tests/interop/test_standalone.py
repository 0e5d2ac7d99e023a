"""What an exported program does with a table by itself is what Backlit does with it."""

import csv

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlit.data.columns import Category, Number, encode_columns, to_config
from backlit.data.files import MISSING, cells_of, with_gaps
from backlit.interop import standalone

COLUMNS = [Number("size", mean=3.5, std=2.25, fill=1.0), Category("colour", ("blue", "red", "1"), fill="red")]

sizes = st.floats(-1e9, 1e9).map(repr) | st.integers(-1000, 1000).map(str) | st.sampled_from([*MISSING, " 7 ", "1e3"])
colours = st.sampled_from(["blue", "red", "1", "1.0", "Blue", "green", 'a "b", c\nd', *MISSING])


@given(st.lists(st.tuples(sizes, colours), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_rows_are_read_and_encoded_alike(tmp_path_factory, rows, separator):
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        writer.writerows([("size", "colour"), *rows, ("2", "blue")])
    cells = cells_of(path)
    ours = encode_columns(COLUMNS, with_gaps(cells))
    theirs = standalone.encode(standalone.read_rows(str(path))[0], [to_config(column) for column in COLUMNS])
    np.testing.assert_array_equal(np.array(theirs, np.float32), ours)


def test_the_same_texts_say_that_there_is_no_value():
    assert list(standalone.MISSING) == MISSING


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_weights_are_read_as_they_were_written(tmp_path, dtype):
    from safetensors.numpy import save_file

    arrays = {"one": np.arange(6, dtype=dtype).reshape(2, 3), "two": np.array(7, dtype)}
    save_file(arrays, tmp_path / "w.safetensors", metadata={"format": "pt"})
    read = standalone.read_weights(tmp_path / "w.safetensors")
    assert set(read) == set(arrays)
    for name, (kind, shape, numbers) in read.items():
        assert kind == {np.float32: "F32", np.int64: "I64"}[dtype]
        np.testing.assert_array_equal(np.frombuffer(numbers, dtype).reshape(shape), arrays[name])


def test_values_come_as_python_has_them():
    columns = [Number("age", 40.0, 10.0), Category("member", ("false", "true"))]
    rows = standalone.encode([{"age": 50, "member": True}], [to_config(column) for column in columns])
    assert rows == [[1.0, 0.0, 1.0]]
    frame = pl.DataFrame({"age": [50], "member": [True]})
    assert encode_columns(columns, frame).tolist() == rows
