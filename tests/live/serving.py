"""A server on a real socket of the loopback, in a thread; and what a browser would send to it."""

import contextlib
import json
import socket
import threading

import httpx
from websockets.sync.client import connect

from backlit.live.assets import Asset
from backlit.live.places import Place, listen, names_of
from backlit.live.server import AnnouncingServer, Server, config_of, guarded

ASSETS = {"/": Asset(b"<!doctype html>", "text/html; charset=utf-8"), "/assets/a.js": Asset(b"1", "text/javascript")}
TOKEN = "the-key-of-this-launch"


class Running:
    """A server that answers. `get`, `post` and `socket` ask as its own page does, unless told otherwise."""

    def __init__(self, place, session, server, stop):
        self.place, self.session, self.server, self.stop = place, session, server, stop
        self.host = f"{place.hosts[0]}:{place.port}"
        self.cookie = f"backlit-{place.port}={place.token}"

    def headers(self, **changes):
        """Those of the page's own requests; None leaves one out."""
        own = {"host": self.host, "origin": f"http://{self.host}", "cookie": self.cookie}
        return {name: value for name, value in {**own, **changes}.items() if value is not None}

    def ask(self, method, path, content=None, **headers):
        return httpx.request(method, f"http://{self.host}{path}", headers=self.headers(**headers), content=content)

    def upload(self, content, query="", kind="text/csv", **headers):
        return self.ask("POST", f"/data{query}", content, **{"content-type": kind, **headers})

    @contextlib.contextmanager
    def socket(self, **headers):
        """An open socket, past the messages that greet it."""
        with self.raw_socket(**headers) as socket:
            greeting = [hear(socket)["is"] for _ in range(3)]
            assert greeting == ["hello", "data", "state"]
            yield socket

    def raw_socket(self, **changes):
        """A socket as soon as it is open. Whatever Host it names, it is this server that it reaches."""
        headers = self.headers(**changes)
        host, origin = headers.pop("host"), headers.pop("origin", None)
        there = socket.create_connection((self.place.hosts[0], self.place.port))
        return connect(f"ws://{host}/ws", sock=there, origin=origin, additional_headers=headers, compression=None)


def hear(socket):
    """The next message: JSON as an object, a frame as bytes."""
    said = socket.recv(timeout=10)
    return said if isinstance(said, bytes) else json.loads(said)


def hear_until(socket, is_it):
    """The first message for which `is_it` holds; those before it are dropped."""
    while not is_it(said := hear(socket)):
        pass
    return said


def ask(socket, **message):
    socket.send(json.dumps(message))


@contextlib.contextmanager
def running(session, assets=ASSETS, port=0):
    """A server of a session. `stop` ends it before its time."""
    with listen("127.0.0.1", port) as listening:
        place = Place(names_of("127.0.0.1", listening.family), listening.getsockname()[1], TOKEN)
        live = Server(session, assets)
        is_up = threading.Event()
        server = AnnouncingServer(config_of(guarded(live.app, place)), is_up.set)
        thread = threading.Thread(target=server.run, args=[[listening]])
        thread.start()

        def stop():
            server.should_exit = True
            thread.join(10)

        try:
            assert is_up.wait(10)
            yield Running(place, session, live, stop)
        finally:
            stop()
