"""Attention and transformers beside PyTorch's: state, values, gradients, masks, and what is refused."""

import copy
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit
from backlit import nn
from nn.cases import assert_same_state, carried, numpy_of, seed

F = nn.functional

LAYERS = {
    "packed": ((8, 2), {}), "dropout": ((8, 2), {"dropout": 0.4}), "without bias": ((8, 2), {"bias": False}),
    "bias_kv": ((8, 2), {"add_bias_kv": True}), "zero": ((8, 2), {"add_zero_attn": True}),
    "both": ((8, 2), {"add_bias_kv": True, "add_zero_attn": True}),
    "separate": ((8, 2), {"kdim": 5, "vdim": 3, "add_bias_kv": True}), "batch first": ((8, 2), {"batch_first": True}),
}  # fmt: skip
MASKS = {
    "none": dict,
    "bool": lambda: {"attn_mask": torch.ones(4, 6).triu(2).bool()},
    "float": lambda: {"attn_mask": torch.randn(4, 6)},
    "by head": lambda: {"attn_mask": torch.randn(6, 4, 6), "average_attn_weights": False},
    "padding": lambda: {"key_padding_mask": torch.tensor([[0] * 6, [0] * 5 + [1], [0] * 4 + [1, 1]]).bool()},
    "both": lambda: {"key_padding_mask": torch.randn(3, 6), "attn_mask": torch.randn(4, 6)},
}


def close(mine, theirs):
    np.testing.assert_allclose(numpy_of(mine), numpy_of(theirs), rtol=1e-4, atol=1e-5)


def pair(name, *args, **kwargs):
    """PyTorch's module and Backlit's, from the same seed."""
    seed()
    theirs = getattr(torch.nn, name)(*args, **kwargs)
    seed()
    mine = getattr(nn, name)(*args, **kwargs)
    assert_same_state(mine, theirs, rtol=1e-5)
    mine.load_state_dict(carried(dict(theirs.state_dict())))
    return mine, theirs


def assert_same_gradients(mine, theirs):
    wanted = dict(theirs.named_parameters())
    for name, parameter in mine.named_parameters():
        close(parameter.grad, wanted[name].grad)


# scaled_dot_product_attention.


@given(
    heads=st.sampled_from([1, 2]), queries=st.integers(1, 4), keys=st.integers(1, 4), causal=st.booleans(),
    kind=st.sampled_from(["none", "bool", "float"]), scale=st.sampled_from([None, 0.3]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_attention_and_its_gradients_are_pytorchs(heads, queries, keys, causal, kind, scale):
    torch.manual_seed(1)
    q, k, v = (torch.randn(2, heads, n, 3, dtype=torch.float64, requires_grad=True) for n in (queries, keys, keys))
    mask = {"none": None, "bool": torch.rand(queries, keys) < 0.6, "float": torch.randn(queries, keys).double()}[kind]
    mine = carried([q, k, v, mask])
    causal = causal and mask is None
    out = F.scaled_dot_product_attention(*mine, is_causal=causal, scale=scale)
    expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, scale=scale)
    np.testing.assert_allclose(numpy_of(out), numpy_of(expected), rtol=1e-7, atol=1e-9)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    for x, wanted in zip(mine, (q, k, v), strict=False):
        np.testing.assert_allclose(numpy_of(x.grad), numpy_of(wanted.grad), rtol=1e-7, atol=1e-9)


def test_a_query_that_may_look_at_no_key_gets_zeros_and_no_gradient(library):
    x = library.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    q = library.ones(2, 2, requires_grad=True)
    mask = library.tensor([[False, False], [True, True]])
    out = library.nn.functional.scaled_dot_product_attention(q, x, x, attn_mask=mask)
    out.sum().backward()
    assert out[0].tolist() == [0.0, 0.0]
    assert q.grad[0].tolist() == [0.0, 0.0]
    assert np.isfinite(x.grad.numpy()).all()


def test_a_mask_and_is_causal_both_hold():
    x = backlit.randn(3, 3)
    mask = backlit.tensor([[True, True, True], [False, True, True], [True, False, True]])
    both = F.scaled_dot_product_attention(x, x, x, mask, is_causal=True)
    close(both, F.scaled_dot_product_attention(x, x, x, mask & backlit.ones(3, 3).tril().bool()))


def test_groups_of_heads_share_keys_and_values(library):
    q, k = library.randn(2, 4, 3, 5), library.randn(2, 2, 6, 5)
    attention = library.nn.functional.scaled_dot_product_attention
    repeated = k.repeat_interleave(2, 1)
    np.testing.assert_allclose(
        attention(q, k, k, enable_gqa=True).numpy(), attention(q, repeated, repeated).numpy(), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("shapes", "settings", "message"),
    [
        (((2,), (3, 2), (3, 2)), {}, "to all be *at least 2 dimensional"),
        (((4, 3, 2), (3, 3, 2), (3, 3, 2)), {"enable_gqa": True}, "Number of heads in key and value must divide"),
        (((3, 2), (3, 2), (3, 2)), {"dropout_p": 1.5}, "dropout probability has to be between 0 and 1, but got 1.5"),
    ],
)
def test_attention_refuses_what_pytorch_refuses(library, shapes, settings, message):
    with pytest.raises(RuntimeError, match=message):
        library.nn.functional.scaled_dot_product_attention(*map(library.ones, shapes), **settings)


def test_attention_refuses_mixed_dtypes_and_masks_of_integers(library):
    x = library.ones(2, 2)
    with pytest.raises(RuntimeError, match="Expected query, key, and value to have the same dtype"):
        library.nn.functional.scaled_dot_product_attention(x, x, x.double())
    with pytest.raises(RuntimeError, match="Expected attn_mask dtype to be bool or float"):
        library.nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=x.long())


# MultiheadAttention.


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize(("args", "kwargs"), LAYERS.values(), ids=LAYERS)
def test_multihead_attention_is_pytorchs(args, kwargs, masks, need_weights):
    mine, theirs = pair("MultiheadAttention", *args, **kwargs)
    widths = {"q": 8, "k": kwargs.get("kdim", 8), "v": kwargs.get("vdim", 8)}
    inputs = [torch.randn(4 if name == "q" else 6, 3, width) for name, width in widths.items()]
    if kwargs.get("batch_first"):
        inputs = [x.transpose(0, 1).contiguous() for x in inputs]
    inputs = [x.requires_grad_() for x in inputs]
    given = masks()
    own = carried(inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        seed(3)
        expected, expected_weights = theirs(*inputs, need_weights=need_weights, **given)
    out, weights = mine(*own, need_weights=need_weights, **carried(given))
    close(out, expected)
    if need_weights:
        close(weights, expected_weights)
    assert (weights is None) is (not need_weights)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    assert_same_gradients(mine, theirs)
    for x, wanted in zip(own, inputs, strict=True):
        close(x.grad, wanted.grad)


def test_self_attention_without_a_batch():
    mine, theirs = pair("MultiheadAttention", 8, 2)
    x, padding = torch.randn(5, 8), torch.tensor([False, False, True, False, True])
    own = carried(x)
    out, weights = mine(own, own, own, carried(padding))
    expected, expected_weights = theirs(x, x, x, padding)
    close(out, expected)
    close(weights, expected_weights)


@pytest.mark.parametrize(
    ("shapes", "settings", "error", "message"),
    [
        (((5, 3, 7),) * 3, {}, AssertionError, "was expecting embedding dimension of 8, but got 7"),
        (((5, 3, 8), (5, 3, 8), (4, 3, 8)), {}, AssertionError, "does not match value shape"),
        (((1, 5, 3, 8),) * 3, {}, AssertionError, "query should be unbatched 2D or batched 3D tensor but received 4-D"),
        (((5, 8), (5, 3, 8), (5, 3, 8)), {}, AssertionError, "For unbatched .2-D. `query`, expected `key`"),
        (((5, 3, 8),) * 3, {"is_causal": True}, RuntimeError, "Need attn_mask if specifying the is_causal hint"),
    ],
)
def test_multihead_attention_refuses_shapes_as_pytorch_does(library, shapes, settings, error, message):
    with pytest.raises(error, match=message):
        library.nn.MultiheadAttention(8, 2)(*map(library.ones, shapes), **settings)


@pytest.mark.parametrize(
    ("name", "shape", "error", "message"),
    [
        ("attn_mask", (4, 5), RuntimeError, "The shape of the 2D attn_mask is .*, but should be .5, 5."),
        ("attn_mask", (1, 5, 5), RuntimeError, "The shape of the 3D attn_mask is .*, but should be .6, 5, 5."),
        ("attn_mask", (5,), AssertionError, "expected `attn_mask` to be .*2-D or 3-D but found 1-D"),
        ("key_padding_mask", (5, 5), AssertionError, "Expected key_padd"),
    ],
)
def test_multihead_attention_refuses_masks_as_pytorch_does(library, name, shape, error, message):
    x = library.ones(5, 3, 8)
    with pytest.raises(error, match=message):
        library.nn.MultiheadAttention(8, 2)(x, x, x, **{name: library.zeros(shape)})


def test_heads_have_to_divide_the_width(library):
    with pytest.raises(AssertionError, match="embed_dim must be divisible by num_heads"):
        library.nn.MultiheadAttention(8, 3)
    with pytest.raises(ValueError, match="embed_dim and num_heads must be greater than 0, got embed_dim=0"):
        library.nn.MultiheadAttention(0, 3)


def test_a_mask_of_integers_is_told_what_to_write():
    x = backlit.ones(5, 3, 8)
    with pytest.raises(AssertionError, match=r"only bool and floating types of attn_mask .* write attn_mask.bool\(\)"):
        nn.MultiheadAttention(8, 2)(x, x, x, attn_mask=backlit.ones(5, 5).long())


# Transformers.


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.parametrize("kwargs", [
    {}, {"norm_first": True, "activation": "gelu"}, {"batch_first": True, "bias": False},
], ids=str)  # fmt: skip
def test_a_transformer_is_pytorchs(kwargs):
    mine, theirs = pair("Transformer", 8, 2, 2, 2, 16, 0.0, **kwargs)
    assert repr(mine) == repr(theirs)
    shapes = ((3, 5, 8), (3, 4, 8)) if kwargs.get("batch_first") else ((5, 3, 8), (4, 3, 8))
    src, tgt = (torch.randn(shape, requires_grad=True) for shape in shapes)
    masks = {
        "tgt_mask": torch.nn.Transformer.generate_square_subsequent_mask(4),
        "src_key_padding_mask": torch.tensor([[False] * 5, [False] * 4 + [True], [False] * 5]),
        "memory_mask": torch.randn(4, 5),
    }
    own_src, own_tgt = carried([src, tgt])
    out, expected = mine(own_src, own_tgt, **carried(masks)), theirs(src, tgt, **masks)
    close(out, expected)
    (out * out).sum().backward()
    (expected * expected).sum().backward()
    assert_same_gradients(mine, theirs)
    close(own_src.grad, src.grad)
    close(own_tgt.grad, tgt.grad)


def test_the_layers_of_an_encoder_start_equal_and_are_trained_apart(library):
    layer = library.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    encoder = library.nn.TransformerEncoder(layer, 2)
    first, second = (part.linear1.weight for part in encoder.layers)
    assert first.tolist() == second.tolist() == layer.linear1.weight.tolist()
    with library.no_grad():
        first.zero_()
    assert second.abs().sum() > 0
    assert copy.deepcopy(encoder).num_layers == 2


def test_a_causal_mask_hides_what_comes_later(library):
    layer = library.nn.TransformerEncoderLayer(8, 2, 16).eval()
    mask = library.nn.Transformer.generate_square_subsequent_mask(4)
    assert mask.tolist() == [[0.0 if key <= query else -math.inf for key in range(4)] for query in range(4)]
    x = library.randn(4, 1, 8)
    changed = library.cat([x[:3], x[3:] + 1])
    before, after = layer(x, src_mask=mask, is_causal=True), layer(changed, src_mask=mask, is_causal=True)
    np.testing.assert_allclose(before[:3].detach().numpy(), after[:3].detach().numpy(), rtol=1e-5, atol=1e-6)
    assert not np.allclose(before[3].detach().numpy(), after[3].detach().numpy())


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.parametrize(("src", "tgt", "message"), [
    ((5, 3, 8), (4, 2, 8), "the batch number of src and tgt must be equal"),
    ((5, 3, 7), (4, 3, 8), "the feature number of src and tgt must be equal to d_model"),
])  # fmt: skip
def test_a_transformer_refuses_sizes_that_differ(library, src, tgt, message):
    model = library.nn.Transformer(8, 2, 1, 1, 16)
    with pytest.raises(RuntimeError, match=message):
        model(library.ones(src), library.ones(tgt))


def test_an_activation_of_another_name_is_refused(library):
    with pytest.raises(RuntimeError, match="activation should be relu/gelu, not tanh"):
        library.nn.TransformerEncoderLayer(8, 2, activation="tanh")


def test_the_classes_resolve_where_pytorch_has_them():
    assert nn.modules.activation.MultiheadAttention is nn.MultiheadAttention
    for name in torch.nn.modules.transformer.__all__:
        assert getattr(nn.modules.transformer, name) is getattr(nn, name)
    assert isinstance(nn.MultiheadAttention(4, 2).out_proj, nn.modules.linear.NonDynamicallyQuantizableLinear)
