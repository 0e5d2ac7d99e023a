"""What every rule is: a small class that listens to some events, and may name one cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from backlit.autograd.tracked import users_frame
from backlit.doctor.finding import Finding, Severity

if TYPE_CHECKING:
    from backlit.doctor.watch import Watch


class Place(NamedTuple):
    """A line of the user's."""

    file: str
    line: int


def here() -> Place:
    """The user's line that runs now."""
    frame = users_frame()
    return Place(frame.f_code.co_filename, frame.f_lineno)


class OpCall(NamedTuple):
    """One operation: what it was given and gave, and the user's line."""

    op: Any
    inputs: Sequence[Any]
    settings: dict[str, Any]
    result: Any
    code: Any
    line: int

    @property
    def place(self) -> Place:
        return here() if self.code is None else Place(self.code.co_filename, self.line)


class Batch(NamedTuple):
    """The rows that a model was given, and the targets that its outputs are compared with."""

    x: Any
    y: Any
    place: Place


class LossCall(NamedTuple):
    """A loss function, about to be called: its name in nn.functional, its two tensors, its other arguments."""

    name: str
    input: Any
    target: Any
    settings: dict[str, Any]
    place: Place


class Rule:
    """A cause to look for. Subclasses override the events that they need; the watch calls no others.

    `id` is its name in findings; `group` its place in the order of causes, A before E; `swallows` are the rules whose
    findings are its symptoms. `ops` are the operations that `on_op` wants to hear of. With `rises` a note becomes a
    warning where it explains something, and explains nothing else.
    """

    id: ClassVar[str]
    group: ClassVar[str]
    severity: ClassVar[Severity] = "error"
    swallows: tuple[str, ...] = ()
    ops: ClassVar[tuple[str, ...]] = ()
    rises: ClassVar[bool] = False

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.finding: Finding | None = None

    # Events, in the order of a step.

    def on_module(self, module: Any, args: tuple[Any, ...]) -> None:
        """A module is about to be called."""

    def after_module(self, module: Any, output: Any) -> None:
        """A module has been called."""

    def on_op(self, call: OpCall) -> None:
        """One of the operations in `ops` has run."""

    def on_batch(self, batch: Batch) -> None:
        """Rows are trained on."""

    def on_evaluation(self, model: Any, x: Any) -> None:
        """A model was called without gradients."""

    def on_score(self, value: float) -> None:
        """All loss calls without gradients between two steps: their mean."""

    def on_broken(self, place: Place) -> None:
        """A backward pass begins from a loss that is not finite."""

    def on_loss(self, call: LossCall) -> None:
        """A loss is about to be computed."""

    def after_loss(self, call: LossCall, value: Any) -> None:
        """A loss was computed."""

    def on_backward(self, roots: list[Any]) -> None:
        """A backward pass is about to begin from these tensors."""

    def after_backward(self, leaves: list[Any]) -> None:
        """A backward pass has added to the gradients of these leaves."""

    def before_step(self, optimizer: Any) -> None:
        """An optimizer is about to change its parameters."""

    def after_step(self, optimizer: Any) -> None:
        """An optimizer has changed its parameters."""

    def on_scheduler(self, scheduler: Any) -> None:
        """A schedule is about to change a rate."""

    def on_cut(self, tensor: Any, how: str, place: Place) -> None:
        """A tensor that wants a gradient left the graph: by detach, item, numpy, tolist or no_grad."""

    def on_error(self, error: BaseException, place: Place) -> None:
        """The program has raised an error at that line of the user's."""

    def on_losses(self) -> None:
        """A step was counted in the course of the run, watched in full or not."""

    def finish(self) -> None:
        """The program has ended."""

    # What rules say.

    def find(self, message: str, fix: str, *, place: Place | None = None, severity: Severity | None = None) -> None:
        """Name the cause, the first time only. Without a place it is the user's line that runs now."""
        if self.finding is not None:
            return
        place = place or here()
        self.finding = Finding(
            self.id, severity or self.severity, message, fix, self.watch.steps, place.file, place.line
        )
        self.watch.found(self)

    def withdraw(self) -> None:
        """Unsay it: the run recovered."""
        self.finding = None
