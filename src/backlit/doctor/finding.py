"""What a rule has found: the cause, where, what was seen, and the corrected code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """A cause, named once a run.

    `message` says what was seen, with its numbers; `fix` is corrected code. `step` counts the optimizer's steps that
    were done when it was first seen. `file` and `line` are the user's. `explains` are the rules that saw no more than
    symptoms of it.
    """

    rule: str
    severity: Severity
    message: str
    fix: str
    step: int = 0
    file: str = ""
    line: int = 0
    explains: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {**asdict(self), "explains": list(self.explains)}

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file else ""
        return f"{where}{self.severity}: {self.message} [{self.rule}]"


class DoctorWarning(UserWarning):
    """A finding, where `watch(mode="warn")` says it at once."""


class DoctorError(RuntimeError):
    """A finding of severity error, where `watch(mode="raise")` stops at it."""
