"""Runs every peer on every workload in turn, and writes the ratios to results.md: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import compiling, startup
from benchmarks.machine import cores, describe, threads, threads_wanted
from benchmarks.one import PEERS
from benchmarks.processes import run
from benchmarks.workloads import WORKLOADS

HERE = Path(__file__).parent
C = "C, one core"
PARTS = [*WORKLOADS, "compiling", "startup", "two"]
#: The lead over JAX that `bound` speaks of.
LEAD = 1.4
#: What a second core is of use to.
LARGE = ("digits", "wide")
ON_TWO = ("Backlit, native", "PyTorch", "JAX, one scan", "BLAS alone")
NEEDS = {"PyTorch": "torch", "scikit-learn": "sklearn", "JAX, one scan": "jax"}
# Seconds a step of each peer on each workload, one for each turn; and the most memory of any turn.
Results = dict[str, dict[str, list[dict[str, Any]]]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=5, help="how often each peer is run (the median counts)")
    parser.add_argument("--only", choices=PARTS, help="one part only; nothing is written")
    options = parser.parse_args()
    chosen = PARTS if options.only is None else [options.only]
    with threads(threads_wanted()):
        top = header(options.turns)
        text = one_by_one([name for name in WORKLOADS if name in chosen], options.turns)
        text += compiling.table(options.turns) if "compiling" in chosen else ""
        text += startup.tables(options.turns) if "startup" in chosen else ""
    if "two" in chosen and threads_wanted() == 1 and cores() > 1:
        with threads(2):
            text += two_threads_table(options.turns)
    print(text)
    if options.only is None:
        (HERE / "results.md").write_text(top + text, encoding="utf-8")
        print("written to benchmarks/results.md")


def one_by_one(workloads: Sequence[str], turns: int) -> str:
    """All peers on the workloads, as tables."""
    with tempfile.TemporaryDirectory() as folder:
        limit = build_c(Path(folder))
        results = {name: run_in_turn(name, turns, peers_of(name, limit), limit) for name in workloads}
    return steps_table(results) + bound(results) + memory_table(results) if results else ""


def build_c(folder: Path) -> Path | None:
    """The compiled C program, or None where there is no compiler."""
    if not shutil.which("gcc"):
        return None
    program = folder / "limit"
    source = str(HERE / "peers" / "limit.c")
    flags = ["-O3", "-march=native", "-ffast-math"]
    subprocess.run(["gcc", *flags, source, "-o", str(program), "-lm"], check=True)
    return program


def is_installed(peer: str) -> bool:
    return peer not in NEEDS or importlib.util.find_spec(NEEDS[peer]) is not None


def peers_of(workload: str, limit: Path | None) -> list[str]:
    peers = [peer for peer in PEERS if is_installed(peer)]
    if WORKLOADS[workload].sizes[0] == 2:  # products this small are not what takes the time; C is the limit instead
        peers.remove("BLAS alone")
        peers += [C] if limit else []
    return peers


def run_in_turn(
    workload: str, turns: int, peers: Sequence[str], limit: Path | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Every turn runs all peers one after the other, so that a slow minute of the machine meets them all."""
    found: dict[str, list[dict[str, Any]]] = {peer: [] for peer in peers}
    for turn in range(turns):
        for peer, measured in found.items():
            print(f"{workload}: turn {turn + 1} of {turns}, {peer}", file=sys.stderr)
            measured.append(run_c(limit, workload) if peer == C and limit else run_one(peer, workload))
    return found


def run_one(peer: str, workload: str) -> dict[str, Any]:
    printed, _ = run([sys.executable, "-m", "benchmarks.one", peer, workload])
    measured: dict[str, Any] = json.loads(printed)
    return measured


def run_c(limit: Path, workload: str) -> dict[str, Any]:
    seconds, loss = run([str(limit), workload])[0].split()
    return {"seconds": float(seconds), "loss": float(loss), "peak_bytes": 0}


def steps_table(results: Results) -> str:
    """Microseconds a step, and how long each peer takes against Backlit."""
    lines = ["", "## A training step", "", "| workload | peer | µs a step | Backlit is … times as fast | last loss |"]
    lines.append("|---|---|---:|---:|---:|")
    for workload, peers in results.items():
        own = median(turn["seconds"] for turn in peers["Backlit"])
        for peer, turns in peers.items():
            seconds = median(turn["seconds"] for turn in turns)
            cells = [workload, peer, microseconds(seconds), ratio(seconds / own), last_loss(turns)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def bound(results: Results) -> str:
    """What BLAS leaves of a lead over JAX on the largest workload, where both were measured."""
    found = results.get("wide", {})
    if not {"BLAS alone", "JAX, one scan"} <= set(found):
        return ""
    products, peer = (median(turn["seconds"] for turn in found[name]) for name in ("BLAS alone", "JAX, one scan"))
    return (
        f"\nA step of wide {LEAD} times as fast as JAX's would take {microseconds(peer / LEAD)} µs; its products\n"
        f"alone take {microseconds(products)} µs with OpenBLAS.\n"
    )


def memory_table(results: Results) -> str:
    """The most memory that a process held, in MiB."""
    peers = list(dict.fromkeys(peer for found in results.values() for peer in found if peer not in (C, "BLAS alone")))
    lines = ["", "## Peak memory of the process, MiB", "", f"| workload | {' | '.join(peers)} |"]
    lines.append("|---|" + "---:|" * len(peers))
    for workload, found in results.items():
        cells = [f"{max(turn['peak_bytes'] for turn in found[peer]) / 2**20:.0f}" for peer in peers]
        lines.append(f"| {workload} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def two_threads_table(turns: int) -> str:
    """Peers that a second core may help: the best of the turns and their median."""
    lines = ["", "## Two threads", "", "OMP_NUM_THREADS=2, and no process is held to a core.", ""]
    lines += ["| workload | peer | µs a step | the best | Backlit is … times as fast |", "|---|---|---:|---:|---:|"]
    for workload in LARGE:
        found = run_in_turn(workload, turns, [peer for peer in ON_TWO if is_installed(peer)])
        seconds = {peer: [turn["seconds"] for turn in each] for peer, each in found.items()}
        own = median(seconds["Backlit, native"])
        for peer, each in seconds.items():
            cells = [workload, peer, microseconds(median(each)), microseconds(min(each)), ratio(median(each) / own)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def header(turns: int) -> str:
    missing = [peer for peer in NEEDS if not is_installed(peer)]
    absent = f"\nNot installed here, and so left out: {', '.join(missing)}.\n" if missing else ""
    machine = "\n".join(f"* {line}" for line in describe())
    return (
        "# Benchmarks\n\n"
        f"Written by `make bench`. Medians of {turns} turns; in each turn every peer runs once, in a process of its\n"
        "own, one after the other. With one thread all are held to one core, and a process that had to wait for it is\n"
        "run again. Times of other machines and other minutes do not compare; the ratios do.\n\n"
        f"{machine}\n{absent}\n"
        "xor is 2-4-1 sigmoid, 4 rows; moons 2-10-1 ReLU, 800 rows at a time (both SGD and binary cross-entropy);\n"
        "digits 64-128-10 ReLU, 64 rows at a time; wide 784-256-128-10 ReLU, 128 rows at a time (both Adam and\n"
        'cross-entropy). "Backlit" runs eagerly, "Backlit, native" as machine code. "BLAS alone" is the time of the\n'
        "step's matrix products in NumPy's OpenBLAS. The native engine takes them in tiles of its own, and with\n"
        "several threads leaves the larger ones to SciPy's OpenBLAS.\n"
    )


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.2f}" if seconds < 1e-5 else f"{seconds * 1e6:,.0f}"


def ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def last_loss(turns: list[dict[str, Any]]) -> str:
    loss = median(turn["loss"] for turn in turns)
    return "" if loss != loss else f"{loss:.4f}"


if __name__ == "__main__":
    main()
