"""Numbers as files write them: with spaces around them, and in many countries with a decimal comma."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

# 172,9 and 5.269,58: a comma before the decimals, and perhaps points between the thousands.
DECIMAL_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$"
# What people see as a number, and a program does not: 5,269.58 (or 5,269, which may be either), 12 %, €3.50, and the
# minus sign of typesetters.
_DIGITS = r"(\d+([.,]\d+)?|\d{1,3}([.,]\d{3})+([.,]\d+)?)"
DRESSED = rf"^[+−-]?[$€£¥]?[ \u00a0]?[+−-]?{_DIGITS}[ \u00a0]?[%‰°$€£¥]?$"


def with_numbers(rows: pl.LazyFrame, has_decimal_commas: bool) -> pl.LazyFrame:
    """Text columns whose every value is a number once the spaces around it are gone, as numbers.

    With `has_decimal_commas` 5.269,58 is one too, but not in a column where 5.269 stands: that may be 5269.
    """
    import polars as pl

    texts = {
        name: pl.col(name).str.strip_chars() for name, kind in rows.collect_schema().items() if kind == pl.String
    }
    numbers = {name: _number(text, has_decimal_commas) for name, text in texts.items()}
    are_numbers = [_are_numbers(text, numbers[name], has_decimal_commas).alias(name) for name, text in texts.items()]
    found = rows.select(are_numbers).collect(engine="streaming")
    return rows.with_columns(numbers[name].alias(name) for name in texts if found[name].item())


def _number(text: pl.Expr, has_decimal_commas: bool) -> pl.Expr:
    import polars as pl

    if has_decimal_commas:
        pointed = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        text = pl.when(text.str.contains(DECIMAL_COMMA)).then(pointed).otherwise(text)
    return text.cast(pl.Float64, strict=False)


def _are_numbers(text: pl.Expr, number: pl.Expr, has_decimal_commas: bool) -> pl.Expr:
    """Whether a whole column can be read as numbers, without a loss or a doubt."""
    is_sure = number.null_count() == text.null_count()
    if has_decimal_commas:
        has_comma = text.str.contains(",", literal=True)
        is_sure &= ~(has_comma.any() & (text.str.contains(".", literal=True) & ~has_comma).any())
    return is_sure
