"""Functions of each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import dtypes
from backlit.functions.publish import array_in, binary, into, tensor_or_raise, unary
from backlit.ops import activation, arithmetic, choose, convert, exponential, rounding, special, trigonometry
from backlit.ops import softmax as exponentials
from backlit.tensor import Tensor, apply

abs = absolute = unary(arithmetic.abs)
neg = negative = unary(arithmetic.neg)
reciprocal = unary(arithmetic.reciprocal)
relu = unary(activation.relu)
selu = unary(activation.selu)
sigmoid = unary(activation.sigmoid)

exp = unary(exponential.exp)
exp2 = unary(exponential.exp2)
expm1 = unary(exponential.expm1)
log = unary(exponential.log)
log2 = unary(exponential.log2)
log10 = unary(exponential.log10)
log1p = unary(exponential.log1p)
sqrt = unary(exponential.sqrt)
rsqrt = unary(exponential.rsqrt)

sin = unary(trigonometry.sin)
cos = unary(trigonometry.cos)
tan = unary(trigonometry.tan)
asin = arcsin = unary(trigonometry.asin)
acos = arccos = unary(trigonometry.acos)
atan = arctan = unary(trigonometry.atan)
sinh = unary(trigonometry.sinh)
cosh = unary(trigonometry.cosh)
tanh = unary(trigonometry.tanh)
asinh = arcsinh = unary(trigonometry.asinh)
acosh = arccosh = unary(trigonometry.acosh)
atanh = arctanh = unary(trigonometry.atanh)
sinc = unary(trigonometry.sinc)

floor = unary(rounding.floor)
ceil = unary(rounding.ceil)
trunc = fix = unary(rounding.trunc)
frac = unary(rounding.frac)
sign = unary(rounding.sign)

erf = unary(special.erf)
erfc = unary(special.erfc)
erfinv = unary(special.erfinv)
lgamma = unary(special.lgamma)
digamma = unary(special.digamma)
i0 = unary(special.i0)

mul = multiply = binary(arithmetic.mul)
pow = binary(arithmetic.pow)
floor_divide = binary(arithmetic.floor_divide)
remainder = binary(arithmetic.remainder)
fmod = binary(arithmetic.fmod)
maximum = binary(arithmetic.maximum)
minimum = binary(arithmetic.minimum)
fmax = binary(arithmetic.fmax)
fmin = binary(arithmetic.fmin)
atan2 = arctan2 = binary(trigonometry.atan2)
hypot = binary(trigonometry.hypot)
logaddexp = binary(exponentials.logaddexp)
logaddexp2 = binary(exponentials.logaddexp2)
copysign = binary(arithmetic.copysign)
heaviside = binary(rounding.heaviside)
gcd = binary(arithmetic.gcd)
lcm = binary(arithmetic.lcm)
xlogy = binary(special.xlogy)
true_divide = binary(arithmetic.div)


def add(input: Tensor, other: Any, *, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """input + alpha * other."""
    result = apply(arithmetic.add, input, scaled(other, alpha))
    return result if out is None else into(out, result)


def sub(input: Tensor, other: Any, *, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """input - alpha * other."""
    result = apply(arithmetic.sub, input, scaled(other, alpha))
    return result if out is None else into(out, result)


def rsub(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """other - alpha * input."""
    return apply(arithmetic.sub, other, scaled(input, alpha))


subtract = sub


def scaled(value: Any, alpha: Any) -> Any:
    return value if isinstance(alpha, (int, float)) and alpha == 1 else apply(arithmetic.mul, value, alpha)


def div(input: Tensor, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """input / other; rounded towards zero with rounding_mode="trunc", downwards with "floor".

    >>> import backlit as torch
    >>> torch.div(torch.tensor([-7.0, 7.0]), 2, rounding_mode="trunc")
    tensor([-3.,  3.])
    """
    if rounding_mode is None:
        result = apply(arithmetic.div, input, other)
    elif rounding_mode == "floor":
        result = apply(arithmetic.floor_divide, input, other)
    elif rounding_mode == "trunc":
        result = truncated_quotient(input, other)
    else:
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    return result if out is None else into(out, result)


divide = div


def truncated_quotient(input: Tensor, other: Any) -> Tensor:
    """The quotient without its digits after the point; of integers without going through floats."""
    if dtypes.result_type([array_in(input), array_in(other)]).kind == "f":
        return apply(rounding.trunc, apply(arithmetic.div, input, other))
    return apply(arithmetic.floor_divide, apply(arithmetic.sub, input, apply(arithmetic.fmod, input, other)), other)


def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """input * input; of booleans, integers."""
    result = apply(arithmetic.square, counted(tensor_or_raise(input, "square")))
    return result if out is None else into(out, result)


def counted(value: Tensor) -> Tensor:
    """Booleans as int64, since NumPy has no arithmetic for them that PyTorch has."""
    return apply(convert.cast, value, dtype=np.dtype(np.int64)) if value.array.dtype.kind == "b" else value


def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sign of each element: -1, 0 or 1."""
    return sign(input, out=out)


def positive(input: Tensor) -> Tensor:
    """The input itself."""
    return input


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees as radians."""
    return mul(input, np.pi / 180, out=out)


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians as degrees."""
    return mul(input, 180 / np.pi, out=out)


def ldexp(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """input * 2 ** other."""
    return mul(input, apply(arithmetic.pow, 2.0, other), out=out)


def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """input ** exponent in float64."""
    result = apply(arithmetic.pow, doubled(input), doubled(exponent))
    return result if out is None else into(out, result)


def doubled(value: Any) -> Any:
    return apply(convert.cast, value, dtype=np.dtype(np.float64)) if isinstance(value, Tensor) else float(value)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 * tensor2."""
    result = add(input, mul(tensor1, tensor2), alpha=value)
    return result if out is None else into(out, result)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1, out: Tensor | None = None) -> Tensor:
    """input + value * tensor1 / tensor2."""
    result = add(input, div(tensor1, tensor2), alpha=value)
    return result if out is None else into(out, result)


def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Tensor | None = None) -> Tensor:
    """input + weight * (end - input)."""
    result = apply(arithmetic.lerp, input, end, weight)
    return result if out is None else into(out, result)


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """Each element to so many decimals; halves go to the even neighbour."""
    result = apply(rounding.round, tensor_or_raise(input, "round"), decimals=decimals)
    return result if out is None else into(out, result)


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Each element, but at least `min` and then at most `max`: numbers, tensors, or None for no bound.

    >>> import backlit as torch
    >>> torch.clamp(torch.tensor([-2.0, 0.5, 3.0]), min=-1, max=1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None; write x.clamp(min=0), say.")
    result = apply(choose.clamp, input, min, max)
    return result if out is None else into(out, result)


clip = clamp


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element, but at least `min`."""
    return clamp(input, min, None, out=out)


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Each element, but at most `max`."""
    return clamp(input, None, max, out=out)


def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None, *,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Each element, with `nan` (0) for NaN, and `posinf`, `neginf` (the dtype's limits) for the infinities."""
    if input.array.dtype.kind != "f":
        return apply(convert.clone, input)
    limits = np.finfo(input.array.dtype)
    top, bottom = float(limits.max) if posinf is None else posinf, float(limits.min) if neginf is None else neginf
    result = apply(choose.nan_to_num, input, nan=0.0 if nan is None else nan, posinf=top, neginf=bottom)
    return result if out is None else into(out, result)


def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """ln(p / (1 - p)), with p first kept between eps and 1 - eps."""
    result = apply(special.logit, input if eps is None else clamp(input, eps, 1 - eps))
    return result if out is None else into(out, result)


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of digamma."""
    if n < 0:
        raise RuntimeError(f"polygamma(n, x) does not support negative n; got {n}")
    result = apply(special.polygamma, input, n=int(n))
    return result if out is None else into(out, result)


def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """`input` where the condition holds, else `other`; with the condition alone, the indices where it holds."""
    if input is None and other is None:
        return tuple(Tensor.wrap(index) for index in np.nonzero(np.atleast_1d(condition.array)))
    if condition.array.dtype.kind != "b":
        if condition.array.dtype != np.uint8:
            raise RuntimeError(
                "where expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{condition.dtype.title}. Write a comparison, such as x > 0."
            )
        condition = apply(convert.cast, condition, dtype=np.dtype(bool))
    kind = dtypes.result_type([array_in(input), array_in(other)])
    result = apply(choose.where, condition, of_kind(input, kind), of_kind(other, kind))
    return result if out is None else into(out, result)


def where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """This tensor where the condition holds, else `other`."""
    return where(condition, self, other)


def of_kind(value: Any, kind: Any) -> Any:
    """A tensor or number as a tensor of this dtype."""
    if not isinstance(value, Tensor):
        return Tensor.wrap(np.asarray(value, kind))
    return value if value.array.dtype == kind else apply(convert.cast, value, dtype=kind)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`value`, a number or 0-dimensional tensor, where the mask is True, else `input`; in the input's dtype."""
    if mask.array.dtype.kind != "b":
        raise RuntimeError(
            f"masked_fill only supports boolean masks, but got mask with dtype {mask.dtype}; write mask.bool()"
        )
    if isinstance(value, Tensor) and value.array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.array.ndim} dimension(s). To take each element from a tensor write torch.where(mask, value, x)."
        )
    return apply(choose.masked_fill, input, mask, of_kind(value, input.array.dtype))
