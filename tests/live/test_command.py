"""The command `backlit live`: what it prints, and how it ends."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from backlit.cli import main
from backlit.live import assets
from live.serving import ask, hear_until


@contextlib.contextmanager
def started(*words, opens="--no-open", env=None):
    """The running command, and the line that it printed."""
    command = [sys.executable, "-m", "backlit", "live", opens, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def refused(capsys, *words):
    """What the command says before it ends with 2."""
    with pytest.raises(SystemExit) as ended:
        main(["live", *words])
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert out == ""
    assert err.startswith("backlit live: ")
    assert err.count("\n") == 1
    return err


def test_it_prints_one_address_which_opens_the_page_and_ctrl_c_ends_it_quietly():
    with started("--port", "0") as (process, line):
        address = re.fullmatch(r"Backlit live is open at (http://127\.0\.0\.1:\d+/\?token=[\w-]{32})\n", line).group(1)
        with httpx.Client(follow_redirects=True) as browser:
            page = browser.get(address)
            assert "token" not in str(page.url)
            assert "<title>Backlit live" in page.text
            cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        host = address.split("/")[2]
        with connect(f"ws://{host}/ws", origin=f"http://{host}", additional_headers={"cookie": cookie}) as open_page:
            ask(open_page, do="play")
            hear_until(open_page, lambda said: said["is"] == "state" and said["status"] == "playing")
            process.send_signal(signal.SIGINT)
            with pytest.raises(ConnectionClosed):
                hear_until(open_page, lambda said: False)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 130


def test_each_launch_has_a_token_of_its_own():
    with started("--port", "0") as (_, first), started("--port", "0") as (_, second):
        assert first.split("token=")[1] != second.split("token=")[1]


def test_a_named_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = refused(capsys, "--no-open", "--port", str(port))
    assert f"port {port} is in use" in words
    assert "leave --port away" in words


def test_a_port_that_is_none(capsys):
    assert "--port 70000: ports are numbers from 1 to 65535." in refused(capsys, "--no-open", "--port", "70000")


@pytest.mark.parametrize(("host", "words"), [
    ("203.0.113.7", "that is no address of this machine"),
    ("no.such.host.invalid", "no address has this name"),
])  # fmt: skip
def test_a_host_that_is_not_here(capsys, host, words):
    assert words in refused(capsys, "--no-open", "--host", host)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a browser")
def test_without_a_browser_the_address_is_to_be_opened_by_hand():
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    env = {name: value for name, value in os.environ.items() if name not in names}
    with started("--port", "0", opens="--open", env=env) as (process, line):
        assert line.startswith("Backlit live is open at http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert said == "backlit live: no browser can be opened here. Open the address below in any browser.\n"


def test_no_page(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "PAGE", tmp_path)
    words = refused(capsys, "--no-open")
    assert "the page is not built" in words
    assert "make live builds it" in words


def test_data_that_are_not_there(capsys):
    words = refused(capsys, "spirall", "--no-open")
    assert "There is no file, run folder or problem spirall. Did you mean 'spiral'" in words


def test_a_table_with_a_fault(capsys, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,nan\n")
    words = refused(capsys, str(tmp_path / "t.csv"), "--no-open")
    assert "Line 2: column 'b' holds 'nan', which is not a finite number." in words


def test_a_folder_that_is_no_run(capsys, tmp_path):
    assert "is no run folder" in refused(capsys, str(tmp_path), "--no-open")
