"""`torch.accelerator`: there is none beside the CPU."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """False: Backlit computes on the CPU."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """None: write `device = torch.accelerator.current_accelerator() or "cpu"`."""
    return None


def unavailable(*_: Any, **__: Any) -> Any:
    """Raises RuntimeError: there is no accelerator to do this with."""
    raise RuntimeError("Cannot access accelerator device when none is available. Backlit computes on the CPU.")


synchronize = current_device_index = current_device_idx = set_device_index = set_device_idx = unavailable
current_stream = set_stream = unavailable
