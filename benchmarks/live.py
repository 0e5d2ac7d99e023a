"""The live page at full speed: `python -m benchmarks.live`; writes live.md there. It needs Chromium and Playwright."""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from backlit.live.assets import read_assets
from benchmarks.machine import describe
from benchmarks.processes import ROOT

HERE = Path(__file__).parent
#: Seconds that frames are watched for, and that machine code has to come before.
WATCHED, BEFORE = 10, 5
OPENINGS = 5
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip

#: The time of the first turn of the page's loop after which the map has colour in its middle.
FIRST_PICTURE = """
const look = () => {
  const canvas = document.querySelector('.map canvas');
  const at = canvas && canvas.width > 1 ? [canvas.width >> 1, canvas.height >> 1] : null;
  if (at && canvas.getContext('2d').getImageData(...at, 1, 1).data[3] > 0) window.firstPicture = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
#: Gaps between turns of the page's loop in ms, the speed shown at each, and how many of them brought another step.
TURNS = """
seconds => new Promise(done => {
  const [step, speed] = ['step', 'steps-per-second'].map(name => document.querySelector(`[data-stat=${name}]`));
  const [gaps, speeds] = [[], []];
  let [begin, last, shown, pictures] = [null, null, '', 0];
  const turn = now => {
    begin ??= now;
    if (last !== null) gaps.push(now - last);
    speeds.push(Number(speed.dataset.value));
    last = now;
    if (step.dataset.value !== shown) pictures += 1;
    shown = step.dataset.value;
    if (now - begin < 1000 * seconds) requestAnimationFrame(turn);
    else done({ gaps, speeds, pictures });
  };
  requestAnimationFrame(turn);
})
"""


class LiveServer:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self) -> dict[str, float]:
        """Its step, when that was, and the p99 of the event loop's lag since it was asked last."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, float] = json.loads(self._line())
        return found

    def megabytes(self) -> float:
        """Its resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
        return int(kilobytes) / 1024


@contextmanager
def serving() -> Iterator[LiveServer]:
    command = [sys.executable, "-m", "benchmarks.live_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield LiveServer(process)
        finally:
            process.terminate()


def page_bytes() -> int:
    """Of all files of the page, packed."""
    return sum(len(gzip.compress(asset.body)) for asset in read_assets().values())


def first_picture(browser: Any, address: str) -> float:
    """Seconds from opening the address to the first drawn map, in a browser that knows nothing of the page."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(FIRST_PICTURE)
    page.goto(address)
    while (found := page.evaluate("window.firstPicture")) is None:
        page.wait_for_timeout(50)
    context.close()
    return float(found) / 1000


def full_speed(browser: Any, server: LiveServer, minutes: float) -> dict[str, float]:
    """XOR as fast as it goes, with the page open."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(server.address)
    page.select_option("[data-control=speed]", "max")
    found = {"memory before": server.megabytes()}
    page.click("[data-action=play]")
    page.wait_for_timeout(1000 * BEFORE)
    start = server.ask()
    turns = page.evaluate(TURNS, WATCHED)
    end = server.ask()
    found["memory at 15 s"] = server.megabytes()
    page.wait_for_timeout(max(0.0, 60_000 * minutes - 1000 * (BEFORE + WATCHED)))
    found |= {
        "steps": (end["step"] - start["step"]) / (end["at"] - start["at"]),
        "shown": float(np.mean(turns["speeds"])),
        "gap": median(turns["gaps"]),
        "gap95": float(np.quantile(turns["gaps"], 0.95)),
        "pictures": turns["pictures"] / WATCHED,
        "lag": 1000 * end["lag"],
        "memory after": server.megabytes(),
    }
    page.close()
    return found


def table(opening: float, found: dict[str, float], minutes: float) -> str:
    rows = [
        ("steps a second, counted by the server over wall time", f"{found['steps']:,.0f}"),
        ("steps a second, as the page shows them, mean", f"{found['shown']:,.0f}"),
        ("gap between turns of the page's loop, median", f"{found['gap']:.1f} ms"),
        ("gap between turns of the page's loop, p95", f"{found['gap95']:.1f} ms"),
        ("pictures a second that show another step", f"{found['pictures']:.0f}"),
        ("lag of the server's event loop, p99", f"{found['lag']:.1f} ms"),
        ("server's memory before the first step", f"{found['memory before']:.0f} MB"),
        (f"server's memory after {BEFORE + WATCHED} s", f"{found['memory at 15 s']:.0f} MB"),
        (f"server's memory after {60 * minutes:g} s", f"{found['memory after']:.0f} MB"),
        ("size of the page, gzipped", f"{page_bytes() / 1000:.0f} kB"),
        (f"from opening the address to the first drawn map, median of {OPENINGS}", f"{opening:.2f} s"),
    ]
    return "\n".join(["| what | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)]) + "\n"


def header() -> str:
    machine = "\n".join(f"* {line}" for line in describe())
    return (
        "# The live page at full speed\n\n"
        "Written by `python -m benchmarks.live`. XOR trains as fast as it goes in a server process of its own, and a\n"
        "page of 1280 x 800 shows it in Chromium without a window and without a graphics card. Frames are watched for\n"
        f"{WATCHED} s, from the {BEFORE}th second on. Server and browser share the cores that are named here.\n\n"
        f"{machine}\n\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, help="of training, between the two looks at the memory")
    minutes = parser.parse_args().minutes
    from playwright.sync_api import sync_playwright

    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opening = median(first_picture(browser, server.address) for _ in range(OPENINGS))
        found = full_speed(browser, server, minutes)
        browser.close()
    text = header() + table(opening, found, minutes)
    (HERE / "live.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
