"""Rows that a trained network has not seen: encoded as its training rows were, and what is odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.columns import Category, Column, encode_columns, missing_counts, quoted
from backlit.data.errors import DataError
from backlit.suggest import did_you_mean

if TYPE_CHECKING:
    import polars as pl


class Oddities:
    """What the rows had that the training rows did not; it adds up over all that are encoded with it."""

    def __init__(self) -> None:
        self.extra: dict[str, None] = {}
        self.unseen: dict[str, Counter[str]] = {}

    def sentences(self) -> list[str]:
        """One on the columns of no use, and one for each column with texts that are not known."""
        said = []
        if self.extra:
            them = "it" if len(self.extra) == 1 else "them"
            said.append(f"Not used, since the network was trained without {them}: {quoted(list(self.extra))}.")
        for name, texts in self.unseen.items():
            rows = "1 row holds" if texts.total() == 1 else f"{texts.total():,} rows hold"
            unknown = quoted(sorted(texts))
            said.append(
                f"{rows} in '{name}' a text that training did not see ({unknown}): read as none of the known ones."
            )
        return said


def encode_new(columns: Sequence[Column], frame: pl.DataFrame, oddities: Oddities) -> np.ndarray:
    """The inputs of new rows.  Shape: out (rows, features) float32.

    Raises DataError for missing columns, for missing values that the encoder has nothing to fill with, and for texts
    and numbers out of place.

    >>> import polars as pl
    >>> oddities = Oddities()
    >>> encode_new([Category("c", ("a", "b"))], pl.DataFrame({"c": ["b", "z"], "more": [1, 2]}), oddities).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    >>> oddities.sentences()
    ["Not used, since the network was trained without it: 'more'.",
     "1 row holds in 'c' a text that training did not see ('z'): read as none of the known ones."]
    """
    known = {column.name: None for column in columns}
    absent = [name for name in known if name not in frame.columns]
    extra = [name for name in frame.columns if name not in known]
    if absent:
        closest = did_you_mean(absent[0], extra) if extra else "Add them to the file."
        raise DataError(f"The network was trained on columns that are missing here: {quoted(absent)}. {closest}")
    _check_all_filled(columns, frame)
    oddities.extra.update(dict.fromkeys(extra))
    for column in columns:
        if isinstance(column, Category) and (unseen := column.unseen(frame[column.name])):
            oddities.unseen.setdefault(column.name, Counter()).update(unseen)
    return encode_columns(columns, frame)


def _check_all_filled(columns: Sequence[Column], frame: pl.DataFrame) -> None:
    """All columns with missing values in one message, rather than the first."""
    unfilled = [frame[column.name] for column in columns if column.fill is None and frame[column.name].null_count()]
    if unfilled:
        counts = {column.name: column.null_count() for column in unfilled}
        row = min(int(column.is_null().arg_true()[0]) for column in unfilled) + 1
        raise DataError(
            f"Values are missing: {missing_counts(counts)} (first in row {row}), and the network was trained without "
            "any missing. Fill them in, or train with missing values imputed."
        )
