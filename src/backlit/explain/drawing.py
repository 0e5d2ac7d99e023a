"""The graph of one step as a picture: forward from left to right, and back below it, each layer in its column."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from backlit.explain.layout import HEAD, LANES, Node, edges_of, nodes_of, placed
from backlit.tracing.graph import Graph, Line

MARGIN = 14
SMALLEST = 0.72  # of its size, where a page is narrower: then it scrolls
LABELS = 74  # room on the left for the lanes' names
SAID = {"given": "given", "forward": "forward →", "backward": "← backward", "gradient": "gradients", "update": "update"}

STYLE = """
.bg{--ink:#22282d;--quiet:#5d666d;--line:#aab2b8;--box:#fff;--given:#66727c;--forward:#1f6f8b;--loss:#946200;
--backward:#8c3f6b;--update:#3b7340;font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media screen and (prefers-color-scheme:dark){.bg{--ink:#e8e4db;--quiet:#a2aab0;--line:#5a646b;--box:#1c2226;
--given:#a4b0b9;--forward:#6bc0dc;--loss:#dcae52;--backward:#dd94bd;--update:#8ecb92}}
.bg text{fill:var(--ink);font-size:12px}
.bg .what{font-weight:bold}
.bg .quiet,.bg .lane{fill:var(--quiet);font-size:11px}
.bg .lane{font-family:system-ui,"Liberation Sans",sans-serif}
.bg rect{fill:var(--box);stroke:var(--c);stroke-width:1.2}
.bg .edge{fill:none;stroke:var(--line);stroke-width:1.3}
.bg .kept{stroke-dasharray:2 4}
.bg .tip{fill:var(--line);fill:context-stroke}
.bg .given{--c:var(--given)}.bg .forward{--c:var(--forward)}.bg .loss{--c:var(--loss)}
.bg .backward{--c:var(--backward)}.bg .update{--c:var(--update)}
.bg .given rect{stroke-dasharray:none;fill:none}
"""


def svg(graph: Graph, linked: Mapping[Line, str] | None = None) -> str:
    """The step as an SVG picture: every line a box in a small step, every call of an op in a larger one.

    Columns are layers: above each its parameters, below it its gradients and updates. Dotted lines are values of the
    forward pass that the backward pass reads again. `linked` gives the anchors of lines that a page has.

    >>> import backlit as torch
    >>> x = torch.tensor([3.0], requires_grad=True)
    >>> svg(torch.trace(lambda: (x * x).sum().backward()))[:4]
    '<svg'
    """
    nodes = nodes_of(graph)
    edges = edges_of(nodes)
    width, height, tops = placed(nodes, edges)
    parts = [lane(name, top) for name, top in tops.items()]
    parts += [edge(a, b, linked or {}) for a, b in edges]
    parts += [box(node, linked or {}) for node in nodes]
    whole = width + LABELS + 2 * MARGIN
    tall = height + 2 * MARGIN
    size = f'width="{whole:g}" height="{tall:g}" style="min-width:{SMALLEST * whole:.0f}px"'
    return (
        f'<svg class="bg" xmlns="http://www.w3.org/2000/svg" viewBox="{-LABELS - MARGIN} {-MARGIN} {whole:g} {tall:g}" '
        f'{size} role="img" aria-label="The graph of the step, {len(nodes)} boxes"><style>{STYLE}</style><defs>'
        '<marker id="graph-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0.8 8 4 0 7.2z"/></marker></defs>'
        f"{''.join(parts)}</svg>"
    )


def lane(name: str, top: float) -> str:
    return f'<text class="lane" x="{-LABELS}" y="{top + 20:g}">{SAID[name]}</text>'


def box(node: Node, linked: Mapping[Line, str]) -> str:
    """A box with a name, a shape and, below, what is computed."""
    target = next((linked[line] for line in reversed(node.lines) if line in linked), "")
    names = " ".join(linked.get(line, line.name) for line in node.lines)
    title = escape(node.full or node.name)
    rows = [f'<text class="what" x="{node.x + 9:g}" y="{node.y + 17:g}">{escape(node.name)}</text>']
    if node.shape:
        right = node.x + node.width - 9
        rows.append(
            f'<text class="quiet" text-anchor="end" x="{right:g}" y="{node.y + 17:g}">{escape(node.shape)}</text>'
        )
    if node.note:
        rows.append(f'<text class="quiet" x="{node.x + 9:g}" y="{node.y + HEAD + 9:g}">{escape(node.note)}</text>')
    inside = (
        f'<title>{title}</title><rect x="{node.x:g}" y="{node.y:g}" width="{node.width:g}" height="{node.height:g}" '
        f'rx="5"/>{"".join(rows)}'
    )
    group = f'<g class="node {node.moment}" data-lines="{names}">{inside}</g>'
    return f'<a class="name" href="#{target}">{group}</a>' if target else group


def edge(a: Node, b: Node, linked: Mapping[Line, str]) -> str:
    """A line from what is read to what reads it."""
    kept = " kept" if a.moment in ("given", "forward", "loss") and b.lane in ("backward", "gradient", "update") else ""
    start, end = (linked.get(node.lines[-1], node.lines[-1].name) for node in (a, b))
    names = f'data-from="{start}" data-to="{end}"'
    return f'<path class="edge{kept}" {names} marker-end="url(#graph-tip)" d="{way(a, b)}"/>'


def way(a: Node, b: Node) -> str:
    """The path of an edge: beside the boxes between neighbouring columns, round them within one."""
    if a.column == b.column:
        return around(a, b)
    leftwards = b.column < a.column
    start_x, end_x = (a.x, b.x + b.width) if leftwards else (a.x + a.width, b.x)
    start_y, end_y = a.middle, b.middle
    bend = max(18.0, 0.45 * abs(end_x - start_x)) * (-1 if leftwards else 1)
    if a.lane == b.lane and abs(b.column - a.column) > 1:  # over the boxes between
        over = min(a.y, b.y) - 16
        middle_a, middle_b = a.x + a.width / 2, b.x + b.width / 2
        return f"M{middle_a:g} {a.y:g}C{middle_a:g} {over:g} {middle_b:g} {over:g} {middle_b:g} {b.y:g}"
    if LANES.index(a.lane) < LANES.index(b.lane) and a.lane != b.lane and abs(b.column - a.column) > 1:
        start_x, start_y = a.x + a.width / 2, a.y + a.height
        return f"M{start_x:g} {start_y:g}C{start_x:g} {end_y:g} {end_x - bend:g} {end_y:g} {end_x:g} {end_y:g}"
    return f"M{start_x:g} {start_y:g}C{start_x + bend:g} {start_y:g} {end_x - bend:g} {end_y:g} {end_x:g} {end_y:g}"


def around(a: Node, b: Node) -> str:
    """Within a column: straight down between neighbours, otherwise round what lies between on the left."""
    if b.follows is a or (
        b.lane != a.lane and a.is_last and b.is_first and LANES.index(b.lane) == LANES.index(a.lane) + 1
    ):
        x = min(max(a.x + a.width / 2, b.x + 12), b.x + b.width - 12)
        return f"M{x:g} {a.y + a.height:g}L{x:g} {b.y:g}"
    x = min(a.x, b.x)
    return f"M{a.x:g} {a.middle:g}C{x - 26:g} {a.middle:g} {x - 26:g} {b.middle:g} {b.x:g} {b.middle:g}"
