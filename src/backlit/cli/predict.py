"""backlit predict: what a trained network says about new rows."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import polars as pl

# Rows that are turned to text at a time.
CHUNK = 65_536
PARQUET = ".parquet"
SEPARATORS = {".csv": ",", ".txt": ",", ".tsv": "\t"}


def predict(
    run: Annotated[Path, typer.Argument(help="A run folder, as in runs/iris.")],
    new: Annotated[Path, typer.Argument(help="Rows with the columns that the network was trained on.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="A .csv, .tsv or .parquet file.", show_default="CSV to stdout"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over OUT if it exists.")] = False,
) -> None:
    """Predict new rows: the file once more, with the predictions as columns behind its own.

    New are prediction and, for classes, its probability and p(LABEL) for each.

    A file that has the target too is also measured by it.
    """
    from backlit.data.errors import DataError
    from backlit.train.folder import RunFolderError

    try:
        _predict(run, new, out, force)
    except (DataError, RunFolderError, OutputError) as error:
        print(f"backlit predict: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        print("backlit predict: stopped by Ctrl-C; no file was written.", file=sys.stderr)
        raise typer.Exit(130) from None


class OutputError(ValueError):
    """A file that cannot be written to; the message says why, and what to do."""


def _predict(folder: Path, new: Path, out: Path | None, force: bool) -> None:
    from backlit.data.chunks import names
    from backlit.data.files import cells_of, open_table
    from backlit.train.predicting import Predicting, column_names, new_columns
    from backlit.train.saved import load_run

    _check_output(out, force)
    run = load_run(folder)
    data = open_table(new, has_target=False)
    called = column_names(run.task, names(data))
    predicting = Predicting(run, data, cells_of(new))
    needs_types = out is not None and out.suffix.lower() == PARQUET
    tables = (
        (typed if needs_types else as_it_came).hstack(new_columns(predicted, called))
        for typed, as_it_came, predicted in predicting.pieces()
    )
    _write(tables, out)
    for note in [*_clashes(called, new), *predicting.oddities.sentences(), *predicting.measured()]:
        print(f"backlit predict: {note}", file=sys.stderr)


def _clashes(names: dict[str, str], new: Path) -> list[str]:
    """A sentence for each new column that had to take another name."""
    return [
        f"{new} has a column '{wanted}' already: the new one is called '{name}'."
        for wanted, name in names.items()
        if name != wanted
    ]


def _check_output(out: Path | None, force: bool) -> None:
    """Raise OutputError for a file that could not be written, before the work is done."""
    if out is None:
        return
    if out.suffix.lower() not in (*SEPARATORS, PARQUET):
        raise OutputError(f"-o {out}: the name must end in .csv, .tsv, .txt or .parquet, which says how to write it.")
    if out.is_dir():
        raise OutputError(f"-o {out} is a directory. Name a file in it, as in {out / 'predicted.csv'}.")
    if out.exists() and not force:
        raise OutputError(f"-o {out} exists already, and is left as it is. Choose another name, or add --force.")
    if not out.absolute().parent.is_dir():
        raise OutputError(f"-o {out}: there is no directory {out.parent}. Make it first.")


def _write(tables: Iterator[pl.DataFrame], out: Path | None) -> None:
    from backlit.interop.replacing import replacing

    try:
        if out is None:
            sys.stdout.writelines(_texts(tables, ","))
            sys.stdout.flush()
            return
        with replacing(out) as temporary:
            if out.suffix.lower() == PARQUET:
                import polars as pl

                pl.concat(tables).write_parquet(temporary)
                return
            with open(temporary, "w", encoding="utf-8", newline="") as file:
                file.writelines(_texts(tables, SEPARATORS[out.suffix.lower()]))
    except BrokenPipeError:  # whoever read the pipe has seen enough, as in `| head`
        _close_stdout()
    except OSError as error:
        if out is None:
            _close_stdout()
        raise OutputError(f"{out or 'stdout'} cannot be written: {error.strerror or error}.") from None


def _close_stdout() -> None:
    """Let what is still to be written go nowhere: Python would try once more as it ends, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _texts(tables: Iterator[pl.DataFrame], separator: str) -> Iterator[str]:
    """The tables as one CSV, some rows at a time: the text of all of them may be larger than the table."""
    is_first = True
    for table in tables:
        for chunk in table.iter_slices(CHUNK):
            yield chunk.write_csv(include_header=is_first, separator=separator)
            is_first = False
