"""Who may ask: one gate before everything that the server answers, closed unless all of it is right.

Any page in any browser on this machine can send requests to this server, and a name that somebody else owns can be made
to point here. So a request must name this server as its host, come from its own page, and carry the key of this launch.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Letters of the longest query that is looked into.
LONGEST_QUERY = 4096

CLOSED = (
    "This address belongs to a running backlit live, and needs its key.\n"
    "Open the whole address that backlit live printed, with ?token= in it. "
    "If you came here by a link, go to the address bar and press Enter.\n"
)


class Guard:
    """An ASGI application around another: passes on what may be asked, and refuses the rest with 403.

    * The Host header must be one of `hosts`, port included.
    * An Origin header must be that host's; every WebSocket and every method other than GET must have one.
    * The cookie must hold `token`; `GET /?token=...` gives that cookie and leads to `/`.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], token: str, cookie: str) -> None:
        self.app = app
        self.hosts = hosts
        self.token = token.encode()
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, with_headers(send, content_policy(_host_of(scope))))
        elif scope["type"] == "websocket" and self._is_ours(scope) and self._has_cookie(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_ours(scope):
            await answer(send, 403, CLOSED)
        elif (given := _token_of(scope)) is not None:
            await self._let_in(given, send)
        elif self._has_cookie(scope):
            await self.app(scope, receive, send)
        else:
            await answer(send, 403, CLOSED)

    async def _let_in(self, token: bytes, send: Send) -> None:
        """Swap the token of the address for a cookie, so that it stays out of the history and of what is copied."""
        if not hmac.compare_digest(token, self.token):
            await answer(send, 403, CLOSED)
            return
        cookie = f"{self.cookie}={self.token.decode()}; Path=/; HttpOnly; SameSite=Strict"
        await answer(send, 303, "", location="/", set_cookie=cookie)

    def _is_ours(self, scope: Scope) -> bool:
        """Whether it names this server, and comes from its own page as far as it says where from."""
        hosts, origins = headers_of(scope, b"host"), headers_of(scope, b"origin")
        if len(hosts) != 1 or hosts[0].decode("latin-1").lower() not in self.hosts:
            return False
        if not origins:
            return scope["type"] == "http" and scope["method"] == "GET"
        return origins == [b"http://" + hosts[0].lower()]

    def _has_cookie(self, scope: Scope) -> bool:
        pairs = [pair.strip() for line in headers_of(scope, b"cookie") for pair in line.split(b";")]
        name = self.cookie.encode() + b"="
        given = [pair.removeprefix(name) for pair in pairs if pair.startswith(name)]
        return len(given) == 1 and hmac.compare_digest(given[0], self.token)


def headers_of(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _host_of(scope: Scope) -> str:
    """The Host header if it looks like one: it is written into the content policy."""
    host = b"".join(headers_of(scope, b"host")[:1]).decode("latin-1")
    return host if all(letter.isalnum() or letter in ".-:[]" for letter in host) and host.isascii() else ""


def _token_of(scope: Scope) -> bytes | None:
    """The token in the address of the page, if there is one."""
    query: bytes = scope["query_string"]
    if scope["path"] != "/" or scope["method"] != "GET" or len(query) > LONGEST_QUERY:
        return None
    tokens = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("token")
    return None if tokens is None else "\n".join(tokens).encode()


def content_policy(host: str) -> str:
    """What the page may load and where it may connect: this server, and nothing inline."""
    sources = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        # Some browsers do not count a socket to the same host as 'self'.
        "connect-src": f"'self' ws://{host}" if host else "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def with_headers(send: Send, policy: str) -> Send:
    """A `send` that adds to every response the headers that shut other pages out."""
    added = [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        (b"cache-control", b"no-store"),
    ]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return sending


async def answer(send: Send, status: int, text: str, **headers: Any) -> None:
    """A response of plain text; `set_cookie` and the like are its headers."""
    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    body = text.encode()
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*plain, *named]})
    await send({"type": "http.response.body", "body": body})
