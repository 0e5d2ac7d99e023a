"""A run folder read back: the task, the columns' encoders and the trained network. Nothing in it is unpickled."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backlit import nn
from backlit.data.columns import Column, from_config
from backlit.data.task import Task
from backlit.interop import safetensors
from backlit.interop.errors import UnreadableFileError
from backlit.random import fork_rng
from backlit.suggest import did_you_mean
from backlit.tensor import Tensor
from backlit.train.folder import FORMAT, RunFolderError
from backlit.train.options import Options
from backlit.train.table import build_network

CONFIG, WEIGHTS, HISTORY, METRICS = FILES = ("config.json", "model.safetensors", "history.csv", "metrics.json")


@dataclass(frozen=True)
class SavedRun:
    """What a run folder holds. `history` has a row for each epoch; `model` is in evaluation mode."""

    folder: Path
    config: dict[str, Any]
    options: Options
    task: Task
    columns: list[Column]
    model: nn.Sequential
    metrics: dict[str, Any]
    history: list[dict[str, float]]

    @property
    def target(self) -> str:
        """The name of the column that the network predicts."""
        return str(self.config["data"]["target"])

    @property
    def features(self) -> int:
        """How many numbers the network reads of a row."""
        return sum(len(column.features) for column in self.columns)


def load_run(folder: str | Path) -> SavedRun:
    """The trained network of a run folder, with all that is needed to predict.

    Raises RunFolderError, in words that say what to do, for a folder that is missing, is no run, lacks a file, is
    damaged, was written in another format, or whose weights do not fit its network.
    """
    folder = Path(folder)
    config = read_config(folder)
    check_whole(folder)
    try:
        options = Options(**config["options"])
        task = task_of(config)
        columns = [from_config(column) for column in config["columns"]]
        features = sum(len(column.features) for column in columns)
        if not (features and isinstance(config["data"]["target"], str)):
            raise ValueError("it needs columns and the name of the target")
        with fork_rng():  # initial weights are drawn, and then replaced: the caller's random numbers stay as they were
            model = build_network(features, options, task.outputs)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(folder, CONFIG, f"{type(error).__name__}: {error}") from error
    _load_weights(folder, model)
    model.eval()
    return SavedRun(folder, config, options, task, columns, model, read_metrics(folder), _read_history(folder))


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json`, once it is sure that the folder is a run of the format that is read here."""
    if not folder.exists():
        near = sorted(path.name for path in folder.parent.iterdir() if path.is_dir()) if folder.parent.is_dir() else []
        runs = [name for name in near if (folder.parent / name / CONFIG).is_file()]
        raise RunFolderError(f"There is no run folder {folder}. {did_you_mean(folder.name, runs)}")
    if not folder.is_dir():
        raise RunFolderError(f"{folder} is a file. Name the run folder that `backlit train` wrote, as in runs/iris.")
    if not (folder / CONFIG).exists():
        raise RunFolderError(f"{folder} is no run folder: it has no {CONFIG}.{_runs_inside(folder)}")
    config = _read_json(folder, CONFIG)
    if config.get("format") != FORMAT:
        _refuse_format(folder, config)
    return config


def read_metrics(folder: Path) -> dict[str, Any]:
    """`metrics.json`: how well each part is predicted, and how the training went."""
    metrics = _read_json(folder, METRICS)
    if not all(isinstance(part, dict) for part in metrics.values()):
        raise damaged(folder, METRICS, "a part is no table of measures")
    return metrics


def task_of(config: dict[str, Any]) -> Task:
    """The task that `config.json` describes. Raises KeyError, TypeError or ValueError if that is none."""
    task = Task(**{**config["task"], "labels": tuple(config["task"]["labels"])})
    if not all(isinstance(number, (int, float)) and math.isfinite(number) for number in (task.mean, task.std)):
        raise ValueError("the task's mean and std must be finite numbers")
    fewest = {"regression": 0, "binary": 2, "classes": 2}[task.kind]
    if len({*task.labels}) != len(task.labels) or len(task.labels) < fewest or task.std <= 0:
        raise ValueError(f"a task of kind {task.kind} needs a std above 0 and labels that differ")
    if len({type(label) for label in task.labels} | {str, int, bool}) > 3:
        raise ValueError("the task's labels must be texts, whole numbers or truth values")
    return task


def _runs_inside(folder: Path) -> str:
    runs = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}"))
    return f" It holds runs: name one, as in {folder / runs[0]}." if runs else ""


def _refuse_format(folder: Path, config: dict[str, Any]) -> None:
    import backlit

    if "format" not in config:
        raise damaged(folder, CONFIG, "it names no format")
    writer = config.get("backlit", "of an unknown version")
    raise RunFolderError(
        f"{folder} has run-folder format {config['format']}, written by Backlit {writer}; Backlit "
        f"{backlit.__version__} reads format {FORMAT}. Use that version, or train the network again."
    )


def check_whole(folder: Path) -> None:
    """Raise RunFolderError if a file is not there."""
    for name in FILES:
        _check_there(folder, name)


def _check_there(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise RunFolderError(
            f"{folder} lacks {name}: a run folder is whole only with {', '.join(FILES)}. Copy it again, or train again."
        )


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    _check_there(folder, name)
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
    except ValueError as error:  # text that is no UTF-8, or no JSON
        raise damaged(folder, name, f"it is no whole JSON file ({error})") from error
    except OSError as error:
        raise RunFolderError(f"{folder / name} cannot be read: {error.strerror}.") from error
    if not isinstance(value, dict):
        raise damaged(folder, name, f"it holds a {type(value).__name__}, not an object")
    return value


def _load_weights(folder: Path, model: nn.Module) -> None:
    path = folder / WEIGHTS
    try:
        weights = safetensors.load_file(path)
    except UnreadableFileError as error:
        raise damaged(folder, WEIGHTS, "it is no whole safetensors file") from error
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read: {error.strerror}.") from error
    found, needed = _shapes(weights), _shapes(model.state_dict())
    if found != needed:
        name = next(name for name in [*needed, *found] if found.get(name) != needed.get(name))
        raise RunFolderError(
            f"{path} does not fit the network of {CONFIG}: {name} is {found.get(name, 'not there')} in the file, and "
            f"{needed.get(name, 'not part of the network')} by {CONFIG}. They are of two runs: copy the folder again."
        )
    model.load_state_dict(weights)
    wrong = next((name for name, tensor in weights.items() if not np.isfinite(tensor.array).all()), None)
    if wrong is not None:
        raise damaged(folder, WEIGHTS, f"{wrong} holds a value that is not finite")


def _shapes(weights: dict[str, Tensor]) -> dict[str, str]:
    return {name: f"{tensor.array.dtype} {tensor.array.shape}" for name, tensor in weights.items()}


def _read_history(folder: Path) -> list[dict[str, float]]:
    try:
        with open(folder / HISTORY, newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return [{name: float(text) for name, text in row.items() if text != ""} for row in rows]
    except (ValueError, TypeError, csv.Error) as error:
        raise damaged(folder, HISTORY, str(error)) from error
    except OSError as error:
        raise RunFolderError(f"{folder / HISTORY} cannot be read: {error.strerror}.") from error


def damaged(folder: Path, name: str, why: str) -> RunFolderError:
    """The error for a file of a run folder that holds something else than it should."""
    return RunFolderError(f"{folder / name} is damaged: {why}. Copy the folder again, or train again.")
