"""Large products: BLAS through a C function pointer."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.values import Stored

INT = ir.IntType(32)


class Blas:
    """SciPy's BLAS (OpenBLAS), which scikit-learn brings anyway: `cython_blas` publishes its functions' addresses."""

    def __init__(self, module: ir.Module) -> None:
        self.module = module

    def multiply(self, builder: ir.IRBuilder, x: Stored, y: Stored, out: Stored) -> bool:
        """Emit out = x y. False for what BLAS does not take: other dtypes, strides on both axes."""
        if not (x.dtype == y.dtype == out.dtype) or np.dtype(out.dtype).name not in ("float32", "float64"):
            return False
        layouts = [layout(array) for array in (x, y, out)]
        if None in layouts or layouts[2][0] != "N":  # type: ignore[index]
            return False
        # BLAS counts by column: out.T = y.T x.T.
        (m, k), n = x.shape, y.shape[1]
        (x_trans, x_step), (y_trans, y_step), (_, out_step) = layouts  # type: ignore[misc]
        kind = ir.FloatType() if np.dtype(out.dtype) == np.float32 else ir.DoubleType()
        name = "sgemm" if kind == ir.FloatType() else "dgemm"
        one, none = self.constant(kind(1.0)), self.constant(kind(0.0))
        sizes = [self.constant(INT(v)) for v in (n, m, k)]
        steps = [self.constant(INT(v)) for v in (y_step, x_step, out_step)]
        letters = [self.constant(ir.IntType(8)(ord(t))) for t in (y_trans, x_trans)]
        gemm = self.function(name)
        values = [*letters, *sizes, one, y.pointer, steps[0], x.pointer, steps[1], none, out.pointer, steps[2]]
        byte = ir.IntType(8).as_pointer()
        builder.call(gemm, [builder.bitcast(value, byte) for value in values])
        return True

    def constant(self, value: ir.Constant) -> ir.GlobalVariable:
        """BLAS takes everything by address."""
        name = f"const.{value.type}.{value.constant}"
        if name in self.module.globals:
            return self.module.globals[name]
        variable = ir.GlobalVariable(self.module, value.type, name)
        variable.initializer, variable.global_constant, variable.linkage = value, True, "internal"
        return variable

    def function(self, name: str) -> ir.Function:
        if name in self.module.globals:
            return self.module.globals[name]
        byte = ir.IntType(8).as_pointer()
        return ir.Function(self.module, ir.FunctionType(ir.VoidType(), [byte] * 13), name)


def layout(array: Stored) -> tuple[str, int] | None:
    """Whether rows lie in memory one after the other ("N"), or columns ("T"), and the step from one to the next."""
    (rows, columns), (down, along) = array.shape, array.strides
    if along == 1 or columns == 1:
        return ("N", max(down, columns, 1))
    if down == 1 or rows == 1:
        return ("T", max(along, rows, 1))
    return None


def threads() -> int:
    """How many threads it computes with: as many as the variables say that it reads, else as there are cores."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        wanted = os.environ.get(variable, "").split(",")[0].strip()  # OpenMP takes a number for each level of nesting
        if wanted.isdecimal() and int(wanted):
            return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def addresses() -> dict[str, int]:
    """Where SciPy keeps BLAS's functions."""
    from scipy.linalg import cython_blas

    get_name, get = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    found: dict[str, Any] = {}
    for name in ("sgemm", "dgemm"):
        capsule = cython_blas.__pyx_capi__[name]
        found[name] = get(capsule, get_name(capsule))
    return found
