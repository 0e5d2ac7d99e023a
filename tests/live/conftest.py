"""A server to talk to, and a browser to look at its page with."""

import contextlib

import pytest
from benchmarks.live import CHROMIUM, QUIET

from backlit.live.assets import read_assets
from backlit.live.session import Session
from live.looking import Visit
from live.serving import running
from live.stub import StubSession


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
def visit(chromium):
    """Opens the built page on a session in a browser of its own: `visit(session, hash="", **options of the browser)`.

    The test fails if a page logs an error, or asks anybody but its server for anything.
    """
    with contextlib.ExitStack() as visits:
        yield lambda session, hash="", **options: visits.enter_context(visiting(chromium, session, hash, options))


@contextlib.contextmanager
def visiting(chromium, session, hash, options):
    with running(session, read_assets()) as server:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        visit = Visit(context, server)
        visit.open(hash)
        yield visit
        context.close()
        assert visit.errors == []
        assert visit.strangers == []


@pytest.fixture
def live(visit):
    """The page on XOR: `page` is the browser's, `server` and `session` are what it talks to."""
    return visit(Session("xor"))
