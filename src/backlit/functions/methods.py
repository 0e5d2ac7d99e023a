"""The Tensor methods that are functions too, one per line; and those that also come as `x.f_()`, in place."""

from __future__ import annotations

from backlit.functions import pointwise, reduction
from backlit.functions.publish import in_place
from backlit.tensor import Tensor

METHODS = {
    pointwise: """
        abs neg square exp log tanh sigmoid relu
        mul pow remainder maximum add sub
    """,
    reduction: """
        sum mean
    """,
}

IN_PLACE = {
    pointwise: "abs neg square exp log tanh sigmoid relu mul pow remainder add sub",
}

for _room, _names in METHODS.items():
    for _name in _names.split():
        setattr(Tensor, _name, getattr(_room, _name))
for _room, _names in IN_PLACE.items():
    for _name in _names.split():
        setattr(Tensor, _name + "_", in_place(getattr(_room, _name)))
