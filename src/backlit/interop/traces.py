"""Tracebacks that show the user's code, and not the library's between and below it."""

from __future__ import annotations

import os
import sys
import threading
from functools import cache
from types import TracebackType

import backlit

HERE = os.path.dirname(os.path.abspath(backlit.__file__)) + os.sep


def show_only_the_users_frames(script: str) -> None:
    """From now on an exception that nobody catches is printed as Python prints it, without Backlit's frames.

    BACKLIT_TRACEBACK=full shows them all, for those who work on Backlit itself.
    """
    if os.environ.get("BACKLIT_TRACEBACK") == "full":
        return

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        hide_frames(error, script)
        sys.__excepthook__(kind, error, error.__traceback__)

    def show_of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            hide_frames(args.exc_value, script)
            args = threading.ExceptHookArgs((args.exc_type, args.exc_value, args.exc_value.__traceback__, args.thread))
        threading.__excepthook__(args)

    sys.excepthook = show
    threading.excepthook = show_of_thread


def hide_frames(error: BaseException, script: str) -> None:
    """Take the library's frames out of the traceback of an exception, and of those that led to it."""
    todo, seen = [error], set()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = users_frames(each.__traceback__, script)
        todo += [other for other in (each.__cause__, each.__context__) if other is not None]
        todo += getattr(each, "exceptions", ())


def users_frames(trace: TracebackType | None, script: str) -> TracebackType | None:
    """The frames from the script's first on, without Backlit's, and without those of libraries that Backlit called.

    A library that the script called itself is shown, and so is the user's code that Backlit called, such as `forward`.
    """
    links: list[TracebackType] = []
    while trace is not None:
        links.append(trace)
        trace = trace.tb_next
    files = [link.tb_frame.f_code.co_filename for link in links]
    start = files.index(script) if script in files else 0
    kept, hidden = [], False
    for link, file in zip(links[start:], files[start:], strict=True):
        ours = file.startswith(HERE)
        if ours or not (hidden and is_library(file)):
            hidden = ours
        if not hidden:
            kept.append(link)
    chain = None
    for link in reversed(kept):
        chain = TracebackType(chain, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return chain


@cache
def library_folders() -> tuple[str, ...]:
    import site
    import sysconfig

    paths = {*sysconfig.get_paths().values(), *site.getsitepackages(), site.getusersitepackages()}
    return tuple(os.path.abspath(path) + os.sep for path in paths)


def is_library(file: str) -> bool:
    return file.startswith(("<", *library_folders()))
