"""The last step of a training run, recorded."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack, suppress
from pathlib import Path

from backlit.explain.explanation import Explanation
from backlit.explain.watch import StepIsComplete, Watcher
from backlit.tracing import Graph
from backlit.train.events import Callback, Run
from backlit.train.folder import CONFIG, RunFolderError
from backlit.train.resume import prepared_again, read_own_settings
from backlit.train.saved import METRICS, damaged, read_metrics
from backlit.train.table import train_table


def explain_run(folder: str | Path) -> Explanation:
    """Repeat a run from its first step to its last, which is recorded: the same seed takes the same steps.

    Raises RunFolderError for a folder that is no run, is damaged, or whose data have changed; DataError for data that
    cannot be read.
    """
    folder = Path(folder)
    settings, options = read_own_settings(folder, (CONFIG, METRICS), "be repeated")
    steps = read_metrics(folder).get("training", {}).get("steps")
    if not isinstance(steps, int) or steps < 1:
        raise damaged(folder, METRICS, "it does not say how many steps the run took")
    prepared = prepared_again(folder, settings, options, "be repeated")
    last = OpenLast(steps)
    with last.watching, suppress(StepIsComplete):
        train_table(prepared, options, [last])
    if last.watcher.explanation is None:
        raise RunFolderError(
            f"{folder} cannot be repeated: it took {steps} steps, and now ends before. It was changed, or made by "
            "another version of Backlit; train again."
        )
    name_data(last.watcher.explanation.graph)
    return dataclasses.replace(last.watcher.explanation, step=steps, script=str(folder))


def name_data(graph: Graph) -> None:
    """Call the batch x and y: no line of the user's does, and none of theirs is where a step was written."""
    entered = graph.calls[min(graph.calls)].inputs
    for line in graph.inputs:
        if line.expression.text == "array" and line.shape and not line.path:
            line.name = "x" if any(line is given for given in entered) else "y"
    for line in graph.lines:
        line.where = ""


class OpenLast(Callback):
    """Records step number `steps` of a run, up to which the run goes on as it did."""

    def __init__(self, steps: int) -> None:
        self.steps, self.watcher, self.watching = steps, Watcher(1), ExitStack()

    def on_start(self, run: Run) -> None:
        run.pause = self.steps - 1
        run.optimizer.watch_steps()
        self.on_step(run)

    def on_step(self, run: Run) -> None:
        if run.step == self.steps - 1:
            self.watching.enter_context(self.watcher)
