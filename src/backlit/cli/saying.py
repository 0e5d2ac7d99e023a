"""Printing that no reader's end can stop."""

from __future__ import annotations

import os
import sys


def say(text: str = "") -> None:
    """Print a text and a line's end. Where nobody reads any longer (`| head`), or a log's disk is full, it is lost,
    and nothing else: what a command prints is worth less than what it does.
    """
    if sys.stdout is None:  # the command was started without one
        return
    try:
        print(text, flush=True)
    except OSError:
        # What is still in the buffer would raise once more when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
