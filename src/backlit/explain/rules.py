"""An op's gradient rules, run on what a recorded call was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backlit.ops.registry import OPS, Op, Rule
from backlit.tracing.graph import Call, Line

#: What a rule gets for a kept value: from its letter in the rule and its line (or number, or None).
Giving = Callable[[str, Any], Any]


def rules_of(call: Call) -> Iterator[tuple[int, Rule]]:
    """The inputs (by position) that a gradient went to, with their rules.

    Of a call that no backward pass came by: all inputs that have a rule.
    """
    op = OPS[call.op]
    for at, given in enumerate(call.inputs):
        rule = op.rules.get(letter_of(op, at))
        if rule is not None and isinstance(given, Line) and (not call.gradients or at in call.gradients):
            yield at, rule


def letter_of(op: Op, at: int) -> str:
    """The name that an op has for its input at a position."""
    return op.inputs[min(at, len(op.inputs) - 1)]


def run(call: Call, at: int, rule: Rule, g: Any, give: Giving) -> Any:
    """A rule's result for the gradient `g` of the call's output."""
    return rule.body(*(g if asked == "g" else argument(call, at, asked, give) for asked in rule.names))


def argument(call: Call, at: int, asked: str, give: Giving) -> Any:
    """What a rule gets under the name that it asks for."""
    op = OPS[call.op]
    if asked == "k":
        return at - len(op.inputs) + 1
    if asked == "out":
        return give("out", call.out)
    if asked in op.settings:
        return call.settings.get(asked, op.settings[asked])
    if asked in op.extras:
        return give(asked, call.extras[asked])
    place = op.inputs.index(asked.removesuffix("_shape") if asked not in op.inputs else asked)
    given = call.inputs[place:]
    if asked in op.inputs:
        return tuple(give(f"{asked[:-1]}{k}", x) for k, x in enumerate(given)) if op.is_rest(asked) else give(
            asked, given[0])  # fmt: skip
    shapes = [x.shape if isinstance(x, Line) else np.shape(x) for x in given]
    return shapes if op.is_rest(op.inputs[place]) else shapes[0]
