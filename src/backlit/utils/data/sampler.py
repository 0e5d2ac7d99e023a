"""PyTorch's path `torch.utils.data.sampler`."""

from backlit.data.sampler import *  # noqa: F403
