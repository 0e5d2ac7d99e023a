"""PyTorch's path `torch.utils.data.dataset`."""

from backlit.data.dataset import *  # noqa: F403
from backlit.data.dataset import random_split as random_split
