"""Anomaly detection names the operation whose gradient became NaN."""

import pytest

import backlit as torch


def loss():
    x = torch.tensor([-1.0, 4.0], requires_grad=True)
    return (torch.sqrt(x) * 2).sum()


def test_the_operation_is_named_with_the_shape_and_the_count():
    out = loss()
    with torch.autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
        out.backward()
    words = str(caught.value)
    assert "Function 'SqrtBackward0' returned nan values in its 0th output" in words
    assert "shape [2], has 1 NaN of 2" in words


def test_off_again_after_the_context_and_by_a_call():
    with torch.autograd.detect_anomaly():
        pass
    loss().backward()
    torch.autograd.set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match="SqrtBackward0"):
            loss().backward()
        with torch.autograd.set_detect_anomaly(False):
            loss().backward()
        assert torch.autograd.is_anomaly_enabled()
    finally:
        torch.autograd.set_detect_anomaly(False)
    loss().backward()


def test_check_nan_off_looks_for_nothing():
    with torch.autograd.detect_anomaly(check_nan=False):
        loss().backward()


def test_healthy_gradients_pass():
    x = torch.tensor([1.0, float("inf")], requires_grad=True)
    with torch.autograd.detect_anomaly():
        (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
