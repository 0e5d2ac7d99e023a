"""The commands as a Typer application."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

# Each is a function of the same name in a file of the same name. `SETTINGS` there are Click's settings for it.
COMMANDS = ("train", "predict", "runs", "export", "run", "explain", "doctor", "live")


def build(wanted: Sequence[str] = ()) -> typer.Typer:
    """The application; of its commands only the wanted one is imported, or all if it is none of them."""
    app = typer.Typer(name="backlit", no_args_is_help=True, add_completion=False)
    app.callback()(backlit)
    for name in [name for name in COMMANDS if name in wanted] or COMMANDS:
        module = importlib.import_module(f"backlit.cli.{name}")
        app.command(name, context_settings=getattr(module, "SETTINGS", None))(interruptible(getattr(module, name)))
    return app


def interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """The command, for which Ctrl-C is 130 from its first line on; Typer alone would say "Aborted" and give 1."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


def print_version(wanted: bool) -> None:
    if wanted:
        from backlit import __version__

        print(f"backlit {__version__}")
        raise typer.Exit


def backlit(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train neural networks and see how: PyTorch's names and numbers, on NumPy."""
