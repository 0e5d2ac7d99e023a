"""All that a run needs to go on to the bit as if it had never stopped, as a value and as a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backlit.random import get_rng_state, set_rng_state
from backlit.train.events import Callback, Run
from backlit.train.packing import pack, unpack

# Raised when an entry changes its meaning.
FORMAT = 1


class StateError(ValueError):
    """A state that is damaged, or of another run."""


@dataclass(frozen=True)
class State:
    """A run between two steps: weights, optimizer, generator, the order of rows and the place in it, history, and
    what callbacks keep, such as the best weights or a schedule. A tree of arrays, numbers and texts; nothing in it is
    shared with the run.
    """

    tree: dict[str, Any]


def capture(run: Run) -> State:
    """The state of a run. Raises TypeError where a callback keeps what cannot be saved."""
    history = run.history
    tree = {
        "format": FORMAT,
        "step": run.step,
        "epoch": run.epoch,
        "loss": run.loss,
        "model": dict(run.model.state_dict()),
        "optimizer": run.optimizer.state_dict(),
        "generator": get_rng_state(),
        "order": run.batches.order if run.batches.start else None,  # the next epoch draws its own
        "start": run.batches.start,
        "losses": history.losses,
        "epochs": history.epochs,
        "callbacks": {name: callback.state_dict() for name, callback in _with_state(run)},
    }
    return State(unpack(pack(tree)))


def restore(state: State, run: Run) -> None:
    """Put a run where `capture` found one. Its model, optimizer, rows and callbacks must be of the same make.

    Raises StateError if they are not.
    """
    tree = state.tree
    callbacks = dict(_with_state(run))
    if callbacks.keys() != tree["callbacks"].keys():
        saved = sorted(tree["callbacks"])
        raise StateError(f"it is of a run with {saved}, and this one has {sorted(callbacks)}")
    try:
        run.model.load_state_dict(tree["model"])
        run.optimizer.load_state_dict(tree["optimizer"])
    except (RuntimeError, ValueError) as error:
        last = str(error).splitlines()[-1].strip().removesuffix(".")
        raise StateError(f"it is of another network or optimizer: {last}") from error
    set_rng_state(tree["generator"])
    run.batches.order, run.batches.start = tree["order"], tree["start"]
    run.step, run.epoch, run.loss = tree["step"], tree["epoch"], tree["loss"]
    run.history.add_steps(tree["losses"])
    run.history.epochs.extend(dict(row) for row in tree["epochs"])
    for name, callback in callbacks.items():
        callback.load_state_dict(tree["callbacks"][name])


def save(state: State, path: str | Path) -> None:
    """Write a state as a safetensors file. Raises OSError where that fails."""
    Path(path).write_bytes(pack(state.tree))


def load(path: str | Path) -> State:
    """Read what `save` wrote. Raises OSError, or StateError for a file that is damaged or of another format."""
    try:
        tree = unpack(Path(path).read_bytes())
    except ValueError as error:
        raise StateError(f"it is damaged: the file was cut off or altered ({error})") from error
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise StateError(f"it is no state in format {FORMAT}, which this version reads")
    return State(tree)


class Resume(Callback):
    """Starts a run where another one stood. It comes after a schedule, which must be made, and before early stopping,
    which looks whether its patience is over.
    """

    def __init__(self, state: State) -> None:
        self.state = state

    def on_start(self, run: Run) -> None:
        restore(self.state, run)


class Capture(Callback):
    """Keeps the state at a run's end. Given before early stopping, which then puts the best weights back."""

    state: State

    def on_end(self, run: Run) -> None:
        self.state = capture(run)


def _with_state(run: Run) -> Iterator[tuple[str, Any]]:
    """The callbacks that keep something, each with a name of its own."""
    counts: Counter[str] = Counter()
    for callback in run.callbacks:
        if hasattr(callback, "state_dict") and hasattr(callback, "load_state_dict"):
            name = type(callback).__name__
            counts[name] += 1
            yield f"{name} {counts[name]}", callback
