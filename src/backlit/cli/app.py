"""The commands as a Typer application."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Annotated

import typer

# Each is a function of the same name in a file of the same name. `SETTINGS` there are Click's settings for it.
COMMANDS = ("train", "predict", "runs", "export", "run", "explain")


def build(wanted: Sequence[str] = ()) -> typer.Typer:
    """The application; of its commands only the wanted one is imported, or all if it is none of them."""
    app = typer.Typer(name="backlit", no_args_is_help=True, add_completion=False)
    app.callback()(backlit)
    for name in [name for name in COMMANDS if name in wanted] or COMMANDS:
        module = importlib.import_module(f"backlit.cli.{name}")
        app.command(name, context_settings=getattr(module, "SETTINGS", None))(getattr(module, name))
    return app


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
