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

    `targets` says where lines must lie in memory at the end: the parameters' and the optimizer's own arrays.
    """

    def __init__(self, writer: Writer, lines: Sequence[Line], targets: dict[Line, list[Stored]]) -> None:
        self.writer, self.lines, self.targets = writer, list(lines), targets
        self.values = writer.values
        self.readers: dict[Line, list[int]] = {}
        for at, line in enumerate(self.lines):
            for operand in line.operands:
                self.readers.setdefault(operand, []).append(at)
        self.ends = {line: at for at, line in enumerate(self.lines) if line in targets}

    def emit(self) -> None:
        for at, line in enumerate(self.lines):
            if line not in self.values:
                self.emit_line(line, at)

    def emit_line(self, line: Line, at: int) -> None:
        value = value_of(self.writer, line)
        for target in self.targets.get(line, []):
            self.settle_readers(target, at)
            self.writer.copy_into(target, value)
            value = target
        if not isinstance(value, Stored) and value.dtype is not None and self.must_be_kept(line, value, at):
            value = self.writer.kept(value)
        self.values[line] = value

    def must_be_kept(self, line: Line, value: Value, at: int) -> bool:
        """Whether an expression is computed once and kept, and not anew wherever it is read."""
        readers = self.readers.get(line, [])
        if any(name_of(self.lines[k]) in PRODUCTS for k in self.through_views(line)):
            return True
        if len(readers) > 1 and value.cost > CHEAP:
            return True
        last = max(readers, default=at)
        overwritten = {id(t.pointer) for line, end in self.ends.items() if end < last for t in self.targets[line]}
        return bool(overwritten & value.reads)

    def through_views(self, line: Line) -> Iterable[int]:
        """Where a line is read, past changes of shape."""
        for k in self.readers.get(line, []):
            if name_of(self.lines[k]) in VIEWS:
                yield from self.through_views(self.lines[k])
            else:
                yield k

    def settle_readers(self, target: Stored, at: int) -> None:
        """Before memory is overwritten, what is still to be read from it is kept elsewhere."""
        name = id(target.pointer)
        for line, value in list(self.values.items()):
            if name in value.reads and any(k > at for k in self.readers.get(line, [])):
                self.values[line] = self.writer.kept(value)


__all__ = ["PRODUCTS", "StepCompiler", "elements", "placing", "products", "shapes", "subscripts", "sums"]
