"""C: the data. Not finite, not scaled, not shuffled, rare classes, and rows on both sides of an evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import nn
from backlit.autograd.modes import grad_mode
from backlit.doctor.course import MOST_ROWS, marks_of
from backlit.doctor.rule import Batch, LossCall, Place, Rule, here
from backlit.doctor.tape import finite
from backlit.optim import SGD
from backlit.tensor import Tensor

#: A column's root mean square, and the ratio of the largest to the smallest, above which inputs count as unscaled.
MOST_RMS, MOST_RATIO = 10.0, 100.0
#: A target's standard deviation, and its mean in standard deviations.
MOST_STD, MOST_MEAN = 10.0, 10.0
#: Labels that follow each other are alike: their correlation, over how many rows.
SORTED, SORTED_ROWS = 0.9, 100
#: Rows of the most frequent class for each of the rarest, and the share of a class that must be recognised.
MOST_IMBALANCE, LEAST_RECALL = 10.0, 0.3
#: A count is kept for each class, up to so many.
MOST_CLASSES = 100_000
#: Rows of a class that must have been seen before its recall is judged.
LEAST_ROWS = 20
#: Rows that were trained on, among those evaluated: at least so many, and this share.
LEAKED_ROWS, LEAKED_SHARE = 5, 0.01
#: Evaluations that are looked at, each up to so many rows.
EVALUATIONS = 5
#: What training on badly scaled numbers looks like.
BADLY_SCALED = ("divergence", "stuck-at-baseline", "exploding-gradient", "nan-origin")


def array_of_floats(value: Any) -> Any:
    """The array of a float tensor with rows; None for anything else."""
    if isinstance(value, Tensor) and value.array.dtype.kind == "f" and value.array.ndim >= 1 and value.array.size:
        return value.array
    return None


class NanInData(Rule):
    """The data hold NaN or infinity."""

    id, group = "nan-in-data", "C"
    swallows = ("nan-origin", "divergence", "exploding-gradient", "stuck-at-baseline", "unscaled-inputs")

    def on_batch(self, batch: Batch) -> None:
        if self.finding is not None:
            return
        for what, value in (("inputs", batch.x), ("targets", batch.y)):
            x = array_of_floats(value)
            if x is not None and not finite(x) and self.watch.tape.origin() is None and self.models_are_finite():
                self.say(what, x, batch.place)

    def models_are_finite(self) -> bool:
        """Whether no model has broken, whose outputs may be the next one's rows."""
        return all(finite(p) for model in self.watch.models for p in model.parameters())

    def say(self, what: str, x: np.ndarray, place: Place) -> None:
        bad = ~np.isfinite(x.reshape(len(x), -1))
        row, column = (int(k) for k in np.argwhere(bad)[0])
        value = x.reshape(len(x), -1)[row, column]
        self.find(
            f"The {what} hold {int(bad.sum())} numbers that are not finite: the first, {value}, in row {row}, column "
            f"{column} of the batch.",
            "rows = torch.isfinite(X).all(dim=1)\nX, y = X[rows], y[rows]   # or fill in a column's mean",
            place=place,
        )


def is_uneven(sizes: np.ndarray) -> bool:
    """Whether columns are large, or some are far larger than others; small ones beside those of about 1 do no harm."""
    largest = float(sizes.max())
    return largest > MOST_RMS or (largest > 1 and largest > MOST_RATIO * sizes.min())


class UnscaledInputs(Rule):
    """The inputs' columns are large, or of very different sizes."""

    id, group, severity, rises = "unscaled-inputs", "C", "note", True
    swallows: tuple[str, ...] = (*BADLY_SCALED, "saturated-units", "dead-relu")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.is_done = False

    def on_batch(self, batch: Batch) -> None:
        x = array_of_floats(batch.x)
        if self.is_done or x is None or x.ndim < 2:
            return
        self.is_done = True
        sizes = np.sqrt(np.mean(np.square(x.reshape(len(x), -1), dtype=float), axis=0))
        used = sizes[sizes > 0]
        if used.size and np.isfinite(used).all() and is_uneven(used):
            self.find(
                f"The inputs' columns have root mean squares from {used.min():.3g} to {used.max():.3g}; networks learn "
                "well from about 1.",
                "X = (X - X_train.mean(0)) / X_train.std(0)",
                place=batch.place,
            )

    def finish(self) -> None:
        if all(isinstance(optimizer, SGD) for optimizer in self.watch.optimizers):
            # The step of plain gradient descent grows with the inputs; Adam's does not, and its rate is then at fault.
            self.swallows = (*type(self).swallows, "lr-too-high")


class UnscaledTarget(Rule):
    """A quantity to predict that is far from 0, or spreads far."""

    id, group, severity, rises = "unscaled-target", "C", "note", True
    swallows: tuple[str, ...] = BADLY_SCALED
    LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.is_done = False

    def on_loss(self, call: LossCall) -> None:
        y = array_of_floats(call.target)
        if self.is_done or call.name not in self.LOSSES or y is None or len(y) < 2 or not grad_mode.enabled:
            return
        self.is_done = True
        mean, std = float(np.mean(y)), float(np.std(y))
        if np.isfinite(std) and (std > MOST_STD or abs(mean) > MOST_MEAN * std > 0):
            self.find(
                f"The targets have mean {mean:.4g} and standard deviation {std:.4g}: a network begins near 0 and 1.",
                "mean, std = y_train.mean(), y_train.std()\nloss = loss_fn(model(x), (y - mean) / std)",
                place=call.place,
            )

    def finish(self) -> None:
        if all(isinstance(optimizer, SGD) for optimizer in self.watch.optimizers):
            self.swallows = (*type(self).swallows, "lr-too-high")


class NotShuffled(Rule):
    """Rows come in the order of their labels."""

    id, group, severity = "not-shuffled", "C", "warning"
    swallows = ("stuck-at-baseline", "exploding-gradient", "divergence", "class-imbalance")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.labels: list[np.ndarray] = []
        self.place: Place | None = None
        self.steps: list[int] = []

    def on_batch(self, batch: Batch) -> None:
        y = batch.y.array
        is_first_epoch = not self.watch.course.epoch_rows
        # Of a step on several batches, as those of a GAN's judge, only the first one counts.
        is_first_of_step = not self.steps or self.steps[-1] != self.watch.steps
        is_wanted = is_first_epoch and is_first_of_step and len(self.labels) < MOST_ROWS
        if is_wanted and y.ndim in (1, 2) and y.size == len(y) > 1:
            self.place = batch.place
            self.labels.append(y.reshape(-1).copy())
            self.steps.append(self.watch.steps)

    def finish(self) -> None:
        if len(self.labels) < 2:
            return
        y = np.concatenate(self.labels)
        classes, counts = np.unique(y, return_counts=True)
        size = max(map(len, self.labels))
        is_classes = len(classes) <= len(y) / 4 and np.all(y == np.round(y))
        pure = [batch[0] for batch in self.labels if np.all(batch == batch[0])]
        # Batches of one and the same class are no sorted rows: a generator is only ever told that it is real.
        if is_classes and np.sum(counts >= size) >= 2 and 2 * len(pure) >= len(self.labels) and len(set(pure)) > 1:
            self.say(f"{len(pure)} of {len(self.labels)} batches hold a single class, though there are {len(classes)}.")
        run = self.consecutive()
        if len(run) >= SORTED_ROWS and np.std(run) > 0 and np.std(run[:-1]) > 0 and np.std(run[1:]) > 0:
            alike = float(np.corrcoef(run[:-1], run[1:])[0, 1])
            if alike > SORTED:
                self.say(f"Rows that follow each other have like targets: their correlation is {alike:.2f}.")

    def consecutive(self) -> np.ndarray:
        """The labels of the batches from the first on that were all seen."""
        count = next((k for k, step in enumerate(self.steps) if step != k), len(self.steps))
        return np.concatenate([np.empty(0), *self.labels[:count]])

    def say(self, what: str) -> None:
        self.find(f"The rows are not shuffled. {what}", "DataLoader(dataset, batch_size=32, shuffle=True)",
                  place=self.place)  # fmt: skip


class ClassImbalance(Rule):
    """Some classes are rare; a warning where they are not recognised."""

    id, group, severity = "class-imbalance", "C", "note"
    swallows = ("stuck-at-baseline",)

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.counts = self.hits = self.rows = np.zeros(0)
        self.place: Place | None = None

    def on_loss(self, call: LossCall) -> None:
        found = labels_and_guesses(call)
        if found is None or not grad_mode.enabled or not found[0].size:
            return
        if found[0].min() < 0 or found[0].max() > MOST_CLASSES:
            return  # no class numbers: scores, perhaps, which stand in the target's place
        self.place = call.place
        labels, guesses = found
        rows = np.bincount(labels, minlength=len(self.counts))
        hits = np.bincount(labels[labels == guesses], minlength=len(rows))
        if len(rows) > len(self.counts):
            self.counts, self.rows, self.hits = (longer(x, len(rows)) for x in (self.counts, self.rows, self.hits))
        self.counts = self.counts + rows
        # What was seen lately counts more: the recall of a network that still learns is that of its last guesses.
        self.rows, self.hits = 0.8 * self.rows + rows, 0.8 * self.hits + hits

    def finish(self) -> None:
        present = np.flatnonzero(self.counts)
        if len(present) < 2 or self.counts.max() <= MOST_IMBALANCE * self.counts[present].min():
            return
        rare = int(present[np.argmin(self.counts[present])])
        recall = float(self.hits[rare] / self.rows[rare])
        is_missed = recall < LEAST_RECALL and self.counts[rare] >= LEAST_ROWS and not self.watch.has_rested
        self.find(
            f"Class {rare} has {self.counts[rare] / self.counts.sum():.1%} of the rows, and {recall:.0%} of them are "
            "recognised.",
            "weight = counts.sum() / (len(counts) * counts)   # rows of each class\n"
            "loss_fn = nn.CrossEntropyLoss(weight=weight)",
            place=self.place,
            severity="warning" if is_missed else "note",
        )


def longer(counts: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([counts, np.zeros(size - len(counts))])


def labels_and_guesses(call: LossCall) -> tuple[np.ndarray, np.ndarray] | None:
    """The true classes and the predicted ones; None where the loss is not about classes."""
    x, y = call.input.array, call.target.array
    if call.name in ("cross_entropy", "nll_loss") and x.ndim == 2 and y.ndim == 1 and len(x) == len(y):
        return (y, x.argmax(axis=1)) if y.dtype.kind in "iu" else None
    if call.name.startswith("binary") and x.shape == y.shape and x.ndim and x.size == len(x):
        cut = 0.5 if call.name == "binary_cross_entropy" else 0.0
        return y.reshape(-1).round().astype(int), (x.reshape(-1) > cut).astype(int)
    return None


class ValidationLeak(Rule):
    """Rows that are trained on are evaluated on too."""

    id, group, severity = "validation-leak", "C", "warning"

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.sets: list[tuple[set[int], Place]] = []

    def on_evaluation(self, model: Any, x: Any) -> None:
        x = array_of_floats(x)
        if x is not None and len(self.sets) < EVALUATIONS and len(x) <= MOST_ROWS and not model.training:
            self.sets.append((set(marks_of(x)), here()))

    def finish(self) -> None:
        course = self.watch.course
        trained = course.rows
        if not course.epoch_rows or len(trained) < course.epoch_rows / 2:
            return  # few distinct rows: equal ones prove nothing
        for rows, place in self.sets:
            both = len(rows & trained)
            # All rows of the training set, or none but such, are evaluated on purpose: to see how well they fit.
            is_part = both < len(trained) and both < len(rows)
            if is_part and both >= LEAKED_ROWS and both >= LEAKED_SHARE * len(rows):
                self.find(
                    f"{both} of {len(rows)} rows that the model is evaluated on are also trained on: the result is too "
                    "good.",
                    "rows = torch.randperm(len(X))   # without duplicates: a row on one side only\n"
                    "train, test = rows[:800], rows[800:]",
                    place=place,
                )


class BatchnormSingleRow(Rule):
    """Batch normalisation of one row gives zeros: its mean is the row itself."""

    id, group, severity = "batchnorm-single-row", "C", "error"
    FIX = "DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)"

    def on_module(self, module: Any, args: tuple[Any, ...]) -> None:
        is_normalising = isinstance(module, nn.modules.batchnorm._BatchNorm) and module.training
        if is_normalising and args and isinstance(args[0], Tensor) and args[0].array.ndim >= 2:
            x = args[0].array
            if len(x) == 1 and x.size == x.shape[1]:
                self.say(here())

    def on_error(self, error: BaseException, place: Place) -> None:
        if isinstance(error, ValueError) and "more than 1 value per channel" in str(error):
            self.say(place)

    def say(self, place: Place) -> None:
        self.find("A batch of a single row went through batch normalisation in training.", self.FIX, place=place)
