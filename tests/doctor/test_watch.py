"""Watching: what it tells when, and that nothing of it is left afterwards."""

import warnings

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.doctor import DoctorError, DoctorWarning, watch
from backlit.nn import functional as F
from backlit.nn.modules.hooks import everywhere
from backlit.ops.registry import reading
from backlit.optim.optimizer import EVERY_STEP
from backlit.tensor import Tensor


def without_zero_grad(steps=4):
    """A faulty program: it has no zero_grad."""
    net = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    x = torch.ones(4, 2)
    for _ in range(steps):
        loss = F.mse_loss(net(x), torch.zeros(4, 1))
        loss.backward()
        optimizer.step()


def what_is_patched():
    return (
        [getattr(F, name) for name in ("cross_entropy", "mse_loss", "nll_loss")],
        [getattr(Tensor, name) for name in ("detach", "item", "numpy", "tolist")],
        torch.no_grad.__enter__, torch.optim.lr_scheduler.LRScheduler.step, list(everywhere),
        {kind: list(hooks) for kind, hooks in EVERY_STEP.items()}, reading.listener,
    )  # fmt: skip


def test_findings_are_collected_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with watch() as doctor:
            without_zero_grad()
    assert [f.rule for f in doctor.findings] == ["missing-zero-grad"]
    assert doctor.findings[0].severity == "error"
    assert doctor.findings[0].file == __file__


def test_a_warning_comes_at_once_with_the_users_line():
    with pytest.warns(DoctorWarning, match="were not cleared") as caught, watch(mode="warn"):
        without_zero_grad()
    assert caught[0].filename == __file__


def test_raising_stops_at_the_first_error_with_the_fix():
    with pytest.raises(DoctorError, match=r"optimizer.zero_grad\(\)"), watch(mode="raise"):
        without_zero_grad()


def test_a_silenced_rule_says_nothing():
    with watch(silence=["missing-zero-grad"]) as doctor:
        without_zero_grad()
    assert doctor.findings == []


def test_an_optimizer_from_before_is_heard_once_a_step():
    net = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    with watch(net, optimizer) as doctor:
        for _ in range(5):
            optimizer.zero_grad()
            net(torch.ones(3, 2)).square().mean().backward()
            optimizer.step()
    assert doctor.steps == 5
    assert [f.rule for f in doctor.findings if f.severity != "note"] == []


def test_nothing_is_left_patched_or_listening():
    before = what_is_patched()
    with watch() as doctor:
        without_zero_grad(45)
        assert reading.listener is doctor
    assert what_is_patched() == before
    assert reading.listener is None


def test_nothing_is_left_after_an_error():
    before = what_is_patched()
    with pytest.raises(RuntimeError, match="only for scalar"), watch():
        (torch.ones(3, requires_grad=True) * 2).backward()
    with pytest.raises(DoctorError), watch(mode="raise"):
        without_zero_grad()
    assert what_is_patched() == before


def test_without_a_doctor_nobody_listens():
    torch.doctor.check  # noqa: B018 - it is loaded
    without_zero_grad()
    assert reading.listener is None
    assert not any(EVERY_STEP.values())
    assert not everywhere


def test_watching_changes_no_number():
    def weights():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
        optimizer = torch.optim.Adam(net.parameters())
        for _ in range(50):
            optimizer.zero_grad()
            F.cross_entropy(net(torch.randn(20, 3)), torch.randint(0, 2, (20,))).backward()
            optimizer.step()
        return [p.detach().numpy() for p in net.parameters()]

    plain = weights()
    with watch():
        watched = weights()
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_comes_late_is_seen():
    net = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001)
    with watch(net, optimizer) as doctor:
        for step in range(90):
            if step < 50:
                optimizer.zero_grad()
            F.mse_loss(net(torch.ones(3, 2)), torch.zeros(3, 1)).backward()
            optimizer.step()
    assert [f.rule for f in doctor.findings if f.severity == "error"] == ["missing-zero-grad"]


def test_a_number_that_breaks_late_has_its_line():
    net = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001)
    with watch(net, optimizer) as doctor:
        for step in range(40):
            x = torch.full((3, 1), 40.0 - step) - 3
            optimizer.zero_grad()
            logs = torch.log(x)
            F.mse_loss(net(logs), torch.zeros(3, 1)).backward()
            optimizer.step()
    first = doctor.findings[0]
    with open(__file__, encoding="utf-8") as file:
        line = file.read().splitlines()[first.line - 1]
    assert (first.rule, first.step, line.strip()) == ("nan-origin", 37, "logs = torch.log(x)")
    assert "log gave -inf in row 0, column 0, from 0:" in first.message
