"""A look at a model, its loss and a batch before the training begins."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from backlit import nn
from backlit.doctor.course import CLASSES, baseline_of
from backlit.doctor.finding import Finding
from backlit.doctor.rule import LossCall, Place, Rule, here
from backlit.doctor.watch import Watch
from backlit.optim import Adam
from backlit.random import fork_rng
from backlit.tensor import Tensor

#: Rows that a network must be able to learn by heart, in so many steps of Adam at this rate.
ROWS, STEPS, RATE = 16, 500, 0.01
#: Learned by heart: so many of the rows right, or this share of the loss of a guess.
RIGHT, LEFT = 0.99, 0.01
#: Steps with which the other rules look.
LOOKS = 2


class BatchMixed(Rule):
    """One row's output depends on another row: an axis is mistaken for the batch's."""

    id, group = "batch-mixed", "B"
    swallows = ("cannot-overfit-one-batch",)

    def say(self, name: str, place: Place) -> None:
        self.find(
            f"The output of row 0 changes when other rows of the batch do; {name} is the first that mixes them.",
            "x.flatten(1)   # and sums, softmax, reshape over dim 1, not over the batch's dim 0",
            place=place,
        )


class CannotOverfitOneBatch(Rule):
    """A network that cannot learn a few rows by heart will not learn many."""

    id, group, severity = "cannot-overfit-one-batch", "E", "warning"

    def say(self, rows: int, loss: float, guess: float, place: Place) -> None:
        self.find(
            f"{STEPS} steps of Adam on {rows} rows left a loss of {loss:.4g}, where the same answer for every row has "
            f"{guess:.4g}.",
            "nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))   # wide enough, and all of it connected",
            place=place,
        )


def check(model: Any, loss_fn: Callable[[Any, Any], Any], batch: tuple[Any, Any]) -> list[Finding]:
    """What is wrong with a model, its loss function and a batch (x, y), before the first step.

    Shape: x (N, ...), y (N, ...). Looks at the loss, the data and the initial weights, whether rows of the batch reach
    each other's outputs, and whether a few rows can be learned by heart. All of it is done on a copy: the model and the
    random generator are afterwards as they were. Out: findings, causes first.

    >>> import backlit as torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Softmax(1))
    >>> x, y = torch.randn(12, 2), torch.randint(0, 3, (12,))
    >>> torch.doctor.check(net, torch.nn.CrossEntropyLoss(), (x, y))[0].rule
    'softmax-twice'
    """
    from backlit.doctor import RULES

    x, y = batch
    place = here()
    watch = Watch(RULES)
    with fork_rng(), Watch([]):  # which keeps the trials from one who watches the whole program
        try:
            with watch:
                _look(copy.deepcopy(model), loss_fn, x, y)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            watch.tell("on_error", error, place)
            if not watch.findings:
                raise
            return watch.findings
        _mixing(watch, copy.deepcopy(model), x, place)
        if not any(finding.severity == "error" for finding in watch.findings):
            _by_heart(watch, copy.deepcopy(model), loss_fn, x[:ROWS], y[:ROWS], place)
    return watch.findings


def _look(model: Any, loss_fn: Any, x: Any, y: Any) -> None:
    """A few steps, so that rules of order and of initial weights can speak."""
    optimizer = Adam(model.parameters(), lr=1e-4)
    model.train()
    for _ in range(LOOKS):
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()


def _rule(watch: Watch, kind: type[Rule]) -> Any:
    return next(rule for rule in watch.rules if isinstance(rule, kind))


def _mixing(watch: Watch, model: Any, x: Any, place: Place) -> None:
    """Run the model on the batch, and on one with other rows after the first: what becomes of the first?"""
    if not isinstance(x, Tensor) or x.array.ndim < 1 or len(x.array) < 2:
        return
    model.eval()
    first, second = _tape(model, x), _tape(model, Tensor.wrap(np.concatenate([x.array[:1], x.array[:0:-1] + 1])))
    if x.array.dtype.kind != "f" or len(first) != len(second) or not first or _is_same(first[-1], second[-1], len(x)):
        return
    mixing = next((a for a, b in zip(first, second, strict=True) if not _is_same(a, b, len(x))), first[-1])
    _rule(watch, BatchMixed).say(mixing.op.torch or mixing.op.name, mixing.place if mixing.place.line else place)


def _is_same(a: Any, b: Any, rows: int) -> bool:
    """Whether the first row is the same in both, but for rounding; what has no rows says nothing."""
    p, q = a.result.array, b.result.array
    if p.ndim == 0 or len(p) != rows or p.shape != q.shape:
        return p.ndim != 0 and len(p) != rows and bool(p.shape != q.shape or np.allclose(p, q, rtol=1e-4, atol=1e-6))
    return bool(np.allclose(p[0], q[0], rtol=1e-4, atol=1e-6))


def _tape(model: Any, x: Any) -> list[Any]:
    watch = Watch([])
    with watch:
        model(x)
        return watch.tape.read()


def _by_heart(watch: Watch, model: Any, loss_fn: Any, x: Any, y: Any, place: Place) -> None:
    """Train on a few rows, without dropout, until they must be known."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.eval()
    optimizer = Adam(model.parameters(), lr=RATE)
    heard: list[LossCall] = []
    listener = Watch(
        [type("Last", (Rule,), {"id": "last", "group": "B", "on_loss": lambda _, call: heard.append(call)})]
    )
    value = 0.0
    for step in range(STEPS):
        optimizer.zero_grad()
        if step == STEPS - 1:
            with listener:
                loss = loss_fn(model(x), y)
        else:
            loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        value = float(loss.array)
    if not heard:
        return
    call = heard[-1]
    guess = baseline_of(call.name, call.target.array)
    is_right = False
    if call.name in CLASSES and call.target.array.ndim == 1 and call.input.array.ndim == 2:
        is_right = bool(np.mean(call.input.array.argmax(axis=1) == call.target.array) >= RIGHT)
    if guess == guess and guess > 0 and not is_right and value > LEFT * guess:
        _rule(watch, CannotOverfitOneBatch).say(len(x), value, guess, place)
