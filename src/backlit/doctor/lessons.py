"""The lesson of each rule: symptom, cause, a wrong program and the right one."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from importlib import resources

from backlit.suggest import did_you_mean


class LessonError(Exception):
    """A rule that there is not."""


@functools.cache
def lessons() -> dict[str, dict[str, str]]:
    """By rule: its symptom, its cause, a `wrong` program, and the `right` one."""
    text = resources.files("backlit.doctor").joinpath("lessons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def check_rules(names: Iterable[str]) -> None:
    """Raise LessonError for a rule that there is not, with the closest names."""
    known = list(lessons())
    for name in names:
        if name not in known:
            raise LessonError(f"there is no rule {name!r}. {did_you_mean(name, known)}")


def lesson(name: str) -> str:
    """The lesson of a rule as text. Raises LessonError for a rule that there is not."""
    check_rules([name])
    told = lessons()[name]
    wrong, right = ("\n".join(f"    {line}".rstrip() for line in told[k].splitlines()) for k in ("wrong", "right"))
    return (
        f"{name}\n\nWhat one sees: {told['symptom']}\nWhy: {told['cause']}\n\nA wrong program:\n\n{wrong}\n\n"
        f"The right one:\n\n{right}"
    )
