"""Neural networks: modules, their functions, and initial values for their parameters."""

from __future__ import annotations

from backlit.nn import functional, init, modules, parallel, parameter, utils
from backlit.nn.modules import *  # noqa: F403
from backlit.nn.parallel import DataParallel
from backlit.nn.parameter import Buffer, Parameter, UninitializedParameter
