"""Switches of the whole process, which scripts for PyTorch set; most of them have nothing to switch here."""

from __future__ import annotations

import warnings
from typing import Any

from backlit import dtypes
from backlit.functions.conversion import typename as typename

_threads = {"within": 1, "between": 1}
_deterministic = {"on": False, "only_warns": False}
_precision = "highest"


def set_num_threads(num: int) -> None:
    """Note how many threads to use. How many there are, NumPy's BLAS decides when it starts: OMP_NUM_THREADS=2."""
    _threads["within"] = positive(num)


def get_num_threads() -> int:
    """What `set_num_threads` noted last."""
    return _threads["within"]


def set_num_interop_threads(num: int) -> None:
    """Note how many operations may run at once. One does."""
    _threads["between"] = positive(num)


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` noted last."""
    return _threads["between"]


def positive(num: int) -> int:
    if num < 1:
        raise RuntimeError(f"expected a positive number of threads, but got {num}")
    return num


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for equal results in every run. They are equal in any case: no operation here depends on timing."""
    _deterministic.update(on=bool(mode), only_warns=bool(warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` asked for last."""
    return _deterministic["on"]


def set_float32_matmul_precision(precision: str) -> None:
    """Allow products of float32 matrices to be less exact, "high" or "medium". They are always exact, "highest"."""
    global _precision
    if precision in ("highest", "high", "medium"):
        _precision = precision
    else:
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; this call has no effect.", stacklevel=2
        )


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` allowed last."""
    return _precision


def set_flush_denormal(mode: bool) -> bool:
    """False: numbers too small for full precision are always kept."""
    return False


def set_default_tensor_type(t: Any) -> None:
    """Make floats tensors of this type from now on: torch.DoubleTensor, or its name."""
    from backlit.functions.conversion import named_kind

    dtypes.set_default_dtype(named_kind(t))
