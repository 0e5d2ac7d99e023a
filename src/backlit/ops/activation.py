"""The nonlinear functions between layers."""

from __future__ import annotations

import math

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import cases, unary
from backlit.ops.special import SQRT_2_PI, erfc

#: The fixed point of Klambauer et al. 2017, "Self-Normalizing Neural Networks" (equation 14): activations keep mean 0
#: and variance 1 from layer to layer.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

#: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units": the tanh form's fit to the normal distribution function.
GELU_CUBIC = 0.044715
SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
SQRT_HALF = math.sqrt(0.5)


@op(torch="sigmoid", promotes="float", samples=unary(extremes=(-800.0, 800.0)))
def sigmoid(x):
    """out = 1 / (1 + e ** -x).  Where e ** -x overflows, 1 / inf is the right 0."""
    return 1 / (1 + np.exp(-x))


@sigmoid.gradient("x")
def _(g, out):
    return g * out * (1 - out)


@op(torch="nn.functional.logsigmoid", node="LogSigmoidBackward0", samples=unary(extremes=(-800.0, 800.0)))
def logsigmoid(x):
    """out = ln sigmoid(x) = min(x, 0) - ln(1 + e ** -|x|)."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.absolute(x)))


@logsigmoid.gradient("x")
def _(g, x):
    return g * sigmoid(-x)


@op(torch="nn.functional.softplus", samples=unary(extremes=(-800.0, 800.0)))
def softplus(x, *, beta=1.0, threshold=20.0):
    """out = ln(1 + e ** (beta x)) / beta; x itself beyond the threshold, where float32 shows no difference."""
    return np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta)


@softplus.gradient("x")
def _(g, x, beta, threshold):
    return np.where(beta * x > threshold, g, g * sigmoid(beta * x))


@op(torch="relu", samples=unary())
def relu(x):
    """out = max(x, 0)."""
    return np.maximum(x, 0)


@relu.gradient("x")
def _(g, out):
    return g * (out > 0)


@op(torch="nn.functional.leaky_relu", samples=unary(negative_slope=0.1))
def leaky_relu(x, *, negative_slope=0.01):
    """out = x where x > 0, else negative_slope x."""
    return np.where(x > 0, x, x * negative_slope)


@leaky_relu.gradient("x")
def _(g, x, negative_slope):
    return np.where(x > 0, g, g * negative_slope)


@op(torch="nn.functional.prelu", node="PreluKernelBackward0", broadcasts=True, samples=cases((((2, 3), (3,)), {}),
    (((2, 3, 4), (3, 1)), {}), (((), ()), {}), (((0, 3), (1,)), {})))  # fmt: skip
def prelu(x, w):
    """out = x where x > 0, else w x.  Shapes: x (B, C, ...), w one number or C of them, stretched to x's axes."""
    return np.where(x > 0, x, w * x)


@prelu.gradient("x")
def _(g, x, w):
    return np.where(x > 0, g, w * g)


@prelu.gradient("w")
def _(g, x):
    return np.where(x > 0, 0, x * g)


@op(torch="nn.functional.elu", samples=unary(extremes=(-800.0, 800.0), alpha=0.7))
def elu(x, *, alpha=1.0):
    """out = x where x > 0, else alpha (e ** x - 1)."""
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


@elu.gradient("x")
def _(g, x, alpha):
    return np.where(x > 0, g, g * alpha * np.exp(np.minimum(x, 0)))


@op(torch="nn.functional.selu", node="EluBackward0", samples=unary(extremes=(-800.0, 800.0)))
def selu(x):
    """out = scale (x where x > 0, else alpha (e ** x - 1))."""
    return SELU_SCALE * (np.maximum(x, 0) + SELU_ALPHA * np.expm1(np.minimum(x, 0)))


@selu.gradient("x")
def _(g, x):
    return g * SELU_SCALE * np.where(x > 0, 1, SELU_ALPHA * np.exp(np.minimum(x, 0)))


@op(torch="nn.functional.celu", samples=unary(extremes=(-800.0, 800.0), alpha=0.7))
def celu(x, *, alpha=1.0):
    """out = x where x > 0, else alpha (e ** (x / alpha) - 1)."""
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)


@celu.gradient("x")
def _(g, x, alpha):
    return np.where(x > 0, g, g * np.exp(np.minimum(x, 0) / alpha))


@op(torch="nn.functional.gelu", samples=unary(extremes=(-40.0, 40.0)))
def gelu(x):
    """out = x P(Z <= x), Z standard normal: x erfc(-x / sqrt 2) / 2, which keeps its digits far down the left tail."""
    return 0.5 * x * erfc(-x * SQRT_HALF)


@gelu.gradient("x")
def _(g, x):
    return g * (0.5 * erfc(-x * SQRT_HALF) + x * np.exp(-0.5 * x * x) / SQRT_2_PI)


@op(node="GeluBackward0", samples=unary(extremes=(-40.0, 40.0)))
def gelu_tanh(x):
    """out = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))) / 2: gelu without the error function."""
    return 0.5 * x * (1 + np.tanh(SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x)))


@gelu_tanh.gradient("x")
def _(g, x):
    t = np.tanh(SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x))
    return g * 0.5 * ((1 + t) + x * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * GELU_CUBIC * x * x))


@op(torch="nn.functional.silu", samples=unary(extremes=(-800.0, 800.0)))
def silu(x):
    """out = x sigmoid(x)."""
    return x * sigmoid(x)


@silu.gradient("x")
def _(g, x):
    s = sigmoid(x)
    return g * s * (1 + x * (1 - s))


@op(torch="nn.functional.mish", samples=unary(extremes=(-800.0, 800.0)))
def mish(x):
    """out = x tanh(ln(1 + e ** x))."""
    return x * np.tanh(np.logaddexp(0, x))


@mish.gradient("x")
def _(g, x):
    t = np.tanh(np.logaddexp(0, x))
    return g * (t + x * (1 - t * t) * sigmoid(x))


@op(torch="nn.functional.softsign", promotes="float", samples=unary())
def softsign(x):
    """out = x / (1 + |x|)."""
    return x / (1 + np.absolute(x))


@softsign.gradient("x")
def _(g, x):
    return g / np.square(1 + np.absolute(x))


@op(torch="nn.functional.tanhshrink", promotes="float", samples=unary(extremes=(-50.0, 50.0)))
def tanhshrink(x):
    """out = x - tanh x."""
    return x - np.tanh(x)


@tanhshrink.gradient("x")
def _(g, x):
    return g * np.square(np.tanh(x))


@op(torch="nn.functional.hardtanh", samples=unary(min_val=-1.2, max_val=2.2))
def hardtanh(x, *, min_val=-1.0, max_val=1.0):
    """out = x, kept between min_val and max_val; the gradient at the two ends is 0, as PyTorch has it."""
    return np.minimum(np.maximum(x, min_val), max_val)


@hardtanh.gradient("x")
def _(g, x, min_val, max_val):
    return g * ((x > min_val) & (x < max_val))


@op(torch="nn.functional.hardsigmoid", samples=unary(-5, 5))
def hardsigmoid(x):
    """out = (x + 3) / 6, kept between 0 and 1."""
    return np.minimum(np.maximum(x + 3, 0), 6) / 6


@hardsigmoid.gradient("x")
def _(g, x):
    return g * ((x > -3) & (x < 3)) / 6


@op(torch="nn.functional.hardswish", samples=unary(-5, 5))
def hardswish(x):
    """out = x hardsigmoid(x)."""
    return x * np.minimum(np.maximum(x + 3, 0), 6) / 6


@hardswish.gradient("x")
def _(g, x):
    return np.where(x <= -3, 0, np.where(x < 3, g * (x / 3 + 0.5), g))


@op(torch="nn.functional.threshold", samples=unary(threshold=0.3, value=7.0))
def threshold(x, *, threshold, value):
    """out = x where x > threshold, else value."""
    return np.where(x > threshold, x, value)


@threshold.gradient("x")
def _(g, x, threshold):
    return g * (x > threshold)


@op(torch="nn.functional.softshrink", samples=unary(lambd=0.8))
def softshrink(x, *, lambd=0.5):
    """out = x moved towards 0 by lambd, and 0 where it is nearer than that."""
    return x - np.minimum(np.maximum(x, -lambd), lambd)


@softshrink.gradient("x")
def _(g, x, lambd):
    return g * (np.absolute(x) > lambd)


@op(torch="nn.functional.hardshrink", samples=unary(lambd=0.8))
def hardshrink(x, *, lambd=0.5):
    """out = x, and 0 where |x| <= lambd."""
    return x * (np.absolute(x) > lambd)


@hardshrink.gradient("x")
def _(g, x, lambd):
    return g * (np.absolute(x) > lambd)
