"""backlit live: a network that trains in the browser, open to every click."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from typing import Annotated, Any

import typer

from backlit.cli.saying import say

HOST = "127.0.0.1"


def live(
    data: Annotated[
        str | None,
        typer.Argument(metavar="RUN|DATA", help="A run folder, a CSV file, or a problem: xor, spiral, digits, ..."),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    port: Annotated[
        int | None, typer.Option(help="The port to listen on.", show_default="the first free one from 7860 on")
    ] = None,
    host: Annotated[str, typer.Option(help="Listen on another address of this machine, for others to see.")] = HOST,
) -> None:
    """Watch a network train in the browser, and steer it.

    The engine computes in this process; the page draws, and shows every number.

    The printed address holds a key; without it nobody is let in. Ctrl-C ends it.
    """
    from backlit.data.errors import DataError
    from backlit.live.assets import NoPageError, read_assets
    from backlit.live.begin import begin
    from backlit.live.messages import Refusal
    from backlit.live.places import PlaceError, listen
    from backlit.train.folder import RunFolderError

    try:
        assets = read_assets()
        if open_browser and not _has_browser():
            words = "no browser can be opened here. Open the address below in any browser."
            print(f"backlit live: {words}", file=sys.stderr)
            open_browser = False
        with listen(host, port) as listening:
            _serve(begin(data), assets, listening, host, open_browser)
    except (DataError, NoPageError, PlaceError, Refusal, RunFolderError) as error:
        print(f"backlit live: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


def _has_browser() -> bool:
    """Whether a browser can show the page. Those that run in a terminal cannot."""
    has_screen = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    try:
        return (has_screen or "BROWSER" in os.environ) and webbrowser.get() is not None
    except webbrowser.Error:
        return False


def _serve(session: Any, assets: Any, listening: Any, host: str, open_browser: bool) -> None:
    from backlit.live.places import Place, names_of
    from backlit.live.server import Server, guarded, new_token, run

    place = Place(names_of(host, listening.family), listening.getsockname()[1], new_token())

    def started() -> None:
        say(f"Backlit live is open at {place.address}")
        if open_browser:
            # Some ways to open a browser wait until it is there.
            threading.Thread(target=webbrowser.open, args=[place.address], daemon=True).start()

    run(guarded(Server(session, assets).app, place), listening, started)
