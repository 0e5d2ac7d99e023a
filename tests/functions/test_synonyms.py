"""NumPy's argument names do what PyTorch's do."""

import pytest

import backlit
from functions.both import agree

ROW = [[1.0, 3.0, 2.0], [6.0, 5.0, 4.0]]
REDUCTIONS = [
    *("sum", "mean", "std", "var", "prod", "amax", "amin", "max"),
    *("min", "argmax", "argmin", "all", "any", "logsumexp", "median"),
]
ALONG = [
    *("cumsum", "cumprod", "sort", "argsort", "softmax", "log_softmax", "unsqueeze"),
    *("squeeze", "unbind", "diff", "mode", "nansum", "count_nonzero"),
]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_take_axis_and_keepdims(name):
    agree(lambda t: getattr(t, name)(t.tensor(ROW), axis=1))
    agree(lambda t: getattr(t.tensor(ROW), name)(axis=0, keepdims=True))


@pytest.mark.parametrize("name", ALONG)
def test_functions_along_a_dimension_take_axis(name):
    agree(lambda t: getattr(t, name)(t.tensor(ROW), axis=0))
    agree(lambda t: getattr(t.tensor(ROW), name)(axis=1))


def test_functions_with_more_arguments_take_axis():
    agree(lambda t: t.stack([t.tensor(ROW)] * 2, axis=1))
    agree(lambda t: t.topk(t.tensor(ROW), 1, axis=0))
    agree(lambda t: t.tensor(ROW).chunk(2, axis=1))
    agree(lambda t: t.tensor(ROW).gather(axis=1, index=t.tensor([[0], [2]])))
    agree(lambda t: t.index_select(t.tensor(ROW), axis=1, index=t.tensor([2, 0])))


def test_two_names_of_one_argument_are_refused():
    with pytest.raises(TypeError, match="both 'dim' and 'axis'"):
        backlit.tensor(ROW).argmax(dim=0, axis=1)
