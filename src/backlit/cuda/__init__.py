"""`torch.cuda`, where there is none: questions are answered, seeds are accepted, work on a GPU is refused."""

from __future__ import annotations

from typing import Any

from backlit.cuda import amp as amp


def is_available() -> bool:
    """False: Backlit computes on the CPU."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no GPU."""
    return False


def is_initialized() -> bool:
    """False: there is no GPU."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing to seed. The CPU's generator is seeded by torch.manual_seed."""


manual_seed_all = manual_seed


def seed() -> None:
    """Nothing to seed."""


seed_all = empty_cache = seed


def memory_allocated(device: Any = None) -> int:
    """0 bytes."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def get_rng_state_all() -> list[Any]:
    """No states."""
    return []


def unavailable(*_: Any, **__: Any) -> Any:
    """Raises AssertionError: there is no GPU to do this with."""
    raise AssertionError(
        "Torch not compiled with CUDA enabled: this call needs a GPU, and Backlit computes on the CPU. Ask first: "
        "if torch.cuda.is_available(): ..."
    )


current_device = get_device_name = get_device_properties = get_device_capability = set_device = unavailable
init = initial_seed = ipc_collect = get_rng_state = set_rng_state = current_stream = default_stream = unavailable
reset_peak_memory_stats = memory_summary = memory_stats = mem_get_info = synchronize = unavailable
device = stream = Event = Stream = unavailable


class MissingType(type):
    """The type of `torch.cuda.FloatTensor` and its like: no tensor is one, and none can be made."""

    def __instancecheck__(cls, value: Any) -> bool:
        return False

    def __call__(cls, *data: Any, **settings: Any) -> Any:
        raise TypeError(
            f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled: write "
            f"torch.{cls.__name__}."
        )


FloatTensor, DoubleTensor, HalfTensor, LongTensor, IntTensor, ShortTensor, ByteTensor, BoolTensor = (
    MissingType(f"{name}Tensor", (), {}) for name in ("Float", "Double", "Half", "Long", "Int", "Short", "Byte", "Bool")
)
