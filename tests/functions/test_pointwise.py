"""Functions of each element: dtypes, numbers as operands, in-place forms, extremes, and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import backlit as torch
from functions.both import agree, both_raise, gradients_agree

DTYPES = ["float32", "float64", "int64", "int32", "uint8", "bool"]
BINARY = ["add", "sub", "mul", "div", "pow", "floor_divide", "remainder", "fmod", "maximum", "atan2", "eq", "lt"]
#: Where formulas written carelessly overflow, cancel, or divide by zero.
EXTREMES = np.array([0.0, -0.0, 1e-30, 1e-8, 0.5, 1, 3, 6, 20, 88, 100, 1e4, 1e30, np.inf], np.float32)
UNARY = [
    *("abs", "neg", "square", "reciprocal", "relu", "selu", "sigmoid", "tanh", "erf", "erfc", "sign"),
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh"),
    *("floor", "ceil", "trunc", "frac", "isnan", "isinf", "isfinite"),
]
ACTIVATIONS = [
    *("leaky_relu", "elu", "celu", "silu", "mish", "softplus", "logsigmoid", "tanhshrink"),
    *("hardtanh", "hardsigmoid", "hardswish", "relu6", "softshrink", "hardshrink"),
]


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_two_dtypes_make_pytorchs_third(first, second):
    for name in ("add", "mul", "div", "eq", "maximum"):
        agree(
            lambda t, name=name: getattr(t, name)(
                t.ones(2, dtype=getattr(t, first)), t.ones(2, dtype=getattr(t, second))
            )
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", [True, 2, 0.5])
def test_a_number_beside_a_tensor(dtype, number):
    for name in ("add", "mul", "div", "eq", "remainder") if number != 2 else ("pow", "fmod"):
        if name == "remainder" and dtype == "bool" and number is True:
            continue  # PyTorch has no remainder of two booleans
        agree(lambda t, name=name: getattr(t, name)(t.ones(2, dtype=getattr(t, dtype)), number))


def test_a_tensor_without_dimensions_does_not_raise_the_dtype():
    agree(lambda t: t.ones(2) * t.tensor(2.0, dtype=t.float64))
    agree(lambda t: t.ones(2, dtype=t.int64) * t.tensor(2.0, dtype=t.float64))
    agree(lambda t: t.tensor(1) + t.tensor(2.0))


@pytest.mark.parametrize(
    "call",
    [
        *(lambda v, n: v + n, lambda v, n: n + v, lambda v, n: v - n, lambda v, n: n - v, lambda v, n: v * n),
        *(lambda v, n: v / 3.0, lambda v, n: v % 3.0, lambda v, n: v // 3.0, lambda v, n: 2.0**v, lambda v, n: n < v),
    ],
)
@given(x=arrays.arrays(np.float64, st.integers(1, 6), elements=st.floats(-100, 100)), number=st.floats(-5, 5))
def test_numbers_on_either_side(call, x, number):
    agree(lambda t: call(t.from_numpy(x.copy()), number), rtol=1e-12)


def test_integers_wrap_around_and_do_not_widen():
    agree(lambda t: t.tensor([250, 3], dtype=t.uint8) * -1)
    agree(lambda t: t.tensor([250, 3], dtype=t.uint8) - 300)
    agree(lambda t: t.tensor([1, 2], dtype=t.int8) * 1000)


@pytest.mark.parametrize("name", UNARY)
def test_values_and_gradients_at_the_extremes(name):
    """Neither a value nor a gradient is NaN where PyTorch has a number."""
    for x in (EXTREMES, -EXTREMES):
        agree(lambda t, x=x: getattr(t, name)(t.from_numpy(x.copy())), rtol=1e-5)
    smooth = EXTREMES[1:-3] if name not in ("asin", "acos", "atanh") else EXTREMES[1:5]
    if getattr(torch, name)(torch.ones(1, requires_grad=True)).requires_grad:
        gradients_agree(lambda t, x: getattr(t, name)(x), smooth, rtol=1e-4)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_at_the_extremes(name):
    for x in (EXTREMES[:-1], -EXTREMES[:-1]):
        gradients_agree(lambda t, x: getattr(t.nn.functional, name)(x), x, rtol=1e-4)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "remainder", "atan2", "clamp_min", "maximum"])
def test_gradients_of_both_operands_over_broadcasting(name):
    rng = np.random.default_rng(0)
    gradients_agree(lambda t, x, y: getattr(t, name)(x, y), rng.uniform(0.5, 2, (3, 1)), rng.uniform(0.5, 2, (2, 1, 4)))


def test_a_power_at_zero():
    gradients_agree(lambda t, x: x**2, np.zeros(2))
    gradients_agree(lambda t, x: x**0, np.zeros(2))
    gradients_agree(lambda t, x, y: x**y, np.array([0.0, 0.0, 2.0]), np.array([2.0, 0.5, -1.0]))


def test_equal_operands_share_the_gradient_of_the_larger():
    x = np.array([1.0, 2.0, 3.0])
    gradients_agree(lambda t, x, y: t.maximum(x, y), x, np.array([1.0, 3.0, 2.0]))
    gradients_agree(lambda t, x, y: t.minimum(x, y), x, np.array([1.0, 3.0, 2.0]))


@pytest.mark.parametrize("mode", [None, "trunc", "floor"])
def test_rounding_modes_of_division(mode):
    values = [7, -7, 5, -5]
    agree(lambda t: t.div(t.tensor(values), 2, rounding_mode=mode))
    agree(lambda t: t.div(t.tensor(values, dtype=t.float32), t.tensor([2.0, 2.0, -3.0, 0.0]), rounding_mode=mode))
    both_raise(
        lambda t: t.div(t.ones(1), 2, rounding_mode="up"), "rounding_mode to be one of None, 'trunc', or 'floor'"
    )


def test_where():
    agree(lambda t: t.where(t.tensor([True, False]), t.tensor([1, 2]), 0.5))
    agree(lambda t: t.where(t.tensor([True, False]), 1, 0))
    agree(lambda t: t.where(t.tensor([True, False]), 1.0, 0.0))
    agree(lambda t: t.where(t.tensor([[1.0, 0.0], [0.0, 2.0]]) > 0))
    agree(lambda t: t.ones(2).where(t.tensor([True, False]), t.zeros(2)))
    both_raise(lambda t: t.where(t.ones(2), t.ones(2), 0), "expected condition to be a boolean tensor")


def test_masked_fill_keeps_the_dtype():
    agree(lambda t: t.tensor([1, 2]).masked_fill(t.tensor([True, False]), 1.5))
    agree(lambda t: t.ones(2, 3).masked_fill(t.tensor([True, False, True]), float("-inf")))
    gradients_agree(lambda t, x, v: x.masked_fill(t.tensor([True, False]), v), np.ones((3, 2)), np.array(2.0))
    both_raise(lambda t: t.ones(2).masked_fill(t.ones(2), 0.0), "only supports boolean masks")
    both_raise(lambda t: t.ones(2).masked_fill(t.ones(2) > 0, t.ones(2)), "only supports a 0-dimensional value tensor")


def test_clamp():
    values = np.array([-2.0, -0.5, 0.5, 2.0, np.nan])
    agree(lambda t: t.clamp(t.from_numpy(values), -1, 1))
    agree(lambda t: t.clamp(t.from_numpy(values), max=0.5))
    agree(lambda t: t.clamp(t.tensor([1, 5]), 1.5))
    agree(lambda t: t.clamp(t.from_numpy(values), 1, -1))
    gradients_agree(lambda t, x: x.clamp(-0.5, 0.5), values[:4])
    gradients_agree(lambda t, x, a, b: x.clamp(a, b), values[:4], np.full(4, 0.0), np.array([1.0, 1.0, 0.2, -1.0]))
    both_raise(lambda t: t.clamp(t.ones(2)), "At least one of 'min' or 'max' must not be None")


def test_rounding_to_even_and_to_decimals():
    agree(lambda t: t.round(t.tensor([0.5, 1.5, 2.5, -0.5])))
    agree(lambda t: t.round(t.tensor([1.2345, -9.8765]), decimals=2))
    agree(lambda t: t.floor(t.tensor([1, 2])))


def test_nan_to_num():
    x = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
    agree(lambda t: t.nan_to_num(t.from_numpy(x)))
    agree(lambda t: t.nan_to_num(t.from_numpy(x), nan=1.0, posinf=2.0, neginf=3.0))
    gradients_agree(lambda t, x: t.nan_to_num(x), x)


def test_scaled_sums():
    agree(lambda t: t.add(t.ones(2), t.ones(2), alpha=3))
    agree(lambda t: t.ones(2).sub(t.ones(2), alpha=0.5))
    agree(lambda t: t.rsub(t.ones(2), 5, alpha=2))
    agree(lambda t: t.addcmul(t.ones(2), t.ones(2), t.full((2,), 3.0), value=0.5))
    agree(lambda t: t.addcdiv(t.ones(2), t.ones(2), t.full((2,), 4.0), value=2))
    agree(lambda t: t.lerp(t.zeros(3), t.full((3,), 0.1), t.tensor([0.0, 0.3, 1.0])))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add", (1,)),
        ("mul", (2,)),
        ("exp", ()),
        ("clamp", (0, 1)),
        ("sigmoid", ()),
        ("neg", ()),
        ("pow", (2,)),
        ("round", ()),
    ],
)
def test_in_place_forms_write_to_their_tensor(name, arguments):
    x = torch.tensor([0.4, 1.6])
    expected, view = getattr(x, name)(*arguments), x[:]
    assert getattr(x, name + "_")(*arguments) is x
    assert view.tolist() == expected.tolist()


def test_an_in_place_form_cannot_grow_its_tensor():
    both_raise(lambda t: t.ones(2).add_(t.ones(3, 2)), "doesn't match the broadcast shape")


def test_out_is_written_and_returned():
    for call in (lambda t, out: t.exp(t.ones(2), out=out), lambda t, out: t.add(t.ones(2), 1, out=out)):

        def run(t, call=call):
            out = t.zeros(2)
            assert call(t, out) is out
            return out

        agree(run)


def test_comparisons_of_whole_tensors():
    x = np.array([1.0, np.nan, np.inf])
    for equal_nan in (False, True):
        agree(lambda t, e=equal_nan: t.isclose(t.from_numpy(x), t.from_numpy(x), equal_nan=e))
        agree(lambda t, e=equal_nan: t.allclose(t.from_numpy(x), t.from_numpy(x) + 1e-9, equal_nan=e))
    agree(lambda t: t.equal(t.ones(2), t.ones(2)))
    agree(lambda t: t.equal(t.ones(2), t.ones(3)))
    agree(lambda t: t.isin(t.tensor([1, 2, 3]), t.tensor([2, 5])))
    both_raise(lambda t: t.isclose(t.ones(1), t.ones(1, dtype=t.float64)), "did not match")


def test_what_has_no_meaning_is_refused():
    both_raise(lambda t: t.exp([1.0]), "must be Tensor, not list")
    both_raise(lambda t: t.ones(2, 3) + t.ones(4), r"size of tensor a \(3\) must match the size of tensor b \(4\)")
    both_raise(lambda t: t.tensor([2, 0]) ** -1, "Integers to negative integer powers are not allowed")
    both_raise(lambda t: t.bitwise_and(t.ones(1), 1), "not implemented")
    both_raise(lambda t: -t.tensor([True]), "not implemented for bool.*logical_not")
    both_raise(lambda t: t.tensor([True]) - t.tensor([True]), "logical_xor")
    both_raise(lambda t: t.softmax(t.tensor([1, 2]), 0), "not implemented for")


def test_special_functions_are_where_pytorch_has_them():
    import backlit.special as special

    x = np.array([0.1, 0.5, 0.9])
    for name in (
        "expit",
        "gammaln",
        "digamma",
        "entr",
        "ndtr",
        "ndtri",
        "log_ndtr",
        "i0",
        "i1",
        "erfinv",
        "logit",
        "sinc",
    ):
        gradients_agree(lambda t, x, name=name: getattr(t.special, name)(x), x)
    assert special.psi is special.digamma


def test_shifts_are_operators():
    agree(lambda t: (t.tensor([5, -3]) << 2, t.tensor([5, -3]) >> 1, 1 << t.tensor([2, 3]), 64 >> t.tensor([2, 3])))


def test_shifts_in_place():
    def shifted(t):
        x = t.tensor([5, -3])
        y = x
        x <<= 3
        x >>= 1
        return y

    agree(shifted)
