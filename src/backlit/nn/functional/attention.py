"""Attention: rows of values averaged by how well their keys match a query.

Vaswani et al. 2017, "Attention is all you need", section 3.2. In the shapes N is the batch, L the number of queries, S
the number of keys, E the width of a row and H the number of heads, each of which sees E / H numbers of every row.
"""

from __future__ import annotations

import math

import numpy as np

from backlit.functions import reduction, shape
from backlit.functions.comparison import isneginf
from backlit.functions.joining import cat, chunk
from backlit.functions.lookup import repeat_interleave
from backlit.functions.pointwise import masked_fill
from backlit.functions.products import matmul
from backlit.nn.functional.dropout import dropout
from backlit.nn.functional.linear import linear
from backlit.nn.functional.padding import pad
from backlit.nn.functional.softmax import softmax
from backlit.tensor import Tensor

CAUSAL_NEEDS_MASK = (
    "Need attn_mask if specifying the is_causal hint. Write "
    "attn_mask=nn.Transformer.generate_square_subsequent_mask(length)."
)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(scale query keyᵀ + mask) value.

    Args:
        attn_mask: broadcast to (..., L, S). bool: True where a query may look at a key; float: added to the scores.
        dropout_p: the probability with which a weight is dropped, whether or not anything is trained.
        is_causal: query i sees keys 0 to i only. scale: 1 / sqrt(E) unless given.
        enable_gqa: groups of heads of the query share one head of key and value (Ainslie et al. 2023, "GQA").

    Shapes: query (..., L, E), key (..., S, E), value (..., S, V), result (..., L, V). A query that may look at no key
    gets zeros. Raises RuntimeError for fewer than two dimensions, and for dtypes or sizes that do not match.

    >>> import backlit as torch
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)[0]
    tensor([1., 2.])
    """
    check_operands(query, key, value, attn_mask, dropout_p)
    if enable_gqa:
        key, value = grouped(query, key, "key"), grouped(query, value, "value")
    mask = None if attn_mask is None else added(attn_mask, query, where_true=0.0)
    if is_causal:
        causal = causal_mask(query, key)
        mask = causal if mask is None else mask + causal
    if mask is None:
        weights = attention_weights(query, key, None, scale)
    else:
        blind = reduction.all(isneginf(mask), -1, keepdim=True)  # softmax would divide 0 by 0 there
        weights = attention_weights(query, key, masked_fill(mask, blind, 0.0), scale)
        weights = masked_fill(weights, blind, 0.0)
    return matmul(dropout(weights, dropout_p), value)


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None, scale: float | None = None) -> Tensor:
    """softmax(scale query keyᵀ + mask).  Shapes: (..., L, E), (..., S, E) -> (..., L, S)."""
    if scale is None:
        # A row without numbers has nothing to scale.
        scale = 1 / math.sqrt(query.array.shape[-1] or 1)
    scores = matmul(query * scale, shape.transpose(key, -2, -1))
    return softmax(scores if mask is None else scores + mask, -1)


def check_operands(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float) -> None:
    three = {"query": query, "key": key, "value": value}
    if min(x.array.ndim for x in three.values()) < 2:
        found = ", ".join(f"{name}.dim: {x.array.ndim}" for name, x in three.items())
        raise RuntimeError(f"Expected query, key, and value to all be at least 2 dimensional, but got {found}.")
    if len({x.array.dtype for x in three.values()}) > 1:
        found = ", ".join(f"{name}.dtype: {x.dtype}" for name, x in three.items())
        raise RuntimeError(f"Expected query, key, and value to have the same dtype, but got {found}.")
    if mask is not None and mask.array.dtype.kind not in "bf":
        raise RuntimeError(
            f"Expected attn_mask dtype to be bool or float or to match query dtype, but got {mask.dtype}. "
            "If 1 means that a query may look at a key, write attn_mask.bool()."
        )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")


def grouped(query: Tensor, x: Tensor, name: str) -> Tensor:
    """The heads of x repeated until there are as many as the query has."""
    heads, own = query.array.shape[-3], x.array.shape[-3]
    if own == 0 or heads % own:
        raise RuntimeError(
            f"Number of heads in key and value must divide the number of heads in query: {name} has {own}, query "
            f"{heads}."
        )
    return repeat_interleave(x, heads // own, -3) if heads != own else x


def added(mask: Tensor, like: Tensor, where_true: float) -> Tensor:
    """A mask as what is added to scores: a bool mask gives `where_true`, 0 or -infinity, and elsewhere the other."""
    if mask.array.dtype.kind != "b":
        return mask
    where_false = 0.0 if where_true else -math.inf
    return Tensor.wrap(np.where(mask.array, where_true, where_false).astype(like.array.dtype))


def causal_mask(query: Tensor, key: Tensor) -> Tensor:
    """-infinity where a key comes after its query."""
    seen = np.tri(query.array.shape[-2], key.array.shape[-2], dtype=bool)
    return added(Tensor.wrap(seen), query, where_true=0.0)


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True,
    key_padding_mask: Tensor | None = None, need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Attention in several heads at once, each on its own projection of query, key and value.

    head_h = softmax(Q_h K_hᵀ / sqrt(E / H) + masks) V_h, and the result is [head_1, ..., head_H] Woᵀ + bo.

    Args:
        key_padding_mask: (N, S). attn_mask: (L, S) or (N H, L, S). In both a bool True forbids, a float is added.
        static_k, static_v: (N H, S, E / H), instead of the projected keys and values.
        bias_k, bias_v: (1, 1, E), one more key and value. add_zero_attn: one more key and value of zeros.

    Shapes: query (L, N, E), key (S, N, K), value (S, N, V), result (L, N, E) and the weights (N, L, S), or
    (N, H, L, S) if they are not averaged, or None without need_weights. N may be missing everywhere.
    Raises AssertionError or RuntimeError for shapes that do not match.

    >>> import backlit as torch
    >>> x, eye = torch.tensor([[1.0, 2.0]]), torch.eye(2)
    >>> out, weights = torch.nn.functional.multi_head_attention_forward(
    ...     x, x, x, 2, 1, torch.cat([eye, eye, eye]), None, None, None, False, 0.0, eye, None)
    >>> out, weights
    (tensor([[1., 2.]]), tensor([[1.]]))
    """
    check_shapes(query, key, value, key_padding_mask, attn_mask)
    batched = query.array.ndim == 3
    if not batched:
        query, key, value = (shape.unsqueeze(x, 1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else shape.unsqueeze(key_padding_mask, 0)
    check_widths(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if is_causal and attn_mask is None:
        raise RuntimeError(CAUSAL_NEEDS_MASK)
    is_causal = is_causal and key_padding_mask is None and not need_weights
    extra = (bias_k is not None) + add_zero_attn
    mask = joined_masks(query, key, None if is_causal else attn_mask, key_padding_mask, num_heads, extra)
    weights_of = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else in_proj_weight
    q, k, v = projected(query, key, value, weights_of, in_proj_bias)
    k, v = one_more(k, bias_k), one_more(v, bias_v)
    q = in_heads(q, num_heads)
    k, v = static_or_heads(static_k, k, num_heads), static_or_heads(static_v, v, num_heads)
    if add_zero_attn:
        k, v = pad(k, (0, 0, 0, 1)), pad(v, (0, 0, 0, 1))
    p = dropout_p if training else 0.0
    if not need_weights:
        out = scaled_dot_product_attention(q, k, v, mask, p, is_causal)
        out = linear(from_heads(out), out_proj_weight, out_proj_bias)
        return (out if batched else shape.squeeze(out, 1)), None
    weights = dropout(attention_weights(q, k, mask), p)
    out = linear(from_heads(matmul(weights, v)), out_proj_weight, out_proj_bias)
    if average_attn_weights:
        weights = reduction.mean(weights, 1)
    return (out, weights) if batched else (shape.squeeze(out, 1), shape.squeeze(weights, 0))


def check_shapes(query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None) -> None:
    """Refuse numbers of dimensions that do not go together, and masks that are neither bool nor float."""
    ndim = query.array.ndim
    if ndim not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {ndim}-D query tensor")
    kind = "batched" if ndim == 3 else "unbatched"
    for name, x, allowed in (
        ("key", key, (ndim,)), ("value", value, (ndim,)), ("key_padding_mask", padding, (ndim - 1,)),
        ("attn_mask", mask, (2, 3)),
    ):  # fmt: skip
        if x is not None and x.array.ndim not in allowed:
            wanted = " or ".join(f"{n}-D" for n in allowed)
            raise AssertionError(
                f"For {kind} ({ndim}-D) `query`, expected `{name}` to be {wanted} but found {x.array.ndim}-D tensor "
                "instead"
            )
    for name, given in (("key_padding_mask", padding), ("attn_mask", mask)):
        check_mask(given, name)


def check_mask(mask: Tensor | None, name: str) -> None:
    """Raises AssertionError for a mask of integers."""
    if mask is not None and mask.array.dtype.kind not in "bf":
        raise AssertionError(
            f"only bool and floating types of {name} are supported, but got {mask.dtype}. If 1 means that a key is "
            f"left out, write {name}.bool()."
        )


def check_widths(query: Tensor, key: Tensor, value: Tensor, width: int, num_heads: int, separate: bool) -> None:
    if query.array.shape[-1] != width:
        raise AssertionError(f"was expecting embedding dimension of {width}, but got {query.array.shape[-1]}")
    if width % num_heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if separate and key.array.shape[:2] != value.array.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}: each key needs a "
            "value."
        )
    if not separate and key.array.shape != value.array.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def joined_masks(
    query: Tensor, key: Tensor, attn_mask: Tensor | None, padding: Tensor | None, num_heads: int, extra: int
) -> Tensor | None:
    """Both masks as one that is added to the scores (N, H, L, S + extra); the extra keys are open to all."""
    (L, N), S, joined = query.array.shape[:2], key.array.shape[0], None
    if attn_mask is not None:
        wanted = (L, S) if attn_mask.array.ndim == 2 else (N * num_heads, L, S)
        if attn_mask.array.shape != wanted:
            ndim = attn_mask.array.ndim
            raise RuntimeError(f"The shape of the {ndim}D attn_mask is {attn_mask.shape}, but should be {wanted}.")
        heads = num_heads if len(wanted) == 3 else 1
        joined = shape.reshape(added(attn_mask, query, where_true=-math.inf), -1, heads, L, S)
    if padding is not None:
        if padding.array.shape != (N, S):
            raise AssertionError(f"Expected key_padding_mask of shape {(N, S)}, (N, S), but got {padding.shape}")
        columns = shape.reshape(added(padding, query, where_true=-math.inf), N, 1, 1, S)
        joined = columns if joined is None else joined + columns
    return pad(joined, (0, extra)) if joined is not None and extra else joined


def projected(
    query: Tensor, key: Tensor, value: Tensor, weights: Tensor | tuple[Tensor | None, ...] | None, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """x Wᵀ + b of query, key and value. One W holds all three below each other, which self-attention uses at once."""
    if isinstance(weights, Tensor):
        if query is key and key is value:
            q, k, v = chunk(linear(query, weights, bias), 3, -1)
            return q, k, v
        weights = chunk(weights, 3)
    biases = (None, None, None) if bias is None else chunk(bias, 3)
    if weights is None or any(w is None for w in weights):
        raise AssertionError("in_proj_weight is None: give it, or use_separate_proj_weight and all three of its own")
    q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True) if w is not None)
    return q, k, v


def one_more(x: Tensor, row: Tensor | None) -> Tensor:
    """x (S, N, E) with a row (1, 1, E) behind it, the same one for the whole batch."""
    return x if row is None else cat([x, shape.expand(row, 1, *x.array.shape[1:])])


def in_heads(x: Tensor, num_heads: int) -> Tensor:
    """(L, N, E) -> (N, H, L, E / H)."""
    length, batch, width = x.array.shape
    return shape.permute(shape.reshape(x, length, batch, num_heads, width // num_heads), 1, 2, 0, 3)


def from_heads(x: Tensor) -> Tensor:
    """(N, H, L, E / H) -> (L, N, E)."""
    batch, num_heads, length, width = x.array.shape
    return shape.reshape(shape.permute(x, 2, 0, 1, 3), length, batch, num_heads * width)


def static_or_heads(static: Tensor | None, x: Tensor, num_heads: int) -> Tensor:
    if static is None:
        return in_heads(x, num_heads)
    batch, width = x.array.shape[1], x.array.shape[2] // num_heads
    if (static.array.shape[0], static.array.shape[2]) != (batch * num_heads, width):
        raise AssertionError(
            f"expecting static keys and values of shape ({batch * num_heads}, S, {width}), but got {static.shape}"
        )
    return shape.reshape(static, batch, num_heads, -1, width)
