"""The lesson of each rule: symptom, cause, a wrong program and the right one."""

from __future__ import annotations

from collections.abc import Iterable

from backlit.suggest import did_you_mean


class LessonError(Exception):
    """A rule that there is not."""


def check_rules(names: Iterable[str]) -> None:
    """Raise LessonError for a rule that there is not, with the closest names."""
    from backlit.doctor import RULES

    known = [rule.id for rule in RULES]
    for name in names:
        if name not in known:
            raise LessonError(f"there is no rule {name!r}. {did_you_mean(name, known)}")


def lesson(name: str) -> str:
    """The lesson of a rule as text. Raises LessonError for a rule that there is not."""
    from backlit.doctor import RULES

    check_rules([name])
    rule = next(rule for rule in RULES if rule.id == name)
    return f"{name}\n\n{rule.__doc__}"
