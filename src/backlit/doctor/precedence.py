"""Which finding is the cause, and which are only its symptoms."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from backlit.doctor.finding import SEVERITIES, Finding

if TYPE_CHECKING:
    from backlit.doctor.rule import Rule


def ordered(rules: list[Rule]) -> list[Finding]:
    """The findings of rules that fired: errors before warnings before notes, A before E, then by the step.

    A rule that another one swallows has no finding of its own: it is listed with its cause.
    """
    fired = {rule.id: rule for rule in rules}
    swallowed: dict[str, list[str]] = {}
    for rule in rules:
        cause = next((other for other in rules if rule.id in other.swallows and other.id != rule.id), None)
        if cause is not None and not (cause.id in rule.swallows and order(rule) < order(cause)):
            swallowed.setdefault(cause.id, []).append(rule.id)
    hidden = {symptom for symptoms in swallowed.values() for symptom in symptoms}
    causes = sorted((rule for rule in fired.values() if rule.id not in hidden), key=order)
    return [
        dataclasses.replace(rule.finding, explains=tuple(sorted(swallowed.get(rule.id, ()))))
        for rule in causes
        if rule.finding is not None
    ]


def order(rule: Rule) -> tuple[int, str, int]:
    assert rule.finding is not None
    return SEVERITIES.index(rule.finding.severity), rule.group, rule.finding.step
