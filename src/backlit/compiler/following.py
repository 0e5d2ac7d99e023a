"""The optimizers of a recorded step: what they counted and were told since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Settings = dict[str, Any]


class Followed:
    """Optimizers whose step was recorded, as they stood at the end of it. `updated` are the parameters it changed."""

    def __init__(self, optimizers: Sequence[Any], updated: Sequence[Any]) -> None:
        self.optimizers, self.updated = list(dict.fromkeys(optimizers)), updated
        self.groups = [settings_of(group) for group in self.all_groups()]
        self.counted = self.counts()

    def all_groups(self) -> list[Settings]:
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def counters(self) -> list[Any]:
        """The arrays in which the optimizers count their steps, one a parameter."""
        states = [optimizer.state[p] for optimizer in self.optimizers for p in self.updated if p in optimizer.state]
        return [state["step"].array for state in states if "step" in state]

    def counts(self) -> list[float]:
        return [counter.item() for counter in self.counters()]

    def rates(self) -> dict[float, float] | None:
        """For each recorded learning rate the present one; None if more than rates is other than it was."""
        return rates_between(self.groups, [settings_of(group) for group in self.all_groups()])

    def taken(self) -> int | None:
        """How many steps were counted since; None if the parameters do not agree on that."""
        now = self.counts()
        taken = {int(b - a) for a, b in zip(self.counted, now, strict=False)} or {0}
        return taken.pop() if len(taken) == 1 and len(now) == len(self.counted) else None

    def note(self) -> None:
        """One more step was taken: what the optimizers count, and that their parameters' memory was overwritten."""
        for counter in self.counters():
            counter += 1
        for p in self.updated:
            p.version.count += 1


def rates_between(before: Sequence[Settings], after: Sequence[Settings]) -> dict[float, float] | None:
    """For each learning rate of some groups the later one; None if they differ in anything else."""
    if [{**group, "lr": 0} for group in after] != [{**group, "lr": 0} for group in before]:
        return None
    rates: dict[float, float] = {}
    for old, new in zip(before, after, strict=True):
        if rates.setdefault(old["lr"], new["lr"]) != new["lr"]:
            return None
    return rates


def settings_of(group: Settings) -> Settings:
    """A group's settings as numbers, and which of its parameters are trained."""
    settings = {name: value for name, value in group.items() if name != "params"}
    return {**settings, "lr": float(group["lr"]), "trained": [p.requires_grad for p in group["params"]]}
