"""Arrays as text: small ones in full, large ones in one line."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.explain.numbers import short, summarise

#: How wide a story is.
WIDTH = 100
#: An array of at most this many elements is told in full.
SMALL = 20
#: What is smaller than so many times the precision beside the largest element is what rounding leaves of a 0.
ROUNDING = 16


def array_text(value: Any, width: int = WIDTH) -> list[str]:
    """The lines that tell of a value: its rows in full, or a summary.

    >>> array_text(np.array([[1.0, -0.25], [0.5, 2.0]]))
    ['   1.000  -0.250', '   0.500   2.000']
    >>> array_text(np.arange(-1.0, 99.0))
    ['100 elements: min -1, mean 48.5, max 98, norm 564.4, 1 zero']
    """
    if isinstance(value, (tuple, list)):
        return [line for part in value for line in array_text(part, width)]
    array = np.asarray(value)
    if array.size == 0:
        return ["no elements"]
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    digits = decimals(array)
    texts = [[number_text(x, digits) for x in row] for row in rows] if array.size <= SMALL else []
    column = max((len(text) for row in texts for text in row), default=0) + 2
    if not texts or column * rows.shape[1] > width:
        return [summary(array)]
    return ["".join(f"{text:>{column}}" for text in row) for row in texts]


def decimals(array: Any) -> int | None:
    """How many digits after the point show the largest element with four that count.

    None where that would show a smaller element as 0 that is more than rounding, or where the elements are no floats
    or not finite.
    """
    sizes = np.abs(array[array != 0]).astype(np.float64) if array.dtype.kind == "f" else np.zeros(0)
    if not sizes.size or not np.isfinite(sizes).all():
        return None
    sizes = sizes[sizes > ROUNDING * np.finfo(array.dtype).eps * sizes.max()]
    if (array == np.round(array)).all() and sizes.max() < 1e6:
        return 0
    digits = 3 - int(np.floor(np.log10(sizes.max())))
    return digits if 0 <= digits <= 8 and sizes.min() >= 10.0**-digits else None


def number_text(value: Any, digits: int | None) -> str:
    """A number with so many digits after the point; with four that count where that is None."""
    return short(value.item()) if digits is None else f"{value + 0.0:.{digits}f}"


def summary(array: Any) -> str:
    """One line for many numbers; those that are not finite are counted apart."""
    if array.dtype.kind not in "biuf":
        return f"{array.size} elements of {array.dtype}"
    told = summarise(array)
    precision = float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else 0.0
    noise = ROUNDING * precision * max(abs(told.least), abs(told.greatest))
    mean = 0.0 if abs(told.mean) < noise else told.mean
    if told.bad == told.size:
        return f"{told.size} elements, all nan or infinite"
    text = f"{told.size} elements: min {short(told.least)}, mean {short(mean)}, max {short(told.greatest)}, "
    text += f"norm {short(told.norm)}"
    text += f", {told.zeros} zero{'s' * (told.zeros != 1)}" if told.zeros else ""
    return text + (f", {told.bad} nan or infinite" if told.bad else "")


def shape_text(value: Any) -> str:
    """A shape as a textbook writes it: "4 × 2"; nothing for a number."""
    if isinstance(value, (tuple, list)):
        return f"{len(value)} values"
    return " × ".join(map(str, np.shape(value)))
