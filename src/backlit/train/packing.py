"""Nested Python values as one safetensors file: arrays as its arrays, all else as JSON in its metadata."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from backlit.tensor import Tensor

# JSON has lists and dictionaries with texts as keys; what else there is stands in a dictionary with one of these.
ARRAY, TENSOR, TUPLE, ITEMS = "$array", "$tensor", "$tuple", "$items"
# One entry: the format's library writes several in no fixed order.
KEY = "tree"


def pack(tree: Any) -> bytes:
    """The bytes of a tree of dict, list, tuple, str, int, float, bool, None, arrays and tensors.

    The same tree gives the same bytes. Raises TypeError for any other value.
    """
    from safetensors.numpy import save

    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_taken_apart(tree, "", arrays))
    return save(arrays, {KEY: f"{_digest(text, arrays)} {text}"})


def unpack(content: bytes) -> Any:
    """The tree that `pack` made into bytes. Raises ValueError for bytes that are none of its, or were altered since."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        size = int.from_bytes(content[:8], "little")  # the format begins with the size of its JSON header
        digest, _, text = json.loads(content[8 : 8 + size])["__metadata__"][KEY].partition(" ")
        if digest != _digest(text, arrays):
            raise ValueError("its checksum is that of other content")
        return _put_together(json.loads(text), arrays)
    except (SafetensorError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _digest(text: str, arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 of everything: a file that was altered still is a safetensors file."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def _taken_apart(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, (Tensor, np.ndarray)):
        array = value.array if isinstance(value, Tensor) else value
        # The library writes an array's memory as it lies, whatever its strides.
        arrays[path] = np.ascontiguousarray(array).reshape(array.shape)
        return {TENSOR if isinstance(value, Tensor) else ARRAY: path}
    if isinstance(value, (list, tuple)):
        parts = [_taken_apart(part, f"{path}.{i}", arrays) for i, part in enumerate(value)]
        return {TUPLE: parts} if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        begin = f"{path}." if path else ""
        items = [(key, _taken_apart(part, f"{begin}{key}", arrays)) for key, part in value.items()]
        return dict(items) if all(isinstance(key, str) for key in value) else {ITEMS: items}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"'{path}' is a {type(value).__name__}, which cannot be saved as numbers and texts.")


def _put_together(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_put_together(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((kind, content),) = value.items()
        if kind in (ARRAY, TENSOR):
            array = arrays[content].copy()  # the library's may be read only
            return Tensor.wrap(array) if kind == TENSOR else array
        if kind == TUPLE:
            return tuple(_put_together(part, arrays) for part in content)
        if kind == ITEMS:
            return {key: _put_together(part, arrays) for key, part in content}
    return {key: _put_together(part, arrays) for key, part in value.items()}
