"""Small runs to read back: tables with numbers and texts, trained in a moment."""

import numpy as np

from backlit.data.table import load_table, prepare
from backlit.train.folder import write_run
from backlit.train.options import Options
from backlit.train.table import train_table

TARGETS = {
    "binary": lambda size, colour: np.where(size > 4, "big", "small"),
    "classes": lambda size, colour: np.char.add(colour, np.where(size > 4, " big", " small")),
    "regression": lambda size, colour: np.round(2000 + 3 * size - 5 * (colour == "red"), 3),
}


def write_table(path, task="binary", rows=80):
    """A CSV file with a column of numbers, one of texts, and a target that follows from both."""
    rng = np.random.default_rng(0)
    size, colour = np.round(rng.uniform(0, 9, rows), 3), rng.choice(["red", "green", "blue"], rows)
    target = TARGETS[task](size, colour)
    lines = [f"{s},{c},{t}\n" for s, c, t in zip(size, colour, target, strict=True)]
    path.write_text("size,colour,kind\n" + "".join(lines))
    return path


def make_run(folder, table, **options):
    """Train on a table for a few epochs, write the run folder, and give what was trained."""
    chosen = Options(**({"epochs": 10, "hidden": (6,), "lr": 0.05} | options))
    prepared = prepare(load_table(str(table)), chosen.seed, chosen.missing)
    trained = train_table(prepared, chosen)
    write_run(trained, folder)
    return trained
