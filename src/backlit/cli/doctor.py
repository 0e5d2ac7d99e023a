"""backlit doctor: the mistake in a training script named, with its line and the fix."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backlit.doctor.script import Examined

SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}


def doctor(
    context: typer.Context,
    script: Annotated[str | None, typer.Argument(help="A Python script that trains with `import torch`.")] = None,
    json_file: Annotated[str | None, typer.Option("--json", help="Write the findings to this file.")] = None,
    explain: Annotated[str | None, typer.Option("--explain", help="Print the lesson of a rule.")] = None,
    silence: Annotated[
        list[str] | None, typer.Option("--silence", help="Leave a rule out; as often as wanted.")
    ] = None,
) -> None:
    """Run an unmodified PyTorch script and name its mistakes: the cause, the line, the corrected code.

    Exit code 1 if an error was named, or if the script failed.
    """
    from backlit.doctor.lessons import LessonError, check_rules, lesson
    from backlit.doctor.script import examine
    from backlit.interop.runner import ScriptError

    try:
        if explain is not None:
            print(lesson(explain))
            return
        if script is None:
            raise LessonError("name a script, as in: backlit doctor train.py")
        check_rules(silence or [])
        examined = examine(script, context.args, silence or [])
    except (ScriptError, LessonError) as error:
        print(f"backlit doctor: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if json_file is not None:
        Path(json_file).write_text(json.dumps([f.to_json() for f in examined.findings], indent=2), encoding="utf-8")
    say(examined)
    if examined.error is not None or any(f.severity == "error" for f in examined.findings):
        raise typer.Exit(1)


def say(examined: Examined) -> None:
    """The cards and the summary, on stderr: stdout is the script's own."""
    from backlit.doctor.report import card, summary

    for finding in examined.findings:
        print(f"\n{card(finding)}", file=sys.stderr)
    if examined.error is not None:
        print(f"\nThe script ended with {type(examined.error).__name__}: {examined.error}", file=sys.stderr)
    print(f"\n{summary(examined.findings, examined.checked, examined.steps)}", file=sys.stderr)
