"""Curves and points as SVG text that takes its colours from the page, light or dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 14, 42
#: Points of one curve; of more every so-many-th is drawn.
MOST_POINTS = 1500


class Curve(NamedTuple):
    """A named line through points; `kind` is its class in the page's style."""

    name: str
    x: np.ndarray
    y: np.ndarray
    kind: str


class Scale(NamedTuple):
    """From numbers to pixels, linear or logarithmic."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        low, high, value = (math.log10(v) for v in (self.low, self.high, value)) if self.is_log else (
            self.low, self.high, value)  # fmt: skip
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """A few round numbers in between."""
        if self.is_log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            decades = [10.0**k for k in range(first, last + 1)]
            fine = [m * d for d in decades for m in (1, 2, 5)]
            wanted = decades if last - first > 3 else fine
            return [t for t in wanted if self.low <= t <= self.high]
        step = 10 ** math.floor(math.log10(max(self.high - self.low, 1e-300) / 2))
        step = next(step * m for m in (1, 2, 5, 10) if (self.high - self.low) / (step * m) <= 6)
        first = math.ceil(self.low / step)
        return [k * step for k in range(first, math.floor(self.high / step) + 1)]


def curves(lines: Sequence[Curve], xlabel: str, ylabel: str, mark: float | None = None) -> str:
    """Lines over a shared axis, the losses of a run for one; logarithmic where all values are above zero."""
    lines = [Curve(c.name, *finite(c.x, c.y), c.kind) for c in lines]
    values = np.concatenate([c.y for c in lines])
    if not values.size:
        return ""
    is_log = bool(values.min() > 0) and values.max() > 3 * values.min()
    across = Scale(*ends(np.concatenate([c.x for c in lines])), LEFT, WIDTH - RIGHT)
    up = Scale(*ends(values), HEIGHT - BOTTOM, TOP, is_log)
    parts = axes(across, up, xlabel, ylabel + (" (log scale)" if is_log else ""))
    if mark is not None:
        x = across.at(mark)
        parts.append(f'<line class="mark" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x - 5:.1f}" y="{TOP + 12}" text-anchor="end">kept: {mark:g}</text>')
    for curve in lines:
        points = " ".join(f"{across.at(a):.1f},{up.at(b):.1f}" for a, b in zip(curve.x, curve.y, strict=True))
        parts.append(f'<polyline class="{curve.kind}" points="{points}"><title>{escape(curve.name)}</title></polyline>')
    return drawing(parts, f"{ylabel} by {xlabel}: " + ", ".join(c.name for c in lines))


def points(x: np.ndarray, y: np.ndarray, xlabel: str, ylabel: str) -> str:
    """Predicted against true values, with the line on which both are equal."""
    x, y = finite(x, y)
    low, high = ends(np.concatenate([x, y]))
    across, up = Scale(low, high, LEFT, WIDTH - RIGHT), Scale(low, high, HEIGHT - BOTTOM, TOP)
    parts = axes(across, up, xlabel, ylabel)
    parts.append(
        f'<line class="mark" x1="{across.at(low):.1f}" y1="{up.at(low):.1f}" x2="{across.at(high):.1f}" '
        f'y2="{up.at(high):.1f}"/>'
    )
    parts += [f'<circle cx="{across.at(a):.1f}" cy="{up.at(b):.1f}" r="3"/>' for a, b in zip(x, y, strict=True)]
    return drawing(parts, f"{ylabel} against {xlabel}")


def finite(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that can be drawn, and no more than are seen."""
    keep = np.isfinite(x) & np.isfinite(y)
    step = step_for(int(np.count_nonzero(keep)))
    return np.asarray(x, float)[keep][::step], np.asarray(y, float)[keep][::step]


def step_for(count: int) -> int:
    """Every so-many-th point is drawn, so that no more than are seen are there."""
    return max(1, count // MOST_POINTS)


def ends(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def axes(across: Scale, up: Scale, xlabel: str, ylabel: str) -> list[str]:
    """The grid, its numbers, and what is drawn along which axis."""
    parts = []
    for tick in up.ticks():
        y = up.at(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{tick:.4g}</text>')
    for tick in across.ticks():
        x = across.at(tick)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{tick:.4g}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(xlabel)}</text>')
    parts.append(f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{escape(ylabel)}</text>')
    return parts


def drawing(parts: Sequence[str], label: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
