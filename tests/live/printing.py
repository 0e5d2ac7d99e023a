"""Programs that are run in this process, for what they print."""

import contextlib
import io
import warnings

import numpy as np


def printed(program):
    """What a program prints; the true PyTorch is imported in it."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        exec(compile(program, "program.py", "exec"), {"__name__": "__main__"})
    np.seterr(all="warn")
    return out.getvalue().split()
