"""From a record to the body of one training step: what is computed where it is read, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backlit.compiler.native import elements, placing, products, shapes, subscripts, sums  # they bring the forms
from backlit.compiler.native.forms import name_of, value_of
from backlit.compiler.native.values import Stored, Value
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line

#: An expression that is read more than once is kept in memory if it costs more than this many additions.
CHEAP = 3
PRODUCTS = ("@", "np.matmul", "np.dot")
VIEWS = (
    ".T", "np.transpose", "np.swapaxes", "np.moveaxis", "np.broadcast_to", "np.reshape", "np.ravel", "np.expand_dims",
    "np.squeeze", "[]",
)  # fmt: skip


class StepCompiler:
    """Emits the lines of a step, in order.

    `targets` says where lines must lie in memory at the end: the parameters' and the optimizer's own arrays. What is
    written to arrays of one shape, such as Adam's m, v and p, is written in one pass over all of them. `loss` is read
    once more behind the last line.
    """

    def __init__(
        self, writer: Writer, lines: Sequence[Line], targets: dict[Line, list[Stored]], loss: Line | None
    ) -> None:
        self.writer, self.lines, self.targets = writer, list(lines), targets
        self.values = writer.values
        self.readers: dict[Line, list[int]] = {}
        for at, line in enumerate(self.lines):
            for operand in line.operands:
                self.readers.setdefault(operand, []).append(at)
        if loss is not None:
            self.readers.setdefault(loss, []).append(len(self.lines))
        self.waiting: list[tuple[Line, Stored, Value]] = []  # to be written in one pass

    def emit(self) -> None:
        for line in self.targets:
            if line in self.values:  # an array ends as a copy of one that was given
                self.write_later(line, self.values[line], -1)
        for at, line in enumerate(self.lines):
            if line not in self.values:
                self.emit_line(line, at)
        self.write(len(self.lines) - 1)

    def emit_line(self, line: Line, at: int) -> None:
        value = value_of(self.writer, line)
        self.values[line] = value
        self.write_later(line, value, at)
        is_expression = not isinstance(value, Stored) and value.dtype is not None
        if is_expression and line not in self.targets and self.must_be_kept(line, value):
            self.values[line] = self.writer.kept(value)

    def write_later(self, line: Line, value: Value, at: int) -> None:
        """Let a line's results wait, to be written with others; write at once what they cannot be written with."""
        for target in self.targets.get(line, []):
            if target is value:
                continue
            if not self.fits(target, value):
                if value.reads & {id(other.pointer) for _, other, _ in self.waiting}:
                    value = self.values[line] = self.writer.kept(value)
                self.write(at - 1)
            self.waiting.append((line, target, value))

    def must_be_kept(self, line: Line, value: Value) -> bool:
        """Whether an expression is computed once and kept, and not anew wherever it is read."""
        if any(k < len(self.lines) and name_of(self.lines[k]) in PRODUCTS for k in self.through_views(line)):
            return True
        return len(self.readers.get(line, [])) > 1 and value.cost > CHEAP

    def fits(self, target: Stored, value: Value) -> bool:
        """Whether what waits can be written in one pass with this: nothing reads elsewhere what another one writes."""
        moves = value.moves.union(*(other.moves for _, _, other in self.waiting))
        written = {id(target.pointer), *(id(other.pointer) for _, other, _ in self.waiting)}
        return all(other.shape == target.shape for _, other, _ in self.waiting) and not moves & written

    def write(self, at: int) -> None:
        """Write what waits, behind the line number `at`; what is still to be read from there is kept elsewhere."""
        names = {id(target.pointer) for _, target, _ in self.waiting}
        lines = {line for line, _, _ in self.waiting}
        for line, value in list(self.values.items()):
            if value.reads & names and line not in lines and any(k > at for k in self.readers.get(line, [])):
                self.values[line] = self.writer.kept(value)
        self.writer.copy_all([(target, value) for _, target, value in self.waiting])
        for line, target, _ in self.waiting:
            self.values[line] = target
        self.waiting = []

    def through_views(self, line: Line) -> Iterable[int]:
        """Where a line is read, past changes of shape."""
        for k in self.readers.get(line, []):
            if k < len(self.lines) and name_of(self.lines[k]) in VIEWS:
                yield from self.through_views(self.lines[k])
            else:
                yield k


__all__ = ["PRODUCTS", "StepCompiler", "elements", "placing", "products", "shapes", "subscripts", "sums"]
