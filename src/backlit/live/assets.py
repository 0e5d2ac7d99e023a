"""The files of the page, read once into memory: what is not in this list is never served."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

#: Where the page is built to; git ignores it, wheel and sdist contain it.
PAGE = Path(__file__).parent / "page"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}


class Asset(NamedTuple):
    """A file of the page, and what it is."""

    body: bytes
    type: str


Assets = Mapping[str, Asset]


class NoPageError(OSError):
    """The page has not been built; the message says how it is."""


def read_assets(folder: Path | None = None) -> Assets:
    """The files of the page, or of another folder, by their paths on the server, `/` for index.html.

    Raises NoPageError if the page has not been built.
    """
    folder = PAGE if folder is None else folder
    if not (folder / "index.html").is_file():
        raise NoPageError(
            f"the page is not built: {folder} has no index.html. In the repository, make live builds it, with npm or "
            "without; elsewhere, install Backlit again from a wheel, which contains the page: "
            "pip install --force-reinstall backlit"
        )
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in TYPES]
    assets = {f"/{path.relative_to(folder).as_posix()}": Asset(path.read_bytes(), TYPES[path.suffix]) for path in files}
    assets["/"] = assets.pop("/index.html")
    return assets
