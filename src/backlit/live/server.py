"""The server: the page and its files, the socket, and the uploads, all behind the guard."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from backlit.live.assets import Asset, Assets
from backlit.live.clients import Clients
from backlit.live.guard import Guard
from backlit.live.messages import LARGEST, Message, Refusal
from backlit.live.places import Place
from backlit.live.uploads import body_of, read_table
from backlit.live.worker import Worker, refused, report, unforeseen

#: Seconds after which a waiting thread may take the interpreter from a running one. At Python's own 5 ms a frame, which
#: needs a handful of such changes, would wait longer for the trainer than it takes to compute.
SWITCH = 0.0005


class Server:
    """A session with its thread, its clients and its routes. From `app`'s start on the session belongs to that thread.

    `app` is the application for an ASGI server, without the guard.
    """

    def __init__(self, session: Any, assets: Assets) -> None:
        self.worker = Worker(session, lambda news: self.clients.tell(news))
        self.clients = Clients(self.worker)
        self._one_upload = asyncio.Lock()
        routes: list[BaseRoute] = [
            *(Route(path, _serving(asset), methods=["GET"]) for path, asset in assets.items()),
            Route("/data", self._data, methods=["POST"]),
            WebSocketRoute("/ws", self.clients.serve),
        ]
        self.app = Starlette(routes=routes, lifespan=self._lifespan)
        self.app.router.redirect_slashes = False

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        self.worker.start(asyncio.get_running_loop())
        try:
            yield
        finally:
            await asyncio.to_thread(self.worker.stop)
            sys.setswitchinterval(before)

    async def _data(self, request: Request) -> Response:
        """A table from the page: `POST /data?target=NAME`, the CSV itself as the body."""
        try:
            async with self._one_upload:
                return JSONResponse(await self._upload(request))
        except Refusal as refusal:
            return JSONResponse(refused("upload", str(refusal)), getattr(refusal, "status", 400))
        except Exception as error:
            report(error)
            return JSONResponse(refused("upload", unforeseen(error)), 500)

    async def _upload(self, request: Request) -> Message:
        body = await body_of(request)
        table = await asyncio.to_thread(read_table, body)
        target = request.query_params.get("target")
        await self.worker.ask(lambda session: session.upload(table, target))
        named = target or table.names[-1]
        return {"is": "uploaded", "rows": len(table.values), "columns": table.names, "target": named}


def _serving(asset: Asset) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        return Response(asset.body, media_type=asset.type)

    return serve


def new_token() -> str:
    return secrets.token_urlsafe(24)


def guarded(app: ASGIApp, place: Place) -> Guard:
    """The application behind the guard. A browser leaves the port out of the Host where it is HTTP's own."""
    names = {f"{host}:{place.port}" for host in place.hosts} | ({*place.hosts} if place.port == 80 else set())
    # Cookies do not keep ports apart, and two servers on one machine must not take each other's.
    return Guard(app, frozenset(name.lower() for name in names), place.token, f"backlit-{place.port}")


def run(app: ASGIApp, listening: socket.socket, started: Callable[[], None]) -> None:
    """Serve until Ctrl-C, which raises KeyboardInterrupt. `listening` is a bound socket; `started` is called once."""
    AnnouncingServer(config_of(app), started).run(sockets=[listening])


def config_of(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=LARGEST,
        ws_per_message_deflate=False,  # nothing travels further than this machine, and numbers do not pack
        log_level="critical",  # what goes wrong in here is told by `report`
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


class AnnouncingServer(uvicorn.Server):
    """A server that calls `started` once it answers."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()
