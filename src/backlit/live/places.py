"""Where the server listens: a free port, and the names by which browsers may call it."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import NamedTuple

#: The first port that is tried, and how many after it; a shared address then mostly fits the next launch too.
FIRST_PORT, PORTS = 7860, 20
LOOPBACK = {socket.AF_INET: ("127.0.0.1", "localhost"), socket.AF_INET6: ("[::1]", "localhost")}
LAST_PORT = 65535


class PlaceError(OSError):
    """There is no listening where it was asked for; the message says what to do."""


class Place(NamedTuple):
    """The names that browsers may call the server by, its port, and the key of this launch."""

    hosts: tuple[str, ...]
    port: int
    token: str

    @property
    def address(self) -> str:
        """What to open, the token included."""
        return f"http://{self.hosts[0]}:{self.port}/?token={self.token}"


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that is bound to a port of `host`: to `port`, or to the first free one.

    Raises PlaceError if the port is taken or may not be used, or the host is not this machine.
    """
    if port is not None and not 0 <= port <= LAST_PORT:
        raise PlaceError(f"--port {port}: ports are numbers from 1 to {LAST_PORT}.")
    family, address = _resolved(host)
    wanted = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + PORTS), 0]
    for number in wanted:
        try:
            return _bound(family, address, number)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or number == wanted[-1]:
                raise _unusable(host, number, error) from None
    raise AssertionError("the last port raises or is returned")


def _resolved(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise PlaceError(f"--host {host}: no address has this name ({why}). Leave --host away.") from None
    return family, str(address[0])


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # The port of the last launch can so be had again at once. Windows means another thing by this option.
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
        bound.listen()  # only now is it certain that nobody else does
    except OSError:
        bound.close()
        raise
    return bound


def _unusable(host: str, port: int, error: OSError) -> PlaceError:
    if error.errno == errno.EADDRINUSE:
        return PlaceError(
            f"port {port} is in use, perhaps by another backlit live. Choose another one, or leave --port away."
        )
    if error.errno == errno.EACCES:
        return PlaceError(f"port {port} may not be used by this user. Choose one from 1024 on, or leave --port away.")
    if error.errno == errno.EADDRNOTAVAIL:
        return PlaceError(f"--host {host}: that is no address of this machine. Leave --host away.")
    return PlaceError(f"nothing can listen on {host}, port {port}: {error.strerror}.")


def names_of(host: str, family: socket.AddressFamily) -> tuple[str, ...]:
    """What browsers may call a server on `host`, the name to open first.

    One that listens on all addresses may be called by any address or name that this machine knows to be its own.
    """
    if host in ("127.0.0.1", "::1", "localhost"):
        return LOOPBACK[family]
    if not _is_any(host):
        return (_bracketed(host),)
    own = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, family)}
    outward = _outward(family)
    return tuple(dict.fromkeys([*outward, socket.gethostname(), *map(_bracketed, sorted(own)), *LOOPBACK[family]]))


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _outward(family: socket.AddressFamily) -> list[str]:
    """The address that this machine shows to its network. Choosing it sends nothing."""
    probe = "192.0.2.1" if family == socket.AF_INET else "2001:db8::1"  # addresses that documentation uses
    with socket.socket(family, socket.SOCK_DGRAM) as chosen:
        try:
            chosen.connect((probe, 9))
        except OSError:  # no network
            return []
        return [_bracketed(str(chosen.getsockname()[0]))]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
