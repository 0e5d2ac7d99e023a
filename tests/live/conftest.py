"""A server to talk to, and a browser to look at its page with."""

import shutil
from types import SimpleNamespace

import pytest

from backlit.live.assets import read_assets
from backlit.live.session import Session
from live.looking import eventually, value
from live.serving import running
from live.stub import StubSession

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip


@pytest.fixture
def server():
    """A server whose session trains nothing."""
    with running(StubSession()) as server:
        yield server


@pytest.fixture(scope="session")
def chromium():
    """A browser without a window, for all tests."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def live(chromium):
    """The built page on a real session: `page` is the browser's, `server` and `session` are what it talks to.

    The test fails if the page logs an error, or asks anybody but its server for anything.
    """
    with running(Session("xor"), read_assets()) as server:
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        errors, strangers = [], []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: note(request.url) if request.url.startswith("http") else None)

        def note(url):
            if not url.startswith(f"http://{server.host}/"):
                strangers.append(url)

        page.goto(server.place.address)
        eventually(page, lambda: value(page, "loss") > 0)
        # `errors` may be emptied by a test that provokes some.
        yield SimpleNamespace(page=page, server=server, session=server.session, errors=errors)
        context.close()
        assert errors == []
        assert strangers == []
