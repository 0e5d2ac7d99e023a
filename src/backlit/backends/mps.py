"""`torch.backends.mps`: Apple's GPUs."""

from __future__ import annotations


def is_available() -> bool:
    """False: Backlit computes on the CPU."""
    return False


def is_built() -> bool:
    """False: Backlit computes on the CPU."""
    return False
