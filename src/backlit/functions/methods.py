"""The Tensor methods that are functions too, one per line; and those that also come as `x.f_()`, in place."""

from __future__ import annotations

from backlit.functions import (
    becoming,
    comparison,
    conversion,
    counting,
    creation,
    diagonal,
    differences,
    flipping,
    index,
    joining,
    linalg,
    lookup,
    norms,
    ordering,
    pointwise,
    products,
    random,
    reduction,
    shape,
    softmax,
    statistics,
    triangular,
)
from backlit.functions.publish import in_place
from backlit.tensor import Tensor

METHODS = {
    lookup: """
        repeat_interleave
    """,
    becoming: """
        squeeze_ unsqueeze_ transpose_ t_ resize_ resize_as_
    """,
    triangular: """
        cholesky_solve cholesky_inverse lu
    """,
    differences: """
        diff
    """,
    linalg: """
        cholesky det inverse logdet matrix_exp matrix_power pinverse slogdet svd
    """,
    products: """
        matmul mm bmm mv dot vdot inner outer ger addmm addmv addr baddbmm addbmm kron cross
    """,
    conversion: """
        to cpu cuda clone contiguous is_contiguous type_as
        size dim numel stride element_size data_ptr storage_offset storage
        copy_ fill_ zero_ set_ apply_ map_
        is_floating_point is_complex is_signed is_nonzero get_device new
        is_same_size
    """,
    creation: """
        new_zeros new_ones new_empty new_full new_tensor
    """,
    random: """
        multinomial bernoulli
        uniform_ normal_ random_ bernoulli_ exponential_ cauchy_ log_normal_ geometric_
    """,
    shape: """
        reshape view reshape_as view_as flatten ravel unflatten squeeze unsqueeze
        transpose swapaxes swapdims t permute movedim moveaxis
        expand expand_as broadcast_to repeat tile as_strided
        unfold sum_to_size
    """,
    joining: """
        split split_with_sizes chunk unbind tensor_split hsplit vsplit dsplit
    """,
    index: """
        narrow select index_select gather take take_along_dim masked_select
        scatter scatter_add scatter_reduce masked_scatter index_put index_add index_copy index_fill put_
        put select_scatter slice_scatter
    """,
    diagonal: """
        diagonal diag diag_embed diagflat trace tril triu
        diagonal_scatter fill_diagonal_
    """,
    flipping: """
        flip fliplr flipud roll rot90
    """,
    pointwise: """
        abs absolute neg negative square reciprocal relu sigmoid
        exp exp2 expm1 log log2 log10 log1p sqrt rsqrt
        sin cos tan asin arcsin acos arccos atan arctan sinh cosh tanh asinh arcsinh acosh arccosh atanh arctanh sinc
        floor ceil trunc fix frac round sign sgn deg2rad rad2deg
        erf erfc erfinv lgamma digamma i0 logit
        add sub subtract rsub mul multiply div divide true_divide floor_divide remainder fmod pow float_power
        maximum minimum fmax fmin atan2 arctan2 hypot logaddexp logaddexp2 xlogy copysign heaviside gcd lcm ldexp
        addcmul addcdiv lerp clamp clip clamp_min clamp_max nan_to_num masked_fill
    """,
    comparison: """
        eq ne not_equal lt less le less_equal gt greater ge greater_equal
        logical_and logical_or logical_xor logical_not isnan isinf isfinite isposinf isneginf signbit
        bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift
        isclose allclose equal
    """,
    softmax: """
        softmax log_softmax logsumexp
    """,
    reduction: """
        sum mean nansum nanmean prod amax amin any all count_nonzero argmax argmin var std cumsum cumprod
        logcumsumexp
    """,
    norms: """
        norm dist
    """,
    ordering: """
        max min aminmax argsort sort msort topk kthvalue median nanmedian mode cummax cummin
    """,
    statistics: """
        quantile nanquantile cov corrcoef
    """,
    counting: """
        unique unique_consecutive bincount histc nonzero argwhere
    """,
}

IN_PLACE = {
    products: """
        addmm addmv addr baddbmm addbmm
    """,
    index: """
        scatter scatter_add scatter_reduce masked_scatter index_put index_add index_copy index_fill
    """,
    diagonal: """
        tril triu
    """,
    pointwise: """
        abs absolute neg negative square reciprocal relu sigmoid
        exp exp2 expm1 log log2 log10 log1p sqrt rsqrt
        sin cos tan asin arcsin acos arccos atan arctan sinh cosh tanh asinh arcsinh acosh arccosh atanh arctanh sinc
        floor ceil trunc fix frac round sign sgn
        erf erfc erfinv lgamma digamma i0 logit
        add sub subtract mul multiply div divide true_divide floor_divide remainder fmod pow float_power
        atan2 arctan2 hypot xlogy
        addcmul addcdiv lerp clamp clip clamp_min clamp_max nan_to_num masked_fill
    """,
    comparison: """
        eq ne not_equal lt less le less_equal gt greater ge greater_equal
        logical_and logical_or logical_xor logical_not
        bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift
    """,
}

#: Methods whose PyTorch name is Python's own, or that have several names.
NAMED = {
    **conversion.CASTS,
    "type": conversion.type_, "untyped_storage": conversion.storage, "nelement": conversion.numel,
    "ndimension": conversion.dim, "pin_memory": conversion.itself, "share_memory_": conversion.itself,
    "is_pinned": conversion.no, "is_shared": conversion.no, "is_inference": conversion.no,
    "resolve_conj": conversion.itself, "resolve_neg": conversion.itself, "conj": conversion.itself,
    "positive": conversion.itself, "adjoint": shape.mT, "where": pointwise.where_method, "qr": linalg.qr_some,
    "swapaxes_": becoming.transpose_, "swapdims_": becoming.transpose_,
}  # fmt: skip

PROPERTIES = {
    "T": shape.T, "mT": shape.mT, "H": shape.H, "mH": shape.mT,
    "device": conversion.device, "layout": conversion.layout, "real": conversion.itself, "is_cpu": conversion.is_tensor,
}  # fmt: skip

for _name, _method in NAMED.items():
    setattr(Tensor, _name, _method)
for _name, _getter in PROPERTIES.items():
    setattr(Tensor, _name, property(_getter))
for _room, _names in METHODS.items():
    for _name in _names.split():
        setattr(Tensor, _name, getattr(_room, _name))
for _room, _names in IN_PLACE.items():
    for _name in _names.split():
        setattr(Tensor, _name + "_", in_place(getattr(_room, _name)))

Tensor.__matmul__ = products.product
