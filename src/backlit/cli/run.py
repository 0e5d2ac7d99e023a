"""backlit run: an unmodified PyTorch script on Backlit."""

from __future__ import annotations

from typing import Annotated

import typer

from backlit.cli import run_script

# Options after the script are the script's own.
SETTINGS = {"allow_interspersed_args": False}


def run(
    script: Annotated[str, typer.Argument(help="A Python file that imports torch.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="What the script finds in sys.argv[1:].")] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Start it even if it uses names that Backlit lacks.")
    ] = False,
) -> None:
    """Run an unmodified PyTorch script on Backlit.

    `import torch` means Backlit, even where PyTorch is installed.
    All else is as under `python SCRIPT`.

    Before the script starts, it is searched for names of PyTorch's
    that Backlit lacks; they are listed with their lines.
    """
    run_script(script, arguments or [], anyway)
