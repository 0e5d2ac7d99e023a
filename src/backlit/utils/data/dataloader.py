"""PyTorch's path `torch.utils.data.dataloader`."""

from backlit.data.collate import default_collate as default_collate
from backlit.data.collate import default_convert as default_convert
from backlit.data.dataloader import *  # noqa: F403
