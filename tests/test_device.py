"""Devices by their names; tensors on the CPU only."""

import copy
import pickle

import pytest

import backlit as torch
from functions.both import agree, both_raise


@pytest.fixture(autouse=True)
def on_the_cpu_again():
    yield
    torch.set_default_device("cpu")


def test_devices_are_named_and_compared_as_pytorchs():
    agree(
        lambda t: [
            str(t.device("cpu")),
            repr(t.device("cuda:1")),
            t.device("cuda", 1).index,
            t.device("cuda:0").type,
            t.device("cpu") == t.device("cpu", 0),
            t.device("cuda:1") == t.device("cuda", 1),
            len({t.device("cpu"), t.device("cpu")}),
            t.device(t.device("mps")).type,
            t.device("cpu") == "cpu",
        ]
    )


def test_a_device_can_be_copied():
    device = torch.device("cuda:1")
    assert pickle.loads(pickle.dumps(device)) == copy.deepcopy(device) == device


def test_tensors_are_on_the_cpu():
    assert torch.zeros(1).device == torch.device("cpu")
    assert torch.zeros(1, device="cpu").device.type == "cpu"
    assert torch.get_default_device() == torch.device("cpu")


def test_the_default_device_decides_where_tensors_are_made():
    torch.set_default_device("cuda")
    assert torch.get_default_device().type == "cuda"
    with pytest.raises(AssertionError, match=r"'cuda' was asked for.*torch.cuda.is_available\(\)"):
        torch.zeros(1)
    assert torch.zeros(1, device="cpu").item() == 0


def test_a_device_is_the_default_inside_with():
    with torch.device("meta"):
        with pytest.raises(RuntimeError, match="no support for meta"):
            torch.zeros(1)
        with torch.device("cpu"):
            assert torch.zeros(1).item() == 0
    assert torch.zeros(1).item() == 0


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.device("nowhere"), "Expected one of cpu, cuda.*nowhere"),
        (lambda t: t.device("cuda:x"), "Invalid device string: 'cuda:x'.*'cuda:0'"),
        (lambda t: t.device("cuda:0", 1), "'cuda:0'"),
        (lambda t: t.device(0), "no.* accelerator|accelerator"),
        (lambda t: t.ones(1, device="cuda:0"), "CUDA enabled"),
    ],
)
def test_errors_are_pytorchs(call, match):
    both_raise(call, match)
