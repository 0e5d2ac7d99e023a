"""Random bits drawn by the program itself: PyTorch's Mersenne Twister, and its zeros and ones, as LLVM functions.

The generator's place in its stream is an array of 625 int32, as `Twister.place` gives it: the words of the twister's
state, and how many of them have left. The state holds words as the recurrence makes them; each is tempered when it
leaves.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.lanes import I32, I64
from backlit.compiler.native.values import INDEX, cast, internal, loop, stored, stored_kind
from backlit.twister import BLOCK, TEMPERING

#: Matsumoto & Nishimura 1998, table II, MT19937: how far ahead the second word lies, and the matrix's last row.
AHEAD, MATRIX = 397, 0x9908B0DF
UPPER, LOWER = 0x80000000, 0x7FFFFFFF
#: Bits of a fraction in [0, 1): the lower 21 of one word, then the 32 of the next.
BITS, UPPER_BITS = 53, 0x1FFFFF


def least_refused(p: float) -> int:
    """A fraction of 53 bits is below p if, taken as a whole number, it is below this one."""
    return math.ceil(math.ldexp(p, BITS))


def drawer(module: ir.Module, dtype: np.dtype[Any]) -> ir.Function:
    """void draw(int32 *place, T *out, int64 count, int64 limit): ones with probability limit / 2^53, else zeros.

    Of two words each, as `Generator.bernoulli` draws them. The place must say that at least one word was taken.
    """
    name = f"backlit.draw.{dtype.name}"
    if name in module.globals:
        return module.globals[name]
    kind = ir.FunctionType(ir.VoidType(), [I32.as_pointer(), stored_kind(dtype).as_pointer(), INDEX, I64])
    function = internal(module, name, kind, apart=2)
    Drawer(function, dtype).write(next_block(module))
    return function


class Drawer:
    """The function `draw`, being written: pairs of words out of one block after another."""

    def __init__(self, function: ir.Function, dtype: np.dtype[Any]) -> None:
        self.words, self.out, self.count, self.limit = function.args
        self.dtype = dtype
        self.builder = builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.head, self.refill, self.end = (function.append_basic_block(name) for name in ("head", "refill", "end"))
        self.drawn, self.taken = builder.alloca(INDEX), builder.alloca(INDEX)

    def write(self, next_block: ir.Function) -> None:
        builder, place = self.builder, self.builder.gep(self.words, [INDEX(BLOCK)])
        builder.store(INDEX(0), self.drawn)
        builder.store(builder.zext(builder.load(place), INDEX), self.taken)
        builder.branch(self.head)
        builder.position_at_end(self.head)
        self.draw_whole_pairs()
        is_done = builder.icmp_unsigned("==", builder.load(self.drawn), self.count)
        builder.cbranch(is_done, self.end, self.refill)
        builder.position_at_end(self.refill)
        self.go_on_in(next_block)
        builder.branch(self.head)
        builder.position_at_end(self.end)
        builder.store(builder.trunc(builder.load(self.taken), I32), place)
        builder.ret_void()

    def draw_whole_pairs(self) -> None:
        """As many as the block still has, or as are wanted."""
        builder = self.builder
        drawn, taken = builder.load(self.drawn), builder.load(self.taken)
        left, wanted = builder.lshr(builder.sub(INDEX(BLOCK), taken), INDEX(1)), builder.sub(self.count, drawn)
        pairs = builder.select(builder.icmp_unsigned("<", left, wanted), left, wanted)

        def draw(builder: ir.IRBuilder, i: ir.Value) -> None:
            first = builder.add(taken, builder.shl(i, INDEX(1)))
            self.put(builder.add(drawn, i), self.word(first), self.word(builder.add(first, INDEX(1))))

        with builder.if_then(builder.icmp_unsigned(">", pairs, INDEX(0))):
            loop(builder, pairs, draw)
        builder.store(builder.add(drawn, pairs), self.drawn)
        builder.store(builder.add(taken, builder.shl(pairs, INDEX(1))), self.taken)

    def go_on_in(self, next_block: ir.Function) -> None:
        """The next block; where one word was left over, it makes a pair with the first one there."""
        builder, drawn = self.builder, self.builder.load(self.drawn)
        is_split = builder.icmp_unsigned("<", builder.load(self.taken), INDEX(BLOCK))
        last = self.word(INDEX(BLOCK - 1))
        builder.call(next_block, [self.words])
        with builder.if_then(is_split):
            self.put(drawn, last, self.word(INDEX(0)))
        one_or_none = builder.zext(is_split, INDEX)
        builder.store(builder.add(drawn, one_or_none), self.drawn)
        builder.store(one_or_none, self.taken)

    def word(self, at: ir.Value) -> ir.Value:
        """A word as it leaves."""
        builder = self.builder
        word = builder.load(builder.gep(self.words, [at], inbounds=True))
        for places, mask in TEMPERING:
            shifted = builder.shl(word, I32(places)) if places > 0 else builder.lshr(word, I32(-places))
            word = builder.xor(word, builder.and_(shifted, I32(mask)))
        return word

    def put(self, at: ir.Value, first: ir.Value, second: ir.Value) -> None:
        builder = self.builder
        upper = builder.shl(builder.zext(builder.and_(first, I32(UPPER_BITS)), I64), I64(32))
        fraction = builder.or_(upper, builder.zext(second, I64))
        bit = builder.icmp_unsigned("<", fraction, self.limit)
        stored(self.out, (1,), self.dtype).put(builder, (at,), cast(builder, bit, np.bool_, self.dtype))


def next_block(module: ir.Module) -> ir.Function:
    """void twist(int32 *words): the twister's next 624 words, over the old ones.

    In pieces within which no word is made of another one of the same few, so that they become loops of vectors.
    """
    name = "backlit.twist"
    if name in module.globals:
        return module.globals[name]
    function = internal(module, name, ir.FunctionType(ir.VoidType(), [I32.as_pointer()]))
    words, builder = function.args[0], ir.IRBuilder(function.append_basic_block("entry"))
    rest = BLOCK - AHEAD
    for start, end, ahead in ((0, rest, AHEAD), (rest, BLOCK - 1, AHEAD - BLOCK)):

        def twist(builder: ir.IRBuilder, i: ir.Value, start: int = start, ahead: int = ahead) -> None:
            k = builder.add(i, INDEX(start))
            twist_word(builder, words, k, builder.add(k, INDEX(1)), builder.add(k, INDEX(ahead)))

        loop(builder, end - start, twist)
    twist_word(builder, words, INDEX(BLOCK - 1), INDEX(0), INDEX(AHEAD - 1))
    builder.ret_void()
    return function


def twist_word(builder: ir.IRBuilder, words: ir.Value, k: ir.Value, following: ir.Value, ahead: ir.Value) -> None:
    """words[k] = words[ahead] ^ A y, where y is the uppermost bit of words[k] and the others of the following one."""
    own, other, far = (builder.gep(words, [at], inbounds=True) for at in (k, following, ahead))
    y = builder.or_(builder.and_(builder.load(own), I32(UPPER)), builder.and_(builder.load(other), I32(LOWER)))
    last_row = builder.and_(builder.neg(builder.and_(y, I32(1))), I32(MATRIX))
    twisted = builder.xor(builder.load(far), builder.xor(builder.lshr(y, I32(1)), last_row))
    builder.store(twisted, own)
