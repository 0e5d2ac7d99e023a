"""The native engine: a step that repeats itself is compiled, and runs from there on without Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backlit.nn import Module
from backlit.ops.registry import reading
from backlit.optim import Optimizer
from backlit.train.batches import Batches
from backlit.train.choices import Loss
from backlit.train.engines import Eager
from backlit.train.specialised import Specialised

#: A run whose settings change more often than this, other than its learning rates, is not compiled anew.
MOST_COMPILED = 5
#: An epoch's short last batch is compiled for once a run has taken so many steps: before, that would take longer than
#: it saves.
SHORT_FROM = 1000


class Native:
    """Runs chunks of steps as machine code, and eagerly what has no compiled form.

    A run's first `begin` steps are eager, the one in which the optimizer makes its state, and all that somebody listens
    to. Then two steps are rehearsed and recorded; if they did the same, what they did is compiled, and all whole
    batches from there on run natively, in a long run short ones too. Rehearsed steps leave everything as it was, so
    that a run that was interrupted goes on with the very bits of one that was not.
    `reason` says why nothing is compiled, "" if all is well; `tell` is called with it once.
    """

    def __init__(
        self,
        model: Module,
        loss: Loss,
        optimizer: Optimizer,
        batches: Batches,
        begin: int,
        tell: Callable[[str], None],
    ) -> None:
        self.eager = Eager(model, loss, optimizer, batches)
        self.begin = begin
        self.model, self.optimizer, self.batches, self.tell = model, optimizer, batches, tell
        self.reason = ""
        self.versions: dict[int, Specialised] = {}  # by the size of a batch
        self.compiled = 0  # how often
        self.taken = 0  # steps of this engine

    @property
    def is_compiled(self) -> bool:
        return bool(self.versions) and not self.reason

    def advance(self, most: int, after: int = 0) -> np.ndarray:
        """Take at least one and at most `most` steps, after so many of the run.  Out: their losses (steps,) float64."""
        count = self.like_the_next(most)
        begin = self.begin if self.batches.next_size() == self.batches.batch_size else self.begin + SHORT_FROM
        has_state = bool(self.optimizer.state) or not self.optimizer.needs_state
        if self.reason or after < begin or not has_state or reading.listener is not None:
            return self.eagerly()
        try:
            losses = self.natively(count)
        except (ImportError, OSError) as error:  # OSError: it is there, and cannot be loaded
            self.give_up(f"LLVM cannot be used ({error})")
            return self.eagerly()
        return losses if len(losses) else self.refused()

    def like_the_next(self, most: int) -> int:
        """How many steps see a batch as large as the next one's."""
        batches = self.batches
        return most if batches.rows % batches.batch_size == 0 else min(most, max(1, batches.left()))

    def eagerly(self) -> np.ndarray:
        self.taken += 1
        return self.eager.advance(1)

    def refused(self) -> np.ndarray:
        """Take a step that native code did not: of a row that cannot be computed with, where the eager engine raises.

        If it does not raise, what was compiled for a lower count of steps is of no more use.
        """
        size = self.batches.next_size()
        losses = self.eagerly()
        self.versions.pop(size, None)
        return losses

    def natively(self, count: int) -> np.ndarray:
        """Out: the losses of the steps that were taken, if any."""
        size = self.batches.next_size()
        version = self.versions.get(size)
        rates = None if version is None else version.as_recorded.rates()
        if version is None or rates is None:
            version = self.prepared(size)
            rates = None if version is None else version.as_recorded.rates()
        if version is None or rates is None:
            return np.empty(0)
        if any(old != new for old, new in rates.items()) and not self.tried(lambda: version.check_rates(self.taken)):
            return np.empty(0)
        losses = version.run(count, self.taken, rates)
        self.taken += len(losses)
        return losses

    def prepared(self, size: int) -> Specialised | None:
        """A step compiled for batches of this size; None, with a reason given, if there is no way."""
        self.compiled += 1
        if self.compiled > MOST_COMPILED:
            self.give_up("the optimizer's settings, or the model's tensors, are others again and again")
            return None
        self.versions.pop(size, None)

        def prepare() -> None:
            self.versions[size] = Specialised(self.eager, self.taken)

        return self.versions[size] if self.tried(prepare) else None

    def tried(self, attempt: Callable[[], None]) -> bool:
        """Whether an attempt succeeds; if it never can, the rest of the run is eager."""
        from backlit.compiler.native import NotCompilable, NotYet
        from backlit.tracing import TraceError

        try:
            attempt()
            return True
        except NotYet:
            pass
        except (NotCompilable, TraceError) as error:
            self.give_up(str(error))
        except Exception as error:  # if it is the step's own, the eager engine raises it when its turn comes
            self.give_up(f"preparing it raised {type(error).__name__}: {error}")
        return False

    def give_up(self, reason: str) -> None:
        self.reason = reason
        self.tell(reason)
