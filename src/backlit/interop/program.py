"""A trained network as a program of its own: one file to read and run, and its weights beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backlit.data.columns import Column, to_config
from backlit.data.task import Task
from backlit.interop import standalone
from backlit.interop.replacing import making

HEAD = '''\
"""A trained network as a program of its own: it needs Python and {library}, nothing else.

    python model.py NEW.csv > PREDICTED.csv

or, from another program:

    from model import predict
    predict([{{column: value, ...}}, ...])

The weights lie beside it, in model.safetensors. Made by Backlit {version}.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

{imports}

{constants}


'''

QUANTITY = '''\
def predict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each row the predicted quantity, in the target's own units."""
    return [{"prediction": round(score * STD + MEAN, DECIMALS)} for (score,) in scores(rows).tolist()]
'''

TAIL = """

if __name__ == "__main__":
    main(predict, COLUMNS)
"""


@dataclass(frozen=True)
class Part:
    """What one library adds: its imports, source that defines `predict(rows)`, and the weights which that reads."""

    library: str
    imports: str
    source: str
    weights: dict[str, np.ndarray]


def program(part: Part, columns: list[Column], task: Task, target: str) -> str:
    """The whole source: head, constants, the functions that every program has, and the library's own part."""
    import backlit

    head = HEAD.format(
        library=part.library,
        version=backlit.__version__,
        imports=part.imports,
        constants=constants(columns, task, target),
    )
    shared: list[Callable[..., Any]] = [
        standalone.read_weights,
        standalone.read_rows,
        standalone.with_points,
        standalone.encode,
        standalone.encode_value,
        *([] if task.kind == "regression" else [standalone.choose_labels]),
        standalone.main,
    ]
    return head + "\n\n".join([*map(inspect.getsource, shared), part.source]) + TAIL


def constants(columns: list[Column], task: Task, target: str) -> str:
    """What the encoding of rows and the decoding of scores need to know."""
    lines = [f"TARGET = {target!r}"]
    if task.kind == "regression":
        lines += ["# A quantity is score * STD + MEAN, with as many decimals as a float32 score decides."]
        lines += [f"MEAN, STD, DECIMALS = {task.mean!r}, {task.std!r}, {task.decimals}"]
    else:
        lines += [f"LABELS = {list(task.labels)!r}"]
    lines += ["# The table's columns, in the order of the network's inputs."]
    lines += ["COLUMNS: list[dict[str, Any]] = [", *(f"    {to_config(column)!r}," for column in columns), "]"]
    lines += ['# Ways in which files say "no value".', f"MISSING = {standalone.MISSING!r}"]
    return "\n".join(lines)


def write_program(folder: Path, source: str, weights: dict[str, np.ndarray]) -> None:
    """Write `model.py` and `model.safetensors` in a new folder, both or none. Raises OSError if that fails."""
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with making(folder) as temporary:
        (temporary / "model.py").write_text(source, encoding="utf-8")
        (temporary / "model.safetensors").write_bytes(save(arrays))
