"""One look at every row: what each column holds, before anything is decided about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.chunks import Data, chunks
from backlit.data.moments import Moments
from backlit.data.numerals import DRESSED

if TYPE_CHECKING:
    import polars as pl

# One input for each text of a category: more of them than this are names or sentences, not categories.
MOST_CATEGORIES = 1000
# Words that stand among numbers for what is not known ("unknown", "n.d.") are few.
FEW_OTHERS = 5

IDENTIFIER_NAME = re.compile(
    r"^(row|index|idx|no|nr|number|row[ _.-]?(number|id))$|(^|[ _.-])(id|uuid|guid|nr)$", re.IGNORECASE
)
CAMEL_CASE_ID = re.compile(r"[a-z](Id|ID)$")

_DAY = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NAMED_DAY = rf"\d{{1,2}}[ -]{_MONTH}[ -]\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}}"
_TIME = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?( ?(z|utc|[+-]\d{2}:?\d{2}))?"
# Days as 2024-01-31, 31.1.24, 5 Jan 2024 or Jan 5, 2024; times of day; and a day with a time.
DATE = rf"(?i)^(({_DAY}|{_NAMED_DAY})([t ] ?{_TIME})?|{_TIME})$"


@dataclass
class Facts:
    """What a column holds. Rows are numbered from 1, as a person counts them below the names.

    `count` values are there and `missing` are not. A column of numbers has `moments`; `not_finite` tells of NaN and
    infinities as (row, value, how many). `is_distinct` says of numbers named like an identifier that no chunk holds one
    twice. A column of texts has `texts`, each with its count, or None once there are
    more than MOST_CATEGORIES; so many of them read as `numbers` or `dates`, the first that is no number is `not_number`
    (row, text), `others` are the first few of these, each once; `dressed` of these are numbers with commas or signs.
    """

    name: str
    dtype: pl.DataType
    count: int = 0
    missing: int = 0
    first_missing: int | None = None
    moments: Moments = field(default_factory=Moments)
    not_finite: tuple[int, float, int] | None = None
    is_distinct: bool = True
    texts: dict[str, int] | None = field(default_factory=dict)
    numbers: int = 0
    not_number: tuple[int, str] | None = None
    others: set[str] = field(default_factory=set)
    dressed: int = 0
    dates: int = 0

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers."""
        return self.dtype.is_numeric()

    @property
    def is_named_id(self) -> bool:
        """Whether the column's name says that it holds identifiers."""
        return bool(IDENTIFIER_NAME.search(self.name) or CAMEL_CASE_ID.search(self.name))

    @property
    def is_text(self) -> bool:
        """Whether the column holds texts or truth values."""
        return is_text(self.dtype)

    def add(self, start: int, column: pl.Series) -> None:
        """Take in the next rows, the first of which has the number `start`."""
        missing = column.null_count()
        if missing and self.first_missing is None:
            self.first_missing = start + int(column.is_null().arg_true()[0])
        self.missing += missing
        self.count += column.len() - missing
        if self.is_number:
            self._add_numbers(start, column)
        elif self.is_text:
            self._add_texts(start, column)

    def _add_numbers(self, start: int, column: pl.Series) -> None:
        present = column.drop_nulls()
        values = as_floats(present)
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            row = start + int(column.is_not_null().arg_true()[int(bad[0])])
            first, value, seen = self.not_finite or (row, float(values[bad[0]]), 0)
            self.not_finite = first, value, seen + bad.size
        if self.is_named_id and self.is_distinct:
            self.is_distinct = present.n_unique() == present.len()
        self.moments.add(values[np.isfinite(values)])

    def _add_texts(self, start: int, column: pl.Series) -> None:
        import polars as pl

        column = as_texts(column)
        is_number = column.str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
        others = (~is_number & column.is_not_null()).arg_true()
        if others.len():
            self.not_number = self.not_number or (start + int(others[0]), column[int(others[0])])
            if len(self.others) <= FEW_OTHERS:
                self.others |= set(column[others].unique(maintain_order=True).head(FEW_OTHERS + 1))
        self.numbers += int(is_number.sum())
        self.dressed += int((~is_number & column.str.strip_chars().str.contains(DRESSED)).sum())
        self.dates += int(column.str.strip_chars().str.contains(DATE).sum())
        if self.texts is not None:
            for text, count in column.drop_nulls().value_counts().iter_rows():
                self.texts[text] = self.texts.get(text, 0) + count
            if len(self.texts) > MOST_CATEGORIES:
                self.texts = None


def survey(data: Data) -> dict[str, Facts]:
    """Look at every row of every column once, a chunk at a time."""
    facts = {name: Facts(name, dtype) for name, dtype in data.collect_schema().items()}
    for start, frame in chunks(data):
        for column in frame:
            facts[column.name].add(start + 1, column)
    return facts


def is_text(dtype: pl.DataType) -> bool:
    """Whether values of this type are texts or truth values, which become categories."""
    import polars as pl

    return isinstance(dtype, (pl.String, pl.Categorical, pl.Enum, pl.Boolean))


def as_texts(column: pl.Series) -> pl.Series:
    """Categories of any type as texts; truth values are 'false' and 'true'."""
    import polars as pl

    return column.cast(pl.String)


def as_floats(column: pl.Series) -> np.ndarray:
    """Numbers of any type.  Shape: (rows,) float64, NaN where a value is missing."""
    import polars as pl

    return column.cast(pl.Float64).to_numpy()
