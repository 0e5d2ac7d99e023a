"""One network in training, in small chunks of steps; where it stands, taken down and put back."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit import nn
from backlit.autograd.modes import no_grad
from backlit.live.build import Recipe, SharedOrder, linear_layers, objective, with_dropout
from backlit.live.controls import Settings
from backlit.live.curves import Curves
from backlit.live.rows import Rows
from backlit.optim import Optimizer
from backlit.random import default_generator, fork_rng, manual_seed
from backlit.tensor import Tensor
from backlit.train.choices import Loss
from backlit.train.engines import Eager, Engine
from backlit.train.loop import outputs_of
from backlit.train.native import Native
from backlit.train.rehearsal import tensors_of

if TYPE_CHECKING:
    from backlit.live.watching import Watching

#: Seconds between two measurements at least, and the share of the time that they may take.
MEASURED_EVERY, MEASURED_SHARE = 0.05, 0.2
#: Steps between two evaluations while the doctor listens.
HEARD_EVERY = 5
#: Settings that change how the steps are computed, and not what is trained.
LIVE = ("learning_rate", "momentum", "l1", "l2", "dropout", "loss", "optimizer", "batch")


@dataclass(frozen=True)
class Regime:
    """All that computes the steps, until a setting changes.

    `settings` and `rows` are what a recipe made of those that were `asked` for and `given`. `first` is the step at
    which this order of rows began, after so many `epochs` and `samples`; the engine counts its steps from
    `engine_first`.
    """

    asked: Settings
    given: Rows
    settings: Settings
    rows: Rows
    model: nn.Sequential
    loss: Loss
    optimizer: Optimizer
    batches: SharedOrder
    loop: Eager
    engine: Engine
    engine_first: int = 0
    first: int = 0
    epochs: int = 0
    samples: int = 0


@dataclass(frozen=True)
class Measures:
    """What is known of the weights as they are: losses without penalty, over all rows of a part, in evaluation mode.

    `layers`: of each, the norms of its gradient and of its weights, and the size of the last update against them.
    """

    loss: float = math.nan
    test_loss: float = math.nan
    accuracy: float = math.nan
    test_accuracy: float = math.nan
    grad_norm: float = math.nan
    layers: np.ndarray = dataclasses.field(default_factory=lambda: np.empty((0, 3)))


@dataclass(frozen=True)
class Snapshot:
    """A run between two steps. `arrays` pairs each array of the run with its values then."""

    step: int
    loss: float
    regime: Regime
    arrays: list[tuple[np.ndarray, np.ndarray]]
    states: list[tuple[Any, dict[str, Any]]]
    gradients: list[tuple[Any, Any]]
    generator: np.ndarray
    order: np.ndarray | None
    start: int
    taken: int
    measures: Measures

    @property
    def bytes(self) -> int:
        """About as much memory as it takes: numbers, and 200 bytes for each array that holds some."""
        arrays = [values for _, values in self.arrays] + [g for _, g in self.gradients if g is not None]
        arrays += [self.generator, *([] if self.order is None else [self.order])]
        return sum(array.nbytes + 200 for array in arrays)


class Training:
    """A run of settings on rows. It has a random generator of its own, so that runs side by side do not mix.

    With a `leader` it draws the random numbers that the leader did, and follows it. `watching` is the doctor's.
    """

    def __init__(
        self,
        settings: Settings,
        rows: Rows,
        recipe: Recipe | None = None,
        leader: Training | None = None,
        watching: Watching | None = None,
    ) -> None:
        self.recipe, self.watching = recipe or Recipe(), watching
        with fork_rng():
            manual_seed(settings.seed)
            self.regime = self._built(settings, rows)
            self.generator: np.ndarray = default_generator.get_state() if leader is None else leader.first_generator
        self.first_generator: np.ndarray = self.generator
        self.dice = self.generator  # for evaluations in training mode
        self.step = 0
        self.loss = math.nan  # of the last step
        self.curves = Curves(len(self.layers))
        self.pace = 0.0  # seconds a step
        self.measured_at = -math.inf
        self.measuring_took = 0.0
        self.measures = Measures()

    def _built(self, asked: Settings, given: Rows) -> Regime:
        recipe = self.recipe
        settings, rows = recipe.settings(asked), recipe.rows(given)
        model = recipe.model(settings, rows)
        model.train()
        loss, optimizer = recipe.loss(settings, rows), recipe.optimizer(settings, model)
        batches = recipe.batches(settings, rows)
        loop = recipe.loop(model, objective(loss, settings, model), optimizer, batches)
        return Regime(asked, given, settings, rows, model, loss, optimizer, batches, loop, recipe.engine(loop))

    # Where it stands.

    @property
    def model(self) -> nn.Sequential:
        return self.regime.model

    @property
    def rows(self) -> Rows:
        return self.regime.rows

    @property
    def layers(self) -> list[Any]:
        """The linear layers."""
        return linear_layers(self.model)

    @property
    def epoch(self) -> int:
        """Passes over the data that are done."""
        regime = self.regime
        return regime.epochs + (self.step - regime.first) // regime.batches.steps_per_epoch

    @property
    def samples(self) -> int:
        """Rows seen, each as often as it was."""
        regime = self.regime
        return regime.samples + (self.epoch - regime.epochs) * regime.batches.rows + regime.batches.start

    @property
    def epoch_end(self) -> int:
        """The step at which the present epoch ends."""
        regime = self.regime
        return regime.first + (self.epoch - regime.epochs + 1) * regime.batches.steps_per_epoch

    # Steps.

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inside, this run's random numbers are drawn."""
        with fork_rng():
            default_generator.set_state(self.generator)
            try:
                yield
            finally:
                self.generator = default_generator.get_state()

    def advance(self, most: int, engine: Engine | None = None, seconds: float = 0.0) -> np.ndarray:
        """Take at least one step and at most `most`, for about so many seconds; by another engine if one is given.

        Out: their losses (steps,), penalties included; nothing comes after one that is not finite.
        """
        if self.watching is None:
            losses = self.steps(most, engine, seconds)
        else:
            losses = self.watching.watched(self, most, engine, seconds)
        self.curves.of["loss"].add(np.arange(self.step - len(losses) + 1, self.step + 1), losses)
        return losses

    def steps(self, most: int, engine: Engine | None = None, seconds: float = 0.0) -> np.ndarray:
        """Take steps as `advance` does; nobody is told of them.  Out: their losses (steps,)."""
        last, end = self.step + most, time.perf_counter() + seconds
        parts: list[np.ndarray] = []
        with self.running():
            while not parts or (self.step < last and math.isfinite(self.loss) and time.perf_counter() < end):
                # Without a time it is the engine's own affair how many steps it takes at once.
                left = self.steps_in(end - time.perf_counter()) if seconds else most
                parts.append(self._chunk(min(last - self.step, left), engine))
        return np.concatenate(parts)

    def _chunk(self, most: int, engine: Engine | None) -> np.ndarray:
        start, regime = time.perf_counter(), self.regime
        losses = (engine or regime.engine).advance(most, self.step - regime.engine_first)
        if engine is not None and isinstance(regime.engine, Native):
            regime.engine.taken += len(losses)
        self.step += len(losses)
        self.loss = float(losses[-1])
        self.pace = (time.perf_counter() - start) / len(losses)
        return losses

    def follow(self, leader: Training) -> None:
        """Take the steps that the leader took, which are of one epoch, on the same rows where batches are as large."""
        self._share_order(leader)
        while self.step < leader.step:
            self.advance(leader.step - self.step)

    def _share_order(self, leader: Training) -> None:
        ours, theirs = self.regime.batches, leader.regime.batches
        ours.given = theirs.order if ours.batch_size == theirs.batch_size else None

    def steps_in(self, seconds: float) -> int:
        """How many steps fit."""
        return max(1, int(seconds / self.pace)) if self.pace else 1

    # Measuring.

    @property
    def is_due(self) -> bool:
        """Whether to measure again: now and then, and often enough for the doctor to hear of it."""
        if self.watching is not None and self.watching.hears(self) and self.step % HEARD_EVERY == 0:
            return True
        pause = max(MEASURED_EVERY, self.measuring_took / MEASURED_SHARE)
        return time.perf_counter() - self.measured_at >= pause

    def advance_and_measure(self, engine: Engine | None = None) -> np.ndarray:
        """One step whose update is measured.  Out: its loss (1,)."""
        before = self._weights()
        losses = self.advance(1, engine)
        self.measure(self._updates_since(before))
        return losses

    def _weights(self) -> list[np.ndarray]:
        return [layer.weight.array.copy() for layer in self.layers]

    def _updates_since(self, before: list[np.ndarray]) -> list[float]:
        return [norm(layer.weight.array - old) for layer, old in zip(self.layers, before, strict=True)]

    def measure(self, updates: list[float] | None = None) -> None:
        """Look at the run as it stands, and let the curves have it. `updates` are how far the last step moved the
        weights of each layer; without them they are what they were.
        """
        start = time.perf_counter()
        with self.watching.evaluation(self) if self.watching else nullcontext():
            heard = self.evaluated(*(self.rows.test if self.rows.has_test else self.rows.train))
        self.measures = self.measured(updates, heard)
        self.curves.add(self.step, self.measures)
        if self.watching:
            self.watching.tell_score(self)
        self.measured_at = time.perf_counter()
        self.measuring_took = self.measured_at - start

    def measured(self, updates: list[float] | None = None, known: tuple[float, float] | None = None) -> Measures:
        """What is known of the weights as they are. `known` are loss and accuracy of the test rows, or without any
        of the training rows, if they were evaluated already.
        """
        rows, nothing = self.rows, (math.nan, math.nan)
        tested = known or self.evaluated(*rows.test) if rows.has_test else nothing
        loss, accuracy = known if known and not rows.has_test else self.evaluated(*rows.train)
        test_loss, test_accuracy = tested
        layers = self._layers_measured(updates)
        return Measures(loss, test_loss, accuracy, test_accuracy, float(np.sqrt(np.sum(layers[:, 0] ** 2))), layers)

    def evaluated(self, x: Tensor, y: Tensor) -> tuple[float, float]:
        """The loss of rows, and their accuracy or R2."""
        with no_grad(), np.errstate(all="ignore"):
            scores = self._outputs_in_training(x) if self.recipe.evaluates_in_training else outputs_of(self.model, x)
            loss = float(self.regime.loss(scores, y).item())
            measures = self.rows.task.measure(scores.array, y.array)
        return loss, measures["r2" if self.rows.kind == "regression" else "accuracy"]

    def _outputs_in_training(self, x: Tensor) -> Tensor:
        """The outputs that dropout leaves, other ones each time; what the steps draw stays as it would be."""
        with fork_rng():
            default_generator.set_state(self.dice)
            scores: Tensor = self.model(x)
            self.dice = default_generator.get_state()
        return scores

    def _layers_measured(self, updates: list[float] | None) -> np.ndarray:
        table = np.full((len(self.layers), 3), np.nan)
        if updates is None and len(self.measures.layers):
            table[:, 2] = self.measures.layers[:, 2]
        for k, layer in enumerate(self.layers):
            gradients = [p.grad.array for p in (layer.weight, layer.bias) if p.grad is not None]
            table[k, 0] = math.hypot(*map(norm, gradients)) if gradients else math.nan
            table[k, 1] = norm(layer.weight.array)
            if updates is not None:
                table[k, 2] = updates[k] / table[k, 1] if table[k, 1] else math.nan
        return table

    # Changes while it goes on.

    def set(self, settings: Settings) -> None:
        """Go on with other settings, of which none builds anew."""
        old, asked = self.regime, settings
        settings = self.recipe.settings(asked)
        changed = {name for name in LIVE if getattr(settings, name) != getattr(old.settings, name)}
        new = dataclasses.replace(old, asked=asked, settings=settings)
        if "batch" in changed:
            new = self._with_batches(new)
        if "dropout" in changed:
            new = dataclasses.replace(new, model=with_dropout(new.model, settings.dropout).train())
        if "loss" in changed:
            new = dataclasses.replace(new, loss=self.recipe.loss(settings, new.rows))
        if "optimizer" in changed:
            new = dataclasses.replace(new, optimizer=self.recipe.optimizer(settings, new.model))
        self.recipe.tune(new.optimizer, settings)
        self.regime = new if changed <= {"learning_rate"} else self._with_engine(new)

    def take_rows(self, rows: Rows) -> None:
        """Go on with other rows, from the beginning of an epoch."""
        new = dataclasses.replace(self.regime, given=rows, rows=self.recipe.rows(rows))
        self.regime = self._with_engine(self._with_batches(new))

    def _with_batches(self, regime: Regime) -> Regime:
        return dataclasses.replace(
            regime,
            batches=self.recipe.batches(regime.settings, regime.rows),
            first=self.step,
            epochs=self.epoch,
            samples=self.samples,
        )

    def _with_engine(self, regime: Regime) -> Regime:
        loss = objective(regime.loss, regime.settings, regime.model)
        loop = self.recipe.loop(regime.model, loss, regime.optimizer, regime.batches)
        return dataclasses.replace(regime, loop=loop, engine=self.recipe.engine(loop), engine_first=self.step)

    # Taking down and putting back.

    def snapshot(self) -> Snapshot:
        """All that decides the steps to come."""
        regime = self.regime
        return Snapshot(
            self.step, self.loss, regime,
            arrays=[(t.array, t.array.copy()) for t in tensors_of(regime.model, regime.optimizer)],
            states=[(p, dict(state)) for p, state in regime.optimizer.state.items()],
            gradients=[(p, None if p.grad is None else p.grad.array.copy()) for p in regime.model.parameters()],
            generator=self.generator,
            order=regime.batches.order,
            start=regime.batches.start,
            taken=getattr(regime.engine, "taken", 0),
            measures=self.measures,
        )  # fmt: skip

    def restore(self, snapshot: Snapshot) -> None:
        """Stand where the snapshot was taken. The curves stay as they are."""
        self.step, self.loss, self.regime = snapshot.step, snapshot.loss, snapshot.regime
        regime = self.regime
        for array, values in snapshot.arrays:
            array[...] = values
        for p, state in snapshot.states:
            regime.optimizer.state[p] = dict(state)
        self.recipe.tune(regime.optimizer, regime.settings)
        for p, gradient in snapshot.gradients:
            p.grad = None if gradient is None else Tensor.wrap(gradient.copy())
        self.generator, self.measures = snapshot.generator, snapshot.measures
        regime.batches.order, regime.batches.start = snapshot.order, snapshot.start
        if isinstance(regime.engine, Native):
            regime.engine.taken = snapshot.taken


def repeat(runs: Sequence[Training], step: int) -> None:
    """Take the steps up to one again, side by side; the curves have them. The last one's update is measured."""
    leader, *others = runs
    while leader.step < step:
        most = max(1, step - 1 - leader.step)
        if others:  # who are given one order of rows at a time
            most = min(most, leader.epoch_end - leader.step)
        before = [run._weights() for run in runs] if leader.step == step - 1 else []
        leader.steps(most)
        for run in others:
            run._share_order(leader)
            while run.step < leader.step:
                run.steps(leader.step - run.step)
        for run, weights in zip(runs, before, strict=False):
            run.measures = run.measured(run._updates_since(weights))


def norm(x: np.ndarray) -> float:
    """The root of the sum of squares, in double precision."""
    return float(np.linalg.norm(x.astype(np.float64)))
