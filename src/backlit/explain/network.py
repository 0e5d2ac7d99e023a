"""A layered network as a drawing: units as circles, weights as lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from backlit import nn

#: Units drawn of one layer; of a wider one the first and the last, with the number left out between them.
MOST_UNITS = 12
#: Lines between two layers; of more the heaviest.
MOST_LINES = 160
#: Pixels between units; few layers share a page's width, many stand no nearer than the narrowest column.
ROW, PAGE, NARROWEST, WIDEST = 30.0, 820.0, 150.0, 300.0
RADIUS, MARGIN = 9.0, 20.0
#: Pixels that a letter of a name takes.
LETTER = 7.6
#: Pixels below the units for samples of lines: the heaviest weight, and one a quarter as heavy.
SAMPLES, SAMPLED = 44.0, (1.0, 0.25)


class Unit(NamedTuple):
    """A drawn unit: its number in the layer, and its height in the drawing."""

    number: int
    y: float


class Layer(NamedTuple):
    """The drawn units of a layer of `width`, at `x`; where some are left out, `gap` is the height between."""

    width: int
    x: float
    units: list[Unit]
    gap: float | None


def network_svg(
    model: nn.Module,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    activations: Sequence[Any] | None = None,
) -> str:
    """The network's linear layers, left to right, as SVG text.

    A line's width is its weight's size against the heaviest between the same layers; blue is above zero, orange below.
    Below are two samples of the lines between the same layers, with their weights.
    `activations` (one array of the units' values for each layer, the inputs first) fill the circles: the darker, the
    larger. Names stand beside the first and the last layer. Wide layers are cut, and say how many units are left out.
    Raises ValueError for a model without linear layers.

    >>> from backlit import nn
    >>> drawing = network_svg(nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)))
    >>> drawing.count("<circle"), drawing.count("<line")
    (7, 12)
    """
    weights = [m.weight.array for m in model.modules() if isinstance(m, nn.Linear)]
    if not weights:
        raise ValueError("network_svg: the model has no linear layer to draw. Give it one such as nn.Linear(2, 4).")
    widths = [weights[0].shape[1], *(w.shape[0] for w in weights)]
    height = max(min(n, MOST_UNITS + 1) for n in widths) * ROW + 2 * MARGIN
    left = MARGIN + max((len(name) for name in inputs or [""]), default=0) * LETTER
    right = MARGIN + max((len(name) for name in outputs or [""]), default=0) * LETTER
    column = float(np.clip((PAGE - left - right) / len(weights), NARROWEST, WIDEST))
    layers = [layer_at(n, left + k * column, height) for k, n in enumerate(widths)]
    parts = [part for k, w in enumerate(weights) for part in lines(w, layers[k], layers[k + 1])]
    for k, layer in enumerate(layers):
        values = None if activations is None else np.asarray(activations[k]).reshape(-1)
        parts += circles(layer, values)
    parts += [part for k, w in enumerate(weights) for part in samples(heaviest(w), layers[k].x + column / 2, height)]
    parts += names(layers[0], inputs, -1) + names(layers[-1], outputs, 1)
    width, height = left + column * len(weights) + right, height + SAMPLES
    shape = "-".join(map(str, widths))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="network" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="A network of {shape} units">'
        f"<style>{STYLE}</style>{''.join(parts)}</svg>"
    )


STYLE = (
    ".network text{font:13px system-ui,sans-serif;fill:currentColor}"
    ".network rect{fill:var(--paper,#fff)}.network path{stroke:currentColor}"
    ".network circle{stroke:currentColor;fill:var(--paper,#fff);stroke-width:1.2}"
    ".network .above{stroke:var(--blue,#0072b2)}.network .below{stroke:var(--orange,#d55e00)}"
)


def layer_at(width: int, x: float, height: float) -> Layer:
    """Which units of a layer are drawn, and where."""
    if width <= MOST_UNITS:
        top = (height - (width - 1) * ROW) / 2
        return Layer(width, x, [Unit(k, top + k * ROW) for k in range(width)], None)
    half = MOST_UNITS // 2
    top = (height - MOST_UNITS * ROW) / 2
    first = [Unit(k, top + k * ROW) for k in range(half)]
    last = [Unit(width - half + k, top + (half + 1 + k) * ROW) for k in range(half)]
    return Layer(width, x, first + last, top + half * ROW)


def lines(weights: np.ndarray, start: Layer, end: Layer) -> list[str]:
    """The weights between two layers.  Shape: weights (end.width, start.width)."""
    drawn = [(abs(float(weights[j.number, i.number])), i, j) for j in end.units for i in start.units]
    most = heaviest(weights) or 1.0
    shown = sorted(drawn, key=lambda row: -row[0] if np.isfinite(row[0]) else 0.0)[:MOST_LINES]
    found = []
    for size, i, j in reversed(shown):  # the heaviest on top
        share = min(size / most, 1.0) if np.isfinite(size) else 1.0
        value = float(weights[j.number, i.number])
        found.append(
            f'<line class="{"below" if value < 0 else "above"}" x1="{start.x:.1f}" y1="{i.y:.1f}" x2="{end.x:.1f}" '
            f'y2="{j.y:.1f}" {stroke(share)}>'
            f"<title>weight {value:.4g}, from unit {i.number} to unit {j.number}</title></line>"
        )
    return found


def heaviest(weights: np.ndarray) -> float:
    """The size of the greatest finite weight; 0 if there is none."""
    return float(np.max(np.abs(weights[np.isfinite(weights)]), initial=0.0))


def stroke(share: float) -> str:
    """How a line is drawn whose weight has this share of the heaviest."""
    return f'stroke-width="{0.3 + 2.7 * share:.2f}" opacity="{0.25 + 0.65 * share:.2f}"'


def samples(most: float, middle: float, top: float) -> list[str]:
    """What the lines between two layers weigh whose heaviest weighs `most`: one below the other, with numbers."""
    found = []
    for k, share in enumerate(SAMPLED if most else ()):
        y = top + 8 + 18 * k
        found.append(f'<path d="M{middle - 48:.1f} {y:.1f}h40" {stroke(share)}/>')
        found.append(f'<text x="{middle:.1f}" y="{y + 4:.1f}">±{share * most:.3g}</text>')
    return found


def circles(layer: Layer, values: np.ndarray | None) -> list[str]:
    """The units, filled by their values where there are some."""
    most = float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)) or 1.0 if values is not None else 1.0
    found = []
    for unit in layer.units:
        fill, title = "", f"unit {unit.number}"
        if values is not None:
            value = float(values[unit.number])
            share = min(abs(value) / most, 1.0) if np.isfinite(value) else 1.0
            colour = "213,94,0" if value < 0 else "0,114,178"
            fill, title = f' style="fill:rgba({colour},{share:.2f})"', f"unit {unit.number}: {value:.4g}"
        found.append(f'<circle cx="{layer.x:.1f}" cy="{unit.y:.1f}" r="{RADIUS}"{fill}><title>{title}</title></circle>')
    if layer.gap is not None:
        left_out = layer.width - len(layer.units)
        words = f"{left_out} more"
        room = len(words) * LETTER + 6
        found.append(
            f'<rect x="{layer.x - room / 2:.1f}" y="{layer.gap - 10:.1f}" width="{room:.1f}" height="20" rx="4"/>'
            f'<text x="{layer.x:.1f}" y="{layer.gap + 4.5:.1f}" text-anchor="middle">{words}</text>'
        )
    return found


def names(layer: Layer, given: Sequence[str] | None, side: int) -> list[str]:
    """The names beside a layer: on the left (-1) or on the right (1)."""
    if given is None:
        return []
    anchor = "end" if side < 0 else "start"
    x = layer.x + side * (RADIUS + 5)
    return [
        f'<text x="{x:.1f}" y="{unit.y + 4:.1f}" text-anchor="{anchor}">{escape(str(given[unit.number]))}</text>'
        for unit in layer.units
        if unit.number < len(given)
    ]
