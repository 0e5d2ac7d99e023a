"""Affine layers."""

from __future__ import annotations

import math
from typing import Any

from backlit.nn import functional as F
from backlit.nn import init
from backlit.nn.modules.lazy import LazyModuleMixin
from backlit.nn.modules.module import Module
from backlit.nn.parameter import UninitializedParameter, materialize, new_parameter
from backlit.tensor import Tensor


class Identity(Module):
    """Gives its input back; takes any arguments, so that it can stand in for another module.

    >>> import backlit as torch
    >>> torch.nn.Identity(54, unused="yes")(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """out = x w.T + b.

    Args:
        in_features: length of an input row. out_features: length of an output row. bias: whether there is a b.

    Shapes: input (..., in_features), output (..., out_features), `weight` (out_features, in_features), `bias`
    (out_features).
    Both are drawn from U(-k, k), k = 1 / sqrt(in_features) (LeCun et al. 1998, "Efficient BackProp", section 4.6).

    >>> import backlit as torch
    >>> layer = torch.nn.Linear(20, 30)
    >>> layer(torch.randn(128, 20)).shape
    torch.Size([128, 30])
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = new_parameter((out_features, in_features), dtype, device)
        if bias:
            self.bias = new_parameter((out_features,), dtype, device)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values."""
        # With this slope kaiming's bound sqrt(6 / ((1 + a²) fan_in)) is 1 / sqrt(fan_in).
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.own("weight"), self.own("bias"))

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear, under the name by which PyTorch's attention layers hold one.

    >>> import backlit as torch
    >>> torch.nn.MultiheadAttention(4, num_heads=2).out_proj
    NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)
    """


class Bilinear(Module):
    """out[k] = sum over i and j of x1[i] W[k, i, j] x2[j], plus b[k].

    Shapes: inputs (..., in1_features) and (..., in2_features), output (..., out_features).

    >>> import backlit as torch
    >>> layer = torch.nn.Bilinear(20, 30, 40)
    >>> layer(torch.randn(8, 20), torch.randn(8, 30)).shape
    torch.Size([8, 40])
    """

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = new_parameter((out_features, in1_features, in2_features), dtype, device)
        if bias:
            self.bias = new_parameter((out_features,), dtype, device)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


class LazyLinear(LazyModuleMixin, Linear):
    """A Linear whose in_features is read off the first input; it then is a Linear.

    >>> import backlit as torch
    >>> layer = torch.nn.LazyLinear(3)
    >>> layer(torch.randn(5, 7)).shape, layer
    (torch.Size([5, 3]), Linear(in_features=7, out_features=3, bias=True))
    """

    becomes = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False, device, dtype)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take the shape that the input asks for."""
        self.in_features = input.array.shape[-1]
        materialize(self.weight, (self.out_features, self.in_features))
        if self.bias is not None:
            materialize(self.bias, (self.out_features,))
        self.reset_parameters()
