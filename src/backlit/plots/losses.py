"""The loss as training went on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.plots.canvas import INK, legend_beside, log_scale, new_figure, style, tidy
from backlit.plots.values import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from backlit.train.history import History

# Up to so many epochs each has its own marker: a run of one epoch is a point, which a line alone would not show.
MARKED_EPOCHS = 30


def loss_curves(histories: History | Sequence[History] | Mapping[str, History]) -> Figure:
    """The training loss (solid) and validation loss (dashed) by epoch, of one run or of several.

    The loss axis is logarithmic; it is linear, and says so, if a loss is zero or negative. With one run, a dotted line
    marks the epoch whose weights early stopping kept. An epoch without a finite loss is a gap, and is counted below.
    Raises ValueError for a history without epochs, TypeError for what is not a history.

    >>> import backlit as torch
    >>> x = torch.linspace(-1, 1, 20).unsqueeze(1)
    >>> rows = (x, 3 * x)
    >>> history = torch.fit(torch.nn.Linear(1, 1), *rows, loss="mse", optimizer="sgd", epochs=9, validation=rows)
    >>> figure = torch.plots.loss_curves(history)
    >>> figure.axes[0].get_yscale(), len(figure.axes[0].lines)
    ('log', 2)
    """
    from matplotlib.ticker import MaxNLocator

    runs = named("loss_curves", histories, lambda each: hasattr(each, "epochs"), "a History")
    for name, history in runs.items():
        _check_not_empty(name, history)
    figure = new_figure()
    axes = figure.add_subplot()
    lines = [_draw_run(axes, k, name, history) for k, (name, history) in enumerate(runs.items())]
    tidy(axes, "epoch", _scale_losses(axes, np.concatenate(lines)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(runs) == 1:
        _mark_best(axes, next(iter(runs.values())))
    legend_beside(figure, axes)
    return figure


def _check_not_empty(name: str, history: Any) -> None:
    if not history.epochs:
        raise ValueError(
            f"loss_curves: the history{f' {name!r}' if name else ''} has no epochs, and {len(history)} steps: there is "
            "no curve to draw. Draw it after at least one epoch: history = backlit.fit(model, x, y, ..., epochs=10)."
        )


def _draw_run(axes: Axes, k: int, name: str, history: Any) -> np.ndarray:
    """Draw a run's one or two lines.  Out: all its losses."""
    colour, marker = style(k)
    drawn = []
    for part, key, dashes in (("training", "loss", "-"), ("validation", "validation_loss", "--")):
        rows = [row for row in history.epochs if key in row]
        if not rows:
            continue
        losses = np.array([row[key] for row in rows], dtype=np.float64)
        is_short = len(rows) <= MARKED_EPOCHS
        axes.plot(
            [row["epoch"] for row in rows],
            np.where(np.isfinite(losses), losses, np.nan),
            dashes,
            color=colour if name or part == "training" else style(1)[0],
            marker=marker if is_short or name else None,
            markevery=1 if is_short else len(rows) // 8,
            markersize=4,
            label=f"{name}, {part}" if name else part,
        )
        drawn.append(losses)
    return np.concatenate(drawn)


def _scale_losses(axes: Axes, losses: np.ndarray) -> str:
    """Choose the scale of the loss axis.  Out: its label."""
    finite = losses[np.isfinite(losses)]
    missing = f"; {losses.size - finite.size} not finite" if finite.size < losses.size else ""
    if finite.size and (finite <= 0).any():
        return f"loss (linear scale: some are not above 0{missing})"
    log_scale(axes)
    return f"loss (log scale{missing})"


def _mark_best(axes: Axes, history: Any) -> None:
    if history.best_epoch is not None:
        axes.axvline(
            history.best_epoch, linestyle=":", color=INK, linewidth=1, label=f"best: epoch {history.best_epoch}"
        )
