"""Every op of the registry as machine code: NumPy's numbers, or a refusal, never others. No list of ops stands here."""

import contextlib

import numpy as np
import pytest

from backlit.compiler.native import NotCompilable, plan_of_graph
from backlit.compiler.native.steps import module_of
from compiler import plans
from tracing.traced import EVERY_OP, traced

#: What users cannot do without in a step.
EXPECTED = {"linear", "matmul", "softmax", "log_softmax", "cross_entropy", "mse_loss", "batch_norm", "embedding", "sum"}
#: One element, primes, a power of two, and nothing that a vector's width divides.
SHAPES = [(1,), (7,), (257,), (4, 64), (3, 5)]
EXTREMES = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-40, 1.1754944e-38, 3.4028235e38, -3.4028235e38, 88.8, -104.0]


def name_of(op):
    return op.name


def compilable(graphs):
    """The records that have a compiled form."""
    for graph in graphs:
        with contextlib.suppress(NotCompilable):
            module_of(plan_of_graph(graph))
            yield graph


@pytest.mark.parametrize("op", EVERY_OP, ids=name_of)
def test_an_op_gives_numpys_numbers_forward_and_backward(op):
    samples = op.samples(np.random.default_rng(0))
    graphs = list(compilable(traced(op, sample, np.float32)[0] for sample in samples))
    assert graphs or op.name not in EXPECTED
    if graphs:
        plans.check_native(graphs)


def is_elementwise(line):
    kind, text = line.kind, line.expression.text
    if kind == "call":
        return text == "np.where" or (isinstance(line.expression.function, np.ufunc) and text.count(".") == 1)
    return kind in ("infix", "prefix", "input") and text != "@"


def elementwise_sample(op):
    """A sample of an op that makes each element from the elements in its place, if it is one."""
    for sample in op.samples(np.random.default_rng(0)):
        if not all(isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in sample.arrays) or sample.through:
            return None
        graph = traced(op, sample, np.float32, backward=False)[0]
        return sample if all(map(is_elementwise, graph.lines)) and len(graph.lines) > len(sample.arrays) else None
    return None


def fuzzed(rng, shape):
    """Numbers of every size, of both signs, among them the extreme ones."""
    values = np.ldexp(rng.uniform(-1, 1, shape), rng.integers(-140, 129, shape)).astype(np.float32)
    common = rng.normal(size=shape).astype(np.float32)
    kind = rng.integers(0, 4, shape)
    return np.where(kind == 0, rng.choice(np.float32(EXTREMES), shape), np.where(kind == 1, values, common))


@pytest.mark.parametrize("op", [op for op in EVERY_OP if elementwise_sample(op)], ids=name_of)
def test_a_function_of_elements_gives_numpys_numbers_at_extremes_and_odd_lengths(op):
    rng, sample = np.random.default_rng(1), elementwise_sample(op)
    inputs = [[fuzzed(rng, shape) for _ in sample.arrays] for shape in SHAPES]
    graphs = [traced(op, sample, np.float32, arrays, backward=False)[0] for arrays in inputs]
    found = list(compilable(graphs))
    assert len(found) in (0, len(SHAPES))
    if found:
        plans.check_native(found)
