"""Which line each array holds, through copies, views and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.tracing.errors import TraceError
from backlit.tracing.graph import Expression, Line
from backlit.tracing.outside import Outside
from backlit.tracing.symbol import Symbol

if TYPE_CHECKING:
    from backlit.tracing.recorder import Recorder

Array = Any


class Memory:
    """Arrays by identity, each with the line that says what it holds at present."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.held: dict[int, tuple[Array, Line]] = {}  # the array too: an id must not be given out again
        self.given: dict[int, tuple[Array, Line]] = {}  # what was there before, under its first line
        self.drawn: dict[int, tuple[Array, str, Array]] = {}  # by the generator: the method, and the state before
        self.draws: list[tuple[Array, str, tuple[Any, ...], dict[str, Any]]] = []  # each with what it was asked for
        self.unseen: dict[int, Array] = {}  # there before, and overwritten without being read
        self.outside: dict[int, Array] = {}  # computed by the user's own NumPy from recorded values

    def knows(self, array: Array) -> bool:
        return id(array) in self.held

    def hold(self, array: Array, line: Line) -> None:
        self.held[id(array)] = (array, line)

    def line_of(self, array: Array) -> Line:
        """The line of an array; a new input if it was never seen."""
        if id(array) in self.held:
            return self.held[id(array)][1]
        line = next((line for other, line in self.sharing(array) if is_same_place(array, other)), None)
        if line is None:
            line = self.first_line(array)
        self.hold(array, line)
        return line

    def first_line(self, array: Array) -> Line:
        """The line of something that was there before, or was drawn: an input of the step."""
        if id(array) in self.outside:
            raise TraceError(
                "A value of this step was taken out with numpy(), changed by NumPy and brought back as a tensor: the "
                "record lost its way there. Compute it with tensor functions, as in torch.exp(x) for np.exp(x.numpy())."
            )
        if id(array) in self.drawn:
            _, method, state = self.drawn[id(array)]
            line = self.recorder.given(array, "drawn", settings=(("method", method), ("state", state)))
        else:
            line = self.recorder.given(array, "array")
        self.given[id(array)] = (array, line)
        return line

    def drew(self, array: Array, method: str, state: Array, args: tuple[Any, ...], settings: dict[str, Any]) -> None:
        """The generator has drawn an array, asked by a method with arguments, from a state."""
        self.drawn[id(array)] = (array, method, state)
        self.draws.append((array, method, args, settings))

    def taken_out(self, array: Array) -> Array:
        """A recorded array as the user's NumPy gets it."""
        self.recorder.look(array)
        return array.view(Outside) if self.knows(array) else array

    def brought_back(self, array: Array, original: Any) -> None:
        """`array` was made of something that the user's NumPy computed."""
        if isinstance(original, Outside):
            self.outside[id(array)] = array

    def copied(self, copy: Array, original: Array) -> None:
        """A copy of known memory holds the same line."""
        line = self.line_of(original)
        if copy.dtype != original.dtype:
            line = Symbol(line, self.recorder, original).astype(copy.dtype.type).line
        self.hold(copy, line)

    def sharing(self, array: Array) -> list[tuple[Array, Line]]:
        """The known arrays in the same memory."""
        return [(other, line) for other, line in list(self.held.values()) if np.may_share_memory(other, array)]

    def write(self, array: Array, new: Any) -> None:
        """Overwrite an array with a symbol's value (or a number). From here on it holds that line."""
        symbol = self.fitted(new, array)
        around = self.sharing(array)
        if not around:
            self.unseen[id(array)] = array
        if all(is_same_place(array, other) for other, _ in around):
            self.keep_values(array)
            array[...] = symbol.value
            for other, _ in [*around, (array, None)]:
                self.hold(other, symbol.line)
        else:
            self.assign(array, (), symbol)

    def fitted(self, new: Any, array: Array) -> Symbol:
        """A value in the dtype and the shape of the memory that it is written to."""
        recorder = self.recorder
        if not isinstance(new, Symbol):
            if isinstance(new, np.ndarray):
                new = recorder.lifted(new)
            else:
                return recorder.called(np.full, "np.full", (array.shape, new, array.dtype.type), {})
        if new.dtype != array.dtype or isinstance(new.value, (float, int, bool)):
            new = recorder.called(np.asarray, "np.asarray", (new, array.dtype.type), {})
        return recorder.called(np.broadcast_to, "np.broadcast_to", (new, array.shape), {}) if (
            new.shape != array.shape) else new  # fmt: skip

    def assign_part(self, array: Array, view: Any, gather: Any, value: Any) -> None:
        """What `indexing.assign` writes: `value` to the part of an array that its two keys select."""
        new = self.recorder.lifted(value)
        if gather is None and (view is None or view == (...,)):
            self.write(array, new)
        else:
            self.assign(array, tuple(key for key in (view, gather) if key is not None), new)

    def assign(self, array: Array, keys: tuple[Any, ...], new: Any) -> None:
        """array[keys[0]][keys[1]]... = new, in place: in the program too, so that views see it as they do here."""
        recorder, target = self.recorder, self.line_of(array)
        around = self.sharing(array)
        self.check_inputs(target, around)
        self.keep_values(array)
        part = array
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1] if keys else ...] = new.value if isinstance(new, Symbol) else new
        value = new.line if isinstance(new, Symbol) else recorder.in_record(new)
        expression = Expression("write", "", (target, tuple(map(recorder.in_record, keys)), value))
        for other, line in around:
            if line is not target:
                self.hold(other, recorder.noted(Expression("same", "", (line,)), other.copy()).line)
        written = recorder.noted(expression, array.copy()).line
        for other, line in around:
            if line is target:
                self.hold(other, written)
        self.hold(array, written)

    def check_inputs(self, target: Line, around: list[tuple[Array, Line]]) -> None:
        """Two given arrays in one memory cannot be told apart in a program that loads each by itself."""
        if target.kind == "input" and any(line.kind == "input" and line is not target for _, line in around):
            raise TraceError(
                "Memory that two tensors share from before the step is overwritten in it, and the record cannot tell "
                "how they overlap. Make one of them a copy of its own: x = x.clone()."
            )

    def keep_values(self, array: Array) -> None:
        """Lines keep what they were when they were computed, whatever happens to the memory."""
        for line in self.recorder.lines:
            if isinstance(line.value, np.ndarray) and np.may_share_memory(line.value, array):
                line.value = line.value.copy()


def is_same_place(first: Array, second: Array) -> bool:
    """Whether two arrays are the very same elements."""
    return (
        first.shape == second.shape and first.strides == second.strides and first.dtype == second.dtype
        and first.__array_interface__["data"][0] == second.__array_interface__["data"][0]
    )  # fmt: skip
