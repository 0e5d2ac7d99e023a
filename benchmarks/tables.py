"""`backlit train` beside scikit-learn's MLP, table by table, written to tables.md: `python -m benchmarks.tables`."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, stdev

from benchmarks.machine import describe, threads, threads_wanted
from benchmarks.table_data import customers, million, rents

HERE = Path(__file__).parent
BUILT_IN = ("iris", "wine", "breast_cancer", "digits", "diabetes")
PEERS = ("as it comes", "same options")
MILLION_EPOCHS = 2
MIB = 2**20
ABOUT = """\
# Tables

Written by `python -m benchmarks.tables`: `backlit train TABLE` as it comes beside scikit-learn's MLP with the same
hidden layer, on {seeds} splits of each table (a seed each). Both get the same rows, equally standardised and one-hot
coded, with missing values filled in. scikit-learn learns from the training and the validation rows, with its own
settings and, as "same options", with the rate, batch, epochs and early stopping of `backlit train`. A difference is
Backlit's advantage, with twice its standard error. customers and rents are CSV files with text and 5 % of missing
values. Seconds are medians; the whole command is Python's start, reading, training, pictures and report.
"""


@dataclass
class Runs:
    """What each seed gave, for one table."""

    scores: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    measure: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.tables", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="runs of each table")
    parser.add_argument("--only", help="one table only; nothing is written")
    options = parser.parse_args()
    with threads(threads_wanted()), tempfile.TemporaryDirectory() as name:
        folder, top = Path(name), header(options.seeds)
        sources = {table: table for table in BUILT_IN} | {
            path.stem: str(path) for path in (customers(folder), rents(folder))
        }
        chosen = {table: source for table, source in sources.items() if options.only in (None, table)}
        text = compared({table: in_turn(table, source, options.seeds, folder) for table, source in chosen.items()})
        if options.only in (None, "million"):
            text += large(million(folder), folder)
    print(text)
    if options.only is None:
        (HERE / "tables.md").write_text(top + text, encoding="utf-8")
        print("written to benchmarks/tables.md")


def in_turn(table: str, source: str, seeds: int, folder: Path) -> dict[str, Runs]:
    """Backlit and scikit-learn on one table, seed by seed in turn."""
    found = {name: Runs() for name in ("Backlit", *PEERS)}
    for seed in range(seeds):
        print(f"{table}: seed {seed}", file=sys.stderr)
        own = train(source, folder / f"{table}-{seed}", found["Backlit"], ["--seed", str(seed), "--missing", "impute"])
        found["Backlit"].measure = own
        command = [sys.executable, "-m", "benchmarks.peers.table_mlp", source, str(seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=HERE.parent)
        for name, values in json.loads(done.stdout).items():
            found[name].scores.append(values["score"])
            found[name].training.append(values["seconds"])
    return found


def train(source: str, out: Path, runs: Runs, options: list[str]) -> str:
    """One `backlit train` in a process of its own; its figures go to `runs`.  Out: the measure's name."""
    command = [sys.executable, "-m", "backlit", "train", source, "--out", str(out), *options]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(command, stdout=printed)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not wait for it once more
        if status:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
        printed.seek(0)
        took = re.search(rb"took .* in ([\d.]+) s", printed.read())
    runs.seconds.append(time.perf_counter() - started)
    runs.training.append(float(took.group(1)) if took else float("nan"))
    runs.peaks.append(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
    test = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["test"]
    measure = "r2" if "r2" in test else "accuracy"
    runs.scores.append(test[measure])
    return measure


def compared(results: dict[str, dict[str, Runs]]) -> str:
    """A line a table: the test measures, and by how much Backlit is the better; then seconds and memory."""
    if not results:
        return ""
    scores = "| table | measure | Backlit | scikit-learn | same options | difference | same options |"
    lines = ["", "## Test measure", "", scores, "|---|---|---:|---:|---:|---:|---:|"]
    for table, found in results.items():
        own = found["Backlit"]
        means = [f"{mean(runs.scores):.4f}" for runs in found.values()]
        differences = [difference(own.scores, found[peer].scores) for peer in PEERS]
        lines.append(f"| {' | '.join([table, own.measure, *means, *differences])} |")
    seconds = "| table | Backlit trains | scikit-learn | same options | whole command | peak, MiB |"
    lines += ["", "## Seconds and memory", "", seconds, "|---|---:|---:|---:|---:|---:|"]
    for table, found in results.items():
        own = found["Backlit"]
        trainings = [f"{median(runs.training):.2f}" for runs in found.values()]
        whole = [f"{median(own.seconds):.2f}", f"{max(own.peaks) / MIB:.0f}"]
        lines.append(f"| {' | '.join([table, *trainings, *whole])} |")
    return "\n".join(lines) + "\n"


def difference(own: list[float], other: list[float]) -> str:
    """The mean of Backlit's advantage over the seeds, with twice its standard error."""
    each = [a - b for a, b in zip(own, other, strict=True)]
    noise = f" ± {2 * stdev(each) / len(each) ** 0.5:.4f}" if len(each) > 1 else ""
    return f"{mean(each):+.4f}{noise}"


def large(path: Path, folder: Path) -> str:
    """A million rows: seconds and memory of the command, beside the file's size."""
    runs, size = Runs(), path.stat().st_size
    train(str(path), folder / "million", runs, ["--epochs", str(MILLION_EPOCHS), "--batch", "256"])
    cells = [
        f"{size / MIB:.0f}",
        f"{runs.peaks[0] / MIB:.0f}",
        f"{runs.peaks[0] / size:.2f}",
        f"{runs.seconds[0]:.1f}",
        f"{runs.training[0]:.1f}",
        f"{runs.scores[0]:.4f}",
    ]
    return (
        f"\n## 1,000,000 rows of 20 columns, {MILLION_EPOCHS} epochs of 256 rows a step\n\n"
        "| CSV, MiB | peak memory, MiB | times the file | whole command, s | training, s | test accuracy |\n"
        "|---:|---:|---:|---:|---:|---:|\n"
        f"| {' | '.join(cells)} |\n"
    )


def header(seeds: int) -> str:
    machine = "\n".join(f"* {line}" for line in describe())
    return f"{ABOUT.format(seeds=seeds)}\n{machine}\n"


if __name__ == "__main__":
    main()
