"""What `backlit train` says: the plan, the progress, the summary."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backlit.cli.saying import say
from backlit.data.table import Prepared
from backlit.train import Callback, Run
from backlit.train.options import Options
from backlit.train.table import Trained, build_network

# In a pipe, as many lines of progress as a person reads, however many epochs.
PROGRESS_LINES = 10
# Seconds between two looks of the bar at the run: the eye sees no more, and short steps should not wait for it.
BETWEEN_LOOKS = 0.05


def plan(prepared: Prepared, options: Options, done: int | None = None) -> str:
    """What will be trained on what, and what the data gave cause to say. `done`: steps of a run that goes on."""
    table, task = prepared.table, prepared.task
    inputs = len(prepared.features)
    model = build_network(inputs, options, task.outputs)
    weights = sum(parameter.array.size for parameter in model.parameters())
    batch, is_sought = min(options.batch, len(prepared.parts["train"])), options.find_lr and done is None
    lines = {
        "data": f"{table.about}: {_count(table.height, 'row')}, {_count(inputs, 'input')} -> {table.target}",
        "task": task.describe(),
        "rows": _parts(prepared),
        "network": f"{_network(inputs, options, task.outputs)}, {_count(weights, 'parameter')}",
        "training": _training(options, batch, is_sought),
    }
    if done is not None:
        lines["goes on"] = f"after {_count(done, 'step')}"
    return "\n".join([_lines(lines), *(f"{'note':<10}{note}" for note in prepared.notes)])


def _network(inputs: int, options: Options, outputs: int) -> str:
    sizes = "-".join(str(n) for n in (inputs, *options.hidden, outputs))
    parts = [sizes, options.activation if options.hidden else "no hidden layer"]
    if options.batch_norm and options.hidden:
        parts.append("batch norm")
    if options.dropout and options.hidden:
        parts.append(f"dropout {options.dropout:g}")
    return ", ".join(parts)


def _training(options: Options, batch: int, is_sought: bool) -> str:
    parts = [options.optimizer, "rate to be found" if is_sought else f"rate {options.lr:g}"]
    if options.schedule != "none":
        parts.append(f"schedule {options.schedule}")
    parts += [f"{name} {value:g}" for name, value in (("l1", options.l1), ("l2", options.l2)) if value]
    if options.balance:
        parts.append("classes balanced")
    parts += [f"{_count(batch, 'row')} a step", f"at most {_count(options.epochs, 'epoch')}", f"seed {options.seed}"]
    return ", ".join(parts)


def summary(trained: Trained, seconds: float, folder: Path, done: int = 0) -> str:
    """How it ended, how well each part is predicted, and where the run lies. `done`: steps taken before."""
    history = trained.history
    kept = f"; weights of epoch {history.best_epoch} kept" if history.best_epoch else ""
    lines = {"rate": f"{trained.options.lr:.3g}, found by the sweep"} if trained.options.find_lr else {}
    lines["stopped"] = f"after epoch {len(history.epochs)}: {history.stopped}{kept}"
    lines["took"] = f"{_count(len(history) - done, 'step')} in {seconds:.2f} s"
    where = {"run": str(folder), "report": str(folder / "report.html")}
    return f"{_lines(lines)}\n\n{_table(trained.metrics)}\n\n{_lines(where)}"


@contextmanager
def progress() -> Iterator[Callback]:
    """A callback that shows how a run goes: a bar on a terminal, a few plain lines in a pipe."""
    say()
    if sys.stdout is None or not sys.stdout.isatty():
        yield PlainProgress()
    else:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column

        # The words keep to one line; on a narrow terminal it is the bar that becomes shorter.
        words = TextColumn("{task.description}", table_column=Column(no_wrap=True))
        with Progress(BarColumn(None, table_column=Column(ratio=1)), words, TimeRemainingColumn(), expand=True) as bar:
            yield BarProgress(bar)
    say()


class PlainProgress(Callback):
    """A line every tenth of the way, and one for the last epoch."""

    def __init__(self) -> None:
        self.shown = 0

    def on_epoch(self, run: Run) -> None:
        if run.epoch % max(1, run.epochs // PROGRESS_LINES) == 0:
            self._show(run)

    def on_end(self, run: Run) -> None:
        if run.epoch > self.shown:
            self._show(run)

    def _show(self, run: Run) -> None:
        self.shown = run.epoch
        say(f"epoch {run.epoch:>{len(str(run.epochs))}}/{run.epochs}   {_row(run)}")


class BarProgress(Callback):
    """A bar with the epoch, its loss and measure, and the time left."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar
        self.looked = 0.0

    def on_start(self, run: Run) -> None:
        self.task = self.bar.add_task(_epoch(run), total=run.steps, completed=run.step)

    def on_step(self, run: Run) -> None:
        now = time.monotonic()
        if now - self.looked >= BETWEEN_LOOKS:
            self.looked = now
            self.bar.update(self.task, completed=run.step, description=_epoch(run))

    def on_end(self, run: Run) -> None:
        self.bar.update(self.task, completed=run.step, description=_epoch(run))


def _epoch(run: Run) -> str:
    """The bar's words, which leave room for the bar in 80 columns: "validation" stands once, for its loss."""
    words = [f"{run.epoch}/{run.epochs}"]
    for name, value in _numbers(run).items():
        short = "validation" if name == "validation_loss" else name.removeprefix("validation_")
        words.append(f"{short} {value:.4f}")
    return "  ".join(words)


def _row(run: Run) -> str:
    return "   ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in _numbers(run).items())


def _numbers(run: Run) -> dict[str, float]:
    """The last epoch's losses and measures, if there is one."""
    row = run.history.epochs[-1] if run.history.epochs else {}
    return {name: value for name, value in row.items() if name not in ("epoch", "step")}


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
