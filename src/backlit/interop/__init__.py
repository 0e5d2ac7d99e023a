"""Backlit among its neighbours: PyTorch's files and safetensors, and PyTorch's scripts running on Backlit.

`backlit.interop.as_torch()` makes `import torch` mean Backlit in this process.
"""

from backlit.interop.alias import as_torch as as_torch
