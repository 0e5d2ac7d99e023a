"""Networks of many sizes, Backlit's native engine beside PyTorch and JAX: `python -m benchmarks.sweep` writes
sweep.md and sweep.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.__main__ import run_in_turn
from benchmarks.machine import describe, threads, threads_wanted

HERE = Path(__file__).parent
PEERS = ("Backlit, native", "Backlit", "PyTorch", "JAX, one scan")
#: What is varied, each around 2 layers of 128 units and 64 rows a step.
SERIES = {
    "width": [(width, 2, 64) for width in (8, 32, 128, 512, 2048)],
    "depth": [(64, depth, 64) for depth in (1, 2, 4, 8, 16, 32)],
    "batch": [(128, 2, batch) for batch in (1, 16, 64, 256, 1024, 4096)],
}
AXES = {"width": 0, "depth": 1, "batch": 2}
UNITS = {"width": "units a layer", "depth": "hidden layers", "batch": "rows a step"}
Found = dict[tuple[int, int, int], dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.sweep", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=3, help="how often each is run (the median counts)")
    options = parser.parse_args()
    with threads(threads_wanted()):
        machine = "\n".join(f"* {line}" for line in describe())
        found = measure(options.turns)
    text = table(found)
    print(text)
    picture = "![µs a step over width, depth and batch](sweep.png)"
    (HERE / "sweep.md").write_text(f"# Networks of many sizes\n\n{machine}\n\n{picture}\n\n{text}", encoding="utf-8")
    draw(found, HERE / "sweep.png")


def measure(turns: int) -> Found:
    """Medians, in seconds a step; every turn runs all peers one after the other."""
    found: Found = {}
    for sizes in dict.fromkeys(sizes for series in SERIES.values() for sizes in series):
        each = run_in_turn("sweep-" + "-".join(map(str, sizes)), turns, PEERS)
        found[sizes] = {peer: median(turn["seconds"] for turn in runs) for peer, runs in each.items()}
    return found


def table(found: Found) -> str:
    """Microseconds a step of each peer, and how many times as long as the native engine it takes."""
    lines = ["", f"| width | depth | batch | {' | '.join(PEERS)} |", "|---:|---:|---:|" + "---:|" * len(PEERS)]
    for sizes, seconds in found.items():
        own = seconds[PEERS[0]]
        cells = [f"{value * 1e6:,.1f} ({value / own:.1f})" for value in seconds.values()]
        lines.append(f"| {' | '.join([*map(str, sizes), *cells])} |")
    words = (
        "µs a step, and in brackets how many times Backlit's native engine goes into it (SGD, 64 inputs, 10 classes)."
    )
    return f"{words}\n" + "\n".join(lines) + "\n"


def draw(found: Found, path: Path) -> None:
    """A panel for each thing that is varied."""
    from backlit.plots.canvas import new_figure, save, style, tidy

    figure = new_figure(11, 3.8)
    for k, (name, series) in enumerate(SERIES.items()):
        axes: Any = figure.add_subplot(1, 3, k + 1)
        for number, peer in enumerate(PEERS):
            colour, marker = style(number)
            x = [sizes[AXES[name]] for sizes in series]
            y = [found[sizes][peer] * 1e6 for sizes in series]
            axes.loglog(x, y, color=colour, marker=marker, markersize=4, label=peer)
        axes.set_xticks(x, map(str, x))
        axes.minorticks_off()
        tidy(axes, f"{name}, {UNITS[name]}", "µs a step" if k == 0 else "")
    axes.legend(frameon=False, fontsize=8)
    save(figure, path)


if __name__ == "__main__":
    main()
