"""Running an unmodified PyTorch script on Backlit, as `python script.py` would run it."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType

from backlit.interop.alias import as_torch
from backlit.interop.missing import message, missing
from backlit.interop.scan import scan
from backlit.interop.traces import show_only_the_users_frames


class ScriptError(Exception):
    """Why a script cannot be started; the message says where and what to do."""


def run(script: str, arguments: Sequence[str] = (), anyway: bool = False) -> None:
    """Run a script with `import torch` meaning Backlit, as the program's `__main__`.

    What the script raises comes out of here, SystemExit and KeyboardInterrupt included. With `anyway` it is started
    even if it uses names that Backlit lacks.
    Raises ScriptError if there is no such script, if it is no Python, or if it uses names that Backlit lacks.
    """
    code = compiled(script)
    as_torch()
    prepare(script, arguments)
    if not anyway:
        uses, provided = scan(script)
        lacking = missing(uses, provided)
        if lacking:
            raise ScriptError(message(script, lacking))
    execute(script, code)


def compiled(path: str) -> CodeType:
    """The script as Python's code. Raises ScriptError if it is missing or is no Python."""
    source = read(path)
    try:
        return compile(source, os.path.abspath(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:  # ValueError: a null byte, before Python 3.12
        check_encoding(path, source)
        raise ScriptError(f"{path} is not valid Python:\n{syntax_error(error)}") from None


def read(path: str) -> bytes:
    """The script's source. Raises ScriptError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise ScriptError(f"there is no script {path!r}. {like_it(path)}".rstrip()) from None
    except IsADirectoryError:
        raise ScriptError(
            f"{path!r} is a directory; name the script in it. {like_it(os.path.join(path, 'main.py'))}".rstrip()
        ) from None
    except OSError as error:
        raise ScriptError(f"{path!r} cannot be read: {error.strerror}.") from None


def like_it(path: str) -> str:
    """The scripts beside it that may have been meant."""
    from backlit.suggest import did_you_mean

    folder, name = os.path.split(path)
    with suppress(OSError):
        scripts = sorted(each for each in os.listdir(folder or os.curdir) if each.endswith(".py"))
        return did_you_mean(name, scripts) if scripts else ""
    return ""


def check_encoding(path: str, source: bytes) -> None:
    """Raise ScriptError, with the line, if the source is not written in the encoding that it declares."""
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        source.decode(encoding)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise ScriptError(
            f"{path} is not valid {error.encoding.upper()}: line {line} has the byte {source[error.start]:#04x}. Save "
            "it as UTF-8, or name its encoding in the first line: # -*- coding: latin-1 -*-"
        ) from None
    except SyntaxError:  # an unknown encoding, or a broken first line: the parser says it with its line
        return


def syntax_error(error: Exception) -> str:
    import traceback

    return "".join(traceback.format_exception_only(type(error), error)).rstrip()


def prepare(path: str, arguments: Sequence[str]) -> None:
    """The process as the script expects it: its arguments, and its folder first on the import path."""
    sys.argv = [path, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(path))


def execute(path: str, code: CodeType) -> None:
    main = ModuleType("__main__")
    absolute = os.path.abspath(path)
    main.__dict__.update(
        __file__=absolute, __builtins__=builtins, __loader__=SourceFileLoader("__main__", absolute), __cached__=None
    )
    sys.modules["__main__"] = main
    show_only_the_users_frames(absolute)
    exec(code, main.__dict__)
