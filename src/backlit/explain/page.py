"""A recorded step as one page: it opens offline, prints, and every name in it can be followed."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from backlit.explain.drawing import svg
from backlit.explain.explanation import Explanation
from backlit.explain.groups import MOMENTS, Group, groups
from backlit.explain.network import network_svg
from backlit.explain.numbers import SMALL, batched, exact, first_bad, is_bad, shape_of, short, summarise
from backlit.explain.page_lines import Lines
from backlit.tracing.graph import Graph, Line

#: A page is at most this large, in bytes; phones and mail still take it.
LARGEST = 2_000_000

TOLD = {
    "given": ("Given", "What is there before the step: the data, the parameters and the settings."),
    "forward": ("Forward", "The data go through the network. Each value is computed from values above it."),
    "loss": ("Loss", "One number says how far the outputs are from what they should be."),
    "clear": ("Clear", ""),
    "backward": (
        "Backward",
        "From the loss back to every parameter, by the chain rule: <b>d_</b><i>name</i> says how much the loss grows "
        "when <i>name</i> grows by a little.",
    ),
    "update": ("Update", "Every parameter goes a small step against its gradient, to where the loss is smaller."),
}


class Detail(NamedTuple):
    """How much a page shows: arrays of at most `cells` elements in full, histograms of others, `lines` lines."""

    cells: int = SMALL
    bins: bool = True
    formulas: bool = True
    lines: int | None = None


#: From everything to what still fits where a step has very many lines.
DETAILS = (Detail(), Detail(16), Detail(1, False), Detail(1, False, False, 1000), Detail(1, False, False, 300))


def page(explanation: Explanation, sample: int | None = None) -> str:
    """One HTML file that tells a step: every line with its formula, its place in the script and its numbers.

    `sample` shows one row of what has a row for each sample, in place of the whole batch. The file needs no network
    and no JavaScript; with it, a click on a name shows where it comes from, where it goes and its numbers. A step
    that makes a file of more than 2 MB is shown with fewer numbers, which the page says.
    Raises IndexError for a sample that the batch has not.

    >>> import backlit as torch
    >>> x = torch.tensor([3.0], requires_grad=True)
    >>> graph = torch.trace(lambda: (x * x).sum().backward())
    >>> "<!doctype html>" in page(Explanation(graph))
    True
    """
    graph = explanation.graph.readable()
    rows = batched(graph.lines, explanation.parameters)
    check_sample(sample, rows)
    for detail in DETAILS:
        text = written(explanation, graph, detail, sample, rows)
        if len(text.encode()) <= LARGEST:
            break
    return text


def check_sample(sample: int | None, rows: set[Line]) -> None:
    if sample is None:
        return
    size = max((len(line.value) for line in rows), default=0)
    if not 0 <= sample < size:
        raise IndexError(f"sample {sample} is not in the batch, which has {size}: choose 0 to {max(size - 1, 0)}.")


def written(
    explanation: Explanation, graph: Graph, detail: Detail, sample: int | None, rows: set[Line]
) -> str:  # fmt: skip
    """The page with so much detail."""
    found = groups(graph)
    shown = chosen(found, detail.lines)
    lines = Lines(graph, shown, detail.cells, detail.bins, detail.formulas, sample, rows)
    title = title_of(explanation)
    loss = number_of(graph.loss)
    sections = "".join(
        clear(explanation, graph) if moment == "clear" else section(moment, found, lines, explanation)
        for moment in TOLD
    )
    body = (
        f'<header class="title" id="step-top"><p class="mark">Backlit · one training step</p><h1>{title}</h1>'
        f"{facts(explanation, graph, rows, sample)}{warning(graph, lines)}{cut(graph, shown, detail)}</header>"
        f"{contents(found)}{pictures(explanation, graph, shown)}{sections}{notes(graph)}"
    )
    return document(f"{title}, loss {loss}" if loss else title, body)


def document(title: str, body: str) -> str:
    """The whole file: the parts of the page with its style and its script in it."""
    here = files("backlit.explain")
    style, script = ((here / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<div class="sheet"><main>{body}</main>\n'
        '<aside class="panel" id="step-panel" tabindex="-1" aria-label="The chosen name" hidden></aside></div>\n'
        f"<script>\n{script}</script>\n</body>\n</html>\n"
    )


def title_of(explanation: Explanation) -> str:
    script = f" of {escape(Path(explanation.script).name)}" if explanation.script else ""
    return f"Step {explanation.step}{script}"


def number_of(line: Line | None) -> str:
    return "" if line is None or np.ndim(line.value) else escape(short(line.value))


def facts(explanation: Explanation, graph: Graph, rows: set[Line], sample: int | None) -> str:
    """The step in a few numbers."""
    size = max((len(line.value) for line in rows), default=0)
    weights = sum(int(np.size(before)) for before, _, _ in explanation.parameters.values())
    computed = sum(line.kind != "input" for line in graph.lines)
    said = [
        ("loss", "" if graph.loss is None or np.ndim(graph.loss.value) else escape(exact(graph.loss.value))),
        ("samples", f"{sample} of 0 to {size - 1}" if sample is not None else str(size or "")),
        ("parameters", f"{weights:,}" if weights else ""),
        ("optimizer", type(explanation.optimizer).__name__ if explanation.optimizer is not None else ""),
        ("lines", str(computed)),
    ]
    return '<dl class="facts">' + "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in said if v) + "</dl>"


def warning(graph: Graph, lines: Lines) -> str:
    """Which line made the first number that is not finite."""
    line = first_bad(graph.lines)
    if line is None:
        return ""
    where = "".join(f" ({escape(place)})" for place in [Group("", (line,)).where] if place)
    came = "was given with" if line.kind == "input" else "is the first line with"
    return (
        f'<p class="warning" role="note">{lines.link(line)}{where} {came} numbers that are not finite. They are shown '
        "as they are, and what is computed from them follows from them.</p>"
    )


def cut(graph: Graph, shown: dict[Line, str], detail: Detail) -> str:
    """What a page leaves out of a large step."""
    if detail == Detail():
        return ""
    size = sum(np.asarray(line.value).nbytes for line in graph.lines if not isinstance(line.value, (tuple, list)))
    left = len(graph.lines) - len(shown)
    lines = f" {left:,} of its {len(graph.lines):,} lines are left out here." if left else ""
    return (
        f'<p class="warning" role="note">This step holds {size / 1e6:,.1f} MB of numbers, more than a page can show: '
        f"arrays of more than {detail.cells} elements are summed up.{lines} "
        "<code>backlit explain --source DIR</code> writes all of it as a program with its data.</p>"
    )


def chosen(found: Iterable[Group], most: int | None) -> dict[Line, str]:
    """The lines that the page shows, all or the first and the last of each moment, and the anchor of each."""
    lines: dict[str, list[Line]] = {moment: [] for moment in MOMENTS}
    for group in found:
        lines[group.moment] += group.lines
    half = None if most is None else most // (2 * len(MOMENTS))
    kept = [each if half is None or len(each) <= 2 * half else each[:half] + each[-half:] for each in lines.values()]
    anchors: dict[Line, str] = {}
    taken: dict[str, int] = {}
    for line in (line for each in kept for line in each):
        taken[line.name] = count = taken.get(line.name, 0) + 1
        anchors[line] = line.name if count == 1 else f"{line.name}-{count}"  # a parameter after its update
    return anchors


def contents(found: Iterable[Group]) -> str:
    """The way to each moment."""
    there = {group.moment for group in found} | {"clear"}
    links = "".join(
        f'<li class="{name}"><a href="#step-{name}">{TOLD[name][0]}</a></li>' for name in TOLD if name in there
    )
    return f'<nav class="moments" aria-label="The moments of the step"><ol>{links}</ol></nav>'


def pictures(explanation: Explanation, graph: Graph, shown: dict[Line, str]) -> str:
    """The network with its weights after the step, and the graph of the step."""
    drawn = (
        f'<figure><div class="wide drawing">{svg(graph, shown)}</div><figcaption>The step: forward from left to right, '
        "and back below it. Dotted lines are values of the forward pass that the way back reads again.</figcaption>"
        "</figure>"
    )
    return f'<section class="pictures" aria-label="Pictures of the step">{network(explanation)}{drawn}</section>'


def network(explanation: Explanation) -> str:
    """The model's linear layers drawn; nothing for a model that is no chain of them."""
    if explanation.model is None:
        return ""
    try:
        picture = network_svg(explanation.model)
    except ValueError:
        return ""
    said = "The linear layers after the step: the thicker, the larger the weight; blue is above zero, orange below."
    return f'<figure><div class="wide drawing">{picture}</div><figcaption>{said}</figcaption></figure>'


def section(moment: str, found: Iterable[Group], lines: Lines, explanation: Explanation) -> str:
    """One moment with its lines."""
    mine = [group for group in found if group.moment == moment]
    if not mine:
        return ""
    title, told = TOLD[moment]
    inside = "".join(lines.group(group, heading(group, explanation)) for group in mine)
    steps = changes(explanation) if moment == "update" else ""
    return (
        f'<section class="moment {moment}" id="step-{moment}"><h2>{title}</h2><p>{told}</p>{steps}{inside}</section>\n'
    )


def heading(group: Group, explanation: Explanation) -> str:
    """What a group of lines is about: a layer and the op, or the parameter that is updated."""
    if group.moment == "given":
        return ""
    about = group.parameter or module_of(group, explanation)
    op = group.op.replace("_", " ")
    return " ".join(filter(None, [f"<code>{escape(about)}</code>" if about else "", f"<span>{escape(op)}</span>"]))


def module_of(group: Group, explanation: Explanation) -> str:
    """The layer of a group, with what it is: "net.0 Linear"."""
    modules = dict(explanation.model.named_modules()) if explanation.model is not None else {}
    module = modules.get(group.module) if group.module else None
    return f"{group.module} {type(module).__name__}" if module is not None else group.module


def clear(explanation: Explanation, graph: Graph) -> str:
    """The moment in which old gradients are put away. It computes nothing, so it has no lines."""
    added = any(line.op == "accumulate" for line in graph.lines)
    told = (
        "The gradients of an earlier backward pass were still there: this step's are <b>added</b> to them. "
        "<code>optimizer.zero_grad()</code> before <code>loss.backward()</code> starts afresh."
        if added
        else "The gradients of the step before are put away, so that this step's are not added to them."
    )
    return (
        f'<section class="moment clear" id="step-clear"><h2>{TOLD["clear"][0]}</h2><p>{told}</p>'
        f"</section>\n"
    )  # fmt: skip


def changes(explanation: Explanation) -> str:
    """What the step did to each parameter: sizes as norms, and the change beside the parameter's own size."""
    rows = "".join(change(path, *arrays) for path, arrays in explanation.parameters.items())
    head = "".join(
        f'<th scope="col">{text}</th>' for text in ("parameter", "shape", "norm", "gradient", "change", "ratio")
    )
    return (
        f'<div class="wide"><table class="changes"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        if rows
        else ""
    )


def change(path: str, before: Any, gradient: Any, after: Any) -> str:
    norm = summarise(before).norm
    step = summarise(np.asarray(after, np.float64) - np.asarray(before, np.float64)).norm
    size = short(summarise(gradient).norm) if gradient is not None else "none"
    ratio = short(step / norm, 2) if norm else "–"
    bad = " class=bad" if is_bad(after) else ""
    cells = (shape_of(before), short(norm), size, short(step), ratio)
    return (
        f'<tr{bad}><th scope="row"><code>{escape(path)}</code></th>{"".join(f"<td>{text}</td>" for text in cells)}</tr>'
    )


def notes(graph: Graph) -> str:
    """What the record says of itself."""
    listed = "".join(f"<li>{escape(note)}</li>" for note in graph.notes)
    return f'<section class="notes"><h2>Notes</h2><ul>{listed}</ul></section>' if listed else ""
