"""`torch.version`: which PyTorch Backlit follows."""

from __future__ import annotations

import re
from typing import Any


class TorchVersion(str):
    """`torch.__version__`: a text that compares as a version, so that "2.13.0" is later than "2.4" and (2, 4)."""

    __slots__ = ()

    def __lt__(self, other: Any) -> bool:
        return release(self) < release(other)

    def __le__(self, other: Any) -> bool:
        return release(self) <= release(other)

    def __gt__(self, other: Any) -> bool:
        return release(self) > release(other)

    def __ge__(self, other: Any) -> bool:
        return release(self) >= release(other)


def release(version: Any) -> tuple[int, int, int]:
    """The first three numbers of a version: "1.10.0+cpu", "2.4" and (2, 4) are read alike."""
    parts = version if isinstance(version, tuple) else re.split(r"[+a-z]", str(version).removeprefix("v"))[0].split(".")
    first, second, third, *_ = [int(part) for part in parts if str(part).isdigit()] + [0, 0, 0]
    return first, second, third


__version__ = TorchVersion("2.13.0")
cuda = hip = None  # the toolkits that PyTorch was built with; here none
debug = False
