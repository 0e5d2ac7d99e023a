"""Elementary functions in float32 that are reached through float64: their arguments need more digits than float32 has.

As in `elementary`, there are no branches, tables or calls. The result is rounded to float32 once, at the end.
"""

from __future__ import annotations

import math

from backlit.compiler.native.elementary import INFINITY, NAN, clipped, counted, power_of_two, rounded, split
from backlit.compiler.native.lanes import Lane, fma, polynomial, where

# 2/pi in pieces of 28 bits, so that the product of a float's 24 bits with a piece is exact in float64. The largest
# float is below 2^128 and no float lies nearer than 2^-30 to a multiple of pi/2: 196 bits leave enough of them.
TWO_OVER_PI = (0xA2F9836, 0xE4E4415, 0x29FC275, 0x7D1F534, 0xDDC0DB6, 0x295993C, 0x4390420)
PIECE = 28

# The polynomials are fitted as those of `formats`.
# sin(a) = a + a^3 q(a^2), for |a| <= pi/4. 2^-37.5.
SIN = (-0.1666666664077584, 0.008333329302342136, -0.0001983931146029335, 2.7181138879962797e-06)
# cos(a) = 1 + a^2 q(a^2), on the same interval. 2^-33.9.
COS = (-0.49999999694236863, 0.04166662032961448, -0.0013886680767137573, 2.4383483678922584e-05)
# log2((1 + s) / (1 - s)) = s q(s^2), for |s| <= (sqrt(2) - 1) / (sqrt(2) + 1). 2^-37.8.
LOG2 = (2.8853900817901073, 0.961796673326658, 0.5770835874988528, 0.4116725733611074, 0.3407327712653985)
# 2^r = 1 + r q(r), for |r| <= 1/2. 2^-34.2.
EXP2 = (
    0.6931471807046222, 0.24022651066570092, 0.05550410365678133, 0.009618038261147897, 0.0013333938718651515,
    0.00015466691917164776, 1.5194460349142741e-05,
)  # fmt: skip


def total(parts: list[Lane]) -> Lane:
    """The sum of the parts, from the first on."""
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


def quarter_turns(x: Lane) -> tuple[Lane, Lane]:
    """x = (n + r) pi/2, with |r| <= 1/2 and n an integer, known up to a multiple of four, which are whole turns.

    The idea of Payne and Hanek (1983), with float64's own exact products in place of long integers: of each product of
    x with a piece of 2/pi whole turns are dropped at once.
    """
    parts = []
    for place, piece in enumerate(TWO_OVER_PI, start=1):
        part = x * (piece * 2.0 ** (-PIECE * place))
        if PIECE * (place - 1) < 128:  # later pieces' products are less than a turn
            part = fma((part * 0.25).intrinsic("llvm.rint"), -4.0, part)
        parts.append(part)
    n, whole = rounded(total(parts))
    # Without n the largest parts nearly cancel each other, exactly, and the small ones count.
    return whole, total([parts[0] - n, *parts[1:]])


def sine_after(x: Lane, quarters: int) -> Lane:
    """sin(x + quarters pi/2)."""
    turns, r = quarter_turns(x.widened())
    n = turns + quarters
    angle = r * (math.pi / 2)
    square = angle * angle
    sine = fma(angle * square, polynomial(square, SIN), angle)
    cosine = fma(square, polynomial(square, COS), 1.0)
    result = where((n & 1).equals(0), sine, cosine)
    return where((n & 2).equals(0), result, -result).narrowed()


def sin(x: Lane) -> Lane:
    return where(x.equals(0.0), x, sine_after(x, 0))  # -0 stays -0


def cos(x: Lane) -> Lane:
    return sine_after(x, 1)


def log2_of_size(x: Lane) -> Lane:
    """log2(x) for x >= 0, infinite at 0 and infinity: with 1 + f = (1 + s) / (1 - s), s = f / (2 + f)."""
    f, k = split(x)
    s = f / (f + 2.0)
    result = fma(s, polynomial(s * s, LOG2), counted(k, x))
    return where(x.equals(0.0), x.constant(-INFINITY), where(x < INFINITY, result, x))


def exp2(x: Lane) -> Lane:
    """2^x; beyond the bounds float32 has only zero and infinity."""
    x = clipped(x, -200.0, 200.0)
    n, whole = rounded(x)
    r = x - n
    return fma(r, polynomial(r, EXP2), 1.0) * power_of_two(whole, x)


def power(x: Lane, y: Lane) -> Lane:
    """x^y = 2^(y log2 |x|), with the signs and the special values of C's pow (C17, F.10.4.4)."""
    x, y = x.widened(), y.widened()
    size, half = x.absolute(), y * 0.5
    is_whole = y.intrinsic("llvm.rint").equals(y)
    is_odd = is_whole & half.intrinsic("llvm.rint").differs(half)
    result = exp2(y * log2_of_size(size))
    result = where(size.equals(1.0) | y.equals(0.0), x.constant(1.0), result)
    result = where((x.bits() < 0) & is_odd, -result, result)
    return where((x < 0.0) & (size < INFINITY) & ~is_whole, x.constant(NAN), result).narrowed()
