"""Built-in problems: small data sets that need no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


def _xor() -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1], "xor": [0, 1, 1, 0]})


def _moons() -> pl.DataFrame:
    import polars as pl
    from sklearn.datasets import make_moons

    # 1,000 points at noise 0.2 is the version most tutorials draw; the points are the same whatever the run's seed.
    points, labels = make_moons(1000, noise=0.2, random_state=42)
    return pl.DataFrame({"x": points[:, 0], "y": points[:, 1], "moon": labels})


def _iris() -> pl.DataFrame:
    from sklearn.datasets import load_iris

    return _with_class_names(load_iris(), "species")


def _digits() -> pl.DataFrame:
    import polars as pl
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return pl.DataFrame(bunch.data, schema=bunch.feature_names).with_columns(digit=pl.Series(bunch.target))


def _with_class_names(bunch: Any, target: str) -> pl.DataFrame:
    import polars as pl

    names = [name.removesuffix(" (cm)").replace(" ", "_") for name in bunch.feature_names]
    labels = pl.Series(target, bunch.target_names[bunch.target].astype(str).tolist())
    return pl.DataFrame(bunch.data, schema=names).with_columns(labels)


PROBLEMS = {
    "xor": Problem(_xor, "xor", "exclusive or of two bits, 4 rows", is_whole=True),
    "moons": Problem(_moons, "moon", "two interleaved half circles, 1,000 points"),
    "iris": Problem(_iris, "species", "Fisher's 150 iris flowers of 3 species"),
    "digits": Problem(_digits, "digit", "1,797 handwritten digits, 8 x 8 pixels"),
}
