"""A training step told as text, in its five moments: forward, loss, clear, backward, update."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from backlit.explain import formulas
from backlit.explain.changes import Change, arrivals, changes
from backlit.explain.groups import Group, groups, place
from backlit.explain.notation import written
from backlit.explain.numbers import batched, first_bad, short
from backlit.explain.rules import rules_of
from backlit.explain.story_numbers import SMALL, WIDTH, array_text, shape_text
from backlit.ops.registry import OPS
from backlit.tracing.graph import Call, Line

if TYPE_CHECKING:
    from backlit.explain.explanation import Explanation

MOMENTS = ("forward", "loss", "clear", "backward", "update")
HEADINGS = {
    "forward": "Forward: from the data to the predictions",
    "loss": "Loss: how far the predictions are from the targets, in one number",
    "clear": "Clear: what stood in the gradients before",
    "backward": "Backward: how each value moves the loss, from the loss to the parameters",
    "update": "Update: every parameter a step against its gradient",
}
#: Of a moment with more calls than this, the first and the last few are told, and the rest counted.
MOST_CALLS, ENDS = 60, 15
#: Of the local derivatives that meet in one gradient, so many are told.
MOST_FACTORS = 12


def tell(explanation: Explanation, sample: int | None = None, numbers: bool = True) -> str:
    """The step as text of at most 100 columns.

    Args:
        explanation: the step, as `explain` made it.
        sample: the row of the batch whose numbers are told; the whole batch by default. Parameters and their gradients
            belong to the whole batch either way.
        numbers: tell the values too: arrays of few elements in full, larger ones in a line with their least (min),
            mean and greatest element (max) and their norm (the square root of the sum of squares).

    Raises IndexError for a sample that the batch does not have.

    >>> import backlit as torch
    >>> from backlit.explain import Explanation
    >>> x = torch.tensor([[1.0], [2.0]])
    >>> w = torch.tensor([[0.5]], requires_grad=True)
    >>> step = Explanation(torch.trace(lambda: torch.square(x @ w - 1).mean().backward()))
    >>> print(tell(step, numbers=False))  # doctest: +ELLIPSIS
    Step 1
    ...
    """
    lines = Story(explanation, sample, numbers).lines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


class Story:
    """One step with what is wanted of it."""

    def __init__(self, explanation: Explanation, sample: int | None, numbers: bool) -> None:
        self.explanation, self.sample, self.numbers = explanation, sample, numbers
        self.record = explanation.graph
        self.graph = self.record if self.record.is_readable else self.record.readable()
        self.groups = groups(self.graph)
        self.changes = changes(explanation)
        self.rows = batched(self.graph.lines, [change.path for change in self.changes])
        self.told: list[Call] = []  # calls whose gradients were merged into others, once told of
        if sample is not None:
            self.check_sample(sample)

    def check_sample(self, sample: int) -> None:
        count = next((line.shape[0] for line in self.graph.inputs if line in self.rows), 0)
        if not 0 <= sample < count:
            has = f"the batch has {count} rows, 0 to {count - 1}" if count else "the step has no batch of rows"
            raise IndexError(f"There is no sample {sample}: {has}.")

    def lines(self) -> Iterator[str]:
        yield from self.title()
        for number, moment in enumerate(MOMENTS, 1):
            yield ""
            yield f"{number}  {HEADINGS[moment]}"
            yield "─" * WIDTH
            yield from getattr(self, moment)()

    def title(self) -> Iterator[str]:
        """What is told of, how large it is, and what is wrong with it."""
        explanation = self.explanation
        yield f"Step {explanation.step}" + (f" of {explanation.script}" if explanation.script else "")
        if self.changes:
            count = sum(np.size(change.before) for change in self.changes)
            yield f"  parameters  {many(count, 'number')} in {many(len(self.changes), 'array')}"
        size = sum(int(np.size(line.value)) for line in self.graph.lines if not isinstance(line.value, (tuple, list)))
        calls = f"{many(len(self.graph.lines), 'line')}, made of {many(len(self.record.lines))} recorded ones"
        yield f"  the record  {many(size, 'number')} in {calls}"
        if self.numbers and any(np.size(line.value) > SMALL for line in self.graph.lines):
            yield f"              arrays of more than {SMALL} elements are summed up"
        if self.sample is not None:
            yield f"  shown       row {self.sample} of the batch; parameters and gradients of the whole batch"
        yield from self.warning()
        yield from self.given()

    def given(self) -> Iterator[str]:
        """The data and the parameters that the forward pass reads."""
        read = {other for line in self.graph.lines if line.role in ("forward", "loss") for other in line.operands}
        found = [line for line in self.graph.inputs if line in read and line.expression.text != "seed"]
        if found:
            yield ""
            yield "Given"
            yield "─" * WIDTH
        for line in found:
            own = f"  {line.path}" if line.path not in ("", line.name) else ""
            text = f"    {formulas.text(line)}{own}" if line.shape == () else f"    {line.name}{own}"
            yield beside(text, shape_text(line.value))
            if self.numbers and line.shape != ():
                yield from (f"        {row}" for row in self.values(line))

    def warning(self) -> Iterator[str]:
        """Where the first value that is not finite came from."""
        bad = first_bad(self.record.lines)
        if bad is None:
            return
        where = f" at {place(bad.where)}" if bad.where else ""
        made = "was given" if bad.kind == "input" else f"is made by {formulas.text(bad)}{where}"
        yield ""
        yield from wrapped(f"Not finite: the first value with nan or infinity in it, {bad.name}, {made}.", "  ! ")

    # The moments.

    def forward(self) -> Iterator[str]:
        told = list(self.calls("forward"))
        yield from told or ["  nothing before the loss"]

    def loss(self) -> Iterator[str]:
        yield from self.calls("loss")
        if self.record.loss is None:
            yield "  none: backward() was not called in this step"

    def clear(self) -> Iterator[str]:
        """How the gradients arrived: anew, or added to what was there."""
        found = arrivals(self.record)
        said = {
            "none": "had no gradient (None): the one of this step stands alone",
            "zeros": "had a gradient of zeros: the one of this step stands alone",
            "added": "KEPT the gradient from before: this step's was added to it, as without optimizer.zero_grad()",
        }
        for how, text in said.items():
            names = [name for name, arrived in found.items() if arrived == how]
            if names:
                whose = (
                    ", ".join(names) if len(names) < len(found) else "every parameter" if len(names) > 1 else names[0]
                )
                yield from wrapped(f"{whose} {text}", "  ")
        if not found:
            yield "  no gradient arrived in this step"

    def backward(self) -> Iterator[str]:
        yield from self.calls("backward")

    def calls(self, moment: str) -> Iterator[str]:
        found = [group for group in self.groups if group.moment == moment]
        told = found if len(found) <= MOST_CALLS else found[:ENDS] + found[-ENDS:]
        for k, group in enumerate(told):
            if k == ENDS and len(told) < len(found):
                yield ""
                yield f"  … {len(found) - len(told)} more calls: {counted(found[ENDS:-ENDS])}"
            yield ""
            yield heading(group)
            if moment == "backward":
                yield from self.factors(next((g.lines[-1].call for g in told[k:] if g.lines[-1].call >= 0), -1), group)
            yield from self.group(group)

    def group(self, group: Group) -> Iterator[str]:
        """The lines of one call: formulas and numbers."""
        for line in group.lines:
            yield from self.line(line)

    def factors(self, number: int, group: Group) -> Iterator[str]:
        """The local derivatives that meet in a gradient, the last call's first.

        `number` is the call that the gradient belongs to or comes before. The calls behind it that have no lines of
        their own, because their gradients were merged with this one, come with it.
        """
        shown = {line.call for line in self.graph.lines if line.role == "backward"}
        found = [call for call in self.record.calls.values() if call.gradients and call.number not in shown]
        merged = [call for call in found if call.number > number >= 0 and call not in self.told]
        self.told += merged
        own = [self.record.calls[number]] if group.lines[-1].call == number in self.record.calls else []
        locals_ = [
            formulas.local_derivative(call, at) for call in (*reversed(merged), *own) for at, _ in rules_of(call)
        ]
        said = [written(local) for local in locals_ if local is not None]
        for text in said[:MOST_FACTORS]:
            yield from wrapped(text, "      ")
        if len(said) > MOST_FACTORS:
            yield f"      … {len(said) - MOST_FACTORS} more"

    def line(self, line: Line) -> Iterator[str]:
        """A line as a formula with its shape, and its numbers below."""
        text, shape = formulas.text(line), shape_text(line.value)
        *lines, last = wrapped(text, "    ")
        yield from lines
        yield beside(last, shape)
        if self.numbers:
            yield from (f"        {row}" for row in self.values(line))

    def values(self, line: Line) -> list[str]:
        value = line.value
        if self.sample is not None and line in self.rows:
            value = np.asarray(value)[self.sample]
        return array_text(value, WIDTH - 8)

    def update(self) -> Iterator[str]:
        """The optimizer's rule once, its settings, and what it did to each parameter."""
        lines = [line for line in self.graph.lines if line.role == "update"]
        if not lines:
            yield "  none: nothing changed the parameters in this step"
            return
        settings = [line for line in self.graph.inputs if line.expression.text == "setting"]
        if settings:
            yield from wrapped(", ".join(formulas.text(line) for line in settings), "    ")
        yield ""
        yield from self.rule(lines)
        if self.changes:
            yield ""
            yield from table(self.changes)

    def rule(self, lines: list[Line]) -> Iterator[str]:
        """The update of the first parameter, and for which others it is the same."""
        own = {change.name for change in self.changes}
        done = [line for line in lines if line.name in own]
        first = lines[: lines.index(done[0]) + 1] if done else lines[:MOST_CALLS]
        for line in first:
            yield from wrapped(formulas.text(line), "    ")
        if len(done) > 1:
            yield from wrapped(f"and so for {', '.join(dict.fromkeys(line.name for line in done[1:]))}", "    ")


def heading(group: Group) -> str:
    """The layer, the op with what it computes, and the user's line."""
    op = group.op or "in between"
    said = formulas.in_general(op) if group.moment != "backward" and op in OPS else ""
    left = f"  {group.module + ' ' if group.module else ''}{op}" + (f": {said}" if said else "")
    right = group.where
    if len(left) + len(right) + 2 > WIDTH:
        left = left[: WIDTH - len(right) - 3] + "…"
    return beside(left, right)


def beside(left: str, right: str) -> str:
    """Two texts at the two ends of a line; on two lines if they do not fit."""
    return f"{left}{right:>{WIDTH - len(left)}}" if len(left) + len(right) + 2 <= WIDTH else f"{left}\n{right:>{WIDTH}}"


def many(count: int, what: str = "") -> str:
    """A count with its thousands apart, and what is counted: "12 345 lines"."""
    return f"{count:,}".replace(",", " ") + (f" {what}{'s' * (count != 1)}" if what else "")


def counted(found: Iterable[Group]) -> str:
    """How many calls of each op there are: "tanh 20, linear 20"."""
    many: dict[str, int] = {}
    for group in found:
        many[group.op] = many.get(group.op, 0) + 1
    return ", ".join(f"{op or 'others'} {n}" for op, n in sorted(many.items(), key=lambda item: -item[1]))


def table(found: list[Change]) -> Iterator[str]:
    """Norms of the parameters, their gradients and their steps, and how large a step was beside the parameter."""
    width = min(40, max(9, *(len(change.label) for change in found)))
    yield f"    {'':<{width}} {'shape':>12} {'weights':>10} {'gradient':>10} {'step':>10} {'step / weights':>15}"
    for change in found:
        gradient = short(change.gradient_size) if change.gradient is not None else "none"
        yield (
            f"    {change.label[:width]:<{width}} {shape_text(change.before):>12} {short(change.size):>10} "
            f"{gradient:>10} {short(change.step_size):>10} {short(change.ratio):>15}"
        )
    yield f"    {'(norms: the square root of the sum of squares)':<{width}}"


def wrapped(text: str, indent: str) -> Iterator[str]:
    """A text on lines of at most 100 columns, the further ones moved in."""
    further = " " * (len(indent) + 4)
    yield from textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=further, break_long_words=False)
