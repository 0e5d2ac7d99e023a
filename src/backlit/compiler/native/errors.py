"""What has no compiled form."""

from __future__ import annotations

from backlit.tracing.graph import Line


class NotCompilable(Exception):
    """A line of a step that the native compiler does not know; the step then runs eagerly."""

    def __init__(self, reason: str, line: Line | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line

    def __str__(self) -> str:
        where = f" ({self.line.where})" if self.line is not None and self.line.where else ""
        return f"{self.reason}{where}"


class NotYet(NotCompilable):
    """Two steps went different ways only because the count of steps led them there: later ones may be alike."""
