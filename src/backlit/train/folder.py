"""The run folder: a trained network as files, there whole or not at all."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from backlit.data.columns import to_config
from backlit.interop.replacing import making
from backlit.report import write_pictures, write_report
from backlit.train import state
from backlit.train.config import toml_of
from backlit.train.table import Trained

# Raised when a file of the folder changes its meaning, so that a reader can refuse what it does not know.
FORMAT = 2
#: Letters of a folder's name that are taken over into others: systems allow 255 bytes.
LONGEST_NAME = 60
CONFIG, STATE, DOCTOR = "config.toml", "state.safetensors", "doctor.json"


class RunFolderError(OSError):
    """A run folder that cannot be written or read; the message says which, and what to do."""


def choose_folder(name: str, out: str | Path | None = None, under: str | Path = "runs") -> Path:
    """A folder that does not exist yet: `out`, or `runs/NAME`, or the first free `runs/NAME-2`, `runs/NAME-3`, ...

    Raises RunFolderError if `out` exists, or nothing can be written there: better before the training than after it.
    """
    if out is not None and not str(out):
        raise RunFolderError("The run folder's name is empty. Write --out NAME, or leave --out away.")
    if out is not None and os.path.lexists(out):
        raise RunFolderError(f"{out} exists already, and is left as it is. Choose another folder with --out.")
    if out is not None and partial_of(Path(out)).exists():
        raise RunFolderError(
            f"A run that was to become {out} was interrupted, or is going on. To go on with it: backlit train --resume "
            f"{out}. To begin anew delete {partial_of(Path(out))}, or choose another folder with --out."
        )
    candidates = (Path(under, name if i == 1 else f"{name}-{i}") for i in itertools.count(1))
    folder = Path(out) if out is not None else next(path for path in candidates if is_free(path))
    nearest = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        os.rmdir(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=nearest))
    except OSError as error:
        raise RunFolderError(
            f"The run folder {folder} cannot be made in {nearest}: {error.strerror}. Choose another with --out."
        ) from error
    return folder


def is_free(folder: Path) -> bool:
    """Whether no run is there, nor one in the making."""
    return not os.path.lexists(folder) and not os.path.lexists(partial_of(folder))


def partial_of(folder: Path) -> Path:
    """Where a run is made, until it becomes `folder`."""
    named = folder if folder.name else folder.absolute()
    return named.with_name(f".{named.name[:LONGEST_NAME]}.partial")


def write_run(trained: Trained, folder: Path, *, replaces: bool = False) -> None:
    """Write the run: `config.json`, `config.toml` (which repeats it), `model.safetensors`, `history.csv`,
    `metrics.json`, `state.safetensors` (from which it can go on), `doctor.json`, the pictures and the report.

    They are written to a folder beside it, which is renamed when it is complete; with `replaces` it takes the place of
    an older one, whose other files are kept. Nothing in them depends on when, where or under which folder's name the
    run was made: the same seed gives the same bytes.
    Raises RunFolderError if the folder cannot be made, or the disk is full; all is then as it was before.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"The run folder {folder} cannot be made: {error.strerror}.") from error
    try:
        with making(folder, replaces=replaces) as temporary:
            _write_files(trained, temporary)
    except OSError as error:
        raise RunFolderError(f"The run folder {folder} cannot be written: {reason(error)}") from error


def reason(error: OSError) -> str:
    """What went wrong, and what helps."""
    reason = f"{error.strerror or error}. All is as it was before"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{reason}: free some space, or choose a folder on another disk with --out."
    return f"{reason}: choose another folder with --out."


def _write_files(trained: Trained, folder: Path) -> None:
    from safetensors.numpy import save

    weights = {name: tensor.array for name, tensor in trained.model.state_dict().items()}
    # Made into bytes first: safetensors' own writer says of a full disk only that something failed.
    (folder / "model.safetensors").write_bytes(save(weights, metadata={"format": "pt"}))
    state.save(trained.state, folder / STATE)
    trained.history.to_csv(folder / "history.csv")
    _write_text(folder / CONFIG, toml_of(trained))
    _write_json(folder / "config.json", config_of(trained))
    _write_json(folder / "metrics.json", metrics_of(trained))
    _write_text(folder / DOCTOR, json.dumps(early_findings(trained), indent=2, ensure_ascii=False) + "\n")
    write_pictures(trained, folder)
    write_report(trained, folder)


def early_findings(trained: Trained) -> list[dict[str, Any]]:
    """What the doctor saw in a run's early steps, which one that is resumed does not take again."""
    names = ("rule", "severity", "message", "fix", "step")
    return [{name: getattr(finding, name) for name in names} for finding in trained.history.early_findings]


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
            "rows": table.height,
            "target": table.target,
            "parts": {name: len(part) for name, part in prepared.parts.items()},
        },
        "task": dataclasses.asdict(prepared.task),
        "columns": [to_config(column) for column in prepared.columns],
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
    _write_text(path, json.dumps(_without_nan(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _write_text(path: Path, text: str) -> None:
    # The name of a data file may hold bytes that are no UTF-8, which Python keeps as half characters.
    path.write_bytes(text.encode("utf-8", "replace"))


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: a measure that is not defined (R² of rows that are all alike) is null."""
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    return None if isinstance(value, float) and value != value else value
