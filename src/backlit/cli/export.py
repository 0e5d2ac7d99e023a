"""backlit export: a trained network as a program that does without Backlit."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Library(StrEnum):
    """What the program needs beside Python."""

    torch = "torch"
    numpy = "numpy"


def export(
    run: Annotated[Path, typer.Argument(help="A run folder, as in runs/iris.")],
    to: Annotated[Library, typer.Option(help="The library that the program needs, and no other.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The folder to write.", show_default="NAME-torch, NAME-numpy")
    ] = None,
) -> None:
    """Write a trained network as a program: model.py, and its weights in model.safetensors.

    `python model.py NEW.csv` predicts as `backlit predict` does.

    In Python it is `from model import predict`.
    """
    from backlit.train.folder import RunFolderError

    try:
        folder = _export(run, to, out)
    except RunFolderError as error:
        print(f"backlit export: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        print("backlit export: stopped by Ctrl-C; no folder was written.", file=sys.stderr)
        raise typer.Exit(130) from None
    print(f"{folder} holds the program; it predicts by: python {folder / 'model.py'} NEW.csv > PREDICTED.csv")


def _export(run: Path, to: Library, out: Path | None) -> Path:
    from backlit.interop.numpy_program import numpy_part
    from backlit.interop.program import program, write_program
    from backlit.interop.torch_program import torch_part
    from backlit.train.folder import RunFolderError, choose_folder
    from backlit.train.saved import load_run

    saved = load_run(run)
    folder = choose_folder(f"{run.absolute().name}-{to}", out, under=".")
    make_part = torch_part if to is Library.torch else numpy_part
    part = make_part(saved.model, saved.task.kind, saved.features, saved.task.outputs)
    try:
        write_program(folder, program(part, saved.columns, saved.task, saved.target), part.weights)
    except OSError as error:
        raise RunFolderError(f"The folder {folder} cannot be written: {error.strerror}.") from error
    return folder
