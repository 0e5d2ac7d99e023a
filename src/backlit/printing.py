"""How tensors print: NumPy arrays in PyTorch's words, to the last blank.

One style serves all numbers of a tensor: whole (`2.`), fixed (`0.5000`) or scientific (`5.0000e-01`). A tensor of more
than `threshold` elements shows only the first and last `edgeitems` of each dimension, and takes its style from those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backlit import dtypes

Array = np.ndarray[Any, Any]


@dataclass
class Options:
    """`precision` counts digits after the point, `linewidth` characters; `sci_mode=None` goes by the numbers."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": float("inf"), "edgeitems": 3, "linewidth": 80},
}

options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors print from now on: first to a profile (default, short or full), then by each option given.

    Whatever is not given stays as it is, but for `sci_mode`, which every call sets.

    >>> import backlit as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor([3.14159, 0.5])
    tensor([3.14, 0.50])
    >>> torch.set_printoptions(profile="default")
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes = PROFILES.get(profile or "", {}) | {name: value for name, value in given.items() if value is not None}
    for name, value in {**changes, "sci_mode": sci_mode}.items():
        setattr(options, name, value)


def get_printoptions() -> dict[str, Any]:
    """The options in force, as set_printoptions takes them."""
    return asdict(options)


@contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """Inside, print with these options, which are those of set_printoptions."""
    before = get_printoptions()
    set_printoptions(**changes)
    try:
        yield
    finally:
        set_printoptions(**before)


def format_tensor(array: Array, *, prefix: str = "tensor", suffixes: Sequence[str] = ()) -> str:
    """`prefix(numbers, suffixes)`, where size and dtype stand before the suffixes if the numbers do not show them.

    >>> import numpy as np
    >>> print(format_tensor(np.eye(2), suffixes=["requires_grad=True"]))
    tensor([[1., 0.],
            [0., 1.]], dtype=torch.float64, requires_grad=True)
    """
    opening = f"{prefix}("
    tells_dtype = array.size and array.dtype in (np.int64, np.bool_)
    own = []
    if (array.ndim != 1) if array.size == 0 else options.edgeitems == 0:
        own.append(f"size={array.shape}")
    if not tells_dtype and array.dtype != dtypes.default():
        own.append(f"dtype=torch.{array.dtype.name}")
    return _with_suffixes(opening + _numbers(array, len(opening)), [*own, *suffixes], len(opening))


def _numbers(array: Array, indent: int) -> str:
    if array.size == 0:
        return "[]"
    edge, is_summary = options.edgeitems, array.size > options.threshold
    cuts = [is_summary and length > 2 * edge for length in array.shape]
    kept = [
        [*range(edge), *range(length - edge, length)] if cut else range(length)
        for length, cut in zip(array.shape, cuts, strict=True)
    ]
    shown = array[np.ix_(*kept)] if is_summary else array
    texts, width = _texts(shown)
    if array.ndim == 0:
        return texts[0]
    grid = np.array(texts, object).reshape(shown.shape).tolist()
    return _layout(grid, cuts, indent, width)


def _texts(shown: Array) -> tuple[list[str], int]:
    """Each number in the tensor's style, and the width to which they are aligned."""
    values = shown.ravel().tolist()
    if shown.dtype.kind != "f":
        texts = [str(value) for value in values]
        decides = [True] * len(texts)
    else:
        # Zeros, infinities and NaN fit every style, and widen none.
        mask = np.isfinite(shown) & (shown != 0)
        spec, point = _float_style(shown[mask].astype(np.float64))
        texts = [format(value, spec) for value in values]
        texts = [text + point if text[-1].isdigit() else text for text in texts]
        decides = mask.ravel().tolist()
    width = max((len(text) for text, decided in zip(texts, decides, strict=True) if decided), default=1)
    return [text.rjust(width) for text in texts], width


def _float_style(numbers: Array) -> tuple[str, str]:
    """A format, and what follows the number, for numbers that are neither 0 nor infinite nor NaN."""
    if not numbers.size:
        return ".0f", "."
    sizes = np.abs(numbers)
    most, least = float(sizes.max()), float(sizes.min())  # Python's floats: their quotient may be infinite in silence
    is_wide = most / least > 1000 or most > 1e8 or least < 1e-4
    if is_wide if options.sci_mode is None else options.sci_mode:
        return f".{options.precision}e", ""
    if (numbers == np.ceil(numbers)).all():
        return ".0f", "."
    return f".{options.precision}f", ""


def _layout(grid: list[Any], cuts: Sequence[bool], indent: int, width: int) -> str:
    """Rows in brackets, matrices one blank line apart, blocks of matrices two, and so on."""
    if len(cuts) == 1:
        return _row(grid, cuts[0], indent, width)
    parts = [_layout(part, cuts[1:], indent + 1, width) for part in grid]
    if cuts[0]:
        parts.insert(options.edgeitems, "...")
    between = "," + "\n" * (len(cuts) - 1) + " " * (indent + 1)
    return f"[{between.join(parts)}]"


def _row(texts: list[str], is_cut: bool, indent: int, width: int) -> str:
    if is_cut:
        edge = options.edgeitems
        texts = [*texts[:edge], " ..." if edge else "...", *texts[edge:]]
    a_line = max(1, (options.linewidth - indent) // (width + 2))
    lines = [", ".join(texts[start : start + a_line]) for start in range(0, len(texts), a_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _with_suffixes(text: str, suffixes: Sequence[str], indent: int) -> str:
    """Suffixes in the last line while it has room for them and the closing bracket, then in new ones."""
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        length += len(suffix) + 2
        if length > options.linewidth:
            text += ",\n" + " " * indent + suffix
            length = indent + len(suffix)
        else:
            text += ", " + suffix
    return text + ")"
