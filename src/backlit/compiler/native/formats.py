"""What the elementary functions must know of float32 and of float64: where the bits stand, and polynomials as good.

The polynomials are minimax: fitted with Remez's exchange algorithm in 50 digits to the relative error of the result (or
to what is said beside them), then rounded one coefficient at a time from the lowest up, the ones above refitted after
each. The error beside each is that of the rounded polynomial in exact arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

from backlit.compiler.native.lanes import F32, F64


@dataclass(frozen=True)
class Format:
    """A floating-point format, and the coefficients that suit it."""

    #: Bits of the mantissa behind the point, and the exponent that 0 stands for.
    mantissa: int
    bias: int
    #: The bits of sqrt(1/2).
    root_half: int
    #: Adding 1.5 * 2^mantissa leaves no bits behind the point: the sum's last bits, in two's complement, are the
    #: nearest whole number.
    rounder: float
    rounder_bits: int
    #: ln 2 = high + low. High is so short that its product with any exponent is exact.
    ln2: tuple[float, float]
    #: At the first of these e^x rounds to zero, at the second it is infinite.
    exp_range: tuple[float, float]
    #: Beyond it on either side the sigmoid rounds to one, and below it e^x - 1 rounds to -1.
    saturated: float
    #: e^r = 1 + r + r^2 q(r), for |r| <= ln(2) / 2; relative to e^r - 1.
    exp: tuple[float, ...]
    #: log(1 + f) = f + f^2 q(f), for 1 + f from sqrt(1/2) to sqrt(2).
    log: tuple[float, ...]
    #: tanh(x) = x + x^3 q(x^2), for |x| <= 0.55.
    tanh: tuple[float, ...]

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (1 - self.bias)

    @property
    def mantissa_mask(self) -> int:
        return (1 << self.mantissa) - 1


FLOAT32 = Format(
    mantissa=23,
    bias=127,
    root_half=0x3F3504F3,
    rounder=1.5 * 2.0**23,
    rounder_bits=0x4B400000,
    ln2=(0.693145751953125, 1.428606765330187e-06),
    exp_range=(-104.0, 89.0),
    saturated=30.0,
    # 2^-26.1
    exp=(0.4999999701976776, 0.16666539013385773, 0.041667744517326355, 0.008367056958377361, 0.0013839417370036244),
    # 2^-29.4
    log=(
        -0.5, 0.3333330750465393, -0.2499997615814209, 0.20002394914627075, -0.16669908165931702, 0.14216478168964386,
        -0.12374036759138107, 0.11877619475126266, -0.1183990091085434, 0.0695662647485733,
    ),
    # 2^-29.7
    tanh=(-0.33333316445350647, 0.13332544267177582, -0.0538475476205349, 0.02105071395635605, -0.00624284939840436),
)  # fmt: skip

FLOAT64 = Format(
    mantissa=52,
    bias=1023,
    root_half=0x3FE6A09E667F3BCD,
    rounder=1.5 * 2.0**52,
    rounder_bits=0x4338000000000000,
    ln2=(0.693147180559663, 2.8235290563031577e-13),
    exp_range=(-746.0, 710.0),
    saturated=60.0,
    # 2^-61.4
    exp=(
        0.5, 0.16666666666666677, 0.04166666666666669, 0.008333333333321745, 0.0013888888888883189,
        0.000198412698853469, 2.4801587303486946e-05, 2.7557245276624643e-06, 2.755730870289027e-07,
        2.5108608662345845e-08, 2.0900003883174856e-09,
    ),
    # 2^-58.3
    log=(
        -0.5, 0.3333333333333363, -0.25000000000000283, 0.1999999999988623, -0.16666666666507793, 0.14285714300649377,
        -0.12500000027521596, 0.11111110155809177, -0.09999997803813894, 0.0909094312375508, -0.08333428442040047,
        0.07691600763023111, -0.07140448680106036, 0.0667498375468306, -0.06286415009917727, 0.05837095247203837,
        -0.052374518979948534, 0.05224244601260289, -0.06403747695226518, 0.06321628637002691, -0.028727418725189253,
    ),
    # 2^-60.6
    tanh=(
        -0.333333333333333, 0.1333333333332658, -0.05396825396373662, 0.021869488385154172, -0.008863232589674688,
        0.0035920919087092367, -0.0014555420429177186, 0.0005884411034288422, -0.0002333727532446579,
        8.330352165811023e-05, -1.948652493378173e-05,
    ),
)  # fmt: skip

FORMATS = {F32: FLOAT32, F64: FLOAT64}

# Of the following only float32 is written here; float64 goes to C's library.

# 2^r = 1 + r q(r), for |r| <= 1/2. 2^-26.2 of 2^r.
EXP2 = (
    0.6931471824645996, 0.24022594094276428, 0.055503662675619125, 0.009625444188714027, 0.0013387924991548061,
    0.00013333024980966002,
)  # fmt: skip

# log2(1 + f) = f + f q(f), for 1 + f from sqrt(1/2) to sqrt(2). 2^-26.4.
LOG2 = (
    0.4426950514316559, -0.7213472127914429, 0.48089438676834106, -0.36070716381073, 0.2887870669364929,
    -0.23954695463180542, 0.20056241750717163, -0.18761126697063446, 0.20955003798007965, -0.1463731974363327,
)  # fmt: skip

# log10(1 + f) = f / 2 + f q(f), on the same interval. 2^-26.6.
LOG10 = (
    -0.06570551544427872, -0.21714715659618378, 0.14476382732391357, -0.10858289152383804, 0.08692189306020737,
    -0.07212331891059875, 0.060613080859184265, -0.056600481271743774, 0.06154284626245499, -0.04182477667927742,
)  # fmt: skip
# log10(2) in two parts, as ln2 above.
LOG10_2 = (0.301025390625, 4.605039066518657e-06)

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
