"""Backlit trains neural networks and shows how. `import backlit as torch` reads naturally: the names are PyTorch's."""

from __future__ import annotations

from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi

from backlit.autograd.modes import enable_grad as enable_grad
from backlit.autograd.modes import inference_mode as inference_mode
from backlit.autograd.modes import is_grad_enabled as is_grad_enabled
from backlit.autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from backlit.autograd.modes import no_grad as no_grad
from backlit.autograd.modes import set_grad_enabled as set_grad_enabled
from backlit.device import device as device
from backlit.device import get_default_device as get_default_device
from backlit.device import set_default_device as set_default_device
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
from backlit.functions.comparison import allclose as allclose
from backlit.functions.comparison import bitwise_and as bitwise_and
from backlit.functions.comparison import bitwise_left_shift as bitwise_left_shift
from backlit.functions.comparison import bitwise_not as bitwise_not
from backlit.functions.comparison import bitwise_or as bitwise_or
from backlit.functions.comparison import bitwise_right_shift as bitwise_right_shift
from backlit.functions.comparison import bitwise_xor as bitwise_xor
from backlit.functions.comparison import eq as eq
from backlit.functions.comparison import equal as equal
from backlit.functions.comparison import ge as ge
from backlit.functions.comparison import greater as greater
from backlit.functions.comparison import greater_equal as greater_equal
from backlit.functions.comparison import gt as gt
from backlit.functions.comparison import isclose as isclose
from backlit.functions.comparison import isfinite as isfinite
from backlit.functions.comparison import isin as isin
from backlit.functions.comparison import isinf as isinf
from backlit.functions.comparison import isnan as isnan
from backlit.functions.comparison import isneginf as isneginf
from backlit.functions.comparison import isposinf as isposinf
from backlit.functions.comparison import le as le
from backlit.functions.comparison import less as less
from backlit.functions.comparison import less_equal as less_equal
from backlit.functions.comparison import logical_and as logical_and
from backlit.functions.comparison import logical_not as logical_not
from backlit.functions.comparison import logical_or as logical_or
from backlit.functions.comparison import logical_xor as logical_xor
from backlit.functions.comparison import lt as lt
from backlit.functions.comparison import ne as ne
from backlit.functions.comparison import not_equal as not_equal
from backlit.functions.comparison import signbit as signbit
from backlit.functions.conversion import can_cast as can_cast
from backlit.functions.conversion import clone as clone
from backlit.functions.conversion import is_complex as is_complex
from backlit.functions.conversion import is_floating_point as is_floating_point
from backlit.functions.conversion import is_nonzero as is_nonzero
from backlit.functions.conversion import is_same_size as is_same_size
from backlit.functions.conversion import is_tensor as is_tensor
from backlit.functions.conversion import numel as numel
from backlit.functions.conversion import promote_types as promote_types
from backlit.functions.conversion import result_type as result_type
from backlit.functions.counting import argwhere as argwhere
from backlit.functions.counting import bincount as bincount
from backlit.functions.counting import bucketize as bucketize
from backlit.functions.counting import histc as histc
from backlit.functions.counting import nonzero as nonzero
from backlit.functions.counting import searchsorted as searchsorted
from backlit.functions.counting import unique as unique
from backlit.functions.counting import unique_consecutive as unique_consecutive
from backlit.functions.creation import arange as arange
from backlit.functions.creation import as_tensor as as_tensor
from backlit.functions.creation import asarray as asarray
from backlit.functions.creation import empty as empty
from backlit.functions.creation import empty_like as empty_like
from backlit.functions.creation import empty_strided as empty_strided
from backlit.functions.creation import eye as eye
from backlit.functions.creation import from_numpy as from_numpy
from backlit.functions.creation import frombuffer as frombuffer
from backlit.functions.creation import full as full
from backlit.functions.creation import full_like as full_like
from backlit.functions.creation import linspace as linspace
from backlit.functions.creation import logspace as logspace
from backlit.functions.creation import ones as ones
from backlit.functions.creation import ones_like as ones_like
from backlit.functions.creation import range_ as range
from backlit.functions.creation import scalar_tensor as scalar_tensor
from backlit.functions.creation import tensor as tensor
from backlit.functions.creation import zeros as zeros
from backlit.functions.creation import zeros_like as zeros_like
from backlit.functions.diagonal import diag as diag
from backlit.functions.diagonal import diag_embed as diag_embed
from backlit.functions.diagonal import diagflat as diagflat
from backlit.functions.diagonal import diagonal as diagonal
from backlit.functions.diagonal import diagonal_scatter as diagonal_scatter
from backlit.functions.diagonal import tril as tril
from backlit.functions.diagonal import tril_indices as tril_indices
from backlit.functions.diagonal import triu as triu
from backlit.functions.diagonal import triu_indices as triu_indices
from backlit.functions.differences import cumulative_trapezoid as cumulative_trapezoid
from backlit.functions.differences import diff as diff
from backlit.functions.differences import trapezoid as trapezoid
from backlit.functions.differences import trapz as trapz
from backlit.functions.differences import vander as vander
from backlit.functions.einstein import einsum as einsum
from backlit.functions.flipping import flip as flip
from backlit.functions.flipping import fliplr as fliplr
from backlit.functions.flipping import flipud as flipud
from backlit.functions.flipping import roll as roll
from backlit.functions.flipping import rot90 as rot90
from backlit.functions.index import gather as gather
from backlit.functions.index import index_add as index_add
from backlit.functions.index import index_copy as index_copy
from backlit.functions.index import index_fill as index_fill
from backlit.functions.index import index_put as index_put
from backlit.functions.index import index_select as index_select
from backlit.functions.index import masked_scatter as masked_scatter
from backlit.functions.index import masked_select as masked_select
from backlit.functions.index import narrow as narrow
from backlit.functions.index import scatter as scatter
from backlit.functions.index import scatter_add as scatter_add
from backlit.functions.index import scatter_reduce as scatter_reduce
from backlit.functions.index import select as select
from backlit.functions.index import select_scatter as select_scatter
from backlit.functions.index import slice_scatter as slice_scatter
from backlit.functions.index import take as take
from backlit.functions.index import take_along_dim as take_along_dim
from backlit.functions.joining import block_diag as block_diag
from backlit.functions.joining import cartesian_prod as cartesian_prod
from backlit.functions.joining import cat as cat
from backlit.functions.joining import chunk as chunk
from backlit.functions.joining import column_stack as column_stack
from backlit.functions.joining import combinations as combinations
from backlit.functions.joining import concat as concat
from backlit.functions.joining import concatenate as concatenate
from backlit.functions.joining import dsplit as dsplit
from backlit.functions.joining import dstack as dstack
from backlit.functions.joining import hsplit as hsplit
from backlit.functions.joining import hstack as hstack
from backlit.functions.joining import meshgrid as meshgrid
from backlit.functions.joining import row_stack as row_stack
from backlit.functions.joining import split as split
from backlit.functions.joining import split_with_sizes as split_with_sizes
from backlit.functions.joining import stack as stack
from backlit.functions.joining import tensor_split as tensor_split
from backlit.functions.joining import unbind as unbind
from backlit.functions.joining import vsplit as vsplit
from backlit.functions.joining import vstack as vstack
from backlit.functions.linalg import cholesky as cholesky
from backlit.functions.linalg import det as det
from backlit.functions.linalg import inverse as inverse
from backlit.functions.linalg import logdet as logdet
from backlit.functions.linalg import lstsq as lstsq
from backlit.functions.linalg import matrix_exp as matrix_exp
from backlit.functions.linalg import matrix_power as matrix_power
from backlit.functions.linalg import pinverse as pinverse
from backlit.functions.linalg import qr_some as qr
from backlit.functions.linalg import slogdet as slogdet
from backlit.functions.linalg import svd as svd
from backlit.functions.lookup import repeat_interleave as repeat_interleave
from backlit.functions.norms import cdist as cdist
from backlit.functions.norms import dist as dist
from backlit.functions.norms import norm as norm
from backlit.functions.ordering import aminmax as aminmax
from backlit.functions.ordering import argsort as argsort
from backlit.functions.ordering import cummax as cummax
from backlit.functions.ordering import cummin as cummin
from backlit.functions.ordering import kthvalue as kthvalue
from backlit.functions.ordering import max as max
from backlit.functions.ordering import median as median
from backlit.functions.ordering import min as min
from backlit.functions.ordering import mode as mode
from backlit.functions.ordering import msort as msort
from backlit.functions.ordering import nanmedian as nanmedian
from backlit.functions.ordering import sort as sort
from backlit.functions.ordering import topk as topk
from backlit.functions.pointwise import abs as abs
from backlit.functions.pointwise import absolute as absolute
from backlit.functions.pointwise import acos as acos
from backlit.functions.pointwise import acosh as acosh
from backlit.functions.pointwise import add as add
from backlit.functions.pointwise import addcdiv as addcdiv
from backlit.functions.pointwise import addcmul as addcmul
from backlit.functions.pointwise import arccos as arccos
from backlit.functions.pointwise import arccosh as arccosh
from backlit.functions.pointwise import arcsin as arcsin
from backlit.functions.pointwise import arcsinh as arcsinh
from backlit.functions.pointwise import arctan as arctan
from backlit.functions.pointwise import arctan2 as arctan2
from backlit.functions.pointwise import arctanh as arctanh
from backlit.functions.pointwise import asin as asin
from backlit.functions.pointwise import asinh as asinh
from backlit.functions.pointwise import atan as atan
from backlit.functions.pointwise import atan2 as atan2
from backlit.functions.pointwise import atanh as atanh
from backlit.functions.pointwise import ceil as ceil
from backlit.functions.pointwise import clamp as clamp
from backlit.functions.pointwise import clamp_max as clamp_max
from backlit.functions.pointwise import clamp_min as clamp_min
from backlit.functions.pointwise import clip as clip
from backlit.functions.pointwise import copysign as copysign
from backlit.functions.pointwise import cos as cos
from backlit.functions.pointwise import cosh as cosh
from backlit.functions.pointwise import deg2rad as deg2rad
from backlit.functions.pointwise import digamma as digamma
from backlit.functions.pointwise import div as div
from backlit.functions.pointwise import divide as divide
from backlit.functions.pointwise import erf as erf
from backlit.functions.pointwise import erfc as erfc
from backlit.functions.pointwise import erfinv as erfinv
from backlit.functions.pointwise import exp as exp
from backlit.functions.pointwise import exp2 as exp2
from backlit.functions.pointwise import expm1 as expm1
from backlit.functions.pointwise import fix as fix
from backlit.functions.pointwise import float_power as float_power
from backlit.functions.pointwise import floor as floor
from backlit.functions.pointwise import floor_divide as floor_divide
from backlit.functions.pointwise import fmax as fmax
from backlit.functions.pointwise import fmin as fmin
from backlit.functions.pointwise import fmod as fmod
from backlit.functions.pointwise import frac as frac
from backlit.functions.pointwise import gcd as gcd
from backlit.functions.pointwise import heaviside as heaviside
from backlit.functions.pointwise import hypot as hypot
from backlit.functions.pointwise import i0 as i0
from backlit.functions.pointwise import lcm as lcm
from backlit.functions.pointwise import ldexp as ldexp
from backlit.functions.pointwise import lerp as lerp
from backlit.functions.pointwise import lgamma as lgamma
from backlit.functions.pointwise import log as log
from backlit.functions.pointwise import log1p as log1p
from backlit.functions.pointwise import log2 as log2
from backlit.functions.pointwise import log10 as log10
from backlit.functions.pointwise import logaddexp as logaddexp
from backlit.functions.pointwise import logaddexp2 as logaddexp2
from backlit.functions.pointwise import logit as logit
from backlit.functions.pointwise import masked_fill as masked_fill
from backlit.functions.pointwise import maximum as maximum
from backlit.functions.pointwise import minimum as minimum
from backlit.functions.pointwise import mul as mul
from backlit.functions.pointwise import multiply as multiply
from backlit.functions.pointwise import nan_to_num as nan_to_num
from backlit.functions.pointwise import neg as neg
from backlit.functions.pointwise import negative as negative
from backlit.functions.pointwise import polygamma as polygamma
from backlit.functions.pointwise import positive as positive
from backlit.functions.pointwise import pow as pow
from backlit.functions.pointwise import rad2deg as rad2deg
from backlit.functions.pointwise import reciprocal as reciprocal
from backlit.functions.pointwise import relu as relu
from backlit.functions.pointwise import remainder as remainder
from backlit.functions.pointwise import round as round
from backlit.functions.pointwise import rsqrt as rsqrt
from backlit.functions.pointwise import rsub as rsub
from backlit.functions.pointwise import selu as selu
from backlit.functions.pointwise import sgn as sgn
from backlit.functions.pointwise import sigmoid as sigmoid
from backlit.functions.pointwise import sign as sign
from backlit.functions.pointwise import sin as sin
from backlit.functions.pointwise import sinc as sinc
from backlit.functions.pointwise import sinh as sinh
from backlit.functions.pointwise import sqrt as sqrt
from backlit.functions.pointwise import square as square
from backlit.functions.pointwise import sub as sub
from backlit.functions.pointwise import subtract as subtract
from backlit.functions.pointwise import tan as tan
from backlit.functions.pointwise import tanh as tanh
from backlit.functions.pointwise import true_divide as true_divide
from backlit.functions.pointwise import trunc as trunc
from backlit.functions.pointwise import where as where
from backlit.functions.pointwise import xlogy as xlogy
from backlit.functions.products import addbmm as addbmm
from backlit.functions.products import addmm as addmm
from backlit.functions.products import addmv as addmv
from backlit.functions.products import addr as addr
from backlit.functions.products import baddbmm as baddbmm
from backlit.functions.products import bmm as bmm
from backlit.functions.products import chain_matmul as chain_matmul
from backlit.functions.products import cross as cross
from backlit.functions.products import dot as dot
from backlit.functions.products import ger as ger
from backlit.functions.products import inner as inner
from backlit.functions.products import kron as kron
from backlit.functions.products import matmul as matmul
from backlit.functions.products import mm as mm
from backlit.functions.products import mv as mv
from backlit.functions.products import outer as outer
from backlit.functions.products import tensordot as tensordot
from backlit.functions.products import vdot as vdot
from backlit.functions.random import bernoulli as bernoulli
from backlit.functions.random import get_rng_state as get_rng_state
from backlit.functions.random import multinomial as multinomial
from backlit.functions.random import normal as normal
from backlit.functions.random import rand as rand
from backlit.functions.random import rand_like as rand_like
from backlit.functions.random import randint as randint
from backlit.functions.random import randint_like as randint_like
from backlit.functions.random import randn as randn
from backlit.functions.random import randn_like as randn_like
from backlit.functions.random import randperm as randperm
from backlit.functions.random import set_rng_state as set_rng_state
from backlit.functions.reduction import all as all
from backlit.functions.reduction import amax as amax
from backlit.functions.reduction import amin as amin
from backlit.functions.reduction import any as any
from backlit.functions.reduction import argmax as argmax
from backlit.functions.reduction import argmin as argmin
from backlit.functions.reduction import count_nonzero as count_nonzero
from backlit.functions.reduction import cumprod as cumprod
from backlit.functions.reduction import cumsum as cumsum
from backlit.functions.reduction import logcumsumexp as logcumsumexp
from backlit.functions.reduction import mean as mean
from backlit.functions.reduction import nanmean as nanmean
from backlit.functions.reduction import nansum as nansum
from backlit.functions.reduction import prod as prod
from backlit.functions.reduction import std as std
from backlit.functions.reduction import std_mean as std_mean
from backlit.functions.reduction import sum as sum
from backlit.functions.reduction import var as var
from backlit.functions.reduction import var_mean as var_mean
from backlit.functions.shape import as_strided as as_strided
from backlit.functions.shape import atleast_1d as atleast_1d
from backlit.functions.shape import atleast_2d as atleast_2d
from backlit.functions.shape import atleast_3d as atleast_3d
from backlit.functions.shape import broadcast_shapes as broadcast_shapes
from backlit.functions.shape import broadcast_tensors as broadcast_tensors
from backlit.functions.shape import broadcast_to as broadcast_to
from backlit.functions.shape import flatten as flatten
from backlit.functions.shape import moveaxis as moveaxis
from backlit.functions.shape import movedim as movedim
from backlit.functions.shape import permute as permute
from backlit.functions.shape import ravel as ravel
from backlit.functions.shape import reshape as reshape
from backlit.functions.shape import squeeze as squeeze
from backlit.functions.shape import swapaxes as swapaxes
from backlit.functions.shape import swapdims as swapdims
from backlit.functions.shape import t as t
from backlit.functions.shape import tile as tile
from backlit.functions.shape import transpose as transpose
from backlit.functions.shape import unflatten as unflatten
from backlit.functions.shape import unsqueeze as unsqueeze
from backlit.functions.softmax import log_softmax as log_softmax
from backlit.functions.softmax import logsumexp as logsumexp
from backlit.functions.softmax import softmax as softmax
from backlit.functions.statistics import corrcoef as corrcoef
from backlit.functions.statistics import cov as cov
from backlit.functions.statistics import nanquantile as nanquantile
from backlit.functions.statistics import quantile as quantile
from backlit.functions.triangular import cholesky_inverse as cholesky_inverse
from backlit.functions.triangular import cholesky_solve as cholesky_solve
from backlit.functions.triangular import lu as lu
from backlit.functions.triangular import lu_unpack as lu_unpack
from backlit.layouts import channels_last as channels_last
from backlit.layouts import contiguous_format as contiguous_format
from backlit.layouts import layout as layout
from backlit.layouts import memory_format as memory_format
from backlit.layouts import preserve_format as preserve_format
from backlit.layouts import strided as strided
from backlit.printing import set_printoptions as set_printoptions
from backlit.random import Generator as Generator
from backlit.random import default_generator as default_generator
from backlit.random import initial_seed as initial_seed
from backlit.random import manual_seed as manual_seed
from backlit.random import seed as seed
from backlit.serialization import load as load
from backlit.serialization import save as save
from backlit.settings import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from backlit.settings import get_float32_matmul_precision as get_float32_matmul_precision
from backlit.settings import get_num_interop_threads as get_num_interop_threads
from backlit.settings import get_num_threads as get_num_threads
from backlit.settings import set_default_tensor_type as set_default_tensor_type
from backlit.settings import set_float32_matmul_precision as set_float32_matmul_precision
from backlit.settings import set_flush_denormal as set_flush_denormal
from backlit.settings import set_num_interop_threads as set_num_interop_threads
from backlit.settings import set_num_threads as set_num_threads
from backlit.settings import typename as typename
from backlit.settings import use_deterministic_algorithms as use_deterministic_algorithms
from backlit.size import Size as Size
from backlit.tensor import Tensor as Tensor
from backlit.typed import BoolTensor as BoolTensor
from backlit.typed import ByteTensor as ByteTensor
from backlit.typed import CharTensor as CharTensor
from backlit.typed import DoubleTensor as DoubleTensor
from backlit.typed import FloatTensor as FloatTensor
from backlit.typed import HalfTensor as HalfTensor
from backlit.typed import IntTensor as IntTensor
from backlit.typed import LongTensor as LongTensor
from backlit.typed import ShortTensor as ShortTensor

# These names would hide Python's own inside this file's annotations; they are PyTorch's all the same.
from backlit.dtypes import bool_ as bool  # isort: skip
from backlit.dtypes import float_ as float  # isort: skip
from backlit.dtypes import int_ as int  # isort: skip

__version__ = "0.1.0"
newaxis = None

#: Rooms and namespaces that load when they are first named, so that `import backlit` stays quick.
_SUBMODULES = frozenset(
    [
        "accelerator", "amp", "autograd", "backends", "compiler", "cuda", "data", "doctor", "explain", "interop", "jit",
        "linalg", "mps", "nn", "optim", "plots", "random", "return_types", "serialization", "special", "testing",
        "tracing", "train", "types", "utils", "version",
    ]
)  # fmt: skip
_LATER = {
    "fit": "train",
    "find_lr": "train",
    "trace": "tracing",
    "compile": "compiler",
    "History": "train",
    "autocast": "amp",
    "GradScaler": "amp",
}


def __getattr__(name: str) -> object:
    """Load a room when it is first named."""
    import importlib

    if name in _SUBMODULES:
        try:
            return importlib.import_module(f"backlit.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"backlit.{name}":
                raise
    if name in _LATER:
        value = getattr(importlib.import_module(f"backlit.{_LATER[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'backlit' has no attribute {name!r}")
