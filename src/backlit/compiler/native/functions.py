"""NumPy's elementary functions as LLVM functions, small enough to be taken into the loops that call them.

Those that networks live on are Backlit's own (`elementary`, `through_double`), because a loop around a call to C's
library takes one number at a time. The others are LLVM's and C's.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from backlit.compiler.native import elementary, through_double
from backlit.compiler.native.lanes import F32, F64, Lane, where
from backlit.compiler.native.values import OUTSIDE

#: Written here for both formats, and for float32 only.
IN_BOTH = (
    elementary.exp, elementary.expm1, elementary.log, elementary.log1p, elementary.sigmoid, elementary.tanh,
)  # fmt: skip
IN_FLOAT32 = (
    elementary.exp2, elementary.log2, elementary.log10, elementary.erf,
    through_double.sin, through_double.cos, through_double.power,
)  # fmt: skip
WRITTEN: dict[ir.Type, dict[str, Callable[..., Lane]]] = {
    F32: {formula.__name__: formula for formula in (*IN_BOTH, *IN_FLOAT32)},
    F64: {formula.__name__: formula for formula in IN_BOTH},
}

#: One instruction on most machines, in either width.
INSTRUCTIONS = {
    "sqrt": "llvm.sqrt", "absolute": "llvm.fabs", "floor": "llvm.floor", "ceil": "llvm.ceil", "rint": "llvm.rint",
    "trunc": "llvm.trunc", "copysign": "llvm.copysign",
}  # fmt: skip

#: C's names, where they are not NumPy's.
C_NAMES = {
    "power": "pow", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip

#: Functions that C's library has, by NumPy's name (SciPy's for erf and erfc).
IN_C = {"exp2", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh", "cbrt", "hypot", "fmod", "erf", "erfc", *C_NAMES}

#: Those of C's functions that LLVM knows by a name of its own, and so can keep in a loop of vectors.
KNOWN_TO_LLVM = {"exp2", "log2", "log10", "sin", "cos", "pow"}


class Functions:
    """The functions of one module, each written into it when it is first called."""

    def __init__(self, module: ir.Module) -> None:
        self.module = module

    def call(self, builder: ir.IRBuilder, name: str, *args: ir.Value) -> ir.Value:
        """NumPy's function `name` of floats of one width.

        Raises:
            KeyError: there is no such function here; `Functions.has(name)` tells beforehand.
        """
        lanes = [Lane(builder, value) for value in args]
        kind = args[0].type
        if name in INSTRUCTIONS:
            return lanes[0].intrinsic(INSTRUCTIONS[name], *lanes[1:]).value
        if name == "sign":
            return sign(*lanes).value
        if name in WRITTEN[kind]:
            inline = not builder.block.name.startswith(OUTSIDE)
            return builder.call(self.written(name, kind, len(args), inline), args)
        return self.in_c(lanes, name)

    @staticmethod
    def has(name: str) -> bool:
        return name in INSTRUCTIONS or name in WRITTEN[F32] or name in IN_C or name == "sign"

    def written(self, name: str, kind: ir.Type, count: int, inline: bool = True) -> ir.Function:
        """The function of this module: always inlined and so never called, or always called.

        In a loop it must be inlined, to become one of vectors. Inlined outside of loops, several of them one behind the
        other cost LLVM seconds to compile: what it asks of one number leads through all choices before it.
        """
        full = f"backlit.{name}.{kind}" if inline else f"backlit.{name}.{kind}.called"
        if full in self.module.globals:
            return self.module.globals[full]
        function = ir.Function(self.module, ir.FunctionType(kind, [kind] * count), full)
        function.linkage = "internal"
        function.attributes.add("alwaysinline" if inline else "noinline")
        function.attributes.add("nounwind")
        builder = ir.IRBuilder(function.append_basic_block())
        builder.ret(WRITTEN[kind][name](*(Lane(builder, argument) for argument in function.args)).value)
        return function

    def in_c(self, lanes: list[Lane], name: str) -> ir.Value:
        """A call to C's mathematical library."""
        if name not in IN_C:
            raise KeyError(f"there is no native function called {name!r}")
        kind = lanes[0].value.type
        in_c = C_NAMES.get(name, name)
        if in_c in KNOWN_TO_LLVM:
            return lanes[0].intrinsic(f"llvm.{in_c}", *lanes[1:]).value
        in_c = in_c if kind == F64 else in_c + "f"
        if in_c not in self.module.globals:
            function = ir.Function(self.module, ir.FunctionType(kind, [kind] * len(lanes)), in_c)
            # It touches no memory: LLVM may move it, or call it once for equal arguments.
            function.attributes.add("readnone")
            function.attributes.add("nounwind")
        return lanes[0].builder.call(self.module.globals[in_c], [lane.value for lane in lanes])


def sign(x: Lane) -> Lane:
    """-1, 0 or 1; NaN stays NaN, and -0 becomes 0."""
    signed = where(x > 0.0, x.constant(1.0), where(x < 0.0, x.constant(-1.0), 0.0))
    return where(x.equals(x), signed, x)
