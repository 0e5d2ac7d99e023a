"""The rows that a network predicts worst, as people can read them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backlit.data.table import Part, Prepared

MOST_ROWS = 10


class WorstRow(NamedTuple):
    """A row of the table: its number (from 1), its cells by column, what it is, what was predicted, and its loss."""

    number: int
    cells: dict[str, Any]
    target: Any
    prediction: str
    loss: float


def worst_rows(prepared: Prepared, scores: np.ndarray, part: Part) -> list[WorstRow]:
    """The rows of a part with the greatest loss, the greatest first.  Shape: scores (rows, outputs)."""
    losses, answers = losses_of(prepared, scores, part.y), answers_of(prepared, scores)
    order = np.argsort(-losses, kind="stable")[:MOST_ROWS]
    table = prepared.table
    frame = table.pick(part.rows[order])
    cells = frame.to_dicts()
    return [
        WorstRow(
            int(part.rows[at]) + 1,
            {name: cells[k][name] for name in frame.columns if name != table.target},
            cells[k][table.target],
            answers[at],
            float(losses[at]),
        )
        for k, at in enumerate(order)
    ]


def losses_of(prepared: Prepared, scores: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Each row's loss.  Shape: scores (rows, outputs), out (rows,) float64."""
    kind, wide = prepared.task.kind, scores.astype(np.float64)
    if kind == "regression":
        return (wide - y)[:, 0] ** 2
    if kind == "binary":
        return (np.logaddexp(0, wide) - wide * y)[:, 0]
    return np.logaddexp.reduce(wide, axis=1) - wide[np.arange(len(y)), y]


def answers_of(prepared: Prepared, scores: np.ndarray) -> list[str]:
    """What the network says of each row: the class, and how sure it is; or the quantity in its own unit."""
    task, wide = prepared.task, scores.astype(np.float64)
    if task.kind == "regression":
        return [f"{value:.4g}" for value in wide[:, 0] * task.std + task.mean]
    if task.kind == "binary":
        wide = np.concatenate([np.zeros_like(wide), wide], axis=1)
    chances = np.exp(wide - np.logaddexp.reduce(wide, axis=1, keepdims=True))
    return [f"{task.labels[k]} ({chance[k]:.0%})" for chance in chances for k in (int(chance.argmax()),)]
