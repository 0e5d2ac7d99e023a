"""Where the boxes of a step's picture stand: layers are columns, the passes are lanes one below another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from backlit.explain.groups import Group, groups, moment_of
from backlit.explain.numbers import shape_of
from backlit.tracing.graph import Graph, Line
from backlit.tracing.source import statement

#: From top to bottom. "gradient" are those of parameters: they end the backward pass.
LANES = ("given", "forward", "backward", "gradient", "update")
#: A picture of more boxes than this cannot be read; lines are then drawn together.
MOST = 44
#: Boxes of calls and layers stand in one long row each, which is scrolled along.
MANY = 240
HEAD, NOTE = 25, 17  # heights of a box's name and of the line below it
WIDE, SMALL = 7.25, 6.65  # of a letter of monospaced type at 12 and at 11 pixels
LONGEST = 34  # letters of an expression
GUTTER, ROW, BETWEEN = 38, 12, 26  # between columns, boxes and lanes


@dataclass(eq=False)
class Node:
    """A box: one line, or the lines of one call."""

    name: str
    note: str
    shape: str
    moment: str
    lane: str
    lines: tuple[Line, ...]
    full: str = ""
    module: str = ""
    column: int = 0
    x: float = 0
    y: float = 0
    width: float = 0
    follows: Node | None = None  # the box just above in the same lane and column
    is_first: bool = True
    is_last: bool = True

    @property
    def height(self) -> float:
        return HEAD + (NOTE if self.note else 0)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def natural(self) -> float:
        """The width that the texts need."""
        head = WIDE * len(self.name) + (SMALL * len(self.shape) + 14 if self.shape else 0)
        return 18 + max(head, SMALL * len(self.note))


def nodes_of(graph: Graph) -> list[Node]:
    """The boxes: lines, or calls, or layers, or moments, whichever are few enough."""
    found = groups(graph)
    nodes = [node for group in found for line in group.lines if (node := single(line, graph)) is not None]
    for key in (None, layer_of, block_of, lambda group: group.moment):
        if len(nodes) <= (MOST if key is None else MANY):
            break
        nodes = [collapsed(group) for group in merged(found, key) if group.moment != "given"]
    return nodes


def single(line: Line, graph: Graph) -> Node | None:
    """The box of a line; None for numbers that are given, which much reads, and for memory under another name."""
    if line.kind == "same" or (line.kind == "input" and not line.shape):
        return None
    moment = moment_of(line, graph.loss)
    text = "" if line.kind == "input" else statement(line)
    note = text.removeprefix(f"{line.name} = ")
    note = note if len(note) <= LONGEST else note[: LONGEST - 1] + "…"
    lane = "forward" if moment == "loss" else moment
    lane = "gradient" if lane == "backward" and line.path.endswith(".grad") else lane
    return Node(line.name, note, shape_of(line.value), moment, lane, (line,), text, line.module)


def merged(found: Iterable[Group], key: Callable[[Group], Any] | None) -> list[Group]:
    """Groups of one key as one, where the first of them stands."""
    if key is None:
        return list(found)
    kept: dict[Any, list[Group]] = {}
    for group in found:
        kept.setdefault((group.moment, key(group)), []).append(group)
    return [Group(parts[0].moment, tuple(line for part in parts for line in part.lines)) for parts in kept.values()]


def layer_of(group: Group) -> str:
    return group.parameter.rpartition(".")[0] or group.module


def block_of(group: Group) -> str:
    """The outermost part of the model that a group belongs to."""
    return layer_of(group).partition(".")[0]


def collapsed(group: Group) -> Node:
    """The box of a group: its op, its layer, and the shape of what comes out of it."""
    ops = list(dict.fromkeys(line.op for line in group.lines if line.op))
    name = " ".join((ops[0] if ops else group.moment).split("_")) + (" …" if len(ops) > 1 else "")
    name = f"∂ {name}" if group.moment == "backward" else name
    parameters = list(dict.fromkeys(line.path for line in group.lines if line.path))
    note = group.parameter or group.module or group.where
    lane = "forward" if group.moment == "loss" else group.moment
    full = f"{len(group.lines)} lines" + (f": {', '.join(parameters)}" if parameters else "")
    shape = shape_of(group.lines[-1].value)
    return Node(name, note, shape, group.moment, lane, group.lines, full, layer_of(group))


def edges_of(nodes: list[Node]) -> list[tuple[Node, Node]]:
    """Which box reads which, each pair once. A parameter's way to its own update is left out: it is in its column."""
    home = {line: node for node in nodes for line in node.lines}
    pairs = {
        (home[operand], node): None
        for node in nodes for line in node.lines for operand in line.operands
        if operand in home and home[operand] is not node
    }  # fmt: skip
    return [(a, b) for a, b in pairs if not (a.moment == "given" and b.moment == "update")]


def placed(nodes: list[Node], edges: list[tuple[Node, Node]]) -> tuple[float, float, dict[str, float]]:
    """Give every box its place. Out: the picture's width and height, and the top of each lane that has boxes."""
    before: dict[Node, list[Node]] = {}
    for a, b in edges:
        before.setdefault(b, []).append(a)
    forward_columns(nodes, before)
    backward_columns(nodes, before)
    first = min((node.column for node in nodes), default=0)
    for node in nodes:
        node.column -= first
    cells: dict[tuple[str, int], list[Node]] = {}
    for node in nodes:
        cells.setdefault((node.lane, node.column), []).append(node)
    width = across(cells)
    tops, height = down(cells)
    return width, height, tops


def forward_columns(nodes: list[Node], before: dict[Node, list[Node]]) -> None:
    """Each box one column right of the last that it reads; what is given stands above its first reader."""
    ahead = [node for node in nodes if node.lane == "forward"]
    for node in ahead:
        node.column = 1 + max((a.column for a in before.get(node, []) if a.lane == "forward"), default=0)
    for node in nodes:
        if node.moment == "given":
            reader = next((b for b in ahead if node in before.get(b, [])), None)
            node.column = reader.column if reader is not None else 1
            path = node.lines[0].path
            if reader is not None and reader.column == 1 and is_data(node, nodes) and path.count(".") == 0:
                node.lane, node.column = "forward", 0


def is_data(node: Node, nodes: list[Node]) -> bool:
    """Whether a given array is the step's data: no update overwrites it."""
    updated = {
        operand for other in nodes if other.lane == "update" for line in other.lines for operand in line.operands
    }
    return node.lines[0] not in updated and node.lines[0].expression.text == "array"


def backward_columns(nodes: list[Node], before: dict[Node, list[Node]]) -> None:
    """A gradient stands below what it is the gradient of, else one column left of what it reads."""
    by_name = {node.name: node for node in nodes if node.lane in ("given", "forward")}
    by_call = {node.lines[-1].call: node for node in nodes if node.lane == "forward" and node.lines[-1].call >= 0}
    last = max((node.column for node in nodes if node.lane == "forward"), default=0)
    ways = ("backward", "gradient")
    for node in nodes:
        if node.lane in ways:
            free = min((a.column - 1 for a in before.get(node, []) if a.lane in ways), default=last)
            partner = (
                by_name.get(node.name.removeprefix("d_")) if len(node.lines) == 1 else by_call.get(node.lines[-1].call)
            )
            node.column = min(partner.column, free + 1) if partner is not None else free
        elif node.lane == "update":
            node.column = update_column(node, nodes, before.get(node, []))


def update_column(node: Node, nodes: list[Node], read: list[Node]) -> int:
    """Below the gradient that an update reads."""
    layer = next((n.column for n in nodes if n.lane == "forward" and n.module == node.module and n.module), None)
    if len(node.lines) > 1 and layer is not None:
        return layer
    return min((a.column for a in read if a.lane in ("gradient", "backward", "update")), default=1)


def across(cells: dict[tuple[str, int], list[Node]]) -> float:
    """Columns as wide as their widest box. What is given stands side by side, everything else one below another."""
    widths: dict[int, float] = {}
    for (lane, column), nodes in cells.items():
        sizes = [node.natural for node in nodes]
        need = sum(sizes) + ROW * (len(sizes) - 1) if lane == "given" else max(sizes)
        widths[column] = max(widths.get(column, 0), need)
    left: dict[int, float] = {}
    x = 0.0
    for column in range(max(widths, default=0) + 1):
        left[column] = x
        x += widths[column] + GUTTER if column in widths else 0
    for (lane, column), nodes in cells.items():
        at = left[column]
        spare = widths[column] - sum(node.natural for node in nodes) - ROW * (len(nodes) - 1)
        for node in nodes:
            node.x, node.width = at, widths[column]
            if lane == "given":
                node.width = node.natural + spare / len(nodes)
                at += node.width + ROW
    return max(x - GUTTER, 0)


def down(cells: dict[tuple[str, int], list[Node]]) -> tuple[dict[str, float], float]:
    """Lanes as high as their highest stack of boxes."""
    tops: dict[str, float] = {}
    y = 0.0
    for lane in LANES:
        stacks = [nodes for (name, _), nodes in cells.items() if name == lane]
        if not stacks:
            continue
        tops[lane], bottom = y, y
        for nodes in stacks:
            at, above = y, None
            for node in nodes:
                node.y, node.follows = at, None if lane == "given" else above
                node.is_first, node.is_last = at == y, node is nodes[-1] or lane == "given"
                bottom, above = max(bottom, at + node.height), node
                at += 0 if lane == "given" else node.height + ROW
        y = bottom + BETWEEN
    return tops, max(y - BETWEEN, 0)
