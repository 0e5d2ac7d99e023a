"""What a classifier with two inputs answers everywhere in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backlit import nn
from backlit.plots.canvas import INK, legend_beside, new_figure, style, tidy
from backlit.plots.values import array_of, column, evaluating, inputs_for, same_length, some_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WHERE = "decision_boundary"
# How much of a class's colour its surest region has: light enough for its own points to stand out from it.
DEEPEST = 0.45
# The plane reaches past the outermost points by this share of their range.
MARGIN = 0.08


class Regions(NamedTuple):
    """What a model answers over a rectangle of the plane, in the units of its axes, and the rows drawn in it.

    Shape: edges two (low, high), grid (R, R, 2), chances (R, R, C), points (M, 2), classes (M,).
    There are `rows` rows, of which M are drawn, and C `names`.
    """

    edges: list[tuple[float, float]]
    grid: np.ndarray
    chances: np.ndarray
    points: np.ndarray
    classes: np.ndarray
    names: list[str]
    rows: int


def decision_boundary(
    model: Any,
    x: Any,
    y: Any,
    *,
    labels: Sequence[str] | None = None,
    inputs: Sequence[str] = ("first input", "second input"),
    scales: Sequence[tuple[float, float]] | None = None,
    probabilities: bool | None = None,
    resolution: int = 240,
) -> Figure:
    """The regions in which a model answers each class, with the rows it is to be judged by.

    Shape: x (N, 2); y (N,) or (N, 1), whole numbers from 0; the model's output (N,) or (N, 1) for two classes, (N, C)
    for C. A region is the deeper in its class's colour, the surer the model is; the line is where two classes are
    equally likely. The model is asked in evaluation mode at `resolution` x `resolution` points.
    Outputs are taken as logits, or as probabilities if the last module is Sigmoid or Softmax; `probabilities` says it
    where a sigmoid is called inside `forward`. `labels` are the names of the classes, `inputs` those of the axes.
    `scales` gives the (mean, standard deviation) by which each input was standardised: the axes then show the units
    from before. Of more than 5,000 rows so many are drawn, always the same ones, and the title says so.
    Raises ValueError if x has not two inputs, lengths differ, or y is not of the model's classes.

    >>> import backlit as torch
    >>> x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> figure = torch.plots.decision_boundary(torch.nn.Linear(2, 1), x, torch.tensor([0, 0, 0, 1]))
    >>> figure.axes[0].get_xlabel()
    'first input'
    """
    return draw(regions(model, x, y, labels, scales, probabilities, resolution), inputs)


def draw(found: Regions, inputs: Sequence[str]) -> Figure:
    """Regions as a figure; `inputs` are the names of its axes."""
    figure = new_figure(6.8, 4.8)
    axes = figure.add_subplot()
    axes.imshow(
        shade(found.chances), extent=(*found.edges[0], *found.edges[1]), origin="lower", aspect="auto",
        interpolation="bilinear",
    )  # fmt: skip
    for lead in leads(found.chances):
        axes.contour(found.grid[..., 0], found.grid[..., 1], lead, levels=[0], colors=INK, linewidths=1.3)
    _draw_points(axes, found.points, found.classes, found.names)
    tidy(axes, *inputs)
    axes.grid(False)
    if len(found.points) < found.rows:
        axes.set_title(f"{len(found.points):,} of {found.rows:,} rows drawn", fontsize=10)
    legend_beside(figure, axes)
    return figure


def regions(
    model: Any,
    x: Any,
    y: Any,
    labels: Sequence[str] | None = None,
    scales: Sequence[tuple[float, float]] | None = None,
    probabilities: bool | None = None,
    resolution: int = 240,
) -> Regions:
    """What `decision_boundary` draws, as numbers; its settings, and its errors."""
    points, classes = _checked_rows(x, y)
    mean, std = np.array([(0.0, 1.0)] * 2 if scales is None else scales, np.float64).T
    edges = _edges(points)
    grid = np.stack(np.meshgrid(*(np.linspace(*edge, resolution) for edge in edges)), axis=-1)
    chances = _chances(model, grid.reshape(-1, 2), probabilities).reshape(resolution, resolution, -1)
    names = _class_names(classes, chances.shape[-1], labels)
    rows = some_rows(len(points))
    own = [(float(a * s + m), float(b * s + m)) for (a, b), m, s in zip(edges, mean, std, strict=True)]
    return Regions(own, grid * std + mean, chances, points[rows] * std + mean, classes[rows], names, len(x))


def _checked_rows(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    points = array_of(x)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"{WHERE}: x must have two inputs, with the shape [N, 2], to be drawn in a plane, and has "
            f"{list(points.shape)}. Train a model on two columns, and write {WHERE}(model, x[:, :2], y)."
        )
    classes = column(WHERE, "y", y)
    same_length(WHERE, ("x", points), ("y", classes))
    if not np.isfinite(points).all():
        raise ValueError(
            f"{WHERE}: x has {np.count_nonzero(~np.isfinite(points).all(axis=1))} rows that are not finite. "
            "Leave them out: keep = x.isfinite().all(1); x, y = x[keep], y[keep]."
        )
    if not np.issubdtype(classes.dtype, np.number) and classes.dtype != bool:
        raise ValueError(
            f"{WHERE}: y must hold the classes as numbers from 0, and holds {classes.dtype.name}, such as "
            f"{classes[0]!r}. Write labels, y = numpy.unique(y, return_inverse=True)."
        )
    if (classes != np.floor(classes)).any():
        wrong = classes[classes != np.floor(classes)][0]
        raise ValueError(
            f"{WHERE}: y must hold whole numbers, and holds {wrong:g}. For numbers write residuals(y, model(x))."
        )
    return points.astype(np.float64), classes.astype(np.int64)


def _edges(points: np.ndarray) -> list[tuple[float, float]]:
    """The lowest and highest value drawn of each input.  Shape: points (N, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.where(high > low, MARGIN * (high - low), 1.0)
    return [(float(a), float(b)) for a, b in zip(low - room, high + room, strict=True)]


def _chances(model: Any, points: np.ndarray, probabilities: bool | None) -> np.ndarray:
    """The probability of each class.  Shape: points (P, 2), out (P, C) with C at least 2."""
    from scipy.special import expit, softmax

    with evaluating(model):
        out = array_of(model(inputs_for(model, points))).astype(np.float64)
    if out.ndim not in (1, 2) or len(out) != len(points):
        raise ValueError(
            f"{WHERE}: for {len(points)} points the model gave the shape {list(out.shape)}, where [N], [N, 1] or "
            "[N, C] is expected: an output, or one for each class, for every row."
        )
    if probabilities is None:
        last = list(model.modules())[-1] if isinstance(model, nn.Module) else None
        probabilities = isinstance(last, (nn.Sigmoid, nn.Softmax))
    if out.ndim == 1 or out.shape[1] == 1:
        second = (out if probabilities else expit(out)).reshape(-1)
        return np.stack([1 - second, second], axis=1)
    return out if probabilities else softmax(out, axis=1)


def _class_names(classes: np.ndarray, count: int, labels: Sequence[str] | None) -> list[str]:
    """The name of each class. Raises ValueError if y or the labels are not of the model's classes."""
    wrong = classes[(classes < 0) | (classes >= count)]
    if wrong.size:
        advice = (
            "If y is -1 and 1, give (y + 1) / 2." if count == 2 else f"The last layer needs {wrong.max() + 1} outputs."
        )
        raise ValueError(f"{WHERE}: the model has {count} classes, 0 to {count - 1}, and y holds {wrong[0]}. {advice}")
    if labels is None:
        return [f"class {k}" for k in range(count)]
    if len(labels) != count:
        raise ValueError(f"{WHERE}: the model has {count} classes, and there are {len(labels)} labels: {list(labels)}.")
    return [str(label) for label in labels]


def shade(chances: np.ndarray) -> np.ndarray:
    """Each point in its likeliest class's colour, the more opaque the surer.

    Shape: chances (R, R, C), out (R, R, 4), red, green, blue and alpha from 0 to 1: any paper may lie below.
    """
    from matplotlib.colors import to_rgb

    count = chances.shape[-1]
    colours = np.array([to_rgb(style(k)[0]) for k in range(count)])
    sureness = np.clip((chances.max(axis=-1) - 1 / count) / (1 - 1 / count), 0, 1)
    depth = DEEPEST * (0.35 + 0.65 * sureness)  # a third is there at once: a region has an edge
    return np.concatenate([colours[chances.argmax(axis=-1)], depth[..., np.newaxis]], axis=-1)


def leads(chances: np.ndarray) -> Iterator[np.ndarray]:
    """By how much a class is likelier than the likeliest other one, of each class whose region has an edge.

    Shape: chances (R, R, C), each of out (R, R): zero on the edge.
    """
    count = chances.shape[-1]
    for k in range(1 if count == 2 else 0, count):
        lead = chances[..., k] - np.delete(chances, k, axis=-1).max(axis=-1)
        if lead.min() < 0 < lead.max():
            yield lead


def _draw_points(axes: Axes, points: np.ndarray, classes: np.ndarray, names: list[str]) -> None:
    size = np.clip(6000 / len(points), 9, 40)
    for k, name in enumerate(names):
        colour, marker = style(k)
        mine = points[classes == k]
        axes.scatter(
            mine[:, 0], mine[:, 1], size, colour, marker=marker, edgecolors="white", linewidths=0.5, label=name
        )
