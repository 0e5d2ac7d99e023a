"""Attention as a layer."""

from __future__ import annotations

from typing import Any

from backlit.functions.shape import transpose
from backlit.nn import functional as F
from backlit.nn import init
from backlit.nn.modules.linear import NonDynamicallyQuantizableLinear
from backlit.nn.modules.module import Module
from backlit.nn.parameter import new_parameter
from backlit.tensor import Tensor


class MultiheadAttention(Module):
    """Attention in several heads at once: Vaswani et al. 2017, "Attention is all you need", section 3.2.2.

    Args:
        embed_dim: width E of a query. num_heads: heads H, each of E / H numbers. dropout: of weights, in training.
        bias: whether the projections have one. add_bias_kv: learn one more key and value. add_zero_attn: add one of
        zeros. kdim, vdim: widths of keys and values (E). batch_first: the batch is the first dimension, not the second.

    Shapes: query (L, N, E), key (S, N, kdim), value (S, N, vdim), output (L, N, E), and weights (N, L, S); N may be
    missing everywhere. `in_proj_weight` (3 E, E) holds the projections of query, key and value below each other; if
    kdim or vdim is not E they are `q_proj_weight`, `k_proj_weight` and `v_proj_weight`. All are drawn by
    xavier_uniform_. Raises ValueError unless both sizes are positive, AssertionError unless H divides E.

    >>> import backlit as torch
    >>> layer, x = torch.nn.MultiheadAttention(8, num_heads=2), torch.randn(5, 3, 8)
    >>> out, weights = layer(x, x, x)
    >>> out.shape, weights.shape
    (torch.Size([5, 3, 8]), torch.Size([3, 5, 5]))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True, add_bias_kv: bool = False,
        add_zero_attn: bool = False, kdim: int | None = None, vdim: int | None = None, batch_first: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        super().__init__()
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = kdim if kdim is not None else embed_dim, vdim if vdim is not None else embed_dim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.batch_first, self.add_zero_attn, self.head_dim = batch_first, add_zero_attn, embed_dim // num_heads
        if embed_dim % num_heads:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads, but got embed_dim={embed_dim} and num_heads={num_heads}"
            )
        widths = {"q_proj_weight": embed_dim, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        if self._qkv_same_embed_dim:
            self.in_proj_weight = new_parameter((3 * embed_dim, embed_dim), dtype, device)
        for name, width in widths.items():
            made = None if self._qkv_same_embed_dim else new_parameter((embed_dim, width), dtype, device)
            self.register_parameter(name, made)
        if not self._qkv_same_embed_dim:
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", new_parameter((3 * embed_dim,), dtype, device) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.bias_k = new_parameter((1, 1, embed_dim), dtype, device) if add_bias_kv else None
        self.bias_v = new_parameter((1, 1, embed_dim), dtype, device) if add_bias_kv else None
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for row in (self.bias_k, self.bias_v):
            if row is not None:
                init.xavier_normal_(row)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """What the queries found, and the weights (None without need_weights; of each head if they are not averaged).

        key_padding_mask: (N, S), keys that nobody looks at. attn_mask: (L, S) or (N H, L, S), pairs that are left out.
        In both a bool True leaves out, a float is added to the scores. is_causal: attn_mask is a causal one.
        """
        turned = self.batch_first and query.array.ndim == 3
        if turned:
            same = query is key and key is value
            query = transpose(query, 0, 1)
            # Self-attention is known by its one tensor, and has one product instead of three.
            key, value = (query, query) if same else (transpose(key, 0, 1), transpose(value, 0, 1))
        out, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k,
            self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training,
            key_padding_mask, need_weights, attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, average_attn_weights=average_attn_weights, is_causal=is_causal,
        )  # fmt: skip
        return (transpose(out, 0, 1) if turned else out), weights
