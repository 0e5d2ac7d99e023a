"""Predictions beside the truth: classes counted, numbers subtracted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.plots.canvas import COLOURS, INK, new_figure, tidy
from backlit.plots.values import column, same_length, some_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A class's name is cut after so many letters, or the names would take the picture's place.
LONGEST_NAME = 18
# How wide a letter of a tick's label is on average, with a little room between two names.
POINTS_A_LETTER = 6.3


def confusion_matrix(y_true: Any, y_pred: Any, labels: Sequence[str] | None = None) -> Figure:
    """How many rows of each true class (down) were predicted as each class (across); darker is a larger share.

    Shape: y_true and y_pred (N,) or (N, 1), both class numbers or both names. With `labels`, class k has the name
    labels[k], and every label has its row; without, the classes are those that occur, sorted.
    Raises ValueError if lengths differ, there are no rows, or a value is not among the labels.

    >>> import backlit as torch
    >>> figure = torch.plots.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1', '1', '0', '2']
    """
    where = "confusion_matrix"
    true, predicted = column(where, "y_true", y_true), column(where, "y_pred", y_pred)
    same_length(where, ("y_true", true), ("y_pred", predicted))
    names, rows, columns = _as_numbers(true, predicted, labels)
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (rows, columns), 1)
    side = max(3.2, 0.5 * len(names))
    figure = new_figure(side + 2.0, side + 1.2)
    axes = figure.add_subplot()
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)  # a class without rows has a white row
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    _write_counts(axes, counts, shares, 72 * side / len(names))
    _name_classes(axes, names, 72 * side / len(names))
    right, rest = int(np.trace(counts)), len(true)
    axes.set_title(f"{right:,} of {rest:,} right ({right / rest:.1%})", fontsize=11)
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    return figure


def _as_numbers(
    true: np.ndarray, predicted: np.ndarray, labels: Sequence[str] | None
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The classes' names, and both columns as places among them."""
    if (true.dtype.kind in "OU") != (predicted.dtype.kind in "OU"):
        raise ValueError(
            f"confusion_matrix: y_true holds {true.dtype.name} and y_pred {predicted.dtype.name}: both must be "
            "names, or both numbers. Name the predictions: numpy.array(labels)[y_pred]."
        )
    values, places = np.unique(np.concatenate([true, predicted]), return_inverse=True)
    if labels is None:
        names = [f"{value:g}" if value.dtype.kind == "f" else str(value) for value in values]
    else:
        names = [str(label) for label in labels]
        keys = names if true.dtype.kind in "OU" else range(len(names))
        known: dict[Any, int] = {key: k for k, key in enumerate(keys)}
        unknown = [value for value in values.tolist() if value not in known]
        if unknown:
            raise ValueError(
                f"confusion_matrix: {unknown[0]!r} is not among the {len(names)} labels {names}. "
                "Class k is named labels[k]: give a label for each class, or leave labels out."
            )
        places = np.array([known[value] for value in values.tolist()])[places]
    return names, places[: len(true)], places[len(true) :]


def _write_counts(axes: Axes, counts: np.ndarray, shares: np.ndarray, cell: float) -> None:
    """Write each count into its cell, in a size that its `cell`, in points, can hold."""
    size = min(13.0, 0.45 * cell, 1.4 * cell / len(f"{counts.max():,}"))
    for (i, j), count in np.ndenumerate(counts):
        colour = "white" if shares[i, j] > 0.55 else INK if count else "#767676"
        axes.text(j, i, f"{count:,}", ha="center", va="center", color=colour, fontsize=size)


def _name_classes(axes: Axes, names: list[str], cell: float) -> None:
    """The classes beside both axes; slanted below cells that are, in points, too narrow for them."""
    short = [name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…" for name in names]
    is_wide = POINTS_A_LETTER * max(map(len, short)) > cell
    axes.set_xticks(range(len(names)), short, rotation=40 if is_wide else 0, ha="right" if is_wide else "center")
    axes.set_yticks(range(len(names)), short)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")


def residuals(y_true: Any, y_pred: Any, *, name: str = "target") -> Figure:
    """Predictions against the truth, and what is left between them: the residual, true minus predicted.

    Shape: y_true and y_pred (N,) or (N, 1), finite numbers. On the left a right prediction lies on the diagonal; on the
    right it lies on the line at 0, and a bend or a funnel says what the model has not learnt. Of more than 5,000 rows
    so many are drawn, always the same ones, and the title says so; its numbers are of all rows.
    Raises ValueError if lengths differ, there are no rows, or a value is not finite.

    >>> import backlit as torch
    >>> figure = torch.plots.residuals([1.0, 2.0, 3.0], [1.5, 2.0, 2.0], name="price")
    >>> figure.axes[1].lines[0].get_ydata().tolist()
    [-0.5, 0.0, 1.0]
    """
    true, predicted = _numbers("y_true", y_true), _numbers("y_pred", y_pred)
    same_length("residuals", ("y_true", true), ("y_pred", predicted))
    left = true - predicted
    drawn = some_rows(len(true))
    figure = new_figure(8.6, 4.0)
    beside, under = figure.subplots(1, 2)
    # Few points are drawn large, many small and see-through, so that the dense places stay visible.
    dots: dict[str, Any] = {
        "linestyle": "",
        "marker": "o",
        "color": COLOURS[0],
        "markersize": float(np.clip(60 / np.sqrt(len(drawn)), 1.5, 5)),
        "alpha": float(np.clip(20 / np.sqrt(len(drawn)), 0.15, 0.8)),
        "markeredgewidth": 0,
    }
    beside.plot(true[drawn], predicted[drawn], **dots)
    ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
    beside.plot(ends, ends, color=INK, linewidth=1)
    tidy(beside, f"true {name}", f"predicted {name}")
    under.plot(predicted[drawn], left[drawn], **dots)
    under.axhline(0, color=INK, linewidth=1)
    tidy(under, f"predicted {name}", "residual (true − predicted)")
    rmse = np.sqrt(np.mean(left**2))
    rows = f"{len(true):,} rows" + (f" ({len(drawn):,} drawn)" if len(drawn) < len(true) else "")
    figure.suptitle(f"{rows}, root mean square residual {rmse:.4g}, mean {left.mean():.2g}", fontsize=11)
    return figure


def _numbers(name: str, values: Any) -> np.ndarray:
    array = column("residuals", name, values)
    if array.dtype.kind not in "iufb":
        raise ValueError(
            f"residuals: {name} must hold numbers, and holds {array.dtype.name}, such as {array[0]!r}. "
            "For classes write confusion_matrix(y_true, y_pred)."
        )
    array = array.astype(np.float64)
    wrong = np.count_nonzero(~np.isfinite(array))
    if wrong:
        raise ValueError(
            f"residuals: {wrong} of {len(array)} values of {name} are not finite (the first in row "
            f"{np.flatnonzero(~np.isfinite(array))[0]}). If they are predictions, the training has diverged: lower lr."
        )
    return array
