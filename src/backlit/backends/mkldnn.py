"""`torch.backends.mkldnn`: Intel's neural network library."""

from __future__ import annotations

enabled = True
deterministic = False


def is_available() -> bool:
    """False: Backlit does not use it."""
    return False
