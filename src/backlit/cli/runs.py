"""backlit runs: the runs that there are, and two of them side by side."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backlit.train.summaries import Summary

HEADER = ("run", "data", "target", "task", "network", "epochs", "metric", "seed")


def runs(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Run folders, or folders of runs.", show_default="runs")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every option and measure.")] = False,
) -> None:
    """List the runs in a folder, or compare the runs that are named.

    Runs on the same data stand together, the best first.

    Of runs that are named, the options that differ and all measures stand side by side.
    """
    from backlit.train.folder import RunFolderError

    try:
        found = _find(folders or [Path("runs")], is_default=not folders)
    except RunFolderError as error:
        print(f"backlit runs: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if as_json:
        print(_json(found))
    elif not found:
        where = ", ".join(map(str, folders or [Path("runs")]))
        print(f"backlit runs: there are no runs in {where}. One is made by: backlit train iris", file=sys.stderr)
    elif folders and len(found) > 1 and len(found) == len(folders):
        _compare(found)
    else:
        _print_table(HEADER, [_cells(run) for run in found])


def _find(folders: list[Path], is_default: bool) -> list[Summary]:
    """A run that is named must be readable; one that is come upon and cannot be read is said and left out."""
    from backlit.train.saved import CONFIG
    from backlit.train.summaries import find_runs, summarize

    if is_default and not folders[0].exists():
        return []
    found: list[Summary] = []
    for folder in folders:
        if (folder / CONFIG).exists():
            found.append(summarize(folder))
            continue
        inside, wrong = find_runs(folder)
        found += inside
        for error in wrong:
            print(f"backlit runs: left out: {error}", file=sys.stderr)
    return found


def _cells(run: Summary) -> tuple[str, ...]:
    numbers = str(run.epochs), run.headline, str(run.seed)
    return (str(run.folder), run.data, run.target, run.task, run.network, *numbers)


def _compare(found: list[Summary]) -> None:
    from backlit.train.summaries import differences, side_by_side

    names = [str(run.folder) for run in found]
    options = differences(found)
    if options:
        _print_table(("differs", *names), [(name, *map(_option, values)) for name, values in options.items()])
    else:
        print("Data, options and versions are the same.")
    print()
    _print_table(("measure", *names), [(name, *map(_measure, each)) for name, each in side_by_side(found).items()])
    print()
    for run in found:
        print(f"{run.folder} stopped: {run.metrics['training'].get('stopped', 'for a reason that was not kept')}")


def _option(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value)) or "0"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _measure(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _print_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """On a terminal a table that fits its width, in a pipe columns at least two spaces apart."""
    if not sys.stdout.isatty():
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in (header, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*map(Text, row))  # as Text: a name with brackets in it is no markup
    Console().print(table)


def _json(found: list[Summary]) -> str:
    import json

    rows = []
    for run in found:
        values = dataclasses.asdict(run)
        rows.append({"run": str(values.pop("folder")), "options": values.pop("config")["options"], **values})
    return json.dumps(rows, indent=2, ensure_ascii=False)
