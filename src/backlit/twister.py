"""The words behind the random numbers: PyTorch's Mersenne Twister, its seeds, and its states byte for byte.

The twister (Matsumoto & Nishimura 1998, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random
number generator") makes 624 words of 32 bits at a time. NumPy has the same one and seeds it alike.
"""

from __future__ import annotations

import os
import threading
from typing import Any, ClassVar, Self

import numpy as np

Array = np.ndarray[Any, Any]

# Words that the twister makes at a time, and so the size of its state.
BLOCK = 624
# How a word is tempered on its way out: it is xored with itself, shifted to the left by so many bits (to the right, if
# negative), of which the mask lets some through.
TEMPERING = ((-11, 0xFFFFFFFF), (7, 0x9D2C5680), (15, 0xEFC60000), (-18, 0xFFFFFFFF))
# PyTorch's seed for a generator that was given none.
DEFAULT_SEED = 67280421310721

# The 5,056 bytes of torch.get_rng_state(): the C struct that PyTorch copies out, padding included.
STATE = np.dtype(
    [
        ("seed", np.uint64),
        ("left", np.int32),  # one more than the words left of this block
        ("seeded", np.int32),
        ("next", np.uint64),  # words taken from this block
        ("words", np.uint64, BLOCK),
        ("unused_x", np.float64),
        ("normal", np.float64),
        ("unused_rho", np.float64),
        ("has_normal", np.int32),
        ("unused_float", np.float32),
        ("has_float", np.bool_),
    ],
    align=True,
)


class Twister:
    """A stream of 32-bit words, and of the plain fractions made of them. Threads may share one.

    `kept_normal` belongs to the state: normal numbers come in pairs, and the second may be kept for later.
    """

    # Twisters of generators that are gone. NumPy takes longer to make one than to shuffle a thousand rows with it, and
    # a DataLoader wants a new generator each epoch.
    spare: ClassVar[list[np.random.MT19937]] = []

    def __init__(self, device: Any = "cpu") -> None:
        self._mt: np.random.MT19937 | None = None
        if str(device).partition(":")[0] != "cpu":
            raise RuntimeError(
                f"Generator: received device {str(device)!r}, but Backlit computes on the CPU alone. "
                "Write torch.Generator()."
            )
        self.device = device
        self._lock = threading.Lock()
        self.manual_seed(DEFAULT_SEED)

    def __del__(self) -> None:
        if self._mt is not None:
            self.spare.append(self._mt)

    def manual_seed(self, seed: int) -> Self:
        """Start the stream of `seed`, from -2^63 to 2^64 - 1; a negative one stands for 2^64 more. Returns itself.

        Raises RuntimeError if seed is not an int, ValueError if it is out of range.
        """
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}: {seed!r}. Give it an int.")
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError(f"manual_seed: {seed} overflows 64 bits. Take a seed from -2^63 to 2^64 - 1.")
        self._seed = int(seed) % (1 << 64)
        self._is_sown = False  # the twister below gets its state when words are first asked of it:
        self._state_words: Array | None = None  # these, or that of the seed where there are none
        self._block = np.empty(0, np.uint32)  # the words of its present state
        self._taken = 0  # how many of them have left
        self.kept_normal: float | None = None
        return self

    def seed(self) -> int:
        """Start a stream that nobody can foretell; returns its seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that this stream began with, from 0 to 2^64 - 1."""
        return self._seed

    def get_state(self) -> Array:
        """All that decides the numbers to come, as PyTorch writes it: the two libraries take each other's states.

        Shape: (5056,), uint8.
        """
        state = np.zeros((), STATE)
        state["seed"], state["seeded"] = self._seed, 1
        state["left"], state["next"] = 1 + len(self._block) - self._taken, self._taken
        state["words"] = self._key()
        if self.kept_normal is not None:
            state["normal"], state["has_normal"] = self.kept_normal, 1
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state(self, state: Array) -> Self:
        """Go on from a state that get_state gave, here or in PyTorch. Returns itself.

        Raises TypeError if state is not of uint8, RuntimeError if it is not a generator's state.
        """
        state = np.asarray(state)
        if state.dtype != np.uint8:
            raise TypeError(
                f"RNG state must be a torch.ByteTensor, but received {state.dtype}. Pass what get_state() returned."
            )
        if state.size != STATE.itemsize:
            raise RuntimeError(
                f"set_state: a CPU generator's state has {STATE.itemsize} bytes, but received {state.size}. "
                "Pass what get_state() returned."
            )
        read = np.frombuffer(state.tobytes(), STATE)[0]
        if read["seeded"] != 1 or not 0 < read["left"] <= BLOCK or read["next"] > BLOCK:
            raise RuntimeError("set_state: Invalid mt19937 state. Pass what get_state() returned.")
        self.manual_seed(int(read["seed"]))
        self._stand_at(read["words"].astype(np.uint32), int(read["next"]))
        self.kept_normal = float(read["normal"]) if read["has_normal"] else None
        return self

    def _stand_at(self, words: Array, taken: int) -> None:
        """The state's words, and how many of its block have left."""
        self._state_words, self._is_sown = words, False
        self._taken = taken
        # Nothing taken means, in PyTorch's books, that this block has not begun: the next one will be made first.
        self._block = tempered(words) if taken else words[:0]

    def place(self) -> Array:
        """Where the stream stands, for a program that draws from it: the state's words, and how many have left.

        Of 624, at least one has left; 624 where the next block must be made first.  Shape: (625,), uint32.
        """
        taken = self._taken if len(self._block) else BLOCK
        return np.append(self._key(), np.uint32(taken))

    def go_on_from(self, place: Array) -> None:
        """Stand where a program's draws have led."""
        self._stand_at(place[:BLOCK].copy(), int(place[BLOCK]))

    def clone_state(self) -> Self:
        """Another generator, which stands where this one does."""
        return type(self)(self.device).set_state(self.get_state())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.clone_state()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.get_state())

    def _twister(self) -> np.random.MT19937:
        # Made late: np.random takes a sixth as long to load as the rest of NumPy.
        if self._mt is None:
            try:
                self._mt = self.spare.pop()
            except IndexError:
                self._mt = np.random.MT19937(0)
        if not self._is_sown:
            if self._state_words is None:
                np.random.RandomState(self._mt).seed(self._seed & 0xFFFFFFFF)
            else:
                self._mt.state = {"bit_generator": "MT19937", "state": {"key": self._state_words, "pos": BLOCK}}
            self._is_sown = True
        return self._mt

    def _key(self) -> Array:
        """The words of the state. Kept, because NumPy takes a tenth of a millisecond to tell its twister's."""
        with self._lock:
            if self._state_words is None:
                self._state_words = self._twister().state["state"]["key"]
            return self._state_words

    def words(self, count: int) -> Array:
        """The next `count` words of 32 bits; read only.

        NumPy's twister is drawn by whole blocks alone, so that its state and `_taken` say where the stream stands.
        """
        with self._lock:
            rest = self._block[self._taken :]
            missing = count - len(rest)
            if missing <= 0:
                self._taken += count
                return rest[:count]
            blocks = -(-missing // BLOCK)
            drawn = self._twister().random_raw(blocks * BLOCK).astype(np.uint32)
            self._state_words = None
            self._block = drawn[-BLOCK:].copy()
            self._taken = missing - (blocks - 1) * BLOCK
        return np.concatenate([rest, drawn[:missing]]) if len(rest) else drawn[:missing]

    def long_words(self, count: int) -> Array:
        """The next `count` words of 64 bits: two of 32, the upper half first."""
        words = self.words(2 * count)
        return words[0::2].astype(np.uint64) << np.uint64(32) | words[1::2]

    def floats(self, count: int) -> Array:
        """Fractions in [0, 1), float32: the 24 bits that one holds are the lower 24 of a word."""
        return (self.words(count) & 0xFFFFFF).astype(np.float32) * np.float32(2**-24)

    def doubles(self, count: int) -> Array:
        """Fractions in [0, 1), float64: 21 bits of one word, then the 32 of the next. Every step is exact."""
        words = self.words(2 * count)
        return (words[0::2] & 0x1FFFFF) * 2.0**-21 + words[1::2] * 2.0**-53


def tempered(words: Array) -> Array:
    """A state's words as they leave.  Shape: words and out (624,), uint32."""
    for places, mask in TEMPERING:
        words = words ^ ((words << places if places > 0 else words >> -places) & np.uint32(mask))
    return words


def _restored(kind: type[Twister], state: Array) -> Twister:
    return kind().set_state(state)
