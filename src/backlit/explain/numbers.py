"""Numbers as people read them: a few digits, a summary for many, and where the first bad one came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from backlit.tracing.graph import Expression, Line, lines_in

#: An array of at most this many elements is shown in full.
SMALL = 64
BINS = 24


class Summary(NamedTuple):
    """What is said of an array that is too large to show. Moments, norm and bins are those of its finite elements."""

    size: int
    bad: int  #: elements that are nan or infinite
    zeros: int
    least: float
    mean: float
    greatest: float
    norm: float  #: the square root of the sum of squares
    counts: tuple[int, ...]  #: of equal bins from `least` to `greatest`


def short(value: Any, digits: int = 4) -> str:
    """A number with at most four digits that count: 0.06919, -1.235e-05, nan.

    >>> short(0.0691870), short(-2.0), short(float("inf")), short(True), short(31557600)
    ('0.06919', '-2', 'inf', 'True', '31557600')
    """
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return str(value)
    return f"{value:.{digits}g}" if np.isrealobj(value) else f"{complex(value):.{digits}g}"


def exact(value: Any) -> str:
    """A number with as many digits as tell it from its neighbours of the same dtype.

    >>> exact(np.float32(0.1)), exact(0.1 + 0.2), exact(np.float32(0.5))
    ('0.1', '0.30000000000000004', '0.5')
    """
    return str(value.item() if isinstance(value, (np.float64, np.integer, np.bool_)) else value)


def shape_of(value: Any) -> str:
    """A shape as a textbook writes it: "4 x 2" with a true multiplication sign, "scalar" for none.

    >>> shape_of(np.zeros((4, 2))), shape_of(np.zeros(3)), shape_of(0.5), shape_of((np.zeros(2), 1))
    ('4 × 2', '3', 'scalar', '2 values')
    """
    if isinstance(value, (tuple, list)):
        return f"{len(value)} values"
    shape = np.shape(value)
    return " × ".join(map(str, shape)) if shape else "scalar"


def summarise(array: Any) -> Summary:
    """The summary of an array. Everything is computed in double precision, so that large values do not overflow.

    >>> summarise(np.array([3.0, -4.0, np.nan])).norm
    5.0
    """
    flat = np.asarray(array).ravel()
    flat = np.abs(flat) if np.iscomplexobj(flat) else flat
    finite = flat[np.isfinite(flat)].astype(np.float64)
    if not finite.size:
        return Summary(flat.size, flat.size, 0, np.nan, np.nan, np.nan, np.nan, ())
    least, greatest = float(finite.min()), float(finite.max())
    # Scaled by the largest element: the square of a large double is not finite.
    scale = max(abs(least), abs(greatest)) or 1.0
    norm = scale * float(np.sqrt(np.square(finite / scale).sum()))
    mean = least + float((finite / finite.size - least / finite.size).sum())
    return Summary(
        flat.size, flat.size - finite.size, int((finite == 0).sum()), least, mean, greatest, norm,
        histogram(finite, least, greatest),
    )  # fmt: skip


def histogram(finite: Any, least: float, greatest: float) -> tuple[int, ...]:
    """How many elements lie in each of the equal bins; () where all are the same."""
    width = greatest / BINS - least / BINS
    if not width > 0 or not np.isfinite(width):
        return ()
    at = np.minimum(((finite - least) / width).astype(int), BINS - 1)
    return tuple(np.bincount(at, minlength=BINS).tolist())


def is_bad(value: Any) -> bool:
    """Whether a value holds nan or infinities."""
    if isinstance(value, (tuple, list)):
        return any(map(is_bad, value))
    array = np.asarray(value)
    return array.dtype.kind in "fc" and not bool(np.isfinite(array).all())


def first_bad(lines: Iterable[Line]) -> Line | None:
    """The first line whose numbers are not all finite; None if every line's are."""
    return next((line for line in lines if is_bad(line.value)), None)


def batched(lines: Iterable[Line], parameters: Iterable[str] = ()) -> set[Line]:
    """The lines whose first axis is the batch: one row for each sample.

    The batch's size is the length of the first given array that is no parameter. Rows stay rows through element by
    element work and through a product from the right; a transposition or a sum over the first axis ends that.
    """
    known, found, size = set(parameters), set[Line](), None
    for line in lines:
        shape = () if isinstance(line.value, (tuple, list)) else np.shape(line.value)
        if line.kind == "input":
            is_data = line.expression.text == "array" and line.path not in known and not line.path.endswith(".grad")
            size = shape[0] if size is None and is_data and shape else size
            has_rows = is_data
        else:
            has_rows = line.role != "update" and keeps_rows(line.expression, found)
        if has_rows and shape and shape[0] == size:
            found.add(line)
    return found


def keeps_rows(part: Any, rows: set[Line]) -> bool:
    """Whether an expression of lines with rows has a row for each sample again."""
    if isinstance(part, Line):
        return part in rows
    if not isinstance(part, Expression):
        return any(keeps_rows(inner, rows) for inner in part) if isinstance(part, (tuple, list)) else False
    if part.kind == "attribute" or part.text in ("np.transpose", "transpose", "np.swapaxes", "swapaxes"):
        return False
    if part.kind == "infix" and part.text == "@":
        return keeps_rows(part.arguments[0], rows)
    axes = dict(part.settings).get("axis", 1)
    if axes is None or 0 in (axes if isinstance(axes, tuple) else (axes,)):
        return False
    return any(line in rows for line in lines_in(part)) and any(keeps_rows(inner, rows) for inner in part.arguments)
