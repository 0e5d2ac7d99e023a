"""The results of functions that give several tensors: tuples with named parts."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


def named_result(name: str, fields: str) -> Any:
    """A tuple type that prints as PyTorch's of that name does."""

    def __repr__(self: Any) -> str:
        parts = ",\n".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
        return f"torch.return_types.{name}(\n{parts})"

    base = namedtuple(name, fields)  # type: ignore[misc]  # noqa: PYI024 - the fields are data here
    return type(name, (base,), {"__slots__": (), "__repr__": __repr__, "__module__": "torch.return_types"})


max = named_result("max", "values indices")
min = named_result("min", "values indices")
sort = named_result("sort", "values indices")
topk = named_result("topk", "values indices")
kthvalue = named_result("kthvalue", "values indices")
median = named_result("median", "values indices")
nanmedian = named_result("nanmedian", "values indices")
mode = named_result("mode", "values indices")
cummax = named_result("cummax", "values indices")
cummin = named_result("cummin", "values indices")
aminmax = named_result("aminmax", "min max")
