"""Does a training process that is killed end as if it never was? `python -m benchmarks.kills --count 50`.

A process that trains with checkpoints is killed at a random moment, as by a power cut, and started again, until it has
been killed so often with each engine. Whenever one comes to its end, its losses and weights must be those of a run that
nobody disturbed, bit by bit; then the next begins anew. Exits with 1 if they ever differ.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

#: Dropout, batch normalisation, Adam and a schedule: all that a run must remember besides its weights.
PROGRAM = """
import sys, hashlib, numpy as np, backlit as torch
from backlit import nn
folder, engine = sys.argv[1:]
torch.manual_seed(1)
x = np.random.default_rng(0).normal(size=(70, 3)).astype(np.float32)
net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1))
history = torch.fit(net, x, x[:, :1].copy(), loss="mse", optimizer=lambda p: torch.optim.Adam(p, lr=0.01), epochs=400,
                    batch_size=16, schedule="step", engine=engine, checkpoint=folder or None, every=7)
numbers = b"".join([history.losses.tobytes(), *(value.array.tobytes() for value in net.state_dict().values())])
print(hashlib.sha256(numbers).hexdigest())
"""


class Tally(NamedTuple):
    """Kills that hit a process at work, runs that came to their end, and those among them that differ."""

    kills: int
    ends: int
    wrong: int


def start(folder: str, engine: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, folder, engine], stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    """What a process printed that ended by itself, "" if it was killed. Raises RuntimeError if it failed."""
    printed = process.communicate()[0].strip()
    if process.returncode > 0:
        raise RuntimeError("the training program failed: see its message above")
    return printed


def tried(engine: str, count: int, draw: random.Random) -> Tally:
    """Kill processes so often at moments between their first and their last, and let the last one end."""
    begin = time.perf_counter()
    undisturbed = ended(start("", engine))
    length = time.perf_counter() - begin
    kills, results = 0, list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        while kills < count or any(folder.glob(f"{len(results)}/*")):
            process = start(str(folder / str(len(results))), engine)
            if kills < count:
                time.sleep(draw.uniform(0, length))
                process.kill()
            printed = ended(process)
            if printed:
                results.append(printed)
            else:
                kills += 1
    return Tally(kills, len(results), sum(result != undisturbed for result in results))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.kills", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=50, help="kills with each engine")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    draw, differ = random.Random(options.seed), 0
    for engine in ("eager", "native"):
        tally = tried(engine, options.count, draw)
        print(
            f"{engine}: killed {tally.kills} times; of {tally.ends} runs that came to their end, {tally.wrong} differ "
            "from the undisturbed one",
            flush=True,
        )
        differ += tally.wrong
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
