"""Tables of the kind that people bring, drawn anew for each benchmark: text, missing values, a million rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

CITIES = ["Köln", "Lyon", "Porto", "Gdańsk", "Graz", "Turku", "Brno", "Gent"]
CONTRACTS = ["monthly", "yearly", "none"]
# The share of the inputs' values that a person forgot to enter.
FORGOTTEN = 0.05


def customers(folder: Path) -> Path:
    """3,000 rows of numbers and text with missing values; whether a customer left, which nobody can know for sure."""
    rng = np.random.default_rng(1)
    age, income = rng.uniform(18, 80, 3000), rng.lognormal(10, 0.5, 3000)
    city, contract = rng.integers(0, len(CITIES), 3000), rng.integers(0, len(CONTRACTS), 3000)
    drive = np.sin(age / 12) + 0.8 * (contract == 0) - 0.6 * (contract == 1) + 0.5 * np.isin(city, [1, 4, 6])
    left = rng.uniform(size=3000) < 1 / (1 + np.exp(-3 * (drive - 0.2)))
    inputs = {"age": age.round(1), "income": income.round()}
    inputs |= {"city": np.array(CITIES)[city], "contract": np.array(CONTRACTS)[contract]}
    return _written(folder / "customers.csv", _with_gaps(inputs, rng), "left", np.where(left, "yes", "no"))


def rents(folder: Path) -> Path:
    """2,000 rows of numbers and text with missing values; a rent, with a noise that no network can learn."""
    rng = np.random.default_rng(2)
    area, year = rng.uniform(20, 160, 2000), rng.integers(1900, 2025, 2000)
    city = rng.integers(0, len(CITIES), 2000)
    rent = 150 + (6 + 0.8 * city) * area + 2 * np.abs(year - 1960) + rng.normal(0, 60, 2000)
    inputs = {"area": area.round(1), "year": year, "city": np.array(CITIES)[city]}
    return _written(folder / "rents.csv", _with_gaps(inputs, rng), "rent", rent.round(2))


def million(folder: Path) -> Path:
    """1,000,000 rows of 19 numbers, and two classes that depend on some of them."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1_000_000, 19)).round(4)
    score = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) - 0.8 + rng.normal(0, 0.3, len(x))
    inputs = {f"x{i}": column for i, column in enumerate(x.T)}
    return _written(folder / "million.csv", pl.DataFrame(inputs), "class", np.where(score > 0, "b", "a"))


def _with_gaps(inputs: dict[str, np.ndarray], rng: np.random.Generator) -> pl.DataFrame:
    is_known = {name: pl.Series(rng.uniform(size=len(values)) >= FORGOTTEN) for name, values in inputs.items()}
    return pl.DataFrame(inputs).with_columns(pl.when(is_known[name]).then(pl.col(name)) for name in inputs)


def _written(path: Path, inputs: pl.DataFrame, target: str, values: np.ndarray) -> Path:
    inputs.with_columns(pl.Series(target, values)).write_csv(path)
    return path
