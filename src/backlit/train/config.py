"""Settings of `backlit train` as a TOML file: what `--config` reads, and what each run writes of itself."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backlit.suggest import did_you_mean
from backlit.train.options import OptionError, Options

if TYPE_CHECKING:
    from backlit.data.table import Table
    from backlit.train.table import Trained

OPTIONS = [field.name for field in dataclasses.fields(Options)]
# What decides nothing in the run's files; `out` least of all, since the run that repeats another has its own folder.
BESIDE = {"data": str, "target": str, "out": str, "doctor": bool, "quiet": bool}


def read_settings(path: str | Path) -> dict[str, Any]:
    """The settings in a TOML file, by the names of the options, which may be written with - or _.

    Raises OptionError for a file that is not there or no TOML, and for a setting that is unknown or of another kind.
    """
    settings = {name.replace("-", "_"): value for name, value in _parsed(Path(path)).items()}
    for name, value in settings.items():
        if name not in OPTIONS and name not in BESIDE:
            raise OptionError(f"{path}: there is no option '{name}'. {did_you_mean(name, [*BESIDE, *OPTIONS])}")
        if name in BESIDE and not isinstance(value, BESIDE[name]):
            kind = "a text" if BESIDE[name] is str else "true or false"
            raise OptionError(f"{path}: {name} is {value!r}, and must be {kind}.")
    try:
        Options(**{name: value for name, value in settings.items() if name in OPTIONS})
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from None
    return settings


def merged(file: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The file's settings, and those of the command line before them.

    Raises OptionError if the command line both names a rate and wants one to be found.
    """
    if given.get("find_lr") and "lr" in given:
        raise OptionError(f"--find-lr finds a rate, and --lr {given['lr']} names one. Leave one of them out.")
    is_named_now = "lr" in given and "find_lr" not in given
    return {**file, **given} | ({"find_lr": False} if is_named_now else {})


def toml_of(trained: Trained) -> str:
    """The file that repeats a run: `backlit train --config FILE` gives the same bytes."""
    return text_of(trained.prepared.table, trained.options)


def text_of(table: Table, options: Options) -> str:
    """A run's settings as a file."""
    settings = {"data": table.source, "target": table.target, **dataclasses.asdict(options)}
    lines = [f"{name} = {_value(value)}" for name, value in settings.items()]
    return "\n".join(["# backlit train --config FILE repeats this run.", *lines, ""])


def _value(value: Any) -> str:
    """A text, a truth value, a number or a list of whole numbers as TOML."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float):
        return repr(value)
    # JSON writes the others as TOML does, but leaves one control character as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise OptionError(f"--config {path}: there is no such file.") from None
    except IsADirectoryError:
        raise OptionError(f"--config {path}: it is a directory. Name a file, such as {path}/config.toml.") from None
    except OSError as error:
        raise OptionError(f"--config {path}: it cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise OptionError(f"--config {path}: it is no text in UTF-8, which TOML is written in.") from None
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f'--config {path}: it is no TOML: {error}. Lines are as in data = "iris".') from None
