"""`torch.backends.mkl`: Intel's linear algebra. Backlit uses the one that NumPy was built with."""

from __future__ import annotations


def is_available() -> bool:
    """False: nothing here asks for it."""
    return False
