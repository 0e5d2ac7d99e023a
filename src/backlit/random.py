"""PyTorch's CPU random streams, number for number: the same seed gives the same draws in the same order.

Each draw is a formula over the words of a Mersenne Twister. What makes a stream PyTorch's is how many words a draw
takes, and in which order: every method says so under "Words". Integers and uniform numbers agree with PyTorch's to the
bit, the others as closely as two libraries' logarithms and sines do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from backlit.swaps import swapped
from backlit.twister import Array, Twister

Shape = int | Sequence[int]

# A range this wide takes two words: `word % range` would favour its lower part by as much as 1 in 16.
WIDE_RANGE = 1 << 28
# That many normal numbers or more are made in blocks of that many.
NORMAL_BLOCK = 16


class Generator(Twister):
    """A stream of random numbers, equal to that of PyTorch's generator with the same seed.

    Every method that draws returns a fresh array, of the given shape and dtype.

    >>> from backlit.random import Generator
    >>> Generator().manual_seed(0).integers(0, 10, (5,))
    array([4, 9, 3, 0, 3])
    """

    def uniform(self, shape: Shape, dtype: Any = np.float32, low: float = 0.0, high: float = 1.0) -> Array:
        """out ~ U[low, high).  Words: one a number, two in float64.

        Raises NotImplementedError if dtype is not floating, RuntimeError if dtype cannot hold such a range.

        >>> Generator().manual_seed(0).uniform((2,), low=-1, high=1)
        array([-0.00748682,  0.5364436 ], dtype=float32)
        """
        dtype, count = _floating("uniform_", dtype), _size(shape)
        is_unit = low == 0 and high == 1
        if not is_unit:
            _check_bounds(low, high, dtype)
        out = self.doubles(count) if dtype == np.float64 else self.floats(count)
        if not is_unit or dtype == np.float16:
            out = _between(out, out.dtype.type(low), out.dtype.type(high)).astype(dtype)
            # Rounding may have reached `high`, which is outside.
            out[out == dtype.type(high)] = low
        return out.reshape(shape)

    def normal(self, shape: Shape, dtype: Any = np.float32, mean: float = 0.0, std: float = 1.0) -> Array:
        """out ~ N(mean, std²).  Words: those of `_normal_pairs` below 16 numbers, of `_normal_blocks` from 16 on.

        Raises NotImplementedError if dtype is not floating, RuntimeError if std is negative.
        """
        dtype = _floating("normal_", dtype)
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std}. A variance's root is var ** 0.5.")
        count = _size(shape)
        if count < NORMAL_BLOCK:
            return np.array([z * std + mean for z in self._normal_pairs(count)], dtype).reshape(shape)
        z = self._normal_blocks(count, dtype)
        if mean != 0 or std != 1:
            z = z * z.dtype.type(std) + z.dtype.type(mean)
        return z.astype(dtype, copy=False).reshape(shape)

    def normal_array(self, mean: Any, std: Any, dtype: Any = None) -> Array:
        """out ~ N(mean, std²), element by element.  Shape: mean and std broadcast to out.  Words: as `normal`.

        `dtype` is by default that of mean, if it is an array, else that of std.
        Raises RuntimeError if an element of std is negative.
        """
        dtype = np.dtype((mean if isinstance(mean, np.ndarray) else std).dtype if dtype is None else dtype)
        mean, std = np.asarray(mean, dtype), np.asarray(std, dtype)
        if (std < 0).any():
            raise RuntimeError(f"normal expects all elements of std >= 0.0, but the least of them is {std.min()}.")
        return np.asarray(self.normal(np.broadcast_shapes(mean.shape, std.shape), dtype) * std + mean)

    def _normal_pairs(self, count: int) -> list[float]:
        """z = r cos θ, then r sin θ (Box & Muller 1958, "A note on the generation of random normal deviates").

        In float64 whatever the caller's dtype. Words: four a pair, of which an odd number is kept for the next call.
        """
        if count == 0:
            return []
        z = [] if self.kept_normal is None else [self.kept_normal]
        pairs = (count - len(z) + 1) // 2
        # Python's own sine and logarithm are the C library's, as PyTorch's are here: even the kept number's bits agree.
        for turn, u in self.doubles(2 * pairs).reshape(pairs, 2).tolist():
            theta, r = 2 * math.pi * turn, math.sqrt(-2 * math.log1p(-u))
            z += [r * math.cos(theta), r * math.sin(theta)]
        self.kept_normal = z.pop() if len(z) > count else None
        return z

    def _normal_blocks(self, count: int, dtype: np.dtype[Any]) -> Array:
        """Box and Muller's pairs in blocks of 16: eight radii and eight angles become eight cosines and eight sines.

        A last block that is short is drawn anew, whole, over the last 16 places. Words: one a fraction (two in
        float64), in that order; in float16, a short block's own fractions are left out.
        """
        rest = count % NORMAL_BLOCK
        fractions = self.doubles if dtype == np.float64 else self.floats
        if dtype == np.float16:
            z = _box_muller(fractions(count - rest))
        else:
            z = _box_muller(fractions(count)[: count - rest])
        if rest:
            z = np.concatenate([z[: count - NORMAL_BLOCK], _box_muller(fractions(NORMAL_BLOCK))])
        return z

    def integers(self, low: int, high: int | None, shape: Shape, dtype: Any = np.int64) -> Array:
        """Integers from low to high - 1; with `high=None`, to the greatest that dtype holds.

        In a floating dtype the bounds move inwards, to integers that it holds.
        Words: one a number, or two where there are 2^28 values or more.
        Raises RuntimeError if there is no integer to draw, or if dtype does not hold the bounds.
        """
        dtype = np.dtype(dtype)
        low, last = _first_and_last(low, high, dtype)
        count, values = _size(shape), last - low + 1
        if values < WIDE_RANGE:
            out = (self.words(count) % np.uint32(values)).astype(np.int64) + low
        elif values < 1 << 64:
            # A sum beyond 64 bits wraps around, to where a signed reading finds it right.
            out = (self.long_words(count) % np.uint64(values) + np.uint64(low % (1 << 64))).view(np.int64)
        else:
            out = self.long_words(count).view(np.int64)
        return out.astype(dtype, copy=False).reshape(shape)

    def random_full(self, dtype: Any, shape: Shape) -> Array:
        """Integers over all that dtype counts: 0 to its greatest, or to 2^24 in float32, 2^53 in float64.

        Words: two a number in int64 and float64, else one.
        """
        dtype, count = np.dtype(dtype), _size(shape)
        values = _greatest(dtype) + 1
        words = self.long_words(count) if dtype.itemsize == 8 else self.words(count)
        return (words % words.dtype.type(values)).astype(dtype).reshape(shape)

    def permutation(self, n: int, dtype: Any = np.int64, shuffler: Callable[[Array], Array] = swapped) -> Array:
        """0 .. n-1 in random order.  Shape: out (n,).  Words: n - 1.

        Each place in turn changes with one that is not before it (Durstenfeld 1964, "Algorithm 235"); `shuffler`
        does so, in machine code where there is any.
        Raises RuntimeError if n is negative.

        >>> Generator().manual_seed(0).permutation(6)
        array([2, 5, 3, 0, 1, 4])
        """
        partners = np.arange(_size(n))
        partners[:-1] += self.words(max(n - 1, 0)) % np.arange(n, 1, -1, dtype=np.uint32)
        return shuffler(partners).astype(dtype, copy=False)

    def bernoulli(self, p: float, shape: Shape, dtype: Any = np.float32) -> Array:
        """1 with probability p, else 0.  Words: two a number, in every dtype.

        Raises RuntimeError if p is not from 0 to 1.
        """
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}. Of 100, p is a share: p / 100.")
        return (self.doubles(_size(shape)) < p).astype(dtype, copy=False).reshape(shape)

    def bernoulli_array(self, p: Array, dtype: Any = None) -> Array:
        """1 with probability p, else 0, element by element.  Shape: p and out alike.

        `dtype` is by default that of p. Words: one a number, two where p is float64.
        Raises NotImplementedError if p is not floating, RuntimeError if an element is not from 0 to 1.
        """
        _floating("bernoulli", p.dtype)
        if not ((p >= 0) & (p <= 1)).all():
            raise RuntimeError(
                f"bernoulli: Expected p_in >= 0 && p_in <= 1, but p reaches from {p.min()} to {p.max()}. "
                "Make scores probabilities first: torch.bernoulli(torch.sigmoid(scores))."
            )
        fractions = self.doubles(p.size) if p.dtype == np.float64 else self.floats(p.size)
        return np.asarray((fractions.reshape(p.shape) < p).astype(p.dtype if dtype is None else dtype))

    def exponential(self, shape: Shape, dtype: Any = np.float32, rate: float = 1.0) -> Array:
        """out with density rate exp(-rate out).  Words: two a number.  Raises RuntimeError unless rate > 0."""
        dtype = _continuous("exponential_", dtype, "lambda", rate)
        return (np.log1p(-self.doubles(_size(shape))) / -rate).astype(dtype).reshape(shape)

    def cauchy(self, shape: Shape, dtype: Any = np.float32, median: float = 0.0, sigma: float = 1.0) -> Array:
        """median + sigma tan(π(u - ½)).  Words: two a number.  Raises RuntimeError unless sigma > 0."""
        dtype = _continuous("cauchy_", dtype, "sigma", sigma)
        return (median + sigma * np.tan(np.pi * (self.doubles(_size(shape)) - 0.5))).astype(dtype).reshape(shape)

    def log_normal(self, shape: Shape, dtype: Any = np.float32, mean: float = 1.0, std: float = 2.0) -> Array:
        """exp(z), z ~ N(mean, std²).  Words: as `_normal_pairs`.  Raises RuntimeError unless std > 0."""
        dtype = _continuous("log_normal_", dtype, "std", std)
        return np.exp(np.array(self._normal_pairs(_size(shape))) * std + mean).astype(dtype).reshape(shape)

    def geometric(self, p: float, shape: Shape, dtype: Any = np.float32) -> Array:
        """Trials up to the first success.  Words: two a number.  Raises RuntimeError unless 0 < p < 1."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}.")
        return np.ceil(np.log(self.doubles(_size(shape))) / math.log1p(-p)).astype(dtype).reshape(shape)

    def multinomial(self, weights: Array, n: int, replacement: bool = False) -> Array:
        """n categories a row, in proportion to their weights.  Shape: weights (K,) or (B, K), out (n,) or (B, n).

        Words: two a weight; but two a draw for several draws with replacement.
        Raises RuntimeError if the weights are no distribution, or are fewer than the draws without replacement.

        >>> Generator().manual_seed(0).multinomial(np.array([0.5, 0.0, 0.5]), 4, replacement=True)
        array([2, 2, 0, 2])
        """
        _check_weights(weights, n, replacement)
        if replacement and n > 1:
            rows = weights.reshape(-1, weights.shape[-1])
            chances = self.doubles(len(rows) * n).reshape(len(rows), n)
            picks = [np.searchsorted(_cumulative(row), chance) for row, chance in zip(rows, chances, strict=True)]
            return np.array(picks, np.int64).reshape(*weights.shape[:-1], n)
        # Clocks that ring at random times, each at its weight's rate: the first n to ring are drawn.
        speed = weights / self.exponential(weights.shape, weights.dtype)
        if n == 1:
            return speed.argmax(axis=-1, keepdims=True)
        return np.argsort(-speed, axis=-1, kind="stable")[..., :n]


def _size(shape: Shape) -> int:
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else shape
    if any(size < 0 for size in sizes):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}")
    return math.prod(sizes)


def _floating(name: str, dtype: Any) -> np.dtype[Any]:
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise NotImplementedError(
            f'"{name}" not implemented for {dtype}: these numbers are fractions. Make a tensor of dtype=torch.float32.'
        )
    return dtype


def _continuous(name: str, dtype: Any, setting: str, value: float) -> np.dtype[Any]:
    if not value > 0:
        raise RuntimeError(f"{name} expects {setting} > 0.0, but found {setting}={value}.")
    return _floating(name, dtype)


def _check_bounds(low: float, high: float, dtype: np.dtype[Any]) -> None:
    greatest = float(np.finfo(dtype).max)
    for name, bound in (("from", low), ("to", high)):
        if not abs(bound) <= greatest:
            raise RuntimeError(f"uniform_: {name}={bound} is out of bounds for {dtype}, which ends at {greatest:.4g}.")
    if not 0 <= high - low <= greatest:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low} and to={high}: "
            f"{'swap them.' if high < low else f'their distance is out of bounds for {dtype}.'}"
        )


def _between(fraction: Array, low: Any, high: Any) -> Array:
    """low + fraction (high - low), rounded once: PyTorch is compiled to fused multiply-adds."""
    if fraction.dtype == np.float32:  # both product and, in all but lopsided ranges, sum are exact in float64
        return (fraction * np.float64(high - low) + np.float64(low)).astype(np.float32)
    if low == -high:  # then so is this product, but for its own rounding
        return np.asarray((2 * fraction - 1) * high)
    # Dekker 1971, "A floating-point technique for extending the available precision": the product's and the sum's
    # rounding errors are found exactly, and added back.
    width = float(high - low)
    mantissa, exponent = math.frexp(width)
    width_upper = math.ldexp(round(mantissa * 2**26), exponent - 26)
    width_lower = width - width_upper
    shifted = fraction * 134217729.0  # 2^27 + 1: cuts 53 bits into 26 and 27
    upper = shifted - (shifted - fraction)
    lower = fraction - upper
    product = fraction * width
    product_error = ((upper * width_upper - product) + upper * width_lower + lower * width_upper) + lower * width_lower
    total = product + low
    added = total - product
    total_error = (product - (total - added)) + (low - added)
    return np.asarray(total + (product_error + total_error))


def _box_muller(fractions: Array) -> Array:
    pairs = fractions.reshape(-1, 2, NORMAL_BLOCK // 2)
    r = np.sqrt(-2 * np.log(1 - pairs[:, 0]))  # 1 - u is in (0, 1], where the logarithm is finite
    theta = pairs[:, 1] * pairs.dtype.type(2 * np.pi)
    z = np.empty_like(pairs)
    np.multiply(r, np.cos(theta), out=z[:, 0])
    np.multiply(r, np.sin(theta), out=z[:, 1])
    return z.reshape(-1)


def _greatest(dtype: np.dtype[Any]) -> int:
    """The greatest number up to which dtype holds every integer."""
    if dtype.kind == "f":
        return 1 << (np.finfo(dtype).nmant + 1)
    return 1 if dtype.kind == "b" else int(np.iinfo(dtype).max)


def _first_and_last(low: int, high: int | None, dtype: np.dtype[Any]) -> tuple[int, int]:
    """The least and the greatest integer to draw: those of [low, high) that dtype holds."""
    last = _greatest(dtype) if high is None else high - 1
    if low > last:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}. The upper end is not drawn "
            f"itself: write torch.randint({low}, {low + 1}, ...)."
        )
    if dtype.kind == "f":
        least, most = -int(np.finfo(dtype).max), int(np.finfo(dtype).max)
    else:
        least, most = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    for name, bound in (("from", low), ("to - 1", last)):
        if not least <= bound <= most:
            raise RuntimeError(f"randint: {name} = {bound} is out of bounds for {dtype}: it holds {least} to {most}.")
    return _moved_inwards(low, last, dtype) if dtype.kind == "f" else (low, last)


def _moved_inwards(low: int, last: int, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Bounds that do not leave [low, last] when dtype rounds them, found as PyTorch finds them."""
    digits = np.finfo(dtype).nmant + 1
    above, below = int(dtype.type(low + 1)), int(dtype.type(last))
    if above < low:
        low = above + (1 << (abs(low + 1).bit_length() - digits))
    if below > last:
        last = below - (1 << (abs(last).bit_length() - digits)) - 1
    if low > last:
        raise RuntimeError(f"random_: {dtype} holds no integer of this range; the next is {low}. Use torch.int64.")
    return low, last


def _cumulative(weights: Array) -> Array:
    """The shares up to and including each category, of which the last is 1 whatever was rounded before."""
    sums = np.cumsum(weights, dtype=np.float64 if weights.dtype == np.float64 else np.float32)
    shares = sums / sums[-1]
    shares[-1] = 1
    return np.asarray(shares)


def _check_weights(weights: Array, n: int, replacement: bool) -> None:
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"multinomial: prob_dist must be 1 or 2 dim, but received shape {list(weights.shape)}.")
    if weights.dtype.kind != "f":
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {weights.dtype}. Write weights.float()."
        )
    if n <= 0:
        raise RuntimeError(f"multinomial: cannot sample n_sample <= 0 samples, but received {n}.")
    if weights.shape[-1] == 0:
        raise RuntimeError("multinomial: received no category to draw.")
    if not replacement and n > weights.shape[-1]:
        raise RuntimeError(
            f"multinomial: cannot sample {n} of {weights.shape[-1]} categories without replacement. "
            "To draw one again and again, write torch.multinomial(weights, n, replacement=True)."
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise RuntimeError(
            "multinomial: probability tensor contains either `inf`, `nan` or element < 0. "
            "Make scores probabilities first: torch.softmax(scores, dim=-1)."
        )
    if (weights.sum(axis=-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0): every weight of a row is 0.")


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator, which every draw uses that names no other. A float is cut to an int.

    >>> import backlit.random as random
    >>> random.manual_seed(0).uniform(1)
    array([0.4962566], dtype=float32)
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator with a number that nobody can foretell; returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state() -> Array:
    """The state of the default generator.  Shape: (5056,), uint8."""
    return default_generator.get_state()


def set_rng_state(new_state: Array) -> None:
    """Go on from a state that get_rng_state gave."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """Inside, draw and seed at will: after it, the default generator stands where it stood before."""
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
