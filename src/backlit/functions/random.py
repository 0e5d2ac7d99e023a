"""Random tensors, drawn from PyTorch's CPU streams; see `backlit.random` for the draws themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import dtypes, random
from backlit.functions.creation import Array, finished, like, number, shape_of, sized
from backlit.functions.publish import array_in, into
from backlit.random import Generator
from backlit.tensor import Tensor


def stream(generator: Generator | None) -> Generator:
    """The generator named, or the one that `manual_seed` seeds."""
    return random.default_generator if generator is None else generator


def uniform(shape: tuple[int, ...], kind: np.dtype[Any], generator: Generator | None = None) -> Array:
    return stream(generator).uniform(shape, kind)


def gaussian(shape: tuple[int, ...], kind: np.dtype[Any], generator: Generator | None = None) -> Array:
    return stream(generator).normal(shape, kind)


rand = sized("rand", uniform, "Uniform random numbers from [0, 1).")
randn = sized("randn", gaussian, "Random numbers of the normal distribution with mean 0 and variance 1.")
rand_like = like("rand", uniform, "Uniform random numbers from [0, 1) in the shape and dtype of `input`.")
randn_like = like("randn", gaussian, "Normal random numbers (mean 0, variance 1) in the shape and dtype of `input`.")


def randint(
    low: Any = 0, high: Any = None, size: Any = None, *, generator: Generator | None = None, out: Tensor | None = None,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Random integers from low to high - 1: `randint(high, size)` and `randint(high=..., size=...)` start at 0.

    >>> import backlit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.randint(3, (4,)), torch.randint(-2, 3, (2, 2)).shape
    (tensor([2, 0, 2, 0]), torch.Size([2, 2]))
    """
    if size is None and not isinstance(high, (int, np.integer)):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint(): the size is missing. Write torch.randint(low, high, (2, 3)).")
    kind = dtypes.int64.numpy if dtype is None else dtypes.to_numpy(dtype)
    draws = stream(generator).integers(number(low), number(high), shape_of((size,), "randint"), kind)
    return finished(draws, device, requires_grad, out)


def randint_like(
    input: Tensor, low: Any, high: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Random integers from low to high - 1 in the shape and dtype of `input`."""
    low, high = (0, low) if high is None else (low, high)
    kind = input.dtype if dtype is None else dtype
    return randint(low, high, input.shape, generator=generator, dtype=kind, device=device, requires_grad=requires_grad)


def randperm(
    n: int, *, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The numbers 0 to n - 1 in random order."""
    kind = dtypes.int64.numpy if dtype is None else dtypes.to_numpy(dtype)
    return finished(stream(generator).permutation(n, kind), device, requires_grad, out)


def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, out: Tensor | None = None,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal random numbers: of one mean and deviation in a `size`, or of the means and deviations in tensors."""
    if size is None and not (isinstance(mean, Tensor) or isinstance(std, Tensor)):
        raise TypeError(
            "normal(): the size is missing. Write torch.normal(0.0, 1.0, (2, 3)), or give mean as a tensor."
        )
    if size is not None:
        kind = dtypes.default() if dtype is None else dtypes.to_numpy(dtype)
        shape = shape_of((size,), "normal")
        draws = stream(generator).normal(shape, kind, float(mean), float(std))
    else:
        draws = stream(generator).normal_array(array_in(mean), array_in(std))
    return finished(draws, device, requires_grad, out)


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 with the probability that `input` says (or with p, in the shape of `input`), else 0, element by element."""
    source = stream(generator)
    if p is None:
        draws = source.bernoulli_array(input.array)
    else:
        draws = source.bernoulli(p, input.array.shape, input.array.dtype)
    return finished(draws) if out is None else into(out, finished(draws))


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`num_samples` indices for each row of `input`, drawn in proportion to its weights."""
    draws = finished(stream(generator).multinomial(input.array, num_samples, replacement))
    return draws if out is None else into(out, draws)


# In place.


def uniform_(
    self: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None, **bound: Any
) -> Tensor:
    """Overwrite with uniform random numbers from [from, to)."""
    low = bound.get("from", from_)
    return self.overwrite(stream(generator).uniform(self.array.shape, self.array.dtype, number(low), number(to)))


def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with normal random numbers of mean `mean` and deviation `std`."""
    return self.overwrite(stream(generator).normal(self.array.shape, self.array.dtype, number(mean), number(std)))


def random_(
    self: Tensor, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None, **bound: Any
) -> Tensor:
    """Overwrite with random integers: over all that the dtype counts, below `to`, or from `from` to `to - 1`."""
    low, high = bound.get("from", from_), to
    source, shape, kind = stream(generator), self.array.shape, self.array.dtype
    if low is None and high is None:
        return self.overwrite(source.random_full(kind, shape))
    if "from" not in bound and high is None:
        low, high = 0, low
    return self.overwrite(source.integers(low or 0, high, shape, kind))


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with 1 with probability p (a number, or a tensor that broadcasts), else 0."""
    source, shape, kind = stream(generator), self.array.shape, self.array.dtype
    if isinstance(p, Tensor):
        return self.overwrite(source.bernoulli_array(np.broadcast_to(p.array, shape), kind))
    return self.overwrite(source.bernoulli(p, shape, kind))


def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with draws of density lambd exp(-lambd x)."""
    return self.overwrite(stream(generator).exponential(self.array.shape, self.array.dtype, lambd))


def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with draws of the Cauchy distribution."""
    return self.overwrite(stream(generator).cauchy(self.array.shape, self.array.dtype, median, sigma))


def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with e to the power of normal draws."""
    return self.overwrite(stream(generator).log_normal(self.array.shape, self.array.dtype, mean, std))


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Overwrite with the number of trials up to the first success, each of which succeeds with probability p."""
    return self.overwrite(stream(generator).geometric(p, self.array.shape, self.array.dtype))


# The state of the default generator, as tensors.


def get_rng_state() -> Tensor:
    """The state of the default generator: 5056 bytes."""
    return Tensor.wrap(random.get_rng_state())


def set_rng_state(new_state: Tensor) -> None:
    """Go on from a state that `get_rng_state` gave."""
    random.set_rng_state(array_in(new_state))
