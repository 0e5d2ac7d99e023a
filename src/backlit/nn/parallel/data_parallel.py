"""DataParallel on one device."""

from __future__ import annotations

from typing import Any

from backlit.nn.modules.module import Module


class DataParallel(Module):
    """Runs `module` as it is; PyTorch does the same where there is no GPU. Its parameters' names begin with "module.".

    >>> import backlit as torch
    >>> list(torch.nn.DataParallel(torch.nn.Linear(2, 1)).state_dict())
    ['module.weight', 'module.bias']
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)
