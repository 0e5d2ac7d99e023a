"""What goes on inside a network, layer by layer: its activations, its weights and its gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.nn import Module
from backlit.plots.canvas import COLOURS, INK, legend_beside, log_scale, new_figure, style, tidy
from backlit.plots.values import array_of, evaluating, inputs_for, named
from backlit.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Models = Module | Sequence[Module] | Mapping[str, Module]

BINS = 60
# From this share on, exact zeros (ReLU's, dropout's) are counted beside the shape instead of drowning it.
MANY_ZEROS = 0.02


def activations(model: Module, x: Any) -> Figure:
    """How the outputs of each layer are distributed over the rows: wide where many values lie.

    Shape: x (N, ...), what the model takes. Every module without children is a layer, in the order of the calls; a
    bar marks the median. Where a layer's outputs are exactly 0 (ReLU), the share of zeros is written above it, and
    the shape is that of the others. The model is run once in evaluation mode.
    Raises TypeError if `model` is no module, ValueError for no rows and for outputs that are not finite.

    >>> import backlit as torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    >>> figure = torch.plots.activations(model, torch.randn(100, 2))
    >>> [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    ['0 Linear', '1 ReLU', '2 Linear']
    """
    if not isinstance(model, Module):
        raise TypeError(f"activations: expected a backlit.nn.Module, and received {type(model).__name__}.")
    outputs = _outputs_by_layer(model, x)
    figure = new_figure(max(4.8, 1.6 + 0.75 * len(outputs)), 4.4)
    axes = figure.add_subplot()
    for k, (name, values) in enumerate(outputs):
        _draw_distribution(axes, k, name, values)
    tidy(axes, "layer, from input to output", "activation")
    _name_layers(axes, [name for name, _ in outputs])
    axes.grid(False, axis="x")
    return figure


def _outputs_by_layer(model: Module, x: Any) -> list[tuple[str, np.ndarray]]:
    """Every leaf module's name and its outputs, flat, in the order of the calls."""
    rows = inputs_for(model, x)
    if not rows.array.size:
        raise ValueError(f"activations: x has no rows, with the shape {list(rows.shape)}: there is nothing to draw.")
    found: list[tuple[str, np.ndarray]] = []

    def listen(name: str, layer: Module) -> Any:
        def note(module: Module, args: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, Tensor):
                # Copied, because a later layer may write in place.
                found.append((f"{name} {type(layer).__name__}".strip(), first.array.astype(np.float64).ravel()))

        return layer.register_forward_hook(note)

    handles = [listen(name, layer) for name, layer in model.named_modules() if not list(layer.children())]
    try:
        with evaluating(model):
            model(rows)
    finally:
        for handle in handles:
            handle.remove()
    for name, values in found:
        if not np.isfinite(values).all():
            raise ValueError(
                f"activations: the layer {name} gives {np.count_nonzero(~np.isfinite(values))} of {values.size} values "
                "that are not finite. Look for NaN in x, or weights that have diverged: lower lr."
            )
    return found


def _draw_distribution(axes: Axes, k: int, name: str, values: np.ndarray) -> None:
    zeros = np.mean(values == 0) if values.size else 0.0
    shown = values[values != 0] if zeros >= MANY_ZEROS else values
    if zeros >= MANY_ZEROS:
        axes.annotate(
            f"{zeros:.0%} zero", (k, 1), (0, 3), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            ha="center", fontsize=8, color=INK,
        )  # fmt: skip
    if not shown.size:
        shown = values
    if shown.size:
        counts, edges = np.histogram(shown, BINS)
        half = 0.4 * counts / counts.max()
        axes.stairs(
            k + half, edges, baseline=k - half, orientation="horizontal", fill=True, color=COLOURS[0], alpha=0.75
        )
        axes.plot([k - 0.3, k + 0.3], [np.median(values)] * 2, color=INK, linewidth=1.5)


def layer_sizes(models: Models) -> Figure:
    """The size (root mean square) of each layer's weights, from input to output, of one model or of several.

    Shape: models is a module, a list of modules or a dictionary by name. A layer is a parameter with at least two
    dimensions, so biases and the gains of norms are left out. A layer of only zeros has its 0 written at the bottom.
    Raises ValueError for a model without such a parameter, TypeError for what is not a module.

    >>> import backlit as torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    >>> figure = torch.plots.layer_sizes(model)
    >>> figure.axes[0].get_yscale(), len(figure.axes[0].lines[0].get_ydata())
    ('log', 2)
    """
    layers = _weights_of("layer_sizes", models)
    sizes = {model: {name: _rms(weight) for name, weight in weights.items()} for model, weights in layers.items()}
    return _draw_sizes(sizes, "weights (root mean square, log scale)")


def gradient_sizes(models: Models) -> Figure:
    """The size (root mean square) of the gradients of each layer's weights: where they vanish, and where they explode.

    Shape: models is a module, a list of modules or a dictionary by name, each after `loss.backward()`. A layer is a
    parameter with at least two dimensions. A gradient of only zeros has its 0 written at the bottom.
    Raises ValueError for a layer without a gradient, TypeError for what is not a module.

    >>> import backlit as torch
    >>> def deep(activation):
    ...     return torch.nn.Sequential(*[m for _ in range(8) for m in (torch.nn.Linear(4, 4), activation())])
    >>> models = {"sigmoid": deep(torch.nn.Sigmoid), "ReLU": deep(torch.nn.ReLU)}
    >>> for model in models.values():
    ...     model(torch.randn(16, 4)).sum().backward()
    >>> figure = torch.plots.gradient_sizes(models)
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['sigmoid', 'ReLU']
    """
    layers = _weights_of("gradient_sizes", models)
    for model, weights in layers.items():
        missing = [name for name, weight in weights.items() if weight.grad is None]
        if missing:
            raise ValueError(
                f"gradient_sizes: {len(missing)} of {len(weights)} layers{f' of {model!r}' if model else ''} have no "
                f"gradient, such as {missing[0]!r}. Call loss_function(model(x), y).backward() first, and draw before "
                "zero_grad() takes the gradients away."
            )
    sizes = {model: {name: _rms(weight.grad) for name, weight in weights.items()} for model, weights in layers.items()}
    return _draw_sizes(sizes, "gradients (root mean square, log scale)")


def _weights_of(where: str, models: Models) -> dict[str, dict[str, Any]]:
    """Each model's weights of two or more dimensions, by the name of their layer."""
    found = {}
    for title, model in named(where, models, lambda each: isinstance(each, Module), "a Module").items():
        weights = {n.removesuffix(".weight"): p for n, p in model.named_parameters() if p.ndim >= 2}
        if not weights:
            raise ValueError(
                f"{where}: {type(model).__name__}{f' {title!r}' if title else ''} has no weights of two or more "
                "dimensions: there is nothing to draw. Give the whole network, not its activation or loss."
            )
        found[title] = weights
    return found


def _rms(tensor: Any) -> float:
    return float(np.sqrt(np.mean(np.square(array_of(tensor).astype(np.float64)))))


def _draw_sizes(sizes: dict[str, dict[str, float]], ylabel: str) -> Figure:
    most = max(map(len, sizes.values()))
    figure = new_figure(max(6.0, 2.4 + 0.4 * most), 4.2)
    axes = figure.add_subplot()
    for k, (title, layers) in enumerate(sizes.items()):
        _draw_line(axes, k, title, np.array(list(layers.values())))
    log_scale(axes)
    tidy(axes, "layer, from input to output", ylabel)
    names = {tuple(layers) for layers in sizes.values()}
    _name_layers(axes, list(names.pop()) if len(names) == 1 else [f"{k + 1}" for k in range(most)])
    if len(sizes) > 1:
        legend_beside(figure, axes)
    return figure


def _draw_line(axes: Axes, k: int, title: str, values: np.ndarray) -> None:
    colour, marker = style(k)
    can_be_drawn = np.isfinite(values) & (values > 0)
    axes.plot(
        np.arange(len(values)), np.where(can_be_drawn, values, np.nan), color=colour, marker=marker, markersize=6,
        label=title or None,
    )  # fmt: skip
    for place in np.flatnonzero(~can_be_drawn):
        axes.annotate(
            f"{values[place]:g}", (float(place), 0), (0, 3 + 11 * k), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", color=colour,
        )  # fmt: skip


def _name_layers(axes: Axes, names: list[str]) -> None:
    """Ticks with the layers' names, slanted where they would run into each other."""
    is_long = max(map(len, names)) > 4
    axes.set_xticks(range(len(names)), names, rotation=40 if is_long else 0, ha="right" if is_long else "center")
    axes.set_xlim(-0.6, len(names) - 0.4)
