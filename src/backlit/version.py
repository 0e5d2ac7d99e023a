"""`torch.version`: which PyTorch Backlit follows."""

from __future__ import annotations

from backlit.interop.torch_version import __version__ as __version__
from backlit.interop.torch_version import cuda as cuda
from backlit.interop.torch_version import debug as debug
from backlit.interop.torch_version import hip as hip
