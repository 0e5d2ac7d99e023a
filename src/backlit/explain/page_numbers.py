"""The numbers of a page: small arrays as coloured tables, large ones as summaries with a histogram."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from backlit.explain.numbers import SMALL, exact, is_bad, shape_of, short, summarise

#: Wider arrays than this are summed up, and vectors run on in rows of WRAPPED.
WIDEST = 12
WRAPPED = 8
#: Steps of colour on either side of zero.
SHADES = 6
Array = Any


def numbers(value: Any, cells: int = SMALL, bins: bool = True, first_row: int = 0) -> str:
    """The numbers of a line. `cells` is the size up to which an array is shown in full; `first_row` numbers its rows.

    Shape: value (...), a Python number, or several arrays, of which each is told.
    """
    if isinstance(value, (tuple, list)):
        return "".join(numbers(part, cells, bins) for part in value)
    array = np.asarray(value)
    if array.ndim == 0:
        return f'<p class="scalar{" bad" * is_bad(array)}">{escape(exact(value))}</p>'
    is_narrow = array.ndim == 1 or array.shape[-1] <= WIDEST
    if 0 < array.size <= cells and is_narrow:
        return table(array, first_row)
    return summary(array, bins)


def table(array: Array, first_row: int = 0) -> str:
    """A small array with a row of cells for each of its rows; a vector runs on over several."""
    if array.ndim == 1:
        step = array.size if array.size <= WIDEST else WRAPPED
        labelled = [(str(k) if step < array.size else "", array[k : k + step]) for k in range(0, array.size, step)]
    else:
        labelled = [(index(place, first_row), array[place]) for place in np.ndindex(array.shape[:-1])]
    scale = greatest(array)
    rows = "".join(
        f'<tr>{f"""<th scope="row">{label}</th>""" if label else ""}{"".join(cell(v, scale) for v in row)}</tr>'
        for label, row in labelled
    )
    return f'<div class="wide"><table class="array"><tbody>{rows}</tbody></table></div>'


def index(place: tuple[int, ...], first_row: int) -> str:
    return ", ".join(map(str, (place[0] + first_row, *place[1:])))


def cell(value: Any, scale: float) -> str:
    """One number, coloured by its sign and its size beside the array's largest; all its digits in the title."""
    text, full = short(value), exact(value)
    title = "" if full.removesuffix(".0") == text else f' title="{full}"'
    shade = colour(value, scale)
    return f"<td{f' class={shade}' if shade else ''}{title}>{text}</td>"


def colour(value: Any, scale: float) -> str:
    """The class of a colour: "n1" to "n6" below zero, "p1" to "p6" above it, "" at zero, "bad" for nan and infinity."""
    size = float(abs(value))
    if not np.isfinite(size):
        return "bad"
    shade = int(np.ceil(SHADES * size / scale)) if scale else 0
    return (f"n{shade}" if np.isrealobj(value) and value < 0 else f"p{shade}") if shade else ""


def greatest(array: Array) -> float:
    """The largest finite absolute value, as a float; 0.0 if there is none."""
    sizes = np.abs(array.astype(np.float64 if array.dtype.kind in "biu" else array.dtype))
    finite = sizes[np.isfinite(sizes)]
    return float(finite.max()) if finite.size else 0.0


def summary(array: Array, bins: bool = True) -> str:
    """What a large array is like: its norm, range and mean, and how its values are distributed."""
    if not array.size:
        return '<p class="quiet">no elements</p>'
    s = summarise(array)
    facts = [("norm", s.norm), ("least", s.least), ("mean", s.mean), ("greatest", s.greatest)]
    said = [(name, short(value)) for name, value in facts]
    said += [("zeros", f"{100 * s.zeros / s.size:.0f} %")] if s.zeros else []
    said += [("not finite", f"{s.bad} of {s.size}")] if s.bad else []
    listed = "".join(
        f"<div{' class=bad' * (name == 'not finite')}><dt>{name}</dt><dd>{text}</dd></div>" for name, text in said
    )
    return f'<dl class="summary">{listed}</dl>' + (histogram(array, s.counts, said) if bins and s.counts else "")


def histogram(array: Array, counts: tuple[int, ...], said: list[tuple[str, str]]) -> str:
    """The bins of a summary as a picture of bars. A bin with few values still shows: the height is its square root."""
    heights = [round(32 * (count / max(counts)) ** 0.5, 1) for count in counts]
    path = "".join(f"M{6 * k} 34v-{height}h5v{height}z" for k, height in enumerate(heights) if height)
    least, greatest = said[1][1], said[3][1]
    label = f"how {array.size} values ({shape_of(array)}) lie between {least} and {greatest}"
    return (
        f'<svg class="histogram" viewBox="0 0 {6 * len(counts)} 36" role="img" aria-label="{label}">'
        f'<path class="base" d="M0 34.5h{6 * len(counts)}"/><path d="{path}"/></svg>'
    )
