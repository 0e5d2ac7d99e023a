"""What the doctor says of the zoo, and what watching costs: `python -m benchmarks.doctor`; writes doctor.md there."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import zlib
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import backlit as torch
from backlit import nn
from backlit.doctor import watch
from benchmarks.machine import describe, threads

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
programs, faults, zoo = (importlib.import_module(f"doctor.zoo.{name}") for name in ("programs", "faults", "run"))

HALVES = ("on which thresholds are set", "held back")
Counts = dict[tuple[str, int], Counter[str]]


def half(name: str) -> int:
    """Which half of the zoo a program belongs to."""
    return zlib.crc32(name.encode()) % 2


def healthy(seeds: int) -> tuple[Counts, dict[tuple[str, str], Any]]:
    """All healthy programs with each seed and both optimizers, and the outcomes of the first seed."""
    counts: Counts = {}
    first = {}
    for program in programs.PROGRAMS:
        for kind in (programs.SGD, programs.ADAM):
            for seed in range(seeds):
                outcome = zoo.run(program.name, program.text(seed, kind), program.score)
                if seed == 0:
                    first[program.name, kind] = outcome
                found = counts.setdefault(("healthy", half(program.name)), Counter())
                found["runs"] += 1
                found.update({finding.severity for finding in outcome.loud})
                for finding in outcome.loud:
                    print(f"{program.name}, {kind}, seed {seed}: {finding}", file=sys.stderr)
    return counts, first


def faulty(first: dict[tuple[str, str], Any]) -> Counts:
    """Every fault in every program that it can be written into, with one optimizer, if it does harm there."""
    counts: Counts = {}
    for fault in faults.FAULTS:
        for program in programs.PROGRAMS:
            name = f"{program.name}, {fault.rule} {fault.name}".rstrip()
            kind = (programs.SGD, programs.ADAM)[zlib.crc32(name.encode()[::-1]) % 2]
            try:
                text = fault.change(program.text(0, kind))
            except faults.DoesNotFit:
                continue
            outcome = zoo.run(name, text, program.score)
            if not fault.harms or zoo.is_worse(outcome, first[program.name, kind]):
                found = judged(fault, text, outcome)
                counts.setdefault((fault.group, half(program.name)), Counter()).update(found)
                if "right cause first" not in found:
                    said = ", ".join(finding.rule for finding in outcome.findings) or "nothing"
                    print(f"{name} ({kind}): said {said}", file=sys.stderr)
    return counts


def judged(fault: Any, text: str, outcome: Any) -> list[str]:
    """What a finding came to."""
    found = ["programs"]
    if outcome.findings:
        found.append("alarmed")
        first = outcome.findings[0]  # errors stand before warnings, and notes last
        if first.rule in (fault.rule, *fault.also):
            found.append("right cause first")
            if first.line in zoo.marked(text):
                found.append("right line")
    return found


def cost(turns: int, steps: int) -> float:
    """How long watched steps of digits take against eager ones, the first and the last alike.

    Runs of both kinds take turns; of each step the median over the turns counts, which other work on the machine moves
    least.
    """
    pairs = [(seconds(steps, is_watched=False), seconds(steps, is_watched=True)) for _ in range(turns)]
    eager, watched = (sum(map(median, zip(*runs, strict=True))) for runs in zip(*pairs, strict=True))
    return watched / eager


def seconds(steps: int, is_watched: bool) -> list[float]:
    """Of each step."""
    torch.manual_seed(0)
    rows = np.random.default_rng(0).random((64, 64), dtype=np.float32)
    x, y = torch.from_numpy(rows), torch.from_numpy(np.arange(64) % 10)
    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters())
    taken = []
    with watch(net, optimizer) if is_watched else nullcontext():
        for _ in range(steps):
            start = time.perf_counter()
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            taken.append(time.perf_counter() - start)
    return taken


def tables(well: Counts, ill: Counts, ratio: float) -> str:
    """The counts as tables, the half that was held back apart."""
    lines = ["## Faulty programs", "", "| rules | half | programs | alarmed | right cause first | right line |"]
    lines.append("|---|---|---:|---:|---:|---:|")
    for group, part in sorted(ill):
        found = ill[group, part]
        line = share(found, "right line") if group in "AB" else "not marked"
        cells = [share(found, "alarmed"), share(found, "right cause first"), line]
        lines.append(f"| {group} | {HALVES[part]} | {found['programs']} | {' | '.join(cells)} |")
    for part in (0, 1):
        found = sum((counts for (_, which), counts in ill.items() if which == part), Counter())
        cells = [share(found, "alarmed"), share(found, "right cause first"), ""]
        lines.append(f"| all | {HALVES[part]} | {found['programs']} | {' | '.join(cells)} |")
    lines += ["", "## Healthy runs", "", "| half | runs | with an error | with a warning |", "|---|---:|---:|---:|"]
    for (_, part), found in sorted(well.items()):
        lines.append(f"| {HALVES[part]} | {found['runs']} | {found['error']} | {found['warning']} |")
    lines += ["", "## What watching costs", ""]
    lines.append(f"A watched step of digits takes {ratio:.2f} times as long as an eager one.")
    return "\n".join(lines) + "\n"


def share(found: Counter[str], what: str) -> str:
    return f"{found[what]} ({found[what] / max(found['programs'], 1):.0%})"


def header(seeds: int, turns: int) -> str:
    machine = "\n".join(f"* {line}" for line in describe())
    return (
        "# The doctor's zoo\n\n"
        f"Written by `python -m benchmarks.doctor`. Healthy programs run with {seeds} seeds and two optimizers.\n"
        "A fault is written into every program that it fits, and counts if the program then fails or ends with a\n"
        "clearly worse score; a note counts as an alarm there. The halves are told apart by a hash of the program's\n"
        f"name. For the cost an eager run and a watched one (500 steps) take {turns} turns; the median of each\n"
        f"step's times counts.\n\n{machine}\n\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.doctor", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=4, help="seeds of each healthy program")
    parser.add_argument("--turns", type=int, default=21, help="how often a watched run is measured")
    options = parser.parse_args()
    with threads(1):
        ratio = cost(options.turns, steps=500)
        well, first = healthy(options.seeds)
        text = header(options.seeds, options.turns) + tables(well, faulty(first), ratio)
    print(text)
    (HERE / "doctor.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
