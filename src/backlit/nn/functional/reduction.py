"""What a loss does with its single values."""

from __future__ import annotations

import warnings

from backlit.functions import reduction
from backlit.tensor import Tensor


def checked(how: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction, once it is sure that there is such a one; PyTorch's two older arguments come first."""
    if size_average is not None or reduce is not None:
        how = legacy(size_average, reduce)
    if how not in ("mean", "sum", "none"):
        raise ValueError(f'{how} is not a valid value for reduction: write "mean", "sum" or "none".')
    return how


def legacy(size_average: bool | None, reduce: bool | None) -> str:
    """The reduction that `size_average` and `reduce` mean, with a warning that names it."""
    how = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{how}' instead.", stacklevel=4
    )
    return how


def reduced(losses: Tensor, how: str) -> Tensor:
    """The mean or the sum of all losses, or ("none") each."""
    if how == "none":
        return losses
    return reduction.mean(losses) if how == "mean" else reduction.sum(losses)
