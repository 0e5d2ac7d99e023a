"""The native elementary functions: held to NumPy's in float64, at a million arguments and at every special one."""

import ctypes
import math
import platform
import re

import numpy as np
import pytest
from llvmlite import ir
from scipy import special

from backlit.compiler.native import jit
from backlit.compiler.native.functions import WRITTEN, Functions


def sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


REFERENCES = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "sigmoid": sigmoid, "tanh": np.tanh, "log": np.log,
    "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "erf": special.erf, "sin": np.sin, "cos": np.cos,
}  # fmt: skip
EXACT = {
    "sqrt": np.sqrt, "absolute": np.absolute, "floor": np.floor, "ceil": np.ceil, "rint": np.rint, "trunc": np.trunc,
    "sign": np.sign,
}  # fmt: skip
IN_C = {
    "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "cbrt": np.cbrt, "arctan": np.arctan,
    "arcsinh": np.arcsinh, "erfc": np.vectorize(math.erfc),
}  # fmt: skip

ON_X86 = platform.machine() in ("x86_64", "AMD64")
only_on_x86 = pytest.mark.skipif(not ON_X86, reason="reads x86's assembly")
# An old x86 has no fused multiply-add: the bounds hold there too.
CPUS = [None, *(["x86-64"] if ON_X86 else [])]

LARGEST = np.finfo(np.float32).max
# Where results become infinite, zero, subnormal or one, where the formulas change, and where they lose their sign.
BORDERS = [
    0, 1, 0.5, 2, 10, 30, 80, 87.33654, 88.02969, 88.72284, 89, 103.27893, 103.97208, 104, 126, 127, 128, 149, 150, 151,
    0.34657359, 0.55, 0.92, 3.92, 3.95, 9.0109, 10, 16.635532, 2.0**-30, 2.0**-24, 2.0**24, 2.0**63, 2.0**100,
    np.sqrt(0.5), np.sqrt(2), np.pi / 4, np.pi / 2, np.pi, 2 * np.pi, 2.0**-126, 2.0**-149, LARGEST,
]  # fmt: skip


def neighbours(numbers):
    """The numbers, those next to them on both sides, and all of these with the other sign."""
    x = np.array(numbers, np.float32)
    x = np.concatenate([x, np.nextafter(x, np.float32(0)), np.nextafter(x, LARGEST)])
    return np.concatenate([x, -x])


def sample():
    """A million of the 2^32 floats, evenly by their bits (Knuth's multiplicative hash), and the special ones."""
    bits = np.arange(1_000_000, dtype=np.uint32) * np.uint32(2654435761)
    return np.concatenate([bits.view(np.float32), neighbours(BORDERS), np.float32([np.inf, -np.inf, np.nan])])


def sample64():
    """Float64s of every size and of the sizes that networks meet, and the special ones."""
    draw = np.random.default_rng(0)
    anywhere = draw.integers(0, 2**64, 100_000, dtype=np.uint64).view(np.float64)
    borders = np.array([0, 1, 5e-324, 2.0**-1022, 2.0**-60, 0.55, 20, 60, 708.4, 709.78, 745.14, 746, 2.0**53, 1e308])
    special_ones = np.concatenate([borders, -borders, [np.inf, -np.inf, np.nan, np.finfo(np.float64).max]])
    return np.concatenate([anywhere, draw.uniform(-2, 2, 100_000), draw.uniform(-800, 800, 100_000), special_ones])


SAMPLE, SAMPLE64 = sample(), sample64()


def loop_over(name, kind, count):
    """void run(x..., out, n): a module that calls one function for each of n elements."""
    module, index = ir.Module(name), ir.IntType(64)
    arguments = [kind.as_pointer()] * (count + 1)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [*arguments, index]), "run")
    *inputs, out, n = function.args
    entry, body, end = (function.append_basic_block() for _ in range(3))
    builder = ir.IRBuilder(entry)
    builder.cbranch(builder.icmp_signed(">", n, index(0)), body, end)
    builder.position_at_end(body)
    i = builder.phi(index)
    i.add_incoming(index(0), entry)
    values = [builder.load(builder.gep(x, [i])) for x in inputs]
    builder.store(Functions(module).call(builder, name, *values), builder.gep(out, [i]))
    after = builder.add(i, index(1))
    i.add_incoming(after, body)
    builder.cbranch(builder.icmp_signed("<", after, n), body, end)
    builder.position_at_end(end)
    builder.ret_void()
    return module


def code_for(name, dtype=np.float32, count=1, cpu=None):
    machine = jit.machine_for(cpu, "" if cpu else None)
    return jit.compiled(loop_over(name, ir.FloatType() if dtype == np.float32 else ir.DoubleType(), count), machine)


def run(code, *xs):
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (len(xs) + 1), ctypes.c_int64)
    out = np.full_like(xs[0], 7)
    prototype(code.address("run"))(*(x.ctypes.data for x in xs), out.ctypes.data, out.size)
    return out


def units_in_the_last_place(got, exact):
    """|got - exact| by the distance of float32's numbers at the exact value; infinite where only one is infinite."""
    distance = np.ldexp(1.0, np.maximum(np.frexp(exact)[1], -125) - 24)
    # Beyond the largest float the next step would be 2^128.
    as_number = np.where(np.isinf(got), np.copysign(2.0**128, got), got)
    limited = np.clip(exact, -(2.0**128), 2.0**128)
    return np.where(got == exact.astype(np.float32), 0, np.abs(as_number - limited) / distance)


def assert_same_kind(got, expected):
    """NaN where NaN is expected, and zeros of the expected sign."""
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    zero = (got == 0) & (expected == 0)
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("name", REFERENCES)
def test_float32_is_within_two_units_in_the_last_place(name, cpu):
    got, exact = run(code_for(name, cpu=cpu), SAMPLE), REFERENCES[name](SAMPLE.astype(np.float64))
    assert_same_kind(got, exact.astype(np.float32))
    finite = ~np.isnan(exact)
    assert units_in_the_last_place(got[finite], exact[finite]).max() <= 2


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("name", EXACT)
def test_instructions_are_exact(name, cpu):
    got, expected = run(code_for(name, cpu=cpu), SAMPLE), EXACT[name](SAMPLE)
    np.testing.assert_array_equal(got, expected)
    assert_same_kind(got, expected)


@pytest.mark.parametrize("cpu", CPUS)
def test_power_has_the_special_values_of_numpy(cpu):
    numbers = neighbours([0, 1, 2, 3, 0.5, 0.1, 1e-38, 127, 128, 149, 150, 16777215, 16777216, LARGEST, 2.0**-149])
    numbers = np.concatenate([numbers, np.float32([np.inf, -np.inf, np.nan])])
    x, y = (part.ravel().copy() for part in np.meshgrid(numbers, numbers))
    got, expected = run(code_for("power", count=2, cpu=cpu), x, y), np.power(x.astype(np.float64), y.astype(np.float64))
    assert_same_kind(got, expected.astype(np.float32))
    there = ~np.isnan(expected)
    assert units_in_the_last_place(got[there], expected[there]).max() <= 1


@pytest.mark.parametrize("cpu", CPUS)
def test_power_is_within_one_unit_in_the_last_place(cpu):
    base = np.abs(SAMPLE[np.isfinite(SAMPLE) & (SAMPLE != 0)])
    # Exponents that lead to every size of result.
    wanted = np.random.default_rng(0).uniform(-150, 130, base.size)
    exponent = (wanted / np.log2(base.astype(np.float64))).astype(np.float32)
    exact = np.power(base.astype(np.float64), exponent.astype(np.float64))
    got = run(code_for("power", count=2, cpu=cpu), base, exponent)
    assert units_in_the_last_place(got, exact).max() <= 1


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("name", [*REFERENCES, *EXACT, *IN_C])
def test_float64_is_numpys(name, cpu):
    x = np.concatenate([SAMPLE64, np.linspace(-9, 9, 1001)])
    got, expected = run(code_for(name, np.float64, cpu=cpu), x), {**REFERENCES, **EXACT, **IN_C}[name](x)
    np.testing.assert_allclose(got, expected, rtol=1e-13)
    assert_same_kind(got, expected)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="needs a float wider than float64")
@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "sigmoid"])
def test_float64_is_within_two_units_in_the_last_place(name, cpu):
    got, exact = run(code_for(name, np.float64, cpu=cpu), SAMPLE64), REFERENCES[name](SAMPLE64.astype(np.longdouble))
    finite = np.isfinite(got) & np.isfinite(exact.astype(np.float64))
    distance = np.ldexp(np.longdouble(1), np.maximum(np.frexp(exact[finite])[1], -1021) - 53)
    assert (np.abs(got[finite] - exact[finite]) / distance).max() <= 2


@pytest.mark.parametrize("name", IN_C)
def test_the_rest_is_cs(name):
    x = np.linspace(-9, 9, 1001, dtype=np.float32)
    np.testing.assert_allclose(run(code_for(name), x), IN_C[name](x), rtol=1e-6)


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 13, 31, 64, 101])
def test_every_length_gives_the_same_numbers(size):
    x = np.linspace(-3, 3, 101, dtype=np.float32)
    code = code_for("tanh")
    np.testing.assert_array_equal(run(code, x[:size]), run(code, x)[:size])


@only_on_x86
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in WRITTEN.items() for name in names], ids=str)
def test_the_loop_runs_in_vectors_without_calls(kind, name):
    machine = jit.machine_for("x86-64-v3", "")
    assembly = jit.compiled(loop_over(name, kind, 2 if name == "power" else 1), machine).assembly()
    width = "pd" if kind == ir.DoubleType() or name in ("sin", "cos", "power") else "ps"
    assert re.search(rf"vfmadd\d+{width}\s.*%ymm", assembly)
    assert "call" not in assembly


def test_a_function_is_written_once():
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.FloatType(), [ir.FloatType()]), "twice")
    builder, functions = ir.IRBuilder(function.append_basic_block()), Functions(module)
    builder.ret(functions.call(builder, "exp", functions.call(builder, "exp", function.args[0])))
    assert str(module).count("alwaysinline") == 1
    twice = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)((code := jit.compiled(module)).address("twice"))
    assert twice(0.0) == pytest.approx(np.e, rel=1e-6)
    assert "alwaysinline" not in code.ir()


def test_an_unknown_function_is_named():
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.FloatType(), [ir.FloatType()]), "f")
    builder = ir.IRBuilder(function.append_basic_block())
    assert not Functions.has("tahn")
    with pytest.raises(KeyError, match="no native function called 'tahn'"):
        Functions(module).call(builder, "tahn", function.args[0])


def test_code_comes_back_from_its_object_file():
    x = np.linspace(-3, 3, 101, dtype=np.float32)
    code = code_for("sigmoid")
    again = jit.Code.from_object(code.object)
    np.testing.assert_array_equal(run(again, x), run(code, x))
    assert (again.ir(), again.assembly()) == ("", "")


def test_a_missing_name_in_code_is_named():
    with pytest.raises(KeyError, match="no function 'walk'"):
        code_for("exp").address("walk")


def test_text_that_is_no_module_is_refused():
    with pytest.raises(RuntimeError, match="expected top-level entity"):
        jit.compiled("no module")
