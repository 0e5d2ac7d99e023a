"""The built page in a real browser: that it comes, trains, lets nobody else in, and survives its server's end."""

from backlit.live.assets import read_assets
from backlit.live.session import Session
from live.looking import eventually, value
from live.serving import running


def test_the_page_shows_what_the_engine_holds(live):
    assert live.page.url.startswith(f"http://{live.server.host}/")
    assert "token" not in live.page.url
    assert value(live.page, "loss") == live.session.training.measures.loss


def test_it_trains_and_stops(live):
    live.page.click("[data-action=play]")
    eventually(live.page, lambda: value(live.page, "step") > 20)
    live.page.click("[data-action=play]")
    eventually(live.page, lambda: not live.session.is_playing)
    eventually(live.page, lambda: value(live.page, "step") == live.session.training.step)


def test_no_script_reads_the_token(live):
    assert live.page.evaluate("document.cookie") == ""
    assert live.server.place.token in {cookie["value"] for cookie in live.page.context.cookies()}


def test_another_site_in_the_same_browser_is_let_in_nowhere(live):
    stranger, host = live.page.context.new_page(), live.server.host
    # The same server by another name, and so another site to the browser.
    assert stranger.goto(f"http://localhost:{live.server.place.port}/").status == 403
    read = f"fetch('http://{host}/', {{ credentials: 'include' }}).then(() => 'read', () => 'refused')"
    assert stranger.evaluate(read) == "refused"
    connect = f"""new Promise(done => {{
        const socket = new WebSocket('ws://{host}/ws');
        socket.onopen = () => done('open');
        socket.onerror = () => done('refused');
    }})"""
    assert stranger.evaluate(connect) == "refused"


def test_a_server_that_ends_is_missed_and_welcomed_back(live):
    page = live.page
    live.server.stop()
    page.wait_for_selector("[role=alert]:has-text('The server is away')")
    with running(Session("moons"), read_assets(), live.server.place.port):
        page.wait_for_selector("[role=alert]:has-text('The server is away')", state="detached")
        page.wait_for_selector("text=Moons")
    assert all("WebSocket connection" in error for error in live.errors)
    live.errors.clear()
