"""Encoders: numbers standardised, texts one-hot, as they were at training when new rows come."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlit.data.columns import Category, Number, encode_columns, from_config, to_config
from backlit.data.errors import DataError
from backlit.data.moments import Moments
from backlit.data.new_rows import Oddities, encode_new

WIDTH = Number("width", mean=2.0, std=4.0)
COLOUR = Category("colour", ("blue", "red"))

finite = st.floats(-1e6, 1e6)
names = st.text(min_size=1, max_size=5)
columns = st.one_of(
    st.builds(Number, names, finite, st.floats(1e-6, 1e6), st.none() | finite),
    st.builds(Category, names, st.lists(names, unique=True, min_size=1, max_size=4).map(tuple), fill=st.none() | names),
)


def test_numbers_are_standardised_and_texts_one_hot():
    frame = pl.DataFrame({"colour": ["red", "blue", "green"], "width": [2, 6, -2]})
    x = encode_columns([WIDTH, COLOUR], frame)
    assert x.dtype == np.float32
    assert x.tolist() == [[0, 0, 1], [1, 1, 0], [-1, 0, 0]]
    assert [*WIDTH.features, *COLOUR.features] == ["width", "colour=blue", "colour=red"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Category("c", ("false", "true")), pl.Series("c", [True, False])),
        (Category("c", ("false", "true")), pl.Series("c", ["True", "FALSE"])),
        (Category("c", ("a", "b")), pl.Series("c", ["b", "a"], dtype=pl.Categorical)),
        (Category("c", ("1", "2")), pl.Series("c", [2, 1])),
        (Number("c", 1.0, 1.0), pl.Series("c", ["2", " 1 "])),
        (Number("c", 1.0, 1.0), pl.Series("c", ["2", "1"]).cast(pl.Decimal(10, 2))),
    ],
    ids=["truth values", "truth values as texts", "categorical", "numbers as texts", "texts as numbers", "decimals"],
)
def test_other_types_that_mean_the_same(column, values):
    assert column.encode(values)[:, -1].tolist() == [1, 0]


def test_missing_values_are_filled_in_if_there_is_something_to_fill_with():
    x = encode_columns(
        [Number("width", 2.0, 4.0, fill=6.0), Category("colour", ("blue", "red"), fill="red")],
        pl.DataFrame({"width": [None, 2.0], "colour": ["blue", None]}),
    )
    assert x.tolist() == [[1, 1, 0], [0, 0, 1]]


@given(columns)
def test_an_encoder_survives_json(column):
    assert from_config(json.loads(json.dumps(to_config(column)))) == column


@pytest.mark.parametrize("config", [{}, {"kind": "word"}, {"kind": "number", "name": "x"}, ["number"], None])
def test_what_describes_no_column_is_refused(config):
    with pytest.raises(DataError, match="describes no column"):
        from_config(config)


def test_new_rows_are_encoded_as_the_training_rows_were():
    oddities = Oddities()
    assert encode_new([WIDTH, COLOUR], pl.DataFrame({"colour": ["red"], "width": [6.0]}), oddities).tolist() == [
        [1, 0, 1]
    ]
    assert oddities.sentences() == []


def test_what_new_rows_have_more_is_said():
    frame = pl.DataFrame({"id": [7, 8], "colour": ["mauve", "mauve"], "width": [6.0, 6.0]})
    oddities = Oddities()
    assert encode_new([WIDTH, COLOUR], frame, oddities).tolist() == [[1, 0, 0]] * 2
    columns_said, texts_said = oddities.sentences()
    assert "'id'" in columns_said
    assert "2 rows hold in 'colour' a text that training did not see ('mauve')" in texts_said


BAD = {
    "columns that are not there": (dict(more=[1]), "missing here: 'width', 'colour'"),
    "missing values": (
        dict(width=[1.0, None, None], colour=[None, "red", "red"]),
        r"2 in 'width', 1 in 'colour' \(first in row 1\)",
    ),
    "text for a number": (dict(width=["1", "two"], colour=["red"] * 2), "'width' holds the text 'two' in row 2"),
    "an infinity": (dict(width=[1.0, np.inf], colour=["red"] * 2), "'width' holds inf in row 2"),
    "not a number": (dict(width=[np.nan], colour=["red"]), "'width' holds nan in row 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_new_rows_that_cannot_be_encoded_are_refused_with_their_place(name):
    values, words = BAD[name]
    with pytest.raises(DataError, match=words):
        encode_new([WIDTH, COLOUR], pl.DataFrame(values), Oddities())


@given(st.lists(st.lists(finite, max_size=5), max_size=5))
def test_moments_of_chunks_are_those_of_the_whole(chunks):
    moments = Moments()
    for chunk in chunks:
        moments.add(np.array(chunk))
    everything = np.array([value for chunk in chunks for value in chunk])
    assert moments.count == everything.size
    if everything.size:
        assert moments.mean == pytest.approx(everything.mean(), rel=1e-9, abs=1e-6)
        assert moments.std == pytest.approx(everything.std(), rel=1e-9, abs=1e-6)
        assert (moments.least, moments.most) == (everything.min(), everything.max())
