"""Arrays print as PyTorch prints the tensors that hold the same numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import backlit
from backlit import dtypes, printing
from backlit.printing import format_tensor, get_printoptions, printoptions, set_printoptions

DTYPES = ["float16", "float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"]


@pytest.fixture(autouse=True)
def _options_as_before():
    yield
    for library in (printing, torch):
        library.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)
    dtypes.set_default_dtype(dtypes.float32)


def set_both(**changes):
    set_printoptions(**changes)
    torch.set_printoptions(**changes)


def assert_prints_alike(array, **how):
    with np.errstate(all="raise"):
        ours = format_tensor(array, **how)
    assert ours == repr(torch.from_numpy(np.array(array)))


@st.composite
def printed_arrays(draw):
    """Arrays of few distinct magnitudes, with zeros and non-finite numbers among them, so that every style occurs."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
    if dtype.kind != "f":
        return draw(arrays.arrays(dtype, shape))
    scale = draw(st.sampled_from([1e-6, 1e-3, 1.0, 100.0, 1e4, 1e9]))
    numbers = draw(st.sampled_from([st.integers(-9, 9), st.floats(-10, 10), st.floats(allow_nan=True)]))
    values = np.array(draw(arrays.arrays(np.float64, shape, elements=numbers.map(float), fill=st.nothing())))
    with np.errstate(all="ignore"):
        return (values * scale).astype(dtype)


@settings(deadline=None, max_examples=150)
@given(array=printed_arrays())
def test_any_array(array):
    assert_prints_alike(array)


@settings(deadline=None, max_examples=150)
@given(
    array=printed_arrays(),
    precision=st.integers(0, 8),
    threshold=st.sampled_from([0, 5, 20, float("inf")]),
    edgeitems=st.integers(0, 4),
    linewidth=st.sampled_from([1, 20, 40, 80, 200]),
    sci_mode=st.sampled_from([None, True, False]),
)
def test_any_array_with_any_options(array, **options):
    set_both(**options)
    assert_prints_alike(array)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(), (1,), (7,), (40,), (3, 4), (2, 3, 4), (1001,), (40, 50), (9, 8, 7, 6), (2, 2, 600)]
)
def test_every_dtype_and_dimension(dtype, shape):
    assert_prints_alike((np.arange(np.prod(shape, dtype=int)) % 100).reshape(shape).astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (1, 0, 4)])
def test_empty_arrays_show_their_size_and_dtype(dtype, shape):
    assert_prints_alike(np.empty(shape, dtype))


@pytest.mark.parametrize(
    "numbers",
    [
        [0.0],
        [-0.0],
        [1.0, 2.0, -3.0],
        [0.5, 2.0, -3.0],
        [1.0, np.nan, np.inf, -np.inf],
        [0.25, np.nan, np.inf, -np.inf, 0.0],
        [np.nan],
        [np.inf, 0.0],
        [1e-5, 1.0],
        [1e-4, 0.1],
        [0.00009, 0.01],
        [1.0, 1000.0],
        [1.0, 1001.0],
        [0.1, 100.5],
        [1e8, 2e8],
        [1e9],
        [123456789.0, np.nan],
        [1e-38, 1e38],
        [99999.99996, 99999.5],
        [5e-324],
        [1.7e308, 1.0, -np.inf],
        [1e308, 1e-308],
    ],
)
@pytest.mark.parametrize("sci_mode", [None, True, False])
def test_styles_of_floats(numbers, sci_mode):
    set_both(sci_mode=sci_mode)
    assert_prints_alike(np.array(numbers))
    with np.errstate(all="ignore"):
        single = np.array(numbers, np.float32)
    assert_prints_alike(single)
    assert_prints_alike(single[-1:].reshape(()))


def test_views_print_what_they_show():
    whole = np.arange(24.0, dtype=np.float32).reshape(4, 6)
    for view in (whole.T, whole[::2, ::-1], np.broadcast_to(whole[0], (3, 6))):
        assert_prints_alike(view)


@pytest.mark.parametrize("length", range(1, 30))
def test_a_suffix_that_does_not_fit_begins_a_line(length):
    array = np.full(length, 0.5)
    leaf = torch.from_numpy(array).requires_grad_()
    assert format_tensor(array, suffixes=["requires_grad=True"]) == repr(leaf)
    assert format_tensor(array * 2, suffixes=["grad_fn=<MulBackward0>"]) == repr(leaf * 2)


def test_a_subclass_prints_under_its_own_name():
    class Measured(torch.Tensor):
        pass

    array = np.linspace(0, 1, 30, dtype=np.float32).reshape(2, 15)
    assert format_tensor(array, prefix="Measured") == repr(torch.from_numpy(array).as_subclass(Measured))


def test_the_default_dtype_is_not_named():
    torch.set_default_dtype(torch.float64)
    dtypes.set_default_dtype(dtypes.float64)
    for dtype in ("float32", "float64", "int64"):
        assert_prints_alike(np.ones((2, 2), dtype))
        assert_prints_alike(np.ones((0, 2), dtype))


@pytest.mark.parametrize("profile", ["default", "short", "full", "unheard-of"])
def test_profiles_and_options_on_top_of_them(profile):
    array = np.linspace(0, 1, 1200).reshape(40, 30)
    set_both(precision=7, linewidth=60, edgeitems=1)
    set_both(profile=profile)
    assert_prints_alike(array)
    set_both(profile=profile, precision=1)
    assert_prints_alike(array)


def test_a_call_sets_sci_mode_and_leaves_what_it_does_not_name():
    set_printoptions(precision=2, sci_mode=True)
    set_printoptions(linewidth=99)
    assert get_printoptions() == {"precision": 2, "threshold": 1000, "edgeitems": 3, "linewidth": 99, "sci_mode": None}


def test_printoptions_hold_inside_alone():
    before = get_printoptions()
    with printoptions(precision=1, sci_mode=True):
        assert format_tensor(np.float32([0.25])) == "tensor([2.5e-01])"
    with pytest.raises(KeyError), printoptions(precision=1):
        {}[get_printoptions()["precision"]]
    assert get_printoptions() == before


@pytest.mark.parametrize("value", [7, 2.5, True, [1.5, 2.0]])
def test_an_f_string_shows_a_number_and_any_other_tensor_whole(value):
    ours, theirs = backlit.tensor(value), torch.tensor(value)
    assert f"{ours} {ours!r} {ours!s}" == f"{theirs} {theirs!r} {theirs!s}"


def test_an_f_string_formats_plain_tensors_of_one_number_only():
    assert f"{backlit.tensor(2.0, requires_grad=True) * 2:.2f}|{backlit.tensor(7):4d}" == "4.00|   7"
    for library in (torch, backlit):
        assert f"{library.nn.Parameter(library.tensor(1.0))}".startswith("Parameter containing:")
        for value in (library.nn.Parameter(library.tensor(1.0)), library.ones(2)):
            with pytest.raises(TypeError, match="unsupported format string"):
                format(value, ".2f")
