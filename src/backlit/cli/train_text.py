"""What `backlit train` says: the plan, the progress, the summary."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backlit.data.table import Prepared
from backlit.train import Callback, Run
from backlit.train.options import Options
from backlit.train.table import Trained, build_network

# In a pipe, as many lines of progress as a person reads, however many epochs.
PROGRESS_LINES = 10


def plan(prepared: Prepared, options: Options) -> str:
    """What will be trained on what."""
    table, task = prepared.table, prepared.task
    inputs = len(prepared.features)
    model = build_network(inputs, options, task.outputs)
    sizes = "-".join(str(n) for n in (inputs, *options.hidden, task.outputs))
    weights = sum(parameter.array.size for parameter in model.parameters())
    batch = min(options.batch, len(prepared.parts["train"]))
    return _lines(
        {
            "data": f"{table.about}: {_count(table.frame.height, 'row')}, {_count(inputs, 'input')} -> {table.target}",
            "task": task.describe(),
            "rows": _parts(prepared),
            "network": f"{sizes}, {options.activation}, {_count(weights, 'parameter')}",
            "training": f"{options.optimizer}, rate {options.lr:g}, {_count(batch, 'row')} a step, "
            f"at most {_count(options.epochs, 'epoch')}, seed {options.seed}",
        }
    )


def summary(trained: Trained, seconds: float, folder: Path) -> str:
    """How it ended, how well each part is predicted, and where the run lies."""
    history = trained.history
    kept = f"; weights of epoch {history.best_epoch} kept" if history.best_epoch else ""
    steps = f"{_count(len(history), 'step')} in {seconds:.2f} s"
    table = _table(trained.metrics)
    end = _lines({"stopped": f"after epoch {len(history.epochs)}: {history.stopped}{kept}", "took": steps})
    return f"{end}\n\n{table}\n\n{_lines({'run': str(folder)})}"


@contextmanager
def progress(epochs: int) -> Iterator[Callback]:
    """A callback that shows how a run goes: a bar on a terminal, a few plain lines in a pipe."""
    if not sys.stdout.isatty():
        print()
        yield PlainProgress(epochs)
        print()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns) as bar:
        yield BarProgress(bar, epochs)


class PlainProgress(Callback):
    """A line every tenth of the way."""

    def __init__(self, epochs: int) -> None:
        self.every = max(1, epochs // PROGRESS_LINES)

    def on_epoch(self, run: Run) -> None:
        if run.epoch % self.every == 0:
            print(f"epoch {run.epoch:>{len(str(run.epochs))}}/{run.epochs}   {_row(run)}", flush=True)


class BarProgress(Callback):
    """A bar with the present loss and the time left."""

    def __init__(self, bar: Any, epochs: int) -> None:
        self.bar = bar
        self.task = bar.add_task("", total=epochs)

    def on_epoch(self, run: Run) -> None:
        self.bar.update(self.task, completed=run.epoch, description=_row(run))


def _row(run: Run) -> str:
    row = run.history.epochs[-1]
    return "   ".join(
        f"{name.replace('_', ' ')} {value:.4f}" for name, value in row.items() if name not in ("epoch", "step")
    )


def _parts(prepared: Prepared) -> str:
    listed = ", ".join(f"{len(part)} {name}" for name, part in prepared.parts.items())
    return listed if len(prepared.parts) > 1 else f"{listed} (too few to hold any out)"


def _table(metrics: dict[str, dict[str, float]]) -> str:
    names = list(next(iter(metrics.values())))
    lines = [" " * 10 + "".join(f"{name:>10}" for name in names)]
    for part, values in metrics.items():
        cells = [f"{values[name]:>10}" if name == "rows" else f"{values[name]:>10.4f}" for name in names]
        lines.append(f"{part:<10}{''.join(cells)}")
    return "\n".join(lines)


def _lines(rows: dict[str, str]) -> str:
    return "\n".join(f"{name:<10}{text}" for name, text in rows.items())


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
