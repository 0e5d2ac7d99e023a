"""Differentiation: recording, the backward walk, and functions of gradients."""

from __future__ import annotations

from backlit.autograd import functional as functional
from backlit.autograd import graph as graph
from backlit.autograd.anomaly import detect_anomaly as detect_anomaly
from backlit.autograd.anomaly import is_anomaly_enabled as is_anomaly_enabled
from backlit.autograd.anomaly import set_detect_anomaly as set_detect_anomaly
from backlit.autograd.backward import backward as backward
from backlit.autograd.function import Function as Function
from backlit.autograd.gradcheck import GradcheckError as GradcheckError
from backlit.autograd.gradcheck import gradcheck as gradcheck
from backlit.autograd.gradcheck import gradgradcheck as gradgradcheck
from backlit.autograd.gradient import grad as grad
from backlit.autograd.modes import enable_grad as enable_grad
from backlit.autograd.modes import inference_mode as inference_mode
from backlit.autograd.modes import no_grad as no_grad
from backlit.autograd.modes import set_grad_enabled as set_grad_enabled
from backlit.autograd.variable import Variable as Variable
