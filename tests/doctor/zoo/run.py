"""Runs a program of the zoo in this process, with the doctor watching."""

from __future__ import annotations

import linecache
import math
import warnings
from dataclasses import dataclass, field

import backlit as torch
from backlit.doctor import RULES, Finding
from backlit.doctor.script import place_of
from backlit.doctor.watch import Watch

MARK = "# <-"


@dataclass
class Outcome:
    """What a program came to: its score (NaN if it failed), the error that ended it, and what was found."""

    score: float
    error: Exception | None
    findings: list[Finding] = field(default_factory=list)

    @property
    def loud(self) -> list[Finding]:
        """Errors and warnings."""
        return [finding for finding in self.findings if finding.severity != "note"]


def run(name: str, text: str, score: str, rules=RULES) -> Outcome:
    """Run a program's text, and compute its score where nobody listens."""
    file = f"<{name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, object] = {"__name__": "__main__"}
    watch, error = Watch(rules), None
    with watch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(text, file, "exec"), names)
        except Exception as raised:
            error = raised
            watch.tell("on_error", raised, place_of(raised, file))
        watch.finish()
    return Outcome(math.nan if error else scored(score, names), error, watch.findings)


def scored(score: str, names: dict[str, object]) -> float:
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(eval(score, names))
    except (RuntimeError, ValueError, IndexError, TypeError):
        return math.nan


def is_worse(faulty: Outcome, healthy: Outcome) -> bool:
    """The program failed, or ended with a score clearly above that of the healthy one."""
    return not math.isfinite(faulty.score) or faulty.score > 1.1 * healthy.score + 0.002


def marked(text: str) -> list[int]:
    """The lines that a finding may name."""
    return [number for number, line in enumerate(text.splitlines(), 1) if MARK in line]
