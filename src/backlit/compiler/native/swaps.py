"""A shuffle's swaps in machine code, where an epoch of small batches would else spend its time on their order."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.cache import compiled_once
from backlit.compiler.native.jit import Code
from backlit.compiler.native.values import INDEX, loop, stored

Array = np.ndarray[Any, Any]


def swapped(partners: Array) -> Array:
    """0 .. n-1 after place 0 has changed with place partners[0], then 1 with partners[1], and so on.

    As `backlit.swaps.swapped` does it.  Shape: partners (n,) int64, n at least 1; out (n,) int64.
    """
    partners, out = np.ascontiguousarray(partners, np.int64), np.arange(len(partners))
    _, take = compiled_swaps()
    take(partners.ctypes.data, out.ctypes.data, len(out))
    return out


@cache
def compiled_swaps() -> tuple[Code, Callable[[int, int, int], None]]:
    """The code, which must outlive the function in it, and the function."""
    code = compiled_once(str(module_of_swaps()), {}, False)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    return code, kind(code.address("swaps"))


def module_of_swaps() -> ir.Module:
    """void swaps(int64 *partners, int64 *order, int64 count)."""
    module, pointer = ir.Module("swaps"), INDEX.as_pointer()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer, INDEX]), "swaps")
    for argument in function.args[:2]:
        argument.add_attribute("noalias")
    partners, order = (stored(argument, (1,), np.int64) for argument in function.args[:2])
    builder = ir.IRBuilder(function.append_basic_block("body"))

    def swap(builder: ir.IRBuilder, place: ir.Value) -> None:
        other = partners.at(builder, (place,))
        own, theirs = order.at(builder, (place,)), order.at(builder, (other,))
        order.put(builder, (place,), theirs)
        order.put(builder, (other,), own)

    loop(builder, function.args[2], swap)
    builder.ret_void()
    return module
