"""`torch.backends.cudnn`: the switches of a GPU's library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True
benchmark_limit = 10


def is_available() -> bool:
    """False: Backlit computes on the CPU."""
    return False


def version() -> None:
    """None: the library is not there."""
    return None


@contextmanager
def flags(**settings: Any) -> Iterator[None]:
    """Set switches while it is entered."""
    before = {name: globals()[name] for name in settings}
    globals().update(settings)
    try:
        yield
    finally:
        globals().update(before)
