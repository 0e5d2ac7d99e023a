"""Every op of the registry, on its own samples. No list of ops stands here: a new op is checked once it is defined."""

import contextlib
import warnings

import numpy as np
import pytest
import torch as oracle

import backlit as torch
import backlit.nn  # brings the ops of layers and losses into the registry
from backlit.autograd import gradcheck, gradgradcheck
from backlit.ops.registry import BY_NUMPY, OPS
from backlit.tensor import apply

EVERY_OP = list(OPS.values())
DIFFERENTIABLE = [op for op in EVERY_OP if op.rules]
#: What NumPy calls the settings that PyTorch names otherwise.
NAMES = {"axis": "dim", "keepdims": "keepdim"}


def name_of(op):
    return op.name


def samples_of(op):
    return list(op.samples(np.random.default_rng(0))) if op.samples else []


def input_name(op, k):
    return op.inputs[min(k, len(op.inputs) - 1)]


def as_inputs(op, arrays, dtype=np.float64):
    """The arrays as tensors; those that have a rule want a gradient."""
    made = []
    for k, a in enumerate(arrays):
        if isinstance(a, np.ndarray):
            is_float = a.dtype.kind == "f"
            a = torch.from_numpy(np.array(a, dtype if is_float else a.dtype))
            a.requires_grad_(is_float and input_name(op, k) in op.rules)
        made.append(a)
    return made


def calls(op):
    """The op as a function of tensors, and its inputs, for each sample."""
    for sample in samples_of(op):

        def function(*tensors, sample=sample):
            return apply(op, *([sample.through(*tensors)] if sample.through else tensors), **sample.settings)

        yield function, sample


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=name_of)
def test_every_differentiable_op_can_be_checked(op):
    assert samples_of(op), f"{op.name} has gradient rules but no samples to check them with"


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=name_of)
def test_gradients_agree_with_finite_differences(op):
    for function, sample in calls(op):
        inputs = as_inputs(op, sample.arrays)
        if any(isinstance(x, torch.Tensor) and x.requires_grad for x in inputs):
            assert gradcheck(function, inputs)


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=name_of)
def test_second_derivatives_agree_with_finite_differences(op):
    for function, sample in calls(op):
        inputs = as_inputs(op, sample.arrays)
        if any(isinstance(x, torch.Tensor) and x.requires_grad for x in inputs):
            assert gradgradcheck(function, inputs, atol=1e-4)


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=name_of)
def test_single_precision_stays_single(op):
    if "dtype" in op.settings:
        return
    for function, sample in calls(op):
        inputs = as_inputs(op, sample.arrays, np.float32)
        out = function(*inputs)
        assert out.dtype is torch.float32
        if out.requires_grad:
            out.sum().backward()
            wanted = [x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad]
            assert [x.grad.dtype for x in wanted if x.grad is not None] == [torch.float32] * len(wanted)
            assert [x.grad.shape for x in wanted] == [x.shape for x in wanted]


def in_pytorch(op):
    """PyTorch's function of the op's name, or None."""
    function = oracle
    for part in (op.torch or "").split("."):
        function = getattr(function, part, None)
    return function


def called_in_pytorch(op, sample):
    """The same call in PyTorch: its inputs, and the outcome; None where PyTorch calls it otherwise."""
    if sample.through:
        return None
    inputs = [oracle.tensor(a) if isinstance(a, np.ndarray) else a for a in sample.arrays]
    for k, x in enumerate(inputs):
        if isinstance(x, oracle.Tensor) and x.is_floating_point() and input_name(op, k) in op.rules:
            x.requires_grad_()
    settings = {NAMES.get(k, k): v for k, v in sample.settings.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's losses warn when they broadcast
            out = in_pytorch(op)(*inputs, **settings)
    except (TypeError, RuntimeError, ValueError, IndexError):
        return None
    return (inputs, out) if isinstance(out, oracle.Tensor) else None


def comparable(op):
    return callable(in_pytorch(op)) and any(called_in_pytorch(op, s) for s in samples_of(op))


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    COMPARABLE = [op for op in EVERY_OP if op.torch and comparable(op)]


def test_most_ops_that_pytorch_has_are_compared_with_it():
    assert len(COMPARABLE) > 0.7 * len([op for op in EVERY_OP if op.torch and samples_of(op)])


@pytest.mark.parametrize("op", COMPARABLE, ids=name_of)
def test_values_and_gradients_are_pytorchs(op):
    for function, sample in calls(op):
        reference = called_in_pytorch(op, sample)
        if reference is None:
            continue
        reference_inputs, expected = reference
        inputs = as_inputs(op, sample.arrays)
        out = function(*inputs)
        assert out.shape == tuple(expected.shape)
        np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=1e-9, atol=1e-12)
        if not (out.requires_grad and expected.requires_grad):
            continue
        weights = np.random.default_rng(1).normal(size=out.shape)
        out.backward(torch.from_numpy(np.asarray(weights)))
        with contextlib.suppress(RuntimeError):  # floor_divide: PyTorch has no gradient, ours is 0
            expected.backward(oracle.tensor(weights))
        for x, y in zip(inputs, reference_inputs, strict=True):
            if isinstance(x, torch.Tensor) and x.requires_grad:
                wanted = 0 if y.grad is None else y.grad.numpy()
                np.testing.assert_allclose(x.grad.numpy(), wanted, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("function", [f for f in BY_NUMPY if isinstance(f, np.ufunc)], ids=lambda f: f.__name__)
def test_a_ufunc_on_a_tensor_is_the_op(function):
    op = BY_NUMPY[function]
    for _, sample in calls(op):
        inputs = as_inputs(op, sample.arrays)
        read, applied = function(*inputs), apply(op, *inputs, **sample.settings)
        assert isinstance(read, torch.Tensor)
        assert read.requires_grad == applied.requires_grad
        np.testing.assert_array_equal(read.detach().numpy(), applied.detach().numpy())


def test_numpys_reductions_of_a_tensor_are_recorded():
    x = torch.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    np.add.reduce(x * x, axis=1).sum().backward()
    assert x.grad.tolist() == [[2.0, 4.0], [6.0, 10.0]]


def test_no_warning_leaves_an_op():
    x = torch.tensor([0.0, -1.0], requires_grad=True)
    torch.log(x).sum().backward()
    assert x.grad.tolist() == [np.inf, -1.0]
