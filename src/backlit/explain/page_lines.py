"""The lines of a page: each with its formula, its code, its place, its numbers, and the ways to and from it."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from backlit.explain import formulas
from backlit.explain.groups import Group, place, readers
from backlit.explain.numbers import shape_of
from backlit.explain.page_numbers import numbers
from backlit.tracing.graph import Graph, Line
from backlit.tracing.source import statement

WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?!\s*=[^=]|\w)")
SORTS = {"array": "given", "setting": "setting", "seed": "where the walk back begins: the loss by itself is 1"}


@dataclass
class Lines:
    """Writes the lines of one graph. `shown` are those that the page has, with their anchors: only they are linked.

    `cells` is the size up to which arrays are shown in full; `rows` are the lines with one row for each sample, of
    which only row `sample` is shown where that is chosen.
    """

    graph: Graph
    shown: dict[Line, str]
    cells: int
    bins: bool = True
    formulas: bool = True
    sample: int | None = None
    rows: set[Line] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.readers = readers(self.graph.lines)

    def article(self, line: Line) -> str:
        """One line, under an anchor of its name."""
        reads, read_by = self.names(line.operands), self.names(self.readers.get(line, []))
        formula = self.formula(line)
        return (
            f'<article class="line" id="{self.shown[line]}" data-reads="{reads}" data-readers="{read_by}">'
            f'<header>{self.link(line)}<span class="shape">{shape(line)}</span>{self.place(line)}</header>'
            f"{formula}{self.code(line)}"
            f'<div class="numbers">{self.numbers(line)}</div>'
            f"{self.ways(line)}</article>\n"
        )

    def names(self, lines: Iterable[Line]) -> str:
        return " ".join(self.shown[line] for line in lines if line in self.shown)

    def link(self, line: Line, text: str = "") -> str:
        """A name, leading to its line if the page has that."""
        name = escape(text or line.name)
        return f'<a class="name" href="#{self.shown[line]}">{name}</a>' if line in self.shown else f"<b>{name}</b>"

    def place(self, line: Line) -> str:
        """Where the line comes from: the user's name for it, the layer, the user's line."""
        said = [line.path if line.path != line.name else "", line.module, place(line.where)]
        return "".join(f'<span class="place">{escape(text)}</span>' for text in said if text)

    def formula(self, line: Line) -> str:
        """The line as mathematics."""
        if not self.formulas or line.kind == "input":
            return ""
        return f'<div class="formula">{formulas.mathml(line)}</div>'

    def code(self, line: Line) -> str:
        """The line as a program has it, its names linked."""
        if line.kind == "input":
            return f'<p class="quiet">{escape(SORTS.get(line.expression.text, line.expression.text))}</p>'
        text = statement(line)
        if not text:
            return f'<p class="quiet">what the memory of {self.link(line.operands[0])} holds by now</p>'
        return f'<pre class="code"><code>{self.linked(text, line)}</code></pre>'

    def linked(self, text: str, line: Line) -> str:
        """Code with a link at each name of an operand."""
        known = {other.name: other for other in line.operands}
        parts = WORD.split(text)
        names = (self.link(known[part]) if part in known else escape(part) for part in parts[1::2])
        return escape(parts[0]) + "".join(a + escape(b) for a, b in zip(names, parts[2::2], strict=True))

    def numbers(self, line: Line) -> str:
        """The line's values: the whole batch's, or one sample's."""
        value: Any = line.value
        if self.sample is None or line not in self.rows:
            return numbers(value, self.cells, self.bins)
        array = np.asarray(value)
        return numbers(array[self.sample : self.sample + 1], self.cells, self.bins, self.sample)

    def ways(self, line: Line) -> str:
        """What the line reads and what reads it."""
        before, after = line.operands, self.readers.get(line, [])
        said = [(word, lines) for word, lines in (("from", before), ("to", after)) if lines]
        parts = (f"<span>{word} {', '.join(map(self.link, lines))}</span>" for word, lines in said)
        return f'<p class="ways">{"".join(parts)}</p>' if said else ""

    def group(self, group: Group, title: str) -> str:
        """The lines of one call, under a heading with the user's own line of code."""
        heading = f"<h3>{title}</h3>" if title else ""
        code = users_code(group.lines[-1].where)
        if code:
            file = escape(group.where)
            heading += f'<p class="yours"><span>{file}</span><code>{escape(code)}</code></p>'
        articles = "".join(self.article(line) for line in group.lines if line in self.shown)
        return f'<section class="group">{heading}{articles}</section>\n' if articles else ""


def shape(line: Line) -> str:
    """Shape and dtype: "4 × 2 float32"."""
    dtype = getattr(line.value, "dtype", None)
    return f"{escape(shape_of(line.value))}{f' <i>{escape(str(dtype))}</i>' if dtype is not None else ''}"


def users_code(where: str) -> str:
    """The text of the user's line, if the file is still there."""
    file, _, number = where.rpartition(":")
    return linecache.getline(file, int(number)).strip() if number.isdigit() else ""
