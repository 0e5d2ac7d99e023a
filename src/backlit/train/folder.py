"""The run folder: a trained network as files, there whole or not at all."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from backlit.interop.replacing import flush_to_disk
from backlit.train.table import Trained

# Raised when a file of the folder changes its meaning, so that a reader can refuse what it does not know.
FORMAT = 1


class RunFolderError(OSError):
    """A run folder that cannot be written or read; the message says which, and what to do."""


def choose_folder(name: str, out: str | Path | None = None, under: str | Path = "runs") -> Path:
    """A folder that does not exist yet: `out`, or `runs/NAME`, or the first free `runs/NAME-2`, `runs/NAME-3`, ...

    Raises RunFolderError if `out` exists, or nothing can be written there: better before the training than after it.
    """
    if out is not None and os.path.lexists(out):
        raise RunFolderError(f"{out} exists already, and is left as it is. Choose another folder with --out.")
    candidates = (Path(under, name if i == 1 else f"{name}-{i}") for i in itertools.count(1))
    folder = Path(out) if out is not None else next(path for path in candidates if not os.path.lexists(path))
    nearest = next(parent for parent in folder.absolute().parents if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        what = "may not be written to" if nearest.is_dir() else "is no folder"
        raise RunFolderError(f"The run folder {folder} cannot be made: {nearest} {what}. Choose another with --out.")
    return folder


def write_run(trained: Trained, folder: Path) -> None:
    """Write `config.json`, `model.safetensors`, `history.csv` and `metrics.json`.

    They are written to a folder beside it, which is renamed when it is complete. Nothing in them depends on when,
    where or under which folder's name the run was made: the same seed gives the same bytes.
    Raises RunFolderError if the folder cannot be made, or the disk is full.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
    except OSError as error:
        raise RunFolderError(f"The run folder {folder} cannot be made: {error.strerror}.") from error
    try:
        _write_files(trained, temporary)
        for path in [*temporary.iterdir(), temporary]:
            flush_to_disk(path)
        temporary.chmod(0o755)  # mkdtemp's is for the owner's eyes only
        temporary.rename(folder)
        flush_to_disk(folder.parent)
    except OSError as error:
        raise RunFolderError(f"The run folder {folder} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_files(trained: Trained, folder: Path) -> None:
    from safetensors.numpy import save_file

    weights = {name: tensor.array for name, tensor in trained.model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    trained.history.to_csv(folder / "history.csv")
    _write_json(folder / "config.json", config_of(trained))
    _write_json(folder / "metrics.json", metrics_of(trained))


def config_of(trained: Trained) -> dict[str, Any]:
    """All that is needed to build the network again, to encode new rows for it, and to repeat the run."""
    import backlit

    table, prepared = trained.prepared.table, trained.prepared
    return {
        "format": FORMAT,
        "backlit": backlit.__version__,
        "data": {
            "name": table.name,
            "sha256": table.digest,
            "rows": table.frame.height,
            "target": table.target,
            "parts": {name: len(part) for name, part in prepared.parts.items()},
        },
        "task": dataclasses.asdict(prepared.task),
        "columns": [{"kind": "number", **dataclasses.asdict(column)} for column in prepared.columns],
        "network": {"inputs": prepared.features, "outputs": prepared.task.outputs},
        "options": dataclasses.asdict(trained.options),
    }


def metrics_of(trained: Trained) -> dict[str, Any]:
    """How well each part is predicted, and how the training went."""
    history = trained.history
    return {
        **trained.metrics,
        "training": {
            "epochs": len(history.epochs),
            "steps": len(history),
            "best_epoch": history.best_epoch,
            "stopped": history.stopped,
        },
    }


def _write_json(path: Path, value: dict[str, Any]) -> None:
    text = json.dumps(_without_nan(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: a measure that is not defined (R² of rows that are all alike) is null."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    return None if isinstance(value, float) and value != value else value
