"""Tables of a report, and how numbers are written in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

#: Columns and classes shown in a table; of more the first, with a word about the rest.
MOST = 30


def grid(
    header: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[int] = (), notes: Sequence[int] = (),
    caption: str = "",
) -> str:  # fmt: skip
    """A table; the columns in `texts` are words, those in `notes` sentences, the others numbers."""
    named = {**dict.fromkeys(texts, ' class="text"'), **dict.fromkeys(notes, ' class="note long"')}
    kinds = [named.get(k, "") for k in range(len(header))]
    top = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, header, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(value)}</td>" for kind, value in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    words = f"<caption>{escape(caption)}</caption>" if caption else ""
    thead = f"<thead><tr>{top}</tr></thead>" if any(header) else ""
    return f'<div class="wide"><table>{words}{thead}<tbody>{body}</tbody></table></div>'


def more(count: int, what: str) -> str:
    return f'<p class="soft">… and {count - MOST:,} more {what}.</p>' if count > MOST else ""


def number(value: Any) -> str:
    """Four digits, or all that stand before the point; nothing for None or what is not defined."""
    if value is None or value != value:
        return ""
    return f"{value:,.1f}".removesuffix(".0") if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


def aligned(values: Sequence[Any]) -> list[str]:
    """The cells of one column: numbers with the same decimals, four digits for the greatest; others as they are."""
    is_float = [isinstance(value, float) and math.isfinite(value) for value in values]
    sizes = [abs(value) for value, yes in zip(values, is_float, strict=True) if yes and value]
    if not sizes or not 1e-5 <= max(sizes) < 1e9:
        return [cell(value) for value in values]
    texts = [number(value) for value in sizes]
    finest = max(len(text.partition(".")[2]) for text in texts if "e" not in text)
    decimals = min(finest, max(3 - math.floor(math.log10(max(sizes))), 0))
    return [f"{v:,.{decimals}f}" if yes else cell(v) for v, yes in zip(values, is_float, strict=True)]


def cell(value: Any) -> str:
    """A value of the user's own: a float in four digits, a truth value as the encoders call it."""
    if isinstance(value, bool):
        return str(value).lower()
    text = number(value) if isinstance(value, float) else "" if value is None else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
