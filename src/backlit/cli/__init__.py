"""The command line: `backlit run`, `backlit train`, ...

Each command is one file of this package with a function of the file's name, and `app` knows them all. Only `backlit run
SCRIPT` goes another way, since importing Typer takes longer than a small script needs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """The program `backlit`. Ends with SystemExit: 0 if all went well, 2 for a mistake in the command or its input.

    Ctrl-C is 130, without a traceback; only scripts have it as Python itself does.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["run"]:
        anyway = given[1:2] == ["--anyway"]
        script = given[1 + anyway :]
        if script and not script[0].startswith("-"):
            run_script(script[0], script[1:], anyway)
            return
    try:
        from backlit.cli.app import build

        build(given[:1])(given)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def run_script(script: str, arguments: Sequence[str], anyway: bool) -> None:
    """Run a script; if it cannot be started, say why on stderr and exit with 2."""
    from backlit.interop.runner import ScriptError, run

    try:
        run(script, arguments, anyway)
    except ScriptError as error:
        print(f"backlit run: {error}", file=sys.stderr)
        raise SystemExit(2) from None
