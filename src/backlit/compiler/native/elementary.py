"""Elementary functions in float32, written so that LLVM's loop vectoriser can run many at a time.

Each is free of branches, tables and calls: bits, selects, multiply-adds. Each is within 2 units in the last place of
the exact value for every one of the 2^32 arguments, with or without a fused multiply-add; zeros, subnormals, infinities
and NaN come out as NumPy has them.

The method is the classic one (Cody and Waite, Software Manual for the Elementary Functions, 1980; Muller, Elementary
Functions, 3rd edition, 2016, chapters 3 and 11): reduce the argument to a small interval with a constant held in two
parts, of which the first is so short that its product with a whole number is exact; approximate there by a polynomial;
put the power of two back through the exponent's bits.

The polynomials are minimax: fitted with Remez's exchange algorithm in 50 digits to the relative error of the result (or
what is said beside them), then rounded to float32 one coefficient at a time from the lowest up, the ones above
refitted after each. The error beside each is that of the rounded polynomial in exact arithmetic.
"""

from __future__ import annotations

import math

from backlit.compiler.native.lanes import Lane, fma, polynomial, where

# ln 2 = HIGH + LOW: HIGH has 15 bits, so that k HIGH is exact for |k| < 2^9.
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.428606765330187e-06
LOG10_2_HIGH, LOG10_2_LOW = 0.301025390625, 4.605039066518657e-06

# Adding 1.5 * 2^23 leaves no bits behind the point: the sum's last bits, in two's complement, are the nearest whole
# number.
ROUNDER, ROUNDER_BITS = 12582912.0, 0x4B400000

SMALLEST_NORMAL = 2.0**-126
MANTISSA, ROOT_HALF_BITS = 0x007FFFFF, 0x3F3504F3
INFINITY, NAN = math.inf, math.nan

# e^r = 1 + r + r^2 q(r), for |r| <= ln(2) / 2. 2^-26.1 of e^r - 1.
EXP = (0.4999999701976776, 0.16666539013385773, 0.041667744517326355, 0.008367056958377361, 0.0013839417370036244)

# 2^r = 1 + r q(r), for |r| <= 1/2. 2^-26.2 of 2^r.
EXP2 = (
    0.6931471824645996, 0.24022594094276428, 0.055503662675619125, 0.009625444188714027, 0.0013387924991548061,
    0.00013333024980966002,
)  # fmt: skip

# log(1 + f) = f + f^2 q(f), for 1 + f from sqrt(1/2) to sqrt(2). 2^-29.4.
LOG = (
    -0.5, 0.3333330750465393, -0.2499997615814209, 0.20002394914627075, -0.16669908165931702, 0.14216478168964386,
    -0.12374036759138107, 0.11877619475126266, -0.1183990091085434, 0.0695662647485733,
)  # fmt: skip

# log2(1 + f) = f + f q(f), on the same interval. 2^-26.4.
LOG2 = (
    0.4426950514316559, -0.7213472127914429, 0.48089438676834106, -0.36070716381073, 0.2887870669364929,
    -0.23954695463180542, 0.20056241750717163, -0.18761126697063446, 0.20955003798007965, -0.1463731974363327,
)  # fmt: skip

# log10(1 + f) = 7/16 f + f q(f), on the same interval, each coefficient rounded by itself. 2^-26.8.
LOG10 = (
    -0.0032055180054157972, -0.21714718639850616, 0.14476479589939117, -0.10858051478862762, 0.08686745166778564,
    -0.07213190197944641, 0.061590686440467834, -0.057516518980264664, 0.0560462549328804, -0.03309832140803337,
)  # fmt: skip

# tanh(x) = x + x^3 q(x^2), for |x| <= 0.55. 2^-29.7.
TANH = (-0.33333316445350647, 0.13332544267177582, -0.0538475476205349, 0.02105071395635605, -0.00624284939840436)

# erf(x) = x + x q(x^2), for |x| <= 0.92. 2^-30.
ERF = (
    0.12837916612625122, -0.3761262893676758, 0.11283625662326813, -0.026855729520320892, 0.005192392505705357,
    -0.0008049514726735651, 7.995047781150788e-05,
)  # fmt: skip

# log(1 - erf(x)), for x from 0.92 to 3.95, fitted to the absolute error of erf(x): 2^-29.3.
LOG_ERFC = (
    -0.00020706860232166946, -1.1276271343231201, -0.637266218662262, -0.10385596752166748, 0.02218959666788578,
    -0.003033657791092992, 0.00019494544540066272,
)  # fmt: skip


def rounded(t: Lane) -> tuple[Lane, Lane]:
    """The whole number nearest to t + ROUNDER - ROUNDER, as float and as integer, for |t| < 2^22."""
    return t - ROUNDER, t.bits() - ROUNDER_BITS


def power_of_two(n: Lane) -> Lane:
    """2^n, for n from -126 to 127: the exponent's bits of a float, which start at the 23rd and count from -127."""
    return ((n + 127) << 23).number()


def scaled(x: Lane, n: Lane) -> Lane:
    """x 2^n, for n from -252 to 254: in two steps, of which only the second can leave the normal numbers and round."""
    half = n >> 1
    return x * power_of_two(half) * power_of_two(n - half)


def clipped(x: Lane, low: float, high: float) -> Lane:
    """x held between two bounds. NaN stays NaN, because no comparison with it is true."""
    x = where(x > high, x.constant(high), x)
    return where(x < low, x.constant(low), x)


def reduced_expm1(x: Lane) -> tuple[Lane, Lane]:
    """e^x = 2^n e^r = 2^n (1 + t), with whole n and |r| <= ln(2) / 2. Returns t and n."""
    n, whole = rounded(fma(x, 1 / math.log(2), ROUNDER))
    high, low = fma(n, -LN2_HIGH, x), n * LN2_LOW
    r = high - low
    # t = r + r^2 q(r), with r still in two parts, whose difference was rounded.
    return high + fma(r * r, polynomial(r, EXP), -low), whole


def exp(x: Lane) -> Lane:
    # Beyond these bounds the result is infinite or rounds to zero, as at them.
    t, n = reduced_expm1(clipped(x, -104.0, 89.0))
    return scaled(t + 1.0, n)


def exp2(x: Lane) -> Lane:
    x = clipped(x, -151.0, 129.0)
    n, whole = rounded(x + ROUNDER)
    r = x - n
    return scaled(fma(r, polynomial(r, EXP2), 1.0), whole)


def expm1(x: Lane) -> Lane:
    """e^x - 1 = 2 (2^(n-1) t + (2^(n-1) - 1/2)), halved because 2^128 is no float."""
    t, n = reduced_expm1(clipped(x, -30.0, 89.0))
    half = power_of_two(n - 1)
    result = fma(half, t, half - 0.5) * 2.0
    # The halving costs a subnormal its last bit, and -0 its sign.
    return where(x.absolute() < 2.0**-30, x, result)


def sigmoid(x: Lane) -> Lane:
    """1 / (1 + e^-x) = c / (c + c 2^n (1 + t)). With c = 2^-64 for large n, no intermediate overflows."""
    t, n = reduced_expm1(-clipped(x, -104.0, 80.0))
    large = n > 64
    c = where(large, x.constant(2.0**-64), 1.0)
    power = power_of_two(where(large, n - 64, n))
    both = power + c
    lost = c - (both - power)  # what this sum's rounding took, where 2^n is too large for c to count in full
    return c / (both + fma(power, t, lost))


def tanh(x: Lane) -> Lane:
    """Near zero x + x^3 q(x^2), beyond it 1 - 2 / (e^2x + 1); from 9.02 on the result rounds to 1."""
    size = clipped(x.absolute(), 0.0, 10.0)
    square = size * size
    near = fma(size * square, polynomial(square, TANH), size)
    t, n = reduced_expm1(size * 2.0)
    power = power_of_two(n)
    far = 1.0 - size.constant(2.0) / fma(power, t, power + 1.0)
    return where(size < 0.55, near, far).with_sign_of(x)


def split(x: Lane) -> tuple[Lane, Lane]:
    """x = 2^k (1 + f), with 1 + f from sqrt(1/2) to sqrt(2), for positive normal x. Returns f and k as a float."""
    # Counted from the bits of sqrt(1/2), the exponent's bits step up where 1 + f begins anew.
    from_root = x.bits() - ROOT_HALF_BITS
    mantissa = ((from_root & MANTISSA) + ROOT_HALF_BITS).number()
    return mantissa - 1.0, (from_root >> 23).to_float()


def split_any(x: Lane) -> tuple[Lane, Lane]:
    """As `split`, for subnormal x too, whose exponent's bits say nothing: 2^23 times as much is normal."""
    subnormal = x < SMALLEST_NORMAL
    f, k = split(where(subnormal, x * 2.0**23, x))
    return f, where(subnormal, k - 23.0, k)


def with_limits(x: Lane, result: Lane) -> Lane:
    """A logarithm's values at the border of its domain: inf at inf, -inf at 0, NaN below 0 and at NaN."""
    result = where(x < INFINITY, result, x)
    result = where(x.equals(0.0), x.constant(-INFINITY), result)
    return where(x < 0.0, x.constant(NAN), result)


def log_of_parts(f: Lane, k: Lane) -> Lane:
    """log(2^k (1 + f)): the two small terms first, so that their roundings weigh little."""
    return fma(k, LN2_HIGH, fma(k, LN2_LOW, fma(f * f, polynomial(f, LOG), f)))


def log(x: Lane) -> Lane:
    return with_limits(x, log_of_parts(*split_any(x)))


def log2(x: Lane) -> Lane:
    f, k = split_any(x)
    return with_limits(x, fma(f, polynomial(f, LOG2), f) + k)


def log10(x: Lane) -> Lane:
    f, k = split_any(x)
    fraction = fma(f, 0.4375, fma(f, polynomial(f, LOG10), k * LOG10_2_LOW))
    return with_limits(x, fma(k, LOG10_2_HIGH, fraction))


def log1p(x: Lane) -> Lane:
    """log(1 + x): k is read from the rounded sum 1 + x, and f = 2^-k x + (2^-k - 1) is formed from x itself."""
    # Far above 1 the 1 is lost anyway; there x is divided by 2^64, so that 2^-k is always a normal number.
    huge = x > 2.0**100
    near = where(huge, x * 2.0**-64, x)
    total = near + 1.0
    _, k = split(total)
    scale = power_of_two(-k.to_integer())
    f = fma(near, scale, scale - 1.0)
    result = with_limits(total, log_of_parts(f, where(huge, k + 64.0, k)))
    return where(x.equals(0.0), x, result)


def erf(x: Lane) -> Lane:
    """Near zero x + x q(x^2), beyond it 1 - e^(log erfc(x)); from 3.92 on the result rounds to 1."""
    size = clipped(x.absolute(), 0.0, 3.95)
    near = fma(size, polynomial(size * size, ERF), size)
    far = 1.0 - exp(polynomial(size, LOG_ERFC))
    return where(size < 0.92, near, far).with_sign_of(x)
