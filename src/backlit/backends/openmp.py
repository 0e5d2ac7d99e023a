"""`torch.backends.openmp`: threads for loops."""

from __future__ import annotations


def is_available() -> bool:
    """False: Backlit does not use it."""
    return False
