"""Devices by PyTorch's names. Backlit computes on the CPU; a tensor on any other device is refused where it is made."""

from __future__ import annotations

from typing import Any

TYPES = [
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy",
    "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone",
]  # fmt: skip


class device:
    """Where a tensor lives: `device("cpu")`, `device("cuda:0")`, `device("cuda", 0)`. Inside `with`, it is the default.

    Any device can be named, so that scripts can compare and print them; tensors can only be made on the CPU.

    >>> import backlit as torch
    >>> torch.device("cuda:1").index, torch.zeros(2).device == torch.device("cpu")
    (1, True)
    """

    __slots__ = ("before", "index", "type")

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if isinstance(type, int):
            raise RuntimeError(
                f"Cannot access accelerator device when none is available: torch.device({type}) means the accelerator "
                "with that number, and Backlit computes on the CPU. Write torch.device('cpu')."
            )
        name, colon, number = type.partition(":")
        if name not in TYPES:
            raise RuntimeError(f"Expected one of {', '.join(TYPES)} device type at start of device string: {type}")
        if colon:
            if not number.isdigit() or index is not None:
                raise RuntimeError(f"Invalid device string: {type!r}. Write a name and a number, as in 'cuda:0'.")
            index = int(number)
        self.type: str = name
        self.index = index
        self.before: list[device] = []

    def __repr__(self) -> str:
        return f"device(type={self.type!r}{'' if self.index is None else f', index={self.index}'})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return (device, (str(self),))

    def __enter__(self) -> device:
        self.before.append(get_default_device())
        set_default_device(self)
        return self

    def __exit__(self, *_: object) -> None:
        set_default_device(self.before.pop())


CPU = device("cpu")
_default = CPU


def get_default_device() -> device:
    """The device of tensors that are made without naming one."""
    return _default


def set_default_device(device: Any) -> None:
    """Make tensors on this device from now on. With another than the CPU, making one raises."""
    global _default
    _default = CPU if device is None else as_device(device)


def as_device(value: Any) -> device:
    """A device from what a user may write for one."""
    return value if isinstance(value, device) else device(value)


def check_device(wanted: Any = None) -> None:
    """Raise if a tensor cannot be made on the device that was asked for, or on the default one.

    As PyTorch does where they are missing, raises AssertionError for CUDA, and NotImplementedError (a RuntimeError) for
    other devices.
    """
    if wanted is None:
        if _default is CPU:
            return
        wanted = _default
    asked = as_device(wanted)
    if asked.type == "cpu":
        return
    advice = (
        f"device {str(asked)!r} was asked for, and Backlit computes on the CPU. "
        "Write device='cpu', or device = 'cuda' if torch.cuda.is_available() else 'cpu'."
    )
    if asked.type == "cuda":
        raise AssertionError(f"Torch not compiled with CUDA enabled: {advice}")
    raise NotImplementedError(f"no support for {asked.type} devices: {advice}")
