"""The paper that pictures are drawn on: figures, colours and markers, and files that are the same in every run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Told apart by people with any colour vision, each at least 3:1 against white: blue, vermillion, teal, purple, olive,
#: grey (after Wong, "Points of view: Color blindness", Nature Methods 8, 2011, and Tol's colour schemes).
COLOURS = ("#0072B2", "#D55E00", "#009988", "#AA4499", "#7A7A12", "#555555")
#: Circle, square, triangle, diamond, cross, plus: a class can be told by its shape alone.
MARKERS = ("o", "s", "^", "D", "X", "P")
INK, FAINT = "#222222", "#DDDDDD"

# What each format would write about the time and the program; None leaves it out.
_ANONYMOUS: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}


def new_figure(width: float = 6.4, height: float = 4.4) -> Figure:
    """An empty white figure, in inches, that makes room for its labels."""
    from matplotlib.figure import Figure

    return Figure((width, height), dpi=100, layout="constrained", facecolor="white")


def style(k: int) -> tuple[str, str]:
    """The colour and marker of class or line `k`: 36 different pairs, the first six different in both."""
    return COLOURS[k % 6], MARKERS[(k + k // 6) % 6]


def tidy(axes: Axes, xlabel: str, ylabel: str) -> None:
    """Label the axes, and take away what carries no data."""
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)


def log_scale(axes: Axes) -> None:
    """A logarithmic upright axis with its numbers as people write them: 0.4, and 1e-09 where zeros would be many."""
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""  # which of them have room is matplotlib's choice

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(Plain())
    axes.yaxis.set_minor_formatter(Plain(minor_thresholds=(1.5, 0.6)))


def legend_beside(figure: Figure, axes: Axes) -> None:
    """A legend to the right of the axes, where no data can be under it."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False)


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG (at 144 dots per inch) or PDF. The same figure gives the same bytes, today and tomorrow.

    Raises ValueError for another ending; OSError if the file cannot be written.

    >>> import os, tempfile
    >>> import backlit as torch
    >>> path = os.path.join(tempfile.mkdtemp(), "residuals.png")
    >>> torch.plots.save(torch.plots.residuals([1.0, 2.0], [1.5, 2.0]), path)
    >>> os.path.getsize(path) > 1000
    True
    """
    ending = Path(path).suffix.lower()
    if ending not in _ANONYMOUS:
        raise ValueError(
            f"save: a picture is written as .png or .pdf, and the path is {os.fspath(path)!r}. "
            f"Write save(figure, {str(Path(path).with_suffix('.png'))!r}); figure.savefig knows other formats."
        )
    figure.savefig(path, dpi=144, format=ending[1:], metadata=_ANONYMOUS[ending])
