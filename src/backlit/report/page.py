"""A finished run as one HTML page that needs nothing else: data, network, curves, measures, rows, how to repeat it."""

from __future__ import annotations

import dataclasses
import platform
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.data.describe import class_counts, describe_columns
from backlit.explain.network import network_svg
from backlit.report import charts
from backlit.report.classes import Measured, by_class
from backlit.report.importance import Importance, importance
from backlit.report.regions import region_chart
from backlit.report.rows import WorstRow, worst_rows
from backlit.report.tables import MOST, aligned, cell, grid, more, number

if TYPE_CHECKING:
    from backlit.train.table import Trained

#: Columns of the data in the open table; the rest is one click away.
OPEN_COLUMNS = 12
#: Inputs in a worst row: as many as are read beside each other, the most important ones.
WORST_INPUTS = 6
#: Classes for which a confusion matrix is still read.
MOST_CLASSES = 20
PARTS = ("test", "validation", "train")


def page(trained: Trained) -> str:
    """The report. The same run gives the same bytes."""
    prepared = trained.prepared
    name = next(part for part in PARTS if part in prepared.parts)
    part = prepared.parts[name]
    scores = trained.scores_of(part.x)
    found = importance(prepared, trained.scores_of, part, trained.options.seed)
    sections = [
        head(trained, name),
        section("Data", data(trained)),
        section("Network", network(trained)),
        section("Training", training(trained)),
        section("Doctor", doctor(trained)),
        section("Boundary", region_chart(trained)),
        section("Predictions", predictions(trained, scores, name)),
        section(f"Worst rows of the {name} part", worst(worst_rows(prepared, scores, part), found)),
        section("What the predictions rest on", rests_on(trained, name, found)),
        section("Repeat it", repeat(trained)),
    ]
    title = f"{prepared.table.name}: {prepared.table.target}"
    style = resources.files("backlit.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, sections))
        + "\n</body>\n</html>\n"
    )


def section(title: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>" if body else ""


def head(trained: Trained, name: str) -> str:
    """What was learned from what, and how well."""
    prepared, history = trained.prepared, trained.history
    table, task = prepared.table, prepared.task
    measures = {key: value for key, value in trained.metrics[name].items() if key != "rows"}
    figures = [(f"{key} ({name})", number(value)) for key, value in measures.items()]
    figures += [("rows", f"{table.height:,}"), ("epochs", f"{len(history.epochs):,}")]
    cells = "".join(f"<div><dt>{escape(key)}</dt><dd>{value}</dd></div>" for key, value in figures)
    return (
        f"<header>\n<h1>{escape(table.target)} from {escape(table.name)}</h1>\n"
        f'<p class="soft">{escape(table.about)}. Task: {escape(task.describe())}.</p>\n'
        f'<dl class="figures">{cells}</dl>\n</header>'
    )


def data(trained: Trained) -> str:
    """The columns with their statistics, the classes, and what was done to the table."""
    prepared = trained.prepared
    described = describe_columns(prepared)
    header = ("column", "role", "kind", "missing", "min", "mean", "max", "distinct", "why it is left out")
    rows = [
        (
            row["name"], row["role"], row["kind"], f"{row['missing']:,}", number(row["min"]), mean_of(row),
            number(row["max"]), "" if row["distinct"] is None else f"{row['distinct']:,}", row["reason"] or "",
        )
        for row in described
    ]  # fmt: skip
    told = [k for k in range(len(header)) if any(row[k] for row in rows)]
    top, cells = [header[k] for k in told], [[row[k] for k in told] for row in rows]
    notes = (told.index(8),) if 8 in told else ()
    found = [grid(top, cells[:OPEN_COLUMNS], texts=(0, 1, 2), notes=notes)]
    if len(rows) > OPEN_COLUMNS:
        rest = grid(top, cells[OPEN_COLUMNS:], texts=(0, 1, 2), notes=notes)
        found.append(f"<details><summary>{len(rows) - OPEN_COLUMNS:,} more columns</summary>{rest}</details>")
    counts = class_counts(prepared)
    if counts:
        parts = list(prepared.parts)
        classes = [(str(row["label"]), *(f"{row[part]:,}" for part in parts)) for row in counts[:MOST]]
        found += [grid(("class", *parts), classes, texts=(0,)), more(len(counts), "classes")]
    else:
        parts = [f"{len(part):,} {name}" for name, part in prepared.parts.items()]
        found.append(f"<p>Rows: {', '.join(parts)}.</p>")
    return "\n".join([*(f"<p>{escape(note)}</p>" for note in prepared.notes), *filter(None, found)])


def mean_of(row: Mapping[str, Any]) -> str:
    """A column's mean; 0 where it is what rounding leaves of a column that was centred."""
    mean, std = row["mean"], row["std"]
    return "0" if mean is not None and abs(mean) < 1e-9 * std else number(mean)


def network(trained: Trained) -> str:
    prepared, options = trained.prepared, trained.options
    outputs = [str(label) for label in prepared.task.labels] if prepared.task.kind == "classes" else [
        prepared.table.target]  # fmt: skip
    drawing = network_svg(trained.model, shortened(prepared.features), shortened(outputs))
    count = sum(p.array.size for p in trained.model.parameters())
    words = f"{count:,} parameters; hidden layers use {options.activation}."
    key = "A line is a weight: blue above zero, orange below, the wider the larger, as the samples say."
    return f'<figure class="wide">{drawing}<figcaption>{escape(words)} {key}</figcaption></figure>'


def training(trained: Trained) -> str:
    """The losses, why the run ended, and what it was trained with."""
    history, options = trained.history, trained.options
    epochs = history.epochs
    if not epochs:
        return ""
    x = np.array([row["epoch"] for row in epochs], float)
    lines = [charts.Curve("training", x, np.array([row["loss"] for row in epochs], float), "training")]
    if "validation_loss" in epochs[0]:
        values = np.array([row["validation_loss"] for row in epochs], float)
        lines.append(charts.Curve("validation", x, values, "validation"))
    keys = " ".join(f'<span class="key {c.kind}"></span>{c.name} &nbsp;' for c in lines)
    chart = charts.curves(lines, "epoch", "loss", history.best_epoch)
    how = (
        f"{options.optimizer}, rate {options.lr:g}, schedule {options.schedule}, {options.batch} rows a step, "
        f"seed {options.seed}. Stopped after epoch {len(epochs):,}: {history.stopped}."
    )
    kept = f" The weights of epoch {history.best_epoch} were kept." if history.best_epoch else ""
    drawn = f'<figure><div class="wide">{chart}</div><figcaption>{keys}</figcaption></figure>'
    return f"{drawn}\n<p>{escape(how + kept)}</p>"


def doctor(trained: Trained) -> str:
    """The mistakes that the doctor named in the run's early steps; nothing where it named none."""
    found = [finding for finding in trained.history.early_findings if finding.severity != "note"]
    rows = sorted((finding.severity, finding.rule, finding.message) for finding in found)
    return grid(("", "rule", "what was seen"), rows, texts=(0, 1), notes=(2,)) if rows else ""


def predictions(trained: Trained, scores: np.ndarray, name: str) -> str:
    """The measures of every part, and where the errors lie."""
    prepared = trained.prepared
    part, task = prepared.parts[name], prepared.task
    names = list(next(iter(trained.metrics.values())))
    measures = {k: [values[k] for values in trained.metrics.values()] for k in names}
    written = [[f"{int(v):,}" for v in each] if k == "rows" else aligned(each) for k, each in measures.items()]
    found = [grid(("part", *names), list(zip(trained.metrics, *written, strict=True)), texts=(0,))]
    if task.kind == "regression":
        true, said = (np.asarray(v, float)[:, 0] * task.std + task.mean for v in (part.y, scores))
        chart = charts.points(true, said, "true value", "prediction")
        caption = f"<figcaption>Each point is a row of the {name} part.</figcaption>"
        found.append(f'<figure><div class="wide">{chart}</div>{caption}</figure>')
    else:
        measured = by_class(task, scores, part.y)
        found += [per_class(measured, name), confusion(measured, name)]
    return "\n".join(filter(None, found))


def per_class(measured: Measured, name: str) -> str:
    shown = list(measured.classes.values())[:MOST]
    columns = [aligned([getattr(row, key) for row in shown]) for key in ("precision", "recall", "f1")]
    rows = list(zip(measured.classes, (f"{row.rows:,}" for row in shown), *columns, strict=False))
    table = grid(("class", "rows", "precision", "recall", "F1"), rows, texts=(0,), caption=f"By class, {name} part")
    return table + more(len(measured.classes), "classes")


def confusion(measured: Measured, name: str) -> str:
    """How many rows of each class were taken for which; the darker, the larger the share of the class."""
    labels = list(measured.classes)
    if len(labels) > MOST_CLASSES:
        return ""
    rows = []
    for label, counts in zip(labels, measured.confusion, strict=True):
        total = max(int(counts.sum()), 1)
        cells = []
        for k, n in enumerate(counts):
            colour = "0,114,178" if labels[k] == label else "213,94,0"
            cells.append(f'<td style="background:rgba({colour},{0.75 * int(n) / total:.2f})">{int(n):,}</td>')
        rows.append(f"<tr><th>{escape(label)}</th>{''.join(cells)}</tr>")
    header = "".join(f"<th>{escape(label)}</th>" for label in labels)
    caption = f"True classes down, predicted classes across, {name} part"
    return (
        f'<div class="wide"><table class="confusion"><caption>{caption}</caption>'
        f"<thead><tr><th></th>{header}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def worst(rows: Sequence[WorstRow], found: Sequence[Importance]) -> str:
    """The rows, each with what matters most of what was known of it."""
    if not rows:
        return ""
    columns = [row.column for row in found[:WORST_INPUTS]]
    losses = aligned([row.loss for row in rows])
    values = [aligned([row.cells[name] for row in rows]) for name in columns]
    cells = [
        (f"{row.number:,}", losses[k], cell(row.target), row.prediction, *(column[k] for column in values))
        for k, row in enumerate(rows)
    ]
    return grid(("row", "loss", "true", "predicted", *columns), cells, texts=(2, 3))


def rests_on(trained: Trained, name: str, found: Sequence[Importance]) -> str:
    """The importance of each column, by permutation."""
    shown = found[:MOST]
    most = max((abs(row.fall) for row in shown if np.isfinite(row.fall)), default=0.0) or 1.0
    falls, spreads = (aligned([getattr(row, key) for row in shown]) for key in ("fall", "spread"))
    rows = "".join(importance_row(row, most, *said) for row, *said in zip(shown, falls, spreads, strict=True))
    caption = f"How much the {trained.prepared.task.headline} of the {name} part falls when a column is shuffled"
    top = '<tr><th class="text">column</th><th>fall</th><th>±</th><th></th></tr>'
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead>{top}</thead>'
        f"<tbody>{rows}</tbody></table></div>{more(len(found), 'columns')}"
    )


def importance_row(row: Importance, most: float, fall: str, spread: str) -> str:
    width = 12 * abs(row.fall) / most if np.isfinite(row.fall) else 0
    kind = "bar below" if row.fall < 0 else "bar"
    return (
        f"<tr><th>{escape(row.column)}</th><td>{fall}</td><td>{spread}</td>"
        f'<td class="text"><span class="{kind}" style="width:{width:.2f}rem"></span></td></tr>'
    )


def repeat(trained: Trained) -> str:
    """The command, the seed, what the data are, and the versions that made the numbers."""
    import backlit

    table = trained.prepared.table
    rows = [
        ("data", f"{table.about}, SHA-256 {table.digest}"), ("seed", str(trained.options.seed)),
        ("Backlit", backlit.__version__), ("Python", platform.python_version()), ("NumPy", np.__version__),
        *((name, metadata.version(name)) for name in ("polars", "scikit-learn")),
    ]  # fmt: skip
    words = "With the data where they were; or with this run's config.toml, as --config FILE:"
    return f"<p>{words}</p>\n<pre>{escape(command_of(trained))}</pre>\n" + grid(("", ""), rows, texts=(0,), notes=(1,))


def command_of(trained: Trained) -> str:
    """The command line that makes the same run: the data, and what is not as it would be by itself."""
    table, options = trained.prepared.table, trained.options
    words = ["backlit", "train", table.source]
    words += [] if table.target == table.columns[-1] else ["--target", table.target]
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if value == field.default or (field.name == "lr" and options.find_lr):
            continue
        words.append("--" + field.name.replace("_", "-"))
        if isinstance(value, tuple):
            words.append(",".join(map(str, value)) or "0")
        elif value is not True:
            words.append(str(value))
    return shlex.join(words)


def shortened(names: Sequence[str]) -> list[str]:
    return [name if len(name) <= 22 else name[:21] + "…" for name in names]
