"""What a column is: a number, a category, or something that is left out, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from backlit.data.errors import DataError
from backlit.data.survey import FEW_OTHERS, MOST_CATEGORIES, Facts

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["number", "category"]

# So many texts may all differ by chance, as in a table for a lesson; from here on they are names.
FEWEST_NAMES = 4
FEWEST_NEARLY_DISTINCT = 20
# Among texts that are numbers, so many that are not may be slips.
FEWEST_SLIPS = 3
SHARE_OF_SLIPS = 0.1


def reason_to_leave_out(facts: Facts) -> str | None:
    """Why a column is no input, in words that follow "is left out: "; None for a number or a category."""
    if facts.count == 0:
        return "it has no values"
    if facts.is_number:
        return "it numbers the rows, like an identifier" if _numbers_the_rows(facts) else None
    if holds_numbers_as_text(facts) or holds_dressed_numbers(facts):
        return None
    if facts.dtype.is_temporal() or (facts.is_text and facts.dates == facts.count):
        return "it holds dates or times; numbers made of them, such as the year or the hour, could be used"
    if not facts.is_text:
        return f"it holds {describe_type(facts.dtype)}, and neither numbers nor texts"
    if facts.texts is None:
        return f"it holds more than {MOST_CATEGORIES:,} different texts in {facts.count:,} rows, like an identifier"
    distinct = len(facts.texts)
    all_differ = distinct == facts.count >= FEWEST_NAMES
    if all_differ or distinct > max(FEWEST_NEARLY_DISTINCT, facts.count / 2):
        return f"it holds {distinct:,} different texts in {facts.count:,} rows, like an identifier"
    return None


def kind_of(facts: Facts) -> Kind:
    """What a column that is not left out becomes."""
    return "number" if facts.is_number else "category"


def holds_numbers_as_text(facts: Facts) -> bool:
    """Whether texts are meant as numbers: most read as one, and the others are slips, or a few words of many values.

    Sizes such as 1, 2, 3+ are categories, and ticket numbers of which a third have letters are identifiers.
    """
    slips = facts.count - facts.numbers
    if not facts.is_text or not slips or facts.numbers <= facts.count / 2:
        return False
    many_values = facts.texts is None or len(facts.texts) > FEWEST_NEARLY_DISTINCT
    return slips <= max(FEWEST_SLIPS, SHARE_OF_SLIPS * facts.count) or (many_values and len(facts.others) <= FEW_OTHERS)


def holds_dressed_numbers(facts: Facts) -> bool:
    """Whether texts are numbers with commas or signs, and too many different ones for categories."""
    many_values = facts.texts is None or len(facts.texts) > FEWEST_NEARLY_DISTINCT
    is_number = facts.dressed + facts.numbers == facts.count > facts.dates
    return bool(facts.dressed) and many_values and is_number


def check_number_texts(facts: Facts) -> None:
    """Raise DataError for a column of numbers among which a few texts stand, or which are not written as such."""
    if facts.not_number is not None and holds_dressed_numbers(facts):
        row, text = facts.not_number
        comma = " (Decimal commas are read where semicolons separate the columns, and no other number has a point.)"
        raise DataError(
            f"Column '{facts.name}' holds numbers with commas or signs, such as {text!r} in row {row}. Write a point "
            f"before the decimals, and nothing else, as in 1234.5.{comma * (',' in text)}"
        )
    if facts.not_number is not None and holds_numbers_as_text(facts):
        row, text = facts.not_number
        raise DataError(
            f"Column '{facts.name}' holds the text {text!r} in row {row}, where numbers are needed: "
            f"{facts.numbers:,} of its {facts.count:,} values are numbers. Correct it, or leave its place empty."
        )


def check_finite(facts: Facts) -> None:
    """Raise DataError for a column that holds NaN or an infinity, with the row."""
    if facts.not_finite:
        row, value, count = facts.not_finite
        raise DataError(
            f"Column '{facts.name}' holds {value} in row {row} ({count} such value{'s' * (count > 1)} in all). "
            "Every number must be finite; leave the place empty where a value is not known."
        )


def describe_type(dtype: pl.DataType) -> str:
    """A type that is neither number, text nor date, as a person calls it."""
    name = type(dtype).__name__
    return {"List": "lists", "Array": "lists", "Struct": "records", "Binary": "bytes"}.get(name, f"{name} values")


def _numbers_the_rows(facts: Facts) -> bool:
    """Whether whole numbers, each once, are named like an identifier: years and doses may each be there once too."""
    has_room = facts.moments.most - facts.moments.least + 1 >= facts.count
    return facts.is_named_id and facts.dtype.is_integer() and facts.is_distinct and has_room and facts.count > 1
