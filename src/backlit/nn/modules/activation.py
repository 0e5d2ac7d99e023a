"""Activations as modules. Shape: any; the output has the input's. `inplace` overwrites the input."""

from __future__ import annotations

from typing import Any

from backlit.nn import functional as F
from backlit.nn.init import constant_
from backlit.nn.modules.attention import MultiheadAttention as MultiheadAttention
from backlit.nn.modules.module import Module
from backlit.nn.modules.softmax import GLU as GLU
from backlit.nn.modules.softmax import LogSoftmax as LogSoftmax
from backlit.nn.modules.softmax import Softmax as Softmax
from backlit.nn.modules.softmax import Softmax2d as Softmax2d
from backlit.nn.modules.softmax import Softmin as Softmin
from backlit.nn.parameter import Parameter, empty
from backlit.tensor import Tensor


class InPlace(Module):
    """An activation without settings, which can overwrite its input."""

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ReLU(InPlace):
    """out = max(x, 0).

    >>> import backlit as torch
    >>> torch.nn.ReLU()(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class SELU(InPlace):
    """out = scale (x where x > 0, else alpha (e^x - 1)), with the constants of Klambauer et al. 2017, equation 14.

    >>> import backlit as torch
    >>> torch.nn.SELU()(torch.tensor([1.0]))
    tensor([1.0507])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class SiLU(InPlace):
    """out = x sigmoid(x).  Elfwing et al. 2017, "Sigmoid-weighted linear units".

    >>> import backlit as torch
    >>> torch.nn.SiLU()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(InPlace):
    """out = x tanh(ln(1 + e^x)).  Misra 2019, "Mish: a self regularized non-monotonic activation function".

    >>> import backlit as torch
    >>> torch.nn.Mish()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Hardsigmoid(InPlace):
    """out = (x + 3) / 6, kept between 0 and 1.

    >>> import backlit as torch
    >>> torch.nn.Hardsigmoid()(torch.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(InPlace):
    """out = x hardsigmoid(x).  Howard et al. 2019, "Searching for MobileNetV3".

    >>> import backlit as torch
    >>> torch.nn.Hardswish()(torch.tensor([-4.0, 3.0]))
    tensor([-0., 3.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Sigmoid(Module):
    """out = 1 / (1 + e^-x).

    >>> import backlit as torch
    >>> torch.nn.Sigmoid()(torch.tensor([0.0]))
    tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    """out = ln(1 / (1 + e^-x)).

    >>> import backlit as torch
    >>> torch.nn.LogSigmoid()(torch.tensor([0.0]))
    tensor([-0.6931])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    """out = tanh x.

    >>> import backlit as torch
    >>> torch.nn.Tanh()(torch.tensor([0.5]))
    tensor([0.4621])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Softsign(Module):
    """out = x / (1 + |x|).

    >>> import backlit as torch
    >>> torch.nn.Softsign()(torch.tensor([-1.0]))
    tensor([-0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(Module):
    """out = x - tanh x.

    >>> import backlit as torch
    >>> torch.nn.Tanhshrink()(torch.tensor([0.5]))
    tensor([0.0379])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class GELU(Module):
    """out = x P(Z <= x), Z standard normal; approximate="tanh" has a formula with tanh.  Hendrycks & Gimpel 2016.

    >>> import backlit as torch
    >>> torch.nn.GELU()(torch.tensor([1.0]))
    tensor([0.8413])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class LeakyReLU(InPlace):
    """out = x where x > 0, else negative_slope x.  Maas et al. 2013.

    >>> import backlit as torch
    >>> torch.nn.LeakyReLU(0.1)(torch.tensor([-1.0, 2.0]))
    tensor([-0.1000, 2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}{inplace_text(self)}"


class RReLU(InPlace):
    """LeakyReLU with a slope drawn from U(lower, upper) for each element in training, and their mean in evaluation.

    Xu et al. 2015, "Empirical evaluation of rectified activations in convolutional network".

    >>> import backlit as torch
    >>> torch.nn.RReLU(0.2, 0.4).eval()(torch.tensor([-1.0]))
    tensor([-0.3000])
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.lower, self.upper = lower, upper

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}{inplace_text(self)}"


class PReLU(Module):
    """out = x where x > 0, else a x, with a trained: one, or one for each channel.  He et al. 2015.

    Shapes: input (B, C, ...), `weight` (num_parameters), 1 or C.

    >>> import backlit as torch
    >>> torch.nn.PReLU()(torch.tensor([-1.0])).detach()
    tensor([-0.2500])
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(empty((num_parameters,), dtype, device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set every slope to `init`."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(InPlace):
    """out = x where x > 0, else alpha (e^x - 1).  Clevert et al. 2015.

    >>> import backlit as torch
    >>> torch.nn.ELU()(torch.tensor([-1.0]))
    tensor([-0.6321])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{inplace_text(self)}"


class CELU(InPlace):
    """out = x where x > 0, else alpha (e^(x / alpha) - 1).  Barron 2017.

    >>> import backlit as torch
    >>> torch.nn.CELU(2.0)(torch.tensor([-2.0]))
    tensor([-1.2642])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{inplace_text(self)}"


class Hardtanh(InPlace):
    """out = x kept between min_val and max_val.

    >>> import backlit as torch
    >>> torch.nn.Hardtanh(-2, 2)(torch.tensor([-3.0, 1.0]))
    tensor([-2., 1.])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.min_val, self.max_val = min_val, max_val
        if not max_val > min_val:
            raise AssertionError(f"max_val must be larger than min_val: received {max_val} and {min_val}.")

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}{inplace_text(self)}"


class ReLU6(Hardtanh):
    """out = min(max(x, 0), 6).

    >>> import backlit as torch
    >>> torch.nn.ReLU6()(torch.tensor([-1.0, 7.0]))
    tensor([0., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Threshold(InPlace):
    """out = x where x > threshold, else value.

    >>> import backlit as torch
    >>> torch.nn.Threshold(0.5, 20)(torch.tensor([0.1, 0.9]))
    tensor([20.0000,  0.9000])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold, self.value = threshold, value

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}{inplace_text(self)}"


class Softplus(Module):
    """out = ln(1 + e^(beta x)) / beta, and x where beta x is above the threshold.

    >>> import backlit as torch
    >>> torch.nn.Softplus()(torch.tensor([0.0]))
    tensor([0.6931])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Hardshrink(Module):
    """out = x where |x| > lambd, else 0.

    >>> import backlit as torch
    >>> torch.nn.Hardshrink()(torch.tensor([0.3, 0.8]))
    tensor([0.0000, 0.8000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    """out = x moved towards 0 by lambd, and 0 where it is nearer than that.

    >>> import backlit as torch
    >>> torch.nn.Softshrink()(torch.tensor([0.3, 0.8]))
    tensor([0.0000, 0.3000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


def inplace_text(module: InPlace) -> str:
    return ", inplace=True" if module.inplace else ""
