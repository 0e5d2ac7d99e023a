"""Zeros and ones drawn by machine code: those of the generator, which then stands where it would stand."""

import ctypes

import numpy as np
import pytest
from llvmlite import ir

from backlit.compiler.native import jit
from backlit.compiler.native.bits import drawer, least_refused
from backlit.random import Generator

ODDS = [0.0, 2.0**-53, 1e-300, 0.1, 0.3, 0.5, 1 - 2.0**-53, 1.0]
#: Around a block's 312 pairs of words, within one, and over many.
COUNTS = [0, 1, 2, 311, 312, 313, 5000]
#: Words taken beforehand: none, a part of a block, all but one of its words, all, one of the next.
TAKEN = [0, 1, 2, 300, 622, 623, 624, 625, 1247]


@pytest.fixture(scope="module", params=["float32", "float64", "int64", "bool"])
def draw(request):
    """draw(generator, p, count): an array of one element more than is drawn."""
    dtype, module = np.dtype(request.param), ir.Module()
    function = drawer(module, dtype)
    function.linkage = "external"
    code = jit.compiled(module)
    run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 2)(code.address(function.name))

    def draw(generator, p, count):
        place, out = generator.place(), np.full(count + 1, True).astype(dtype)
        run(place.ctypes.data, out.ctypes.data, count, least_refused(p))
        generator.go_on_from(place)
        return out

    draw.code = code
    return draw


@pytest.mark.parametrize("taken", TAKEN)
def test_machine_code_draws_what_the_generator_draws(draw, taken):
    ours, theirs = Generator().manual_seed(5), Generator().manual_seed(5)
    for p in ODDS:
        for count in COUNTS[1:]:
            np.testing.assert_array_equal(ours.words(taken), theirs.words(taken))
            found = draw(ours, p, count)
            np.testing.assert_array_equal(found[:-1], theirs.bernoulli(p, count, found.dtype))
            assert found[-1] == 1  # nothing was written behind the array
            np.testing.assert_array_equal(ours.get_state(), theirs.get_state())


def test_the_stream_goes_on_with_other_draws(draw):
    ours, theirs = Generator().manual_seed(5), Generator().manual_seed(5)
    first, second = ours.normal(3), theirs.normal(3)  # the generator keeps a fourth
    draw(ours, 0.5, 1000), theirs.bernoulli(0.5, 1000)
    for method, *arguments in (("normal", 3), ("uniform", 7), ("permutation", 700), ("integers", 0, 9, 2000)):
        first, second = getattr(ours, method)(*arguments), getattr(theirs, method)(*arguments)
        np.testing.assert_array_equal(first, second)


def test_nothing_drawn_takes_no_words(draw):
    ours, theirs = Generator().manual_seed(5), Generator().manual_seed(5)
    draw(ours, 0.5, COUNTS[0])
    np.testing.assert_array_equal(ours.words(1300), theirs.words(1300))


def test_many_words_are_made_at_a_time(draw):
    assert "x i32>" in draw.code.ir()
