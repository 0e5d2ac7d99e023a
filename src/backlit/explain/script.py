"""One step of an unmodified PyTorch script, recorded as it runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

from backlit.explain.explanation import Explanation
from backlit.explain.watch import StepIsComplete, Watcher
from backlit.interop.runner import ScriptError, run


class NoSuchStepError(Exception):
    """A script or a run without the step that was asked for; the message says what it has."""


def explain_script(path: str, arguments: Sequence[str] = (), step: int | Literal["last"] = 1) -> Explanation:
    """Run a script with `import torch` meaning Backlit up to the end of its `step`-th step, and record that step.

    Steps are counted from 1: each `optimizer.step()` is one, and so is an update by hand, where leaves are overwritten
    after a backward pass. The script is stopped where the step ends; what it has printed by then is printed. For "last"
    it is run as a whole before, in a process of its own and silently, to count its steps.

    Raises NoSuchStepError if the script has no such step; ScriptError, as `run` does, if it cannot be started;
    TraceError for a step that cannot be recorded faithfully; and what the script raises, SystemExit included.
    """
    wanted = max(1, steps_of(path, arguments)) if step == "last" else step
    with Watcher(wanted) as watcher, suppress(StepIsComplete):
        run_to_its_end(path, arguments)
        watcher.finish()
    if watcher.explanation is None:
        raise NoSuchStepError(lacking(path, wanted, watcher))
    return dataclasses.replace(watcher.explanation, script=path)


def run_to_its_end(path: str, arguments: Sequence[str]) -> None:
    """Run a script; `sys.exit()` is an end like any other. Raises SystemExit if it says that something failed."""
    try:
        run(path, arguments)
    except SystemExit as ended:
        if ended.code:
            raise


def lacking(path: str, step: int, watcher: Watcher) -> str:
    """Why there is no such step, and what to ask for instead."""
    if watcher.done:
        has = "1 step" if watcher.done == 1 else f"{watcher.done} steps"
        return f"{path} has {has}, and no step {step}. Its last one is shown by: --step {watcher.done}"
    if watcher.elsewhere:
        return (
            f"{path} trains in a thread of its own, and only the script's first thread is watched. Call the function "
            "that trains directly: train() for Thread(target=train).start()."
        )
    if not watcher.passes:
        return (
            f"{path} never calls backward(), and so has no training step to explain. A step is: loss.backward(), and "
            "then optimizer.step(), or p -= lr * p.grad under torch.no_grad()."
        )
    times = "once" if watcher.passes == 1 else f"{watcher.passes} times"
    return (
        f"{path} calls backward {times}, but never changes a parameter after it: there is no optimizer.step(), and no "
        "leaf is overwritten under torch.no_grad(). A backward pass alone is recorded by: backlit.trace(function)"
    )


def steps_of(path: str, arguments: Sequence[str] = ()) -> int:
    """How many steps a script has. It runs in a process of its own, so that it can run once more in this one.

    Raises SystemExit, after the script's own words, if it fails; NoSuchStepError if it asks for input.
    """
    import os
    import subprocess
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        answer = os.path.join(folder, "steps")
        command = [sys.executable, "-c", COUNT, answer, path, *arguments]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if done.returncode and done.stderr.splitlines()[-1:] == ["EOFError: EOF when reading a line"]:
            raise NoSuchStepError(
                f"{path} asks for input, and its steps are counted in a run that gets none. Ask for a step by its "
                "number: --step 2"
            )
        if done.returncode:
            sys.stderr.write(done.stderr)
            raise SystemExit(done.returncode)
        with open(answer, encoding="ascii") as file:
            return int(file.read())


COUNT = "import sys; from backlit.explain.script import count; count(*sys.argv[1:])"


def count(answer: str, path: str, *arguments: str) -> None:
    """Run a script and write into a file how many steps it had."""
    with Watcher(None) as watcher, suppress(ScriptError):  # which the one who asked will meet as well
        run_to_its_end(path, arguments)
        watcher.finish()
    with open(answer, "w", encoding="ascii") as file:
        file.write(str(watcher.done))
