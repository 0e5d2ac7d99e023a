"""Backlit trains neural networks and shows how. `import backlit as torch` reads naturally: the names are PyTorch's."""

from __future__ import annotations

from backlit.autograd.modes import enable_grad as enable_grad
from backlit.autograd.modes import inference_mode as inference_mode
from backlit.autograd.modes import is_grad_enabled as is_grad_enabled
from backlit.autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from backlit.autograd.modes import no_grad as no_grad
from backlit.autograd.modes import set_grad_enabled as set_grad_enabled
from backlit.dtypes import double as double
from backlit.dtypes import dtype as dtype
from backlit.dtypes import finfo as finfo
from backlit.dtypes import float16 as float16
from backlit.dtypes import float32 as float32
from backlit.dtypes import float64 as float64
from backlit.dtypes import get_default_dtype as get_default_dtype
from backlit.dtypes import half as half
from backlit.dtypes import iinfo as iinfo
from backlit.dtypes import int8 as int8
from backlit.dtypes import int16 as int16
from backlit.dtypes import int32 as int32
from backlit.dtypes import int64 as int64
from backlit.dtypes import long as long
from backlit.dtypes import set_default_dtype as set_default_dtype
from backlit.dtypes import short as short
from backlit.dtypes import uint8 as uint8
from backlit.functions import methods as _methods  # gives Tensor its methods
from backlit.functions.creation import from_numpy as from_numpy
from backlit.functions.creation import ones as ones
from backlit.functions.creation import tensor as tensor
from backlit.functions.creation import zeros as zeros
from backlit.functions.pointwise import abs as abs
from backlit.functions.pointwise import add as add
from backlit.functions.pointwise import exp as exp
from backlit.functions.pointwise import log as log
from backlit.functions.pointwise import maximum as maximum
from backlit.functions.pointwise import mul as mul
from backlit.functions.pointwise import neg as neg
from backlit.functions.pointwise import pow as pow
from backlit.functions.pointwise import relu as relu
from backlit.functions.pointwise import remainder as remainder
from backlit.functions.pointwise import sigmoid as sigmoid
from backlit.functions.pointwise import square as square
from backlit.functions.pointwise import sub as sub
from backlit.functions.pointwise import tanh as tanh
from backlit.functions.pointwise import where as where
from backlit.functions.reduction import mean as mean
from backlit.functions.reduction import sum as sum
from backlit.tensor import Size as Size
from backlit.tensor import Tensor as Tensor

# These names would hide Python's own inside this file's annotations; they are PyTorch's all the same.
from backlit.dtypes import bool_ as bool  # isort: skip
from backlit.dtypes import float_ as float  # isort: skip
from backlit.dtypes import int_ as int  # isort: skip

__version__ = "0.1.0"
