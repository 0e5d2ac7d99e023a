"""backlit explain: one training step, opened."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from backlit.cli.saying import say

if TYPE_CHECKING:
    from backlit.explain import Explanation

Step = int | Literal["last"]

#: Lines of a program that are shown on the terminal; that of a network of ten layers with Adam has some 250.
MOST_LINES = 400
RULE = "─" * 100


def explain(
    script: Annotated[str, typer.Argument(help="A Python file that imports torch, or a run folder.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="What the script finds in sys.argv[1:]; options behind --.")
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="Which step, counted from 1, or last.", show_default="1; of a run, the last")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the step as a page, a file that needs no network.")] = None,
    source: Annotated[
        Path | None, typer.Option(help="Write step.py, which repeats the step with NumPy, to a folder.")
    ] = None,
    sample: Annotated[int | None, typer.Option(help="Show one row of the batch, counted from 0.")] = None,
    weight: Annotated[
        str | None, typer.Option(help="Show the ways from a weight to the loss, as in '0.weight[2,1]'.")
    ] = None,
    verbatim: Annotated[bool, typer.Option("--verbatim", help="Show every call as it was recorded.")] = False,
) -> None:
    """Open one training step of an unmodified PyTorch script.

    The script runs on Backlit, and is stopped where the step ends; what it prints by then comes first.

    A step is one optimizer.step(), or an update by hand.

    Of a run folder it is the run's last step, for which the run is repeated.
    """
    from backlit.explain.program import FolderError
    from backlit.explain.script import NoSuchStepError
    from backlit.interop.runner import ScriptError
    from backlit.train.folder import RunFolderError

    try:
        _check_outputs(script, html, source)
        explanation = _record(script, arguments or [], step)
        _tell(explanation, html, source, sample, weight, verbatim)
    except (UsageError, FolderError, NoSuchStepError, RunFolderError, ScriptError) as error:
        print(f"backlit explain: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


class UsageError(ValueError):
    """An option that does not suit; the message says why."""


def _check_outputs(script: str, html: Path | None, source: Path | None) -> None:
    """Raise an error for what cannot be written to: better before the script runs than after it."""
    from backlit.explain.program import check_folder

    if source is not None:
        check_folder(source)
    if html is not None and (html.is_dir() or not html.absolute().parent.is_dir()):
        where = "it is a folder" if html.is_dir() else f"there is no folder {html.parent}"
        raise UsageError(f"--html {html}: {where}. Name a file, as in --html step.html")
    if html is not None and html.resolve() in (Path(script).resolve(), source and source.resolve()):
        taken = "the script itself" if html.resolve() == Path(script).resolve() else "what --source names too"
        raise UsageError(f"--html {html}: that is {taken}. Name another file, as in --html step.html")


def _record(script: str, arguments: list[str], step: str | None) -> Explanation:
    from backlit.explain.script import explain_script

    if Path(script).is_dir():
        return _record_run(Path(script), arguments, step)
    wanted, here = _step(step), Path.cwd()
    try:
        return explain_script(script, arguments, wanted)
    except Exception as error:
        if _is_ours(error):
            raise
        sys.excepthook(type(error), error, error.__traceback__)  # as Python itself would, past Typer
        raise typer.Exit(1) from None
    finally:
        os.chdir(here)  # the script may have gone elsewhere; what is written next is named from here


def _record_run(folder: Path, arguments: list[str], step: str | None) -> Explanation:
    from backlit.data.errors import DataError
    from backlit.train.last_step import explain_run

    if arguments or step not in (None, "last"):
        raise UsageError(f"{folder} is a run folder, of which the last step is shown: leave arguments and --step away.")
    try:
        return explain_run(folder)
    except DataError as error:
        raise UsageError(str(error)) from None


def _is_ours(error: Exception) -> bool:
    from backlit.explain.script import NoSuchStepError
    from backlit.interop.runner import ScriptError

    return isinstance(error, (NoSuchStepError, ScriptError))


def _step(step: str | None) -> Step:
    if step is None:
        return 1
    if step == "last":
        return "last"
    if not step.isascii() or not step.isdigit() or int(step) == 0:
        raise UsageError(f"--step {step}: steps are counted from 1. Write --step 1, or --step last.")
    return int(step)


def _tell(
    explanation: Explanation, html: Path | None, source: Path | None, sample: int | None, weight: str | None,
    verbatim: bool,
) -> None:  # fmt: skip
    """Print the step, and write what was asked for."""
    from backlit.explain.program import write_program

    try:
        told = explanation.tell(sample) if weight is None else str(explanation.path(weight))
    except (IndexError, KeyError, ValueError) as error:
        raise UsageError(str(error.args[0])) from None
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ∂ and Σ shall show all the rest
    say(told)
    if weight is None:
        say(_program(explanation, verbatim))
    if html is not None:
        _write_page(explanation, html, sample)
        say(f"{html} holds the step as a page; open it in a browser.")
    if source is not None:
        write_program(explanation, source, verbatim=verbatim)
        say(f"{source} holds the step as a program; it is repeated by: python {source / 'step.py'}")


def _program(explanation: Explanation, verbatim: bool) -> str:
    """The step as a program, unless it is too long to be read here."""
    text = explanation.graph.source(verbatim)
    count = text.count("\n")
    if count > MOST_LINES:
        text = f"{count} lines, too many to be shown here. They are written to a folder by: --source DIR\n"
    return f"The step as a program\n{RULE}\n{text}"


def _write_page(explanation: Explanation, html: Path, sample: int | None) -> None:
    from backlit.explain.page import page
    from backlit.interop.replacing import replacing

    text = page(explanation, sample)
    try:
        with replacing(html) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--html {html}: it cannot be written: {error.strerror}.") from None
