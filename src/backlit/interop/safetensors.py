"""Weights in the safetensors format, which many tools read: https://github.com/huggingface/safetensors

Under `backlit run`, `safetensors.torch` is this module.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.interop.errors import UnreadableFileError
from backlit.interop.replacing import replacing
from backlit.tensor import Tensor

if TYPE_CHECKING:
    from backlit.nn import Module


def save_file(
    tensors: Mapping[str, Tensor], filename: str | os.PathLike[str], metadata: dict[str, str] | None = None
) -> None:
    """Write named tensors, such as a state_dict; the file appears whole or not at all.

    Tensors that share memory are written each by itself. Raises TypeError for a value that is not a tensor.

    >>> import os, tempfile
    >>> import backlit as torch
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_file({"weight": torch.ones(2)}, path)
    >>> load_file(path)
    {'weight': tensor([1., 1.])}
    """
    from safetensors import numpy as files

    arrays = arrays_of(tensors)
    with replacing(filename) as temporary:
        files.save_file(arrays, temporary, metadata)


def load_file(filename: str | os.PathLike[str], device: Any = "cpu") -> dict[str, Tensor]:
    """The named tensors of a file. Raises UnreadableFileError if it is damaged or holds a dtype that Backlit lacks."""
    with open(filename, "rb") as file:
        content = file.read()
    return read(content, repr(os.fspath(filename)), device)


def save(tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """What `save_file` writes, as bytes."""
    from safetensors import numpy as files

    return files.save(arrays_of(tensors), metadata)


def load(data: bytes) -> dict[str, Tensor]:
    """What `load_file` reads, from bytes."""
    return read(data, "the data", "cpu")


def save_model(
    model: Module,
    filename: str | os.PathLike[str],
    metadata: dict[str, str] | None = None,
    force_contiguous: bool = True,
) -> None:
    """Write a module's state_dict."""
    save_file(model.state_dict(), filename, metadata)


def load_model(
    model: Module, filename: str | os.PathLike[str], strict: bool = True, device: Any = "cpu"
) -> tuple[list[str], list[str]]:
    """Load a module's state_dict in place; returns the names that were missing and those that were not expected."""
    result = model.load_state_dict(load_file(filename, device), strict=strict)
    return result.missing_keys, result.unexpected_keys


def arrays_of(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    if not isinstance(tensors, Mapping):
        raise TypeError(
            f"safetensors holds named tensors: pass model.state_dict() or a dict, not a {type(tensors).__name__}."
        )
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise TypeError(
                f"safetensors holds named tensors only, and {name!r} is a {type(tensor).__name__}. Write numbers and "
                "texts as metadata={'epoch': '3'}, or use torch.save."
            )
    # The library writes an array's memory as it lies, whatever its strides.
    return {name: np.ascontiguousarray(tensor.array).reshape(tensor.array.shape) for name, tensor in tensors.items()}


def read(content: bytes, title: str, device: Any) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors import numpy as files

    from backlit.device import check_device

    check_device(device)
    try:
        arrays = files.load(content)
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableFileError(
            f"{title} cannot be loaded as safetensors: {error}. It is damaged, of another format (torch.load reads .pt "
            "files), or has a dtype that NumPy lacks, such as BF16."
        ) from None
    return {name: Tensor.wrap(array if array.flags.writeable else array.copy()) for name, array in arrays.items()}
