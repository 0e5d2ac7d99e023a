"""`torch.mps`: there is no Apple GPU to use."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """False: Backlit computes on the CPU."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to seed. The CPU's generator is seeded by torch.manual_seed."""


def seed() -> None:
    """Nothing to seed."""


def unavailable(*_: Any, **__: Any) -> Any:
    """Raises RuntimeError: there is no such GPU to do this with."""
    raise RuntimeError(
        "This call needs the MPS backend, and Backlit computes on the CPU: ask torch.mps.is_available()."
    )


synchronize = empty_cache = unavailable
current_allocated_memory = driver_allocated_memory = set_per_process_memory_fraction = unavailable
