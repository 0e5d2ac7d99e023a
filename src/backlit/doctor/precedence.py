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
        causes_of = (other for other in rules if rule.id in other.swallows and other.id != rule.id and speaks(other))
        cause = next(causes_of, None)
        if cause is not None and not (cause.id in rule.swallows and order(rule) < order(cause)):
            swallowed.setdefault(cause.id, []).append(rule.id)
    hidden = {symptom for symptoms in swallowed.values() for symptom in symptoms}
    causes = [rule for rule in fired.values() if rule.id not in hidden]
    return [
        dataclasses.replace(
            rule.finding,
            explains=tuple(sorted(swallowed.get(rule.id, ()))),
            severity="warning" if is_risen(rule, swallowed) else rule.finding.severity,
        )
        for rule in sorted(causes, key=lambda rule: order(rule, is_risen(rule, swallowed)))
        if rule.finding is not None
    ]


def speaks(rule: Rule) -> bool:
    """A note is no cause of anything, unless it says of itself that it may be."""
    return rule.finding is not None and (rule.finding.severity != "note" or rule.rises)


def is_risen(rule: Rule, swallowed: dict[str, list[str]]) -> bool:
    return rule.rises and rule.id in swallowed


def order(rule: Rule, is_risen: bool = False) -> tuple[int, str, int]:
    assert rule.finding is not None
    severity = "warning" if is_risen else rule.finding.severity
    return SEVERITIES.index(severity), rule.group, rule.finding.step
