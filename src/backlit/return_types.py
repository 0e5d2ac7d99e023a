"""The results of functions that give several tensors: tuples with named parts."""

from __future__ import annotations

from operator import itemgetter
from typing import Any


def named_result(name: str, fields: str) -> Any:
    """A tuple type whose parts have names, and which prints as PyTorch's of that name does."""
    names = tuple(fields.split())

    def __new__(cls: Any, *parts: Any) -> Any:
        return tuple.__new__(cls, parts)

    def __repr__(self: Any) -> str:
        parts = ",\n".join(f"{field}={value!r}" for field, value in zip(names, self, strict=True))
        return f"torch.return_types.{name}(\n{parts})"

    parts = {field: property(itemgetter(k)) for k, field in enumerate(names)}
    own = {"__slots__": (), "__new__": __new__, "__repr__": __repr__, "_fields": names}
    own["__module__"] = "torch.return_types"
    return type(name, (tuple,), {**parts, **own})


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

svd = named_result("svd", "U S V")
linalg_svd = named_result("linalg_svd", "U S Vh")
qr = named_result("qr", "Q R")
linalg_qr = named_result("linalg_qr", "Q R")
linalg_eigh = named_result("linalg_eigh", "eigenvalues eigenvectors")
linalg_lstsq = named_result("linalg_lstsq", "solution residuals rank singular_values")
slogdet = named_result("slogdet", "sign logabsdet")
linalg_slogdet = named_result("linalg_slogdet", "sign logabsdet")
linalg_lu_factor = named_result("linalg_lu_factor", "LU pivots")
linalg_lu = named_result("linalg_lu", "P L U")
lu_unpack = named_result("lu_unpack", "P L U")
