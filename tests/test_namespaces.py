"""PyTorch's small namespaces: what can be answered is, what cannot be done says so."""

import importlib
import warnings

import numpy as np
import pytest
import torch as oracle

import backlit as torch
from backlit.optim import SGD
from functions.both import agree, both_raise

QUESTIONS = {
    "cuda": lambda t: [
        t.cuda.is_available(),
        t.cuda.device_count(),
        t.cuda.memory_allocated(),
        t.cuda.is_bf16_supported(),
        t.cuda.is_initialized(),
        t.cuda.max_memory_reserved(),
        t.cuda.get_rng_state_all(),
    ],
    "seeds": lambda t: [t.cuda.manual_seed(0), t.cuda.manual_seed_all(0), t.cuda.empty_cache(), t.mps.manual_seed(1)],
    "accelerator": lambda t: [
        t.accelerator.is_available(),
        t.accelerator.current_accelerator(),
        t.accelerator.device_count(),
    ],
    "backends": lambda t: [
        t.backends.cudnn.is_available(),
        t.backends.cudnn.version(),
        t.backends.cudnn.enabled,
        t.backends.cudnn.deterministic,
        t.backends.cudnn.benchmark,
        t.backends.mps.is_available(),
        t.backends.mps.is_built(),
        t.backends.cuda.is_built(),
        t.backends.cuda.matmul.allow_tf32,
    ],
    "mps": lambda t: [t.mps.is_available(), t.mps.device_count()],
    "precision": lambda t: t.get_float32_matmul_precision(),
    "typename": lambda t: [t.typename(t.ones(1)), t.typename(t.ones(1).long()), t.typename(3)],
    "jit": lambda t: [t.jit.is_scripting(), t.jit.is_tracing()],
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_answers_are_pytorchs(name):
    agree(QUESTIONS[name])


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.cuda.current_device(), r"needs a GPU.*torch.cuda.is_available\(\)"),
        (lambda t: t.cuda.get_device_name(0), "needs a GPU"),
        (lambda t: t.cuda.synchronize(), "needs a GPU"),
        (lambda t: t.cuda.FloatTensor(2), "torch.cuda.FloatTensor not available"),
        (lambda t: t.accelerator.synchronize(), "Cannot access accelerator device when none is available"),
        (lambda t: t.mps.synchronize(), "MPS"),
        (lambda t: t.set_num_threads(0), "positive number of threads"),
        (lambda t: t.amp.autocast(3), "device_type"),
    ],
)
def test_what_cannot_be_done_says_so(call, match):
    both_raise(call, match)


def test_switches_keep_what_they_are_set_to():
    torch.set_num_threads(3)
    assert torch.get_num_threads() == 3
    torch.use_deterministic_algorithms(True)
    assert torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("high")
    assert torch.get_float32_matmul_precision() == "high"
    torch.set_float32_matmul_precision("highest")
    with pytest.warns(UserWarning, match="low is not one of 'highest'"):
        torch.set_float32_matmul_precision("low")
    assert torch.get_float32_matmul_precision() == "highest"
    torch.backends.cudnn.benchmark = True
    with torch.backends.cudnn.flags(benchmark=False, deterministic=True):
        assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == (False, True)
    assert torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False


@pytest.mark.parametrize(
    "path",
    [
        "cuda",
        "cuda.amp",
        "amp",
        "backends",
        "backends.cudnn",
        "backends.mps",
        "backends.cuda",
        "accelerator",
        "mps",
        "jit",
        "linalg",
        "special",
        "testing",
        "types",
        "version",
        "random",
    ],
)
def test_every_path_can_be_imported(path):
    importlib.import_module(f"torch.{path}")
    assert importlib.import_module(f"backlit.{path}")


def test_models_are_compiled_to_themselves():
    @torch.compile
    def doubled(x):
        return x * 2

    @torch.compile(mode="reduce-overhead")
    def tripled(x):
        return x * 3

    assert doubled(torch.ones(1)).item() == 2
    assert tripled(torch.ones(1)).item() == 3
    assert torch.jit.script(doubled) is doubled
    assert torch.jit.trace(doubled, torch.ones(1)) is doubled


def test_special_functions():
    agree(
        lambda t: [
            t.special.expit(t.ones(2)),
            t.special.gammaln(t.tensor([2.5])),
            t.special.log_softmax(t.ones(2), 0),
            t.special.psi(t.tensor([2.0])),
        ]
    )


# Mixed precision.


def test_autocast_on_the_cpu_computes_in_single_precision_and_says_so():
    with pytest.warns(UserWarning, match="no bfloat16.*float32"), torch.autocast("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32


def test_autocast_for_a_gpu_is_disabled_with_a_warning():
    with (
        pytest.warns(UserWarning, match="'cuda'.*not available. Disabling"),
        torch.amp.autocast("cuda", dtype=torch.float16),
    ):
        assert torch.ones(1).dtype is torch.float32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decorated = torch.amp.autocast("cuda", enabled=False)(torch.sin)
    assert decorated(torch.zeros(1)).item() == 0


def test_a_scaler_for_a_gpu_passes_everything_through():
    with pytest.warns(UserWarning, match="CUDA is not available.*Disabling"):
        scaler = torch.cuda.amp.GradScaler()
    loss = torch.ones(())
    assert (scaler.scale(loss) is loss, scaler.is_enabled(), scaler.get_scale(), scaler.state_dict()) == (
        True,
        False,
        1.0,
        {},
    )
    p = torch.ones(1, requires_grad=True)
    p.grad = torch.ones(1)
    optimizer = SGD([p], lr=0.5)
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert p.item() == 0.5


def scaled_steps(t):
    """Three steps with a scaler, the second of which overflows."""
    p = t.ones(2, requires_grad=True)
    optimizer = t.optim.SGD([p], lr=0.5)
    scaler = t.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    found = []
    for factor in (1.0, np.inf, 1.0, 1.0):
        optimizer.zero_grad()
        scaler.scale((p * factor).sum()).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        found += [p.detach().clone(), scaler.get_scale()]
    return [*found, scaler.state_dict()]


def test_a_scaler_on_the_cpu_scales_and_skips_as_pytorchs():
    agree(scaled_steps)


def test_a_scaler_goes_on_from_its_state():
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    again = torch.amp.GradScaler("cpu")
    again.load_state_dict(scaler.state_dict())
    assert again.get_scale() == 4.0
    with pytest.raises(RuntimeError, match="state dict is empty"):
        again.load_state_dict({})


# assert_close.

CLOSE = {
    "equal": lambda t: (t.ones(2), t.ones(2)),
    "near": lambda t: (t.tensor([1.0]), t.tensor([1.0 + 1e-6])),
    "double": lambda t: (t.ones(1).double(), t.ones(1).double() + 1e-8),
    "integers": lambda t: (t.arange(3), t.arange(3)),
    "numbers": lambda t: (0.1 + 0.2, 0.3),
    "lists": lambda t: ([t.ones(1), 2.0], [t.ones(1), 2.0]),
    "mappings": lambda t: ({"a": t.ones(1)}, {"a": t.ones(1)}),
    "arrays": lambda t: (np.ones(2), np.ones(2)),
}
APART = {
    "values": lambda t: (t.tensor([1.0, 2.0, 4.0]), t.tensor([1.0, 3.0, 2.0])),
    "shapes": lambda t: (t.ones(2), t.ones(3)),
    "dtypes": lambda t: (t.ones(2), t.ones(2).double()),
    "integers": lambda t: (t.arange(3), t.arange(3) + 1),
    "numbers": lambda t: (1.0, 2.0),
    "lengths": lambda t: ([t.ones(1)], []),
    "keys": lambda t: ({"a": t.ones(1)}, {"b": t.ones(1)}),
    "parts": lambda t: ([t.ones(1), t.ones(1)], [t.ones(1), t.zeros(1)]),
    "nan": lambda t: (t.tensor([np.nan]), t.tensor([np.nan])),
    "double": lambda t: (t.ones(1).double(), t.ones(1).double() + 1e-5),
}


@pytest.mark.parametrize("name", CLOSE)
def test_what_is_close_passes(name):
    for library in (torch, oracle):
        assert library.testing.assert_close(*CLOSE[name](library)) is None


@pytest.mark.parametrize("name", APART)
def test_what_is_not_close_is_told_as_pytorch_tells_it(name):
    told = []
    for library in (oracle, torch):
        with pytest.raises(AssertionError) as error:
            library.testing.assert_close(*APART[name](library))
        told.append(str(error.value).splitlines()[0])
    assert told[1][:35] == told[0][:35]


def test_where_it_differs_most_is_told():
    with pytest.raises(
        AssertionError, match=r"(?s)2 / 3 \(66.7%\).*absolute difference: 2.0 at index \(2,\) \(up to 1e-05 allowed\)"
    ):
        torch.testing.assert_close(*APART["values"](torch))


def test_tolerances_and_messages_can_be_given():
    torch.testing.assert_close(torch.ones(1), torch.tensor([1.4]), rtol=0.5, atol=0)
    torch.testing.assert_close(torch.tensor([np.nan]), torch.tensor([np.nan]), equal_nan=True)
    torch.testing.assert_close(torch.ones(1), torch.ones(1).double(), check_dtype=False)
    with pytest.raises(AssertionError, match="^too far$"):
        torch.testing.assert_close(1.0, 2.0, msg="too far")
    with pytest.raises(ValueError, match="both be specified"):
        torch.testing.assert_close(1.0, 2.0, rtol=1)
