"""What a table holds, in small rows for a report."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.data.survey import Facts
from backlit.data.table import Prepared


def describe_columns(prepared: Prepared) -> list[dict[str, Any]]:
    """A row for each column of the table, in its order, over all its rows.

    `role` is "input", "target" or "left out" (then with a `reason`), `kind` "number", "category" or "other". Numbers
    have `min`, `max`, `mean` and `std`, categories `distinct` and `most_common`; where a value makes no sense, or is
    not known (of more than 1,000 texts), it is None.

    >>> from backlit.data.table import load_table, prepare
    >>> rows = describe_columns(prepare(load_table("iris")))
    >>> rows[0]["name"], rows[0]["role"], rows[0]["count"], rows[0]["missing"], rows[0]["min"], rows[0]["max"]
    ('sepal_length', 'input', 150, 0, 4.3, 7.9)
    >>> rows[-1]["name"], rows[-1]["role"], rows[-1]["distinct"], rows[-1]["most_common"]
    ('species', 'target', 3, 'setosa')
    """
    rows = []
    for name, facts in prepared.facts.items():
        reason = prepared.left_out.get(name)
        role = "target" if name == prepared.table.target else "input" if reason is None else "left out"
        rows.append({"name": name, "role": role, **_values(facts), "reason": reason})
    return rows


def class_counts(prepared: Prepared) -> list[dict[str, Any]]:
    """How many rows of each part belong to each class: a row a class, none for a quantity.

    >>> from backlit.data.table import load_table, prepare
    >>> class_counts(prepare(load_table("xor")))
    [{'label': 0, 'train': 2}, {'label': 1, 'train': 2}]
    """
    labels = prepared.task.labels
    counts = {
        name: np.bincount(part.y.ravel().astype(np.int64), minlength=len(labels))
        for name, part in prepared.parts.items()
        if labels
    }
    return [
        {"label": label, **{name: int(count[i]) for name, count in counts.items()}} for i, label in enumerate(labels)
    ]


def _values(facts: Facts) -> dict[str, Any]:
    moments, texts = facts.moments, facts.texts
    is_number = bool(facts.is_number and moments.count)
    return {
        "kind": "number" if facts.is_number else "category" if facts.is_text else "other",
        "count": facts.count,
        "missing": facts.missing,
        "min": moments.least if is_number else None,
        "max": moments.most if is_number else None,
        "mean": moments.mean if is_number else None,
        "std": moments.std if is_number else None,
        "distinct": len(texts) if texts else None,
        # Of equally many the first in alphabetical order.
        "most_common": min(texts, key=lambda text: (-texts[text], text)) if texts else None,
    }
