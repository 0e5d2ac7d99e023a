"""Built-in problems: small data sets that need no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Problem:
    """A built-in data set: how its table is made, which column is the target, what it is in a few words.

    `is_whole` marks a problem whose rows are all there is (XOR): nothing can be held out of it.
    """

    make: Callable[[], pl.DataFrame]
    target: str
    about: str
    is_whole: bool = False


# Drawn problems have as many points as most tutorials give them, and the same ones whatever the run's seed.
POINTS = 1000
SEED = 42


def _xor() -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1], "xor": [0, 1, 1, 0]})


def _moons() -> pl.DataFrame:
    from sklearn.datasets import make_moons

    return _points("moon", *make_moons(POINTS, noise=0.2, random_state=SEED))


def _circles() -> pl.DataFrame:
    from sklearn.datasets import make_circles

    return _points("circle", *make_circles(POINTS, noise=0.08, factor=0.5, random_state=SEED))


def _blobs() -> pl.DataFrame:
    from sklearn.datasets import make_blobs

    centers = [(-4, -2), (0, 3), (4, -2)]
    return _points("blob", *make_blobs(POINTS, centers=centers, cluster_std=1.2, random_state=SEED))


def _rings() -> pl.DataFrame:
    """Three rings around each other, of radius 1, 2 and 3."""
    rng = np.random.default_rng(SEED)
    ring = np.arange(POINTS) % 3
    radius, angle = 1 + ring + rng.normal(0, 0.15, POINTS), rng.uniform(0, 2 * np.pi, POINTS)
    return _points("ring", around(radius, angle), ring)


def _spirals(arms: int) -> pl.DataFrame:
    rng = np.random.default_rng(SEED)
    points, arm = spirals(rng, POINTS, arms)
    return _points("arm", points + rng.normal(0, 0.08, points.shape), arm)


def _sine() -> pl.DataFrame:
    """One and a half waves with a little noise."""
    import polars as pl

    rng = np.random.default_rng(SEED)
    x = rng.uniform(-1.5 * np.pi, 1.5 * np.pi, POINTS)
    return pl.DataFrame({"x": x, "y": np.sin(x) + rng.normal(0, 0.1, POINTS)})


def _plane() -> pl.DataFrame:
    """z = 2 x - 3 y + 1 with a little noise: what a single linear unit learns."""
    import polars as pl

    rng = np.random.default_rng(SEED)
    x, y = rng.uniform(-1, 1, (2, POINTS))
    return pl.DataFrame({"x": x, "y": y, "z": 2 * x - 3 * y + 1 + rng.normal(0, 0.1, POINTS)})


def around(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Points at a distance and an angle from the origin.  Shape: radius, angle (n,), out (n, 2)."""
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def spirals(rng: np.random.Generator, count: int, arms: int) -> tuple[np.ndarray, np.ndarray]:
    """Arms that wind one and a half times around the origin, their points denser inside.

    Shape: out (count, 2), and the number of each point's arm (count,).
    """
    arm = np.arange(count) % arms
    way = rng.uniform(0, 1, count)
    return around(0.3 + 3 * way, 3 * np.pi * way + 2 * np.pi * arm / arms), arm


def _points(target: str, points: np.ndarray, labels: np.ndarray) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({"x": points[:, 0], "y": points[:, 1], target: labels})


def _digits() -> pl.DataFrame:
    import polars as pl
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return pl.DataFrame(bunch.data, schema=bunch.feature_names).with_columns(digit=pl.Series(bunch.target))


def _diabetes() -> pl.DataFrame:
    import polars as pl
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    return pl.DataFrame(bunch.data, schema=bunch.feature_names).with_columns(progression=pl.Series(bunch.target))


def _named(loader: str, target: str) -> pl.DataFrame:
    """One of scikit-learn's data sets whose classes have names."""
    import polars as pl
    from sklearn import datasets

    bunch = getattr(datasets, loader)()
    names = [str(name).removesuffix(" (cm)").replace(" ", "_") for name in bunch.feature_names]
    labels = pl.Series(target, bunch.target_names[bunch.target].astype(str).tolist())
    return pl.DataFrame(bunch.data, schema=names).with_columns(labels)


PROBLEMS = {
    "xor": Problem(_xor, "xor", "exclusive or of two bits, 4 rows", is_whole=True),
    "moons": Problem(_moons, "moon", "two interleaved half circles, 1,000 points"),
    "circles": Problem(_circles, "circle", "a circle inside another, 1,000 points"),
    "rings": Problem(_rings, "ring", "three rings around each other, 1,000 points"),
    "spirals": Problem(partial(_spirals, 2), "arm", "two spiral arms, 1,000 points"),
    "spirals3": Problem(partial(_spirals, 3), "arm", "three spiral arms, 1,000 points"),
    "blobs": Problem(_blobs, "blob", "three clouds of points, 1,000 in all"),
    "sine": Problem(_sine, "y", "a noisy sine wave, 1,000 points"),
    "plane": Problem(_plane, "z", "a noisy tilted plane, 1,000 points"),
    "iris": Problem(partial(_named, "load_iris", "species"), "species", "Fisher's 150 iris flowers of 3 species"),
    "wine": Problem(partial(_named, "load_wine", "cultivar"), "cultivar", "178 wines of 3 cultivars, 13 measurements"),
    "breast_cancer": Problem(
        partial(_named, "load_breast_cancer", "diagnosis"), "diagnosis", "569 tumours, malignant or benign"
    ),
    "digits": Problem(_digits, "digit", "1,797 handwritten digits, 8 x 8 pixels"),
    "diabetes": Problem(_diabetes, "progression", "442 diabetes patients, the disease's progression after a year"),
}
