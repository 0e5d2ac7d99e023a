"""The program on a terminal, as a person sees it."""

import os
import pty
import subprocess
import sys


def on_a_terminal(words, cwd, columns):
    """Runs `backlit` with these words; gives its exit code and the bytes that the terminal was sent."""
    master, worker = pty.openpty()
    command = [sys.executable, "-m", "backlit", *words]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns)}
    with subprocess.Popen(command, stdout=worker, stderr=worker, cwd=cwd, env=environment) as process:
        os.close(worker)
        shown = b""
        while True:
            try:
                shown += (part := os.read(master, 4096))
            except OSError:  # the terminal closes with its last program
                break
            if not part:
                break
    os.close(master)
    return process.returncode, shown
