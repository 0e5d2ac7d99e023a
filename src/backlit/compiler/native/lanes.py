"""Numbers of a function being written: LLVM instructions with the look of arithmetic.

`x * y + z` of three lanes writes one `fmul` and one `fadd`. No instruction carries a fast-math flag, so LLVM keeps the
order of operations on which the error bounds of `elementary` stand.
"""

from __future__ import annotations

from typing import TypeAlias

from llvmlite import ir

F32, F64 = ir.FloatType(), ir.DoubleType()
I1, I32, I64 = ir.IntType(1), ir.IntType(32), ir.IntType(64)

Operand: TypeAlias = "Lane | float | int"


class Lane:
    """One value in one lane of the vector that the loop around it will become: float, double, integer or truth."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder, self.value = builder, value

    @property
    def floating(self) -> bool:
        return self.value.type in (F32, F64)

    def other(self, operand: Operand) -> ir.Value:
        """The second operand of an instruction: a lane's value, or a number as a constant of this lane's type."""
        return operand.value if isinstance(operand, Lane) else ir.Constant(self.value.type, operand)

    def lane(self, value: ir.Value) -> Lane:
        return Lane(self.builder, value)

    def constant(self, number: float) -> Lane:
        return self.lane(ir.Constant(self.value.type, number))

    def write(self, of_floats: str, of_integers: str, operand: Operand) -> Lane:
        instruction = getattr(self.builder, of_floats if self.floating else of_integers)
        return self.lane(instruction(self.value, self.other(operand)))

    # Arithmetic.

    def __add__(self, operand: Operand) -> Lane:
        return self.write("fadd", "add", operand)

    def __sub__(self, operand: Operand) -> Lane:
        return self.write("fsub", "sub", operand)

    def __mul__(self, operand: Operand) -> Lane:
        return self.write("fmul", "mul", operand)

    def __truediv__(self, operand: Operand) -> Lane:
        return self.lane(self.builder.fdiv(self.value, self.other(operand)))

    def __radd__(self, operand: float) -> Lane:
        return self + operand

    def __rmul__(self, operand: float) -> Lane:
        return self * operand

    def __rsub__(self, operand: float) -> Lane:
        return self.constant(operand) - self

    def __rtruediv__(self, operand: float) -> Lane:
        return self.constant(operand) / self

    def __neg__(self) -> Lane:
        return self.lane(self.builder.fneg(self.value) if self.floating else self.builder.neg(self.value))

    # Bits of integers and truths.

    def __and__(self, operand: Operand) -> Lane:
        return self.lane(self.builder.and_(self.value, self.other(operand)))

    def __or__(self, operand: Operand) -> Lane:
        return self.lane(self.builder.or_(self.value, self.other(operand)))

    def __invert__(self) -> Lane:
        return self.lane(self.builder.not_(self.value))

    def __lshift__(self, places: int) -> Lane:
        return self.lane(self.builder.shl(self.value, self.other(places)))

    def __rshift__(self, places: int) -> Lane:
        """Shifted to the right with the sign kept: floor(self / 2^places)."""
        return self.lane(self.builder.ashr(self.value, self.other(places)))

    # Comparisons, false where a NaN stands on either side (and `differs` true).

    def compare(self, sign: str, operand: Operand) -> Lane:
        if not self.floating:
            return self.lane(self.builder.icmp_signed(sign, self.value, self.other(operand)))
        return self.lane(self.builder.fcmp_ordered(sign, self.value, self.other(operand)))

    def __lt__(self, operand: Operand) -> Lane:
        return self.compare("<", operand)

    def __le__(self, operand: Operand) -> Lane:
        return self.compare("<=", operand)

    def __gt__(self, operand: Operand) -> Lane:
        return self.compare(">", operand)

    def __ge__(self, operand: Operand) -> Lane:
        return self.compare(">=", operand)

    def equals(self, operand: Operand) -> Lane:
        return self.compare("==", operand)

    def differs(self, operand: Operand) -> Lane:
        return ~self.equals(operand)

    # One type read or rewritten as another.

    def bits(self) -> Lane:
        """The integer whose bits are this number's."""
        return self.lane(self.builder.bitcast(self.value, I32 if self.value.type == F32 else I64))

    def number(self) -> Lane:
        """The float whose bits are this integer's."""
        return self.lane(self.builder.bitcast(self.value, F32 if self.value.type == I32 else F64))

    def widened(self) -> Lane:
        return self.lane(self.builder.fpext(self.value, F64))

    def narrowed(self) -> Lane:
        """This double rounded once to a float: subnormals and infinities come out right."""
        return self.lane(self.builder.fptrunc(self.value, F32))

    def intrinsic(self, name: str, *operands: Operand) -> Lane:
        """LLVM's own function of this lane (and of more operands of its type), such as `llvm.fabs`."""
        values = [self.value, *map(self.other, operands)]
        kind = self.value.type
        function = self.builder.module.declare_intrinsic(name, [kind], ir.FunctionType(kind, [kind] * len(values)))
        return self.lane(self.builder.call(function, values))

    def absolute(self) -> Lane:
        return self.intrinsic("llvm.fabs")

    def with_sign_of(self, other: Lane) -> Lane:
        return self.intrinsic("llvm.copysign", other)


def fma(x: Lane, y: Operand, z: Operand) -> Lane:
    """x y + z, rounded once where the machine has the instruction for it and twice where it has not."""
    return x.intrinsic("llvm.fmuladd", y, z)


def where(condition: Lane, yes: Lane, no: Lane | float) -> Lane:
    return yes.lane(yes.builder.select(condition.value, yes.value, yes.other(no)))


def polynomial(x: Lane, coefficients: tuple[float, ...]) -> Lane:
    """c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule.

    Each of its steps waits for the one before. Long ones are two polynomials in x^2, of the even and the odd powers,
    which a processor takes side by side: for short arrays the wait is what counts.
    """
    if len(coefficients) > 6:
        square = x * x
        return fma(horner(square, coefficients[1::2]), x, horner(square, coefficients[0::2]))
    return horner(x, coefficients)


def horner(x: Lane, coefficients: tuple[float, ...]) -> Lane:
    *rest, last = coefficients
    total = x.constant(last)
    for coefficient in reversed(rest):
        total = fma(total, x, coefficient)
    return total
