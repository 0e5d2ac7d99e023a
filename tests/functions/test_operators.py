"""Every public function on PyTorch's own samples of it: values, shapes, dtypes and gradients.

The samples come from the database with which PyTorch tests itself; it is part of its wheel. Which functions are
compared follows from the rooms: each function in them of a name that the database knows.
"""

import importlib
import types
import warnings

import numpy as np
import pytest
import torch as oracle

import backlit

ROOMS = ["pointwise", "comparison", "softmax", "reduction", "ordering", "counting", "statistics", "shape", "joining",
         "flipping", "diagonal", "index", "products", "differences"]  # fmt: skip
#: More samples than these are taken evenly from the whole list.
MOST = 5
#: Called with the arguments in another order than the database gives them in.
REORDERED = {
    "where": lambda ns: lambda x, condition, other: ns.where(condition, x, other),
    "polygamma": lambda ns: lambda x, n: ns.polygamma(n, x),
}
#: Reads memory around its argument, which a copy of the argument does not have.
UNLIKE = {"as_strided"}


@pytest.fixture(scope="module")
def database():
    """PyTorch's entries by name. It takes seconds to import, so not before it is needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    entries = {}
    for entry in op_db:
        entries.setdefault(entry.name, []).append(entry)
    return entries


def converted(value, seen):
    """An argument of PyTorch's as one of Backlit's, leaves as leaves; one object for one."""
    if isinstance(value, oracle.Tensor):
        if id(value) not in seen:
            mine = backlit.from_numpy(value.detach().resolve_neg().numpy(force=True).copy())
            seen[id(value)] = mine.requires_grad_(value.requires_grad)
        return seen[id(value)]
    if isinstance(value, oracle.dtype):
        return getattr(backlit, str(value).removeprefix("torch."))
    if isinstance(value, (list, tuple)):
        return type(value)(converted(v, seen) for v in value) if type(value) in (list, tuple) else tuple(value)
    return {k: converted(v, seen) for k, v in value.items()} if isinstance(value, dict) else value


def tensors(value):
    """The tensors of a nest, in order."""
    if isinstance(value, (oracle.Tensor, backlit.Tensor)):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for v in value for t in tensors(v)] if isinstance(value, (list, tuple)) else []


def gradients(results, arguments):
    """The gradients of all leaves among the arguments, from a fixed weighing of the results."""
    results = [r for r in results if r.requires_grad]
    if not results:
        return []
    library = backlit if isinstance(results[0], backlit.Tensor) else oracle
    weights = [np.cos(np.arange(r.numel())).reshape(tuple(r.shape)) for r in results]
    total = sum((r * library.from_numpy(np.asarray(w, str(r.dtype).removeprefix("torch.")))).sum()
                for r, w in zip(results, weights, strict=True))  # fmt: skip
    for t in tensors(arguments):
        t.grad = None  # several samples may hold one leaf
    total.backward()
    return [None if t.grad is None else t.grad.numpy(force=True) for t in tensors(arguments) if t.requires_grad]


def assert_close(mine, theirs):
    assert mine.shape == theirs.shape
    assert mine.dtype == theirs.dtype
    tolerance = 1e-5 if mine.dtype == np.float32 else 1e-8
    np.testing.assert_allclose(mine, theirs, rtol=10 * tolerance, atol=tolerance)


def compare(entry, function, sample):
    arguments = [sample.input, *sample.args]
    settings = {k: v for k, v in sample.kwargs.items() if k not in ("device", "memory_format")}
    seen = {}
    mine_arguments, mine_settings = converted(arguments, seen), converted(settings, seen)
    expected, result = entry.op(*arguments, **settings), function(*mine_arguments, **mine_settings)
    if not tensors(expected):
        assert result == expected
    theirs, mine = tensors(expected), tensors(result)
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert_close(a.detach().numpy(), b.detach().numpy())
    expected = gradients(theirs, [arguments, settings])
    found = gradients(mine, [mine_arguments, mine_settings])
    for a, b in zip(found, expected, strict=True) if expected else ():
        if a is not None and b is not None:
            assert_close(a, b)
        else:
            assert not np.any(a) and not np.any(b)  # noqa: PT018 - one is None, and that means 0


def samples_of(entry):
    oracle.manual_seed(0)
    dtype = oracle.float64 if entry.supports_dtype(oracle.float64, "cpu") else oracle.int64
    every = list(entry.sample_inputs("cpu", dtype, requires_grad=entry.supports_autograd))
    return every[:: -(-len(every) // MOST)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("room", ROOMS)
def test_as_pytorch(database, room):
    wrong, compared = [], 0
    for name, function in vars(importlib.import_module(f"backlit.functions.{room}")).items():
        if not (isinstance(function, types.FunctionType) and getattr(backlit, name, None) is function):
            continue
        for entry in database.get(name, []) if name not in UNLIKE else []:
            function = REORDERED[name](backlit) if name in REORDERED else function
            for sample in samples_of(entry):
                compared += 1
                try:
                    compare(entry, function, sample)
                except Exception as error:
                    wrong.append(
                        f"{name} {entry.variant_test_name}: {type(error).__name__} {error}; sample {str(sample)[:300]}"
                    )
    assert compared > 0
    assert not wrong, "\n\n".join(wrong)
