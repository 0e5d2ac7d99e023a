"""The names that a script uses and Backlit lacks, as one message."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from backlit.interop.alias import BUILT_ON_PYTORCH
from backlit.interop.scan import Use

# Where a name that is missing at one path may exist at another.
PLACES = ["torch", "torch.nn", "torch.nn.functional", "torch.nn.utils", "torch.nn.init", "torch.optim"]
PLACES += ["torch.optim.lr_scheduler", "torch.utils.data", "torch.Tensor"]


def missing(uses: Iterable[Use], provided: set[str]) -> dict[str, list[Use]]:
    """Each name that Backlit lacks, with the places where it is used. `torch` must be Backlit already."""
    lacking: dict[str, list[Use]] = {}
    answers: dict[str, str | None] = {}
    for use in uses:
        if use.name not in answers:
            answers[use.name] = first_missing(use.name, provided)
        name = answers[use.name]
        if name is not None:
            lacking.setdefault(name, []).append(use)
    return lacking


def first_missing(name: str, provided: set[str]) -> str | None:
    """The shortest part of a dotted name that does not exist: `torch.fft` for `torch.fft.rfft`."""
    root, *parts = name.split(".")
    if root in BUILT_ON_PYTORCH:
        return root
    path, value = root, importlib.import_module(root)
    for part in parts:
        path = f"{path}.{part}"
        if path in provided or not isinstance(value, (ModuleType, type)):
            return None  # what an object or a function has, only running the script can tell
        try:
            value = getattr(value, part) if hasattr(value, part) else importlib.import_module(path)
        except ModuleNotFoundError:
            return path
    return None


def message(script: str, lacking: dict[str, list[Use]]) -> str:
    """All of them at once, with their lines and the names that may have been meant."""
    count = (
        f"{len(lacking)} names that Backlit does not have" if len(lacking) > 1 else "a name that Backlit does not have"
    )
    rows = [(places(script, uses), name, advice(name)) for name, uses in lacking.items()]
    widths = [max(len(row[k]) for row in rows) for k in range(2)]
    lines = [f"  {where:<{widths[0]}}  {name:<{widths[1]}}  {hint}".rstrip() for where, name, hint in rows]
    return "\n".join(
        [f"{script} uses {count}:", *lines, f"To run it up to the first of them: backlit run --anyway {script}"]
    )


def places(script: str, uses: list[Use]) -> str:
    """`line 3`, `lines 3, 8`, `models.py:7`."""
    own = sorted({use.line for use in uses if use.file == script})
    others = [
        f"{os.path.relpath(use.file, os.path.dirname(script) or os.curdir)}:{use.line}"
        for use in uses
        if use.file != script
    ]
    in_script = [f"line{'s' if len(own) > 1 else ''} {', '.join(map(str, own))}"] if own else []
    return ", ".join([*in_script, *dict.fromkeys(others)])


def advice(name: str) -> str:
    if name in BUILT_ON_PYTORCH:
        return f"is built on PyTorch's compiled core. {BUILT_ON_PYTORCH[name]}"
    near = nearest(name)
    return f"nearest: {', '.join(near)}" if near else ""


def nearest(name: str, at_most: int = 3) -> list[str]:
    """Existing names that were perhaps meant: the same word elsewhere, or a similar one at the same place."""
    import difflib

    owner, _, word = name.rpartition(".")
    elsewhere = [
        f"{place}.{each}" for place in (owner, *PLACES) for each in names_in(place) if each.lower() == word.lower()
    ]
    here = {each.lower(): f"{owner}.{each}" for each in names_in(owner)}
    similar = [here[each] for each in difflib.get_close_matches(word.lower(), here, n=at_most, cutoff=0.7)]
    return list(dict.fromkeys([*elsewhere, *similar]))[:at_most]


def names_in(path: str) -> list[str]:
    root, *parts = path.split(".")
    value: Any = importlib.import_module(root)
    for part in parts:
        value = getattr(value, part, None)
    return [each for each in dir(value) if not each.startswith("_")]
