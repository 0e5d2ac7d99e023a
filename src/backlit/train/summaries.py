"""Runs in a few words each, read from their JSON files alone, and what two of them have different."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backlit.train.folder import RunFolderError
from backlit.train.saved import CONFIG, check_whole, damaged, read_config, read_metrics, task_of

# The part whose figure is reported: the first of these that the run has.
PARTS = ("test", "validation", "train")


@dataclass(frozen=True)
class Summary:
    """A run: what was learned with which network, and how well. `value` is None where the measure is not defined."""

    folder: Path
    data: str
    target: str
    task: str
    network: str
    epochs: int
    best_epoch: int | None
    part: str
    measure: str
    value: float | None
    seed: int
    config: dict[str, Any]
    metrics: dict[str, Any]

    @property
    def headline(self) -> str:
        """The measure that a person asks for first, with its part where that is not the test."""
        number = "undefined" if self.value is None else f"{self.value:.4f}"
        return f"{self.measure} {number}{'' if self.part == 'test' else f' ({self.part})'}"


def summarize(folder: Path) -> Summary:
    """The summary of one run folder. Raises RunFolderError if it is none, damaged, or of another format."""
    config, metrics = read_config(folder), read_metrics(folder)
    check_whole(folder)
    try:
        data, network, options = config["data"], config["network"], config["options"]
        task = task_of(config)
        sizes = [len(network["inputs"]), *options["hidden"], network["outputs"]]
        part = next(name for name in PARTS if name in metrics)
        value = metrics[part][task.headline]
        return Summary(
            folder=folder,
            data=str(data["name"]),
            target=str(data["target"]),
            task=f"{len(task.labels)} classes" if task.kind == "classes" else task.kind,
            network=f"{'-'.join(map(str, sizes))} {options['activation']}",
            epochs=int(metrics["training"]["epochs"]),
            best_epoch=metrics["training"]["best_epoch"],
            part=part,
            measure=task.headline,
            value=None if value is None else float(value),
            seed=int(options["seed"]),
            config=config,
            metrics=metrics,
        )
    except (KeyError, TypeError, ValueError, OverflowError, StopIteration) as error:
        raise damaged(folder, CONFIG, f"{type(error).__name__}: {error}") from error


def find_runs(folder: Path) -> tuple[list[Summary], list[RunFolderError]]:
    """The runs that lie in a folder, those on the same data together with the best first; and what cannot be read.

    Raises RunFolderError if there is no such folder.
    """
    if not folder.is_dir():
        raise RunFolderError(f"There is no folder {folder}. Runs are written to ./runs unless --out says otherwise.")
    found, wrong = [], []
    for path in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        try:
            found.append(summarize(path))
        except RunFolderError as error:
            wrong.append(error)
    return best_first(found), wrong


def best_first(runs: list[Summary]) -> list[Summary]:
    """Runs on the same data together, and among them the best first: higher is better for every headline measure."""
    return sorted(runs, key=lambda run: (run.data, run.target, math.inf if run.value is None else -run.value))


def differences(runs: list[Summary]) -> dict[str, list[Any]]:
    """What led to the runs and is not the same for all: data, columns, options, versions."""
    known: dict[str, list[Any]] = {
        "data": [run.data for run in runs],
        "sha256": [str(run.config["data"].get("sha256", ""))[:12] for run in runs],
        "target": [run.target for run in runs],
        "inputs": [len(run.config["network"]["inputs"]) for run in runs],
        "backlit": [run.config.get("backlit") for run in runs],
    }
    options = dict.fromkeys(name for run in runs for name in run.config["options"])
    known |= {name: [run.config["options"].get(name) for run in runs] for name in options}
    return {name: values for name, values in known.items() if any(value != values[0] for value in values)}


def side_by_side(runs: list[Summary]) -> dict[str, list[float | None]]:
    """Every number of every part, and of the training; None where a run has no such number."""
    wanted = dict.fromkeys(
        (part, name)
        for run in runs
        for part in (*PARTS, "training")
        for name, value in run.metrics.get(part, {}).items()
        if isinstance(value, (int, float))
    )
    return {f"{part} {name}": [run.metrics.get(part, {}).get(name) for run in runs] for part, name in wanted}
