"""PyTorch's names for how tensors lie in memory. Here elements lie at regular distances, always."""

from __future__ import annotations


class layout:
    """How the elements of a tensor are stored."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


class memory_format(layout):
    """In which order the elements of a new tensor are to be stored; it is accepted and changes nothing."""


strided = layout("strided")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last = memory_format("channels_last")
