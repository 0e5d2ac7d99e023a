"""PyTorch's `torch.utils`: the part that has a meaning here is `utils.data`."""

from . import data as data
