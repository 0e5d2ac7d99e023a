"""Elementary functions, written so that LLVM's loop vectoriser can run many at a time.

Each is free of branches, tables and calls: bits, selects, multiply-adds. Each is within 2 units in the last place of
the exact value, with or without a fused multiply-add (in float32 checked for every one of the 2^32 arguments); zeros,
subnormals, infinities and NaN come out as NumPy has them.

The method is the classic one (Cody and Waite, Software Manual for the Elementary Functions, 1980; Muller, Elementary
Functions, 3rd edition, 2016, chapters 3 and 11): reduce the argument to a small interval with a constant held in two
parts, of which the first is so short that its product with a whole number is exact; approximate there by a polynomial
(`formats`); put the power of two back through the exponent's bits.
"""

from __future__ import annotations

import math

from backlit.compiler.native.formats import ERF, EXP2, FORMATS, LOG2, LOG10, LOG10_2, LOG_ERFC, Format
from backlit.compiler.native.lanes import Lane, fma, polynomial, where

INFINITY, NAN = math.inf, math.nan


def format_of(x: Lane) -> Format:
    return FORMATS[x.value.type]


def rounded(x: Lane, factor: float = 1.0) -> tuple[Lane, Lane]:
    """The whole number nearest to x times a factor, as float and as integer, for results far below 2^mantissa."""
    form = format_of(x)
    total = fma(x, factor, form.rounder)
    return total - form.rounder, total.bits() - form.rounder_bits


def counted(n: Lane, like: Lane) -> Lane:
    """An integer as a float: `rounded` backwards, because older machines cannot convert the integers of float64."""
    form = format_of(like)
    return (n + form.rounder_bits).number() - form.rounder


def power_of_two(n: Lane, like: Lane) -> Lane:
    """2^n through the bits of the exponent, for the n of normal numbers."""
    form = format_of(like)
    return ((n + form.bias) << form.mantissa).number()


def scaled(x: Lane, n: Lane) -> Lane:
    """x 2^n, for n up to twice a normal number's: of two steps only the second can leave these, and so round."""
    half = n >> 1
    return x * power_of_two(half, x) * power_of_two(n - half, x)


def clipped(x: Lane, low: float, high: float) -> Lane:
    """x held between two bounds. NaN stays NaN, because no comparison with it is true."""
    x = where(x > high, x.constant(high), x)
    return where(x < low, x.constant(low), x)


def reduced_expm1(x: Lane) -> tuple[Lane, Lane]:
    """e^x = 2^n e^r = 2^n (1 + t), with whole n and |r| <= ln(2) / 2. Returns t and n."""
    form = format_of(x)
    n, whole = rounded(x, 1 / math.log(2))
    high, low = fma(n, -form.ln2[0], x), n * form.ln2[1]
    r = high - low
    # t = r + r^2 q(r), with r still in two parts, whose difference was rounded.
    return high + fma(r * r, polynomial(r, form.exp), -low), whole


def exp(x: Lane) -> Lane:
    t, n = reduced_expm1(clipped(x, *format_of(x).exp_range))
    return scaled(t + 1.0, n)


def exp2(x: Lane) -> Lane:
    # Beyond these bounds the result is infinite or rounds to zero, as at them.
    x = clipped(x, -151.0, 129.0)
    n, whole = rounded(x)
    r = x - n
    return scaled(fma(r, polynomial(r, EXP2), 1.0), whole)


def expm1(x: Lane) -> Lane:
    """e^x - 1 = 2 (2^(n-1) t + (2^(n-1) - 1/2)), halved because for the largest results 2^n is no number."""
    form = format_of(x)
    t, n = reduced_expm1(clipped(x, -form.saturated, form.exp_range[1]))
    half = power_of_two(n - 1, x)
    result = fma(half, t, half - 0.5) * 2.0
    # The halving costs a subnormal its last bit, and -0 its sign; so near to zero e^x - 1 rounds to x.
    return where(x.absolute() < 2.0 ** -(form.mantissa + 7), x, result)


def sigmoid(x: Lane) -> Lane:
    """1 / (1 + e^-x) = c / (c + c 2^n (1 + t)). With c = 2^-64 for large n, no intermediate overflows."""
    form = format_of(x)
    t, n = reduced_expm1(-clipped(x, form.exp_range[0], form.saturated))
    large = n > 64
    c = where(large, x.constant(2.0**-64), 1.0)
    power = power_of_two(where(large, n - 64, n), x)
    both = power + c
    lost = c - (both - power)  # what this sum's rounding took, where 2^n is too large for c to count in full
    return c / (both + fma(power, t, lost))


def tanh(x: Lane) -> Lane:
    """Near zero x + x^3 q(x^2), beyond it 1 - 2 / (e^2x + 1), which from 20 on rounds to 1 in either format."""
    size = clipped(x.absolute(), 0.0, 20.0)
    square = size * size
    near = fma(size * square, polynomial(square, format_of(x).tanh), size)
    t, n = reduced_expm1(size * 2.0)
    power = power_of_two(n, x)
    far = 1.0 - size.constant(2.0) / fma(power, t, power + 1.0)
    return where(size < 0.55, near, far).with_sign_of(x)


def split(x: Lane) -> tuple[Lane, Lane]:
    """x = 2^k (1 + f), with 1 + f from sqrt(1/2) to sqrt(2), for positive normal x. Returns f and k, an integer."""
    form = format_of(x)
    # Counted from the bits of sqrt(1/2), the exponent's bits step up where 1 + f begins anew.
    from_root = x.bits() - form.root_half
    return ((from_root & form.mantissa_mask) + form.root_half).number() - 1.0, from_root >> form.mantissa


def split_any(x: Lane) -> tuple[Lane, Lane]:
    """As `split`, for subnormal x too, whose exponent's bits say nothing: 2^mantissa times as much is normal."""
    form = format_of(x)
    subnormal = x < form.smallest_normal
    f, k = split(where(subnormal, x * 2.0**form.mantissa, x))
    return f, where(subnormal, k - form.mantissa, k)


def with_limits(x: Lane, result: Lane) -> Lane:
    """A logarithm's values at the border of its domain: inf at inf, -inf at 0, NaN below 0 and at NaN."""
    result = where(x < INFINITY, result, x)
    result = where(x.equals(0.0), x.constant(-INFINITY), result)
    return where(x < 0.0, x.constant(NAN), result)


def log_of_parts(f: Lane, k: Lane) -> Lane:
    """log(2^k (1 + f)): the small terms first, so that their roundings weigh little."""
    form, k = format_of(f), counted(k, f)
    return fma(k, form.ln2[0], fma(k, form.ln2[1], fma(f * f, polynomial(f, form.log), f)))


def log(x: Lane) -> Lane:
    return with_limits(x, log_of_parts(*split_any(x)))


def log2(x: Lane) -> Lane:
    f, k = split_any(x)
    return with_limits(x, fma(f, polynomial(f, LOG2), f) + counted(k, x))


def log10(x: Lane) -> Lane:
    f, whole = split_any(x)
    k = counted(whole, x)
    fraction = fma(f, 0.5, fma(f, polynomial(f, LOG10), k * LOG10_2[1]))
    return with_limits(x, fma(k, LOG10_2[0], fraction))


def log1p(x: Lane) -> Lane:
    """log(1 + x): k is read from the rounded sum 1 + x, and f = 2^-k x + (2^-k - 1) is formed from x itself."""
    # Far above 1 the 1 is lost anyway; there x is divided by 2^64, so that 2^-k is always a normal number.
    huge = x > 2.0**120
    near = where(huge, x * 2.0**-64, x)
    total = near + 1.0
    _, k = split(total)
    scale = power_of_two(-k, x)
    f = fma(near, scale, scale - 1.0)
    result = with_limits(total, log_of_parts(f, where(huge, k + 64, k)))
    return where(x.equals(0.0), x, result)  # -0 stays -0


def erf(x: Lane) -> Lane:
    """Near zero x + x q(x^2), beyond it 1 - e^(log erfc(x)); from 3.92 on the result rounds to 1."""
    size = clipped(x.absolute(), 0.0, 3.95)
    near = fma(size, polynomial(size * size, ERF), size)
    far = 1.0 - exp(polynomial(size, LOG_ERFC))
    return where(size < 0.92, near, far).with_sign_of(x)
