"""An unmodified script, watched from its first line to its last, or to the error that ends it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from backlit.doctor.finding import Finding
from backlit.doctor.rule import Place
from backlit.doctor.watch import Watch
from backlit.interop.runner import run


class Examined(NamedTuple):
    """What was found, what it was looked at for, how many steps were seen, and the error that ended the script."""

    findings: list[Finding]
    checked: list[str]
    steps: int
    error: BaseException | None


def examine(path: str, arguments: Sequence[str] = (), silence: Sequence[str] = ()) -> Examined:
    """Run a script with `import torch` meaning Backlit, and name its mistakes.

    Raises ScriptError if it cannot be started.
    """
    from backlit.doctor import RULES

    watch = Watch(RULES, "collect", silence)
    error: BaseException | None = None
    with watch:
        try:
            run(path, arguments)
        except SystemExit as ended:
            error = ended if ended.code else None
        except Exception as raised:
            from backlit.interop.runner import ScriptError

            if isinstance(raised, ScriptError):
                raise
            error = raised
            watch.tell("on_error", raised, place_of(raised, os.path.abspath(path)))
        watch.finish()
    return Examined(watch.findings, [rule.id for rule in watch.rules], watch.steps, error)


def place_of(error: BaseException, script: str) -> Place:
    """The script's line that an error went through last."""
    place, trace = Place(script, 0), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == script:
            place = Place(script, trace.tb_lineno)
        trace = trace.tb_next
    return place
