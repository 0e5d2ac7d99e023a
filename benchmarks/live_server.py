"""A live server in a process of its own that watches its event loop: `python -m benchmarks.live_server`.

It prints its address, and for each line of its input what it has found since the last one, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time

import numpy as np

from backlit.live.assets import read_assets
from backlit.live.places import Place, listen, names_of
from backlit.live.server import Server, guarded, new_token, run
from backlit.live.session import Session

#: Seconds that the event loop is asked to sleep; what it sleeps longer is its lag.
NAP = 0.002


async def watch(lags: list[float]) -> None:
    while True:
        start = time.perf_counter()
        await asyncio.sleep(NAP)
        lags.append(time.perf_counter() - start - NAP)


def main() -> None:
    session = Session("xor")
    lags: list[float] = []
    tasks: list[asyncio.Task[None]] = []

    def tell() -> None:
        for _ in sys.stdin:
            found, lags[:] = lags[:], []
            p99 = float(np.quantile(found, 0.99)) if found else 0.0
            print(json.dumps({"step": session.training.step, "at": time.perf_counter(), "lag": p99}), flush=True)

    with listen("127.0.0.1", 0) as listening:
        place = Place(names_of("127.0.0.1", listening.family), listening.getsockname()[1], new_token())

        def started() -> None:
            tasks.append(asyncio.get_running_loop().create_task(watch(lags)))
            threading.Thread(target=tell, daemon=True).start()
            print(place.address, flush=True)

        run(guarded(Server(session, read_assets()).app, place), listening, started)


if __name__ == "__main__":
    main()
