"""Helpers around modules: clipping gradients, parameters as one vector, parameters computed from others."""

from __future__ import annotations

from backlit.nn.utils import parametrizations, parametrize, rnn
from backlit.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from backlit.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters
from backlit.nn.utils.weight_norm import remove_weight_norm, weight_norm
