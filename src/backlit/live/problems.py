"""The problems of the live page: points that are drawn, four rows of XOR, and two data sets with more inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from backlit.data.problems import PROBLEMS as TABLES
from backlit.data.problems import around, spirals
from backlit.data.task import Kind

#: Drawn points are the same ones whatever the run's seed, so that runs with different seeds can be compared.
SEED = 42

Rng = np.random.Generator


@dataclass(frozen=True)
class Points:
    """Rows in their own units.  Shape: inputs (N, F) float64, targets (N,) float64: class numbers, or values."""

    names: tuple[str, ...]
    inputs: np.ndarray
    targets: np.ndarray
    classes: tuple[str, ...] = ()
    target: str = "class"


@dataclass(frozen=True)
class Problem:
    """`make` is given a generator and how many points to draw. Only points that are drawn get noise."""

    title: str
    about: str
    kind: Kind
    make: Callable[[Rng, int], Points]
    is_drawn: bool = True
    is_whole: bool = False  # nothing can be held out of it


def _xor(rng: Rng, count: int) -> Points:
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    return Points(("a", "b"), inputs, np.array([0.0, 1, 1, 0]), ("0", "1"), "a xor b")


def _quadrants(rng: Rng, count: int) -> Points:
    points = rng.uniform(-1, 1, (count, 2))
    points += 0.06 * np.sign(points)  # a gap along the axes
    return _classes(points, points[:, 0] * points[:, 1] < 0, ("same signs", "other signs"))


def _circle(rng: Rng, count: int) -> Points:
    """A disc and a ring around it, each evenly filled: the radius is the root of a uniform number."""
    is_outside = np.arange(count) % 2
    low, high = np.where(is_outside, 0.65, 0.0), np.where(is_outside, 1.0, 0.45)
    radius = np.sqrt(rng.uniform(low**2, high**2))
    return _classes(around(radius, rng.uniform(0, 2 * np.pi, count)), is_outside, ("inside", "outside"))


def _gaussians(rng: Rng, count: int) -> Points:
    label = np.arange(count) % 2
    center = np.where(label[:, None] == 0, -1.0, 1.0)
    return _classes(center + rng.normal(0, 0.5, (count, 2)), label, ("lower", "upper"))


def _spiral(rng: Rng, count: int, arms: int) -> Points:
    points, arm = spirals(rng, count, arms)
    return _classes(points, arm, tuple(f"arm {k + 1}" for k in range(arms)))


def _moons(rng: Rng, count: int) -> Points:
    """Half a circle, and another one upside down that reaches into it."""
    label = np.arange(count) % 2
    points = around(np.ones(count), rng.uniform(0, np.pi, count))
    return _classes(np.where(label[:, None] == 1, [1, 0.5] - points, points), label, ("upper", "lower"))


def _rings(rng: Rng, count: int) -> Points:
    ring = np.arange(count) % 3
    points = around(1.0 + ring + rng.uniform(-0.2, 0.2, count), rng.uniform(0, 2 * np.pi, count))
    return _classes(points, ring, ("inner", "middle", "outer"))


def _curve(rng: Rng, count: int) -> Points:
    x = rng.uniform(-1.5 * np.pi, 1.5 * np.pi, count)
    return Points(("x",), x[:, None], np.sin(x), target="y")


def _plane(rng: Rng, count: int) -> Points:
    points = rng.uniform(-1, 1, (count, 2))
    return Points(("x", "y"), points, points @ [2.0, -3.0] + 1, target="z")


def _classes(points: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Points:
    return Points(("x", "y"), points, labels.astype(np.float64), classes)


def _table(rng: Rng, count: int, name: str) -> Points:
    """One of the built-in tables, all of whose other columns are numbers."""
    problem = TABLES[name]
    frame = problem.make()
    names = tuple(column for column in frame.columns if column != problem.target)
    labels = frame[problem.target].to_numpy()
    classes, targets = np.unique(labels, return_inverse=True)
    inputs = frame.select(names).to_numpy().astype(np.float64)
    return Points(names, inputs, targets.astype(np.float64), tuple(map(str, classes)), problem.target)


PROBLEMS: dict[str, Problem] = {
    "xor": Problem("XOR", "exclusive or of two bits, 4 rows", "binary", _xor, False, is_whole=True),
    "quadrants": Problem("Quadrants", "XOR of the signs of two numbers", "binary", _quadrants),
    "circle": Problem("Circle", "a disc inside a ring", "binary", _circle),
    "gaussians": Problem("Gaussians", "two clouds that a straight line parts", "binary", _gaussians),
    "spiral": Problem("Spiral", "two arms wound around each other", "binary", partial(_spiral, arms=2)),
    "moons": Problem("Moons", "two half circles that reach into each other", "binary", _moons),
    "rings": Problem("Rings", "three rings around each other", "classes", _rings),
    "spiral3": Problem("3-class spiral", "three arms wound around each other", "classes", partial(_spiral, arms=3)),
    "iris": Problem("Iris", "150 flowers of 3 species, 4 measurements", "classes", partial(_table, name="iris"), False),
    "digits": Problem(
        "Digits", "1,797 handwritten digits, 8 x 8 pixels", "classes", partial(_table, name="digits"), False
    ),
    "curve": Problem("Curve", "one and a half waves of a sine, from one input", "regression", _curve),
    "plane": Problem("Plane", "2 x - 3 y + 1: what one linear unit learns", "regression", _plane),
}
#: The problem that an uploaded table poses.
TABLE = "table"
