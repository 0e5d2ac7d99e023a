"""PyTorch's `torch.nn.functional`: what the modules compute, as functions of tensors."""

from __future__ import annotations

from backlit.nn.functional.activation import (
    celu,
    celu_,
    elu,
    elu_,
    gelu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    hardtanh_,
    leaky_relu,
    leaky_relu_,
    logsigmoid,
    mish,
    prelu,
    relu,
    relu6,
    relu_,
    rrelu,
    rrelu_,
    selu,
    selu_,
    sigmoid,
    silu,
    softplus,
    softshrink,
    softsign,
    tanh,
    tanhshrink,
    threshold,
    threshold_,
)
from backlit.nn.functional.attention import multi_head_attention_forward, scaled_dot_product_attention
from backlit.nn.functional.classification import cross_entropy, nll_loss
from backlit.nn.functional.distance import cosine_similarity, pairwise_distance
from backlit.nn.functional.dropout import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from backlit.nn.functional.linear import bilinear, linear
from backlit.nn.functional.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    gaussian_nll_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)
from backlit.nn.functional.margin import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from backlit.nn.functional.norm import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    normalize,
    rms_norm,
)
from backlit.nn.functional.padding import pad
from backlit.nn.functional.softmax import glu, gumbel_softmax, log_softmax, softmax, softmin
from backlit.nn.functional.sparse import embedding, one_hot
