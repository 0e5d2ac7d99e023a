"""The exception for a file that cannot be read safely."""

from __future__ import annotations

import pickle


class UnreadableFileError(pickle.UnpicklingError, RuntimeError):
    """A file that is damaged, of another format, or holds something that is not data.

    PyTorch raises `UnpicklingError` for what its restricted reader refuses and `RuntimeError` for a damaged archive;
    this is both, so a script that catches either keeps working.
    """


class EmptyFileError(UnreadableFileError, EOFError):
    """A file without a byte, for which PyTorch raises `EOFError`."""
