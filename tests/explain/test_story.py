"""A step told as text: five moments in order, every number where it belongs, and what went wrong said first."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit as torch
import backlit.nn as nn
import backlit.nn.functional as F
from backlit.explain import Explanation
from backlit.explain.story import MOMENTS, tell
from backlit.explain.story_numbers import SMALL, WIDTH, array_text

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())


def training(net, clear=True, set_to_none=True):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)

    def step():
        if clear:
            optimizer.zero_grad(set_to_none=set_to_none)
        loss = F.binary_cross_entropy(net(X), Y)
        loss.backward()
        optimizer.step()

    return step


def explained(step):
    return Explanation(torch.trace(step), step=3, script="xor.py")


def moment(text, name):
    """The lines of one moment."""
    number = MOMENTS.index(name) + 1
    found = re.search(rf"^{number}  .*?\n─+\n(.*?)(?=^\d  |\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(1)


def test_the_five_moments_in_order():
    text = tell(explained(training(network())))
    assert text.startswith("Step 3 of xor.py\n")
    assert re.findall(r"^(\d)  (\w+):", text, re.MULTILINE) == [
        ("1", "Forward"), ("2", "Loss"), ("3", "Clear"), ("4", "Backward"), ("5", "Update"),
    ]  # fmt: skip
    forward = re.findall(r"^    (\w+ = .*?)  ", moment(text, "forward"), re.MULTILINE)
    assert forward == ["z1 = X W1ᵀ + b1", "a1 = 1 / (1 + e^(-z1))", "z2 = a1 W2ᵀ + b2", "a2 = 1 / (1 + e^(-z2))"]
    backward = re.findall(r"^    (\w+) =", moment(text, "backward"), re.MULTILINE)
    assert backward[0] == "d_z2"
    assert set(backward[-2:]) == {"d_W1", "d_b1"}
    assert "9 numbers in 4 arrays" in text


def test_the_local_derivatives_stand_beside_the_chain_rule():
    backward = moment(tell(explained(training(network()))), "backward")
    assert "∂a2/∂z2 = a2 ⊙ (1 - a2)" in backward
    assert "∂loss/∂a2 = (a2 - y) / (4 max(a2 ⊙ (1 - a2), 1e-12))".replace("y", "Y") in backward
    assert "d_z2 = (a2 - Y) / n" in backward
    assert backward.index("∂loss/∂a2") < backward.index("∂a2/∂z2") < backward.index("d_z2 =")
    assert "d_z1 = d_a1 ⊙ a1 ⊙ (1 - a1)" in backward


def rows_below(text, start):
    """The numbers below the line that begins with `start`."""
    lines = text.split("\n")
    at = next(k for k, line in enumerate(lines) if line.strip().startswith(start))
    rows = []
    for line in lines[at + 1 :]:
        if not re.fullmatch(r"\s{8,}[-\d. einfa]+", line):
            break
        rows.append([float(part) for part in line.split()])
    return np.array(rows)


def test_small_arrays_are_told_in_full():
    net = network()
    before = net[0].weight.detach().clone()
    explanation = explained(training(net))
    text = tell(explanation)
    np.testing.assert_allclose(rows_below(text, "z1 ="), explanation.graph["z1"].value, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(rows_below(text, "W1  0.weight"), before.numpy(), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(rows_below(text, "d_W1 ="), net[0].weight.grad.numpy(), rtol=1e-2, atol=1e-5)


def test_one_sample_shows_its_row_alone_and_the_parameters_as_they_are():
    explanation = explained(training(network()))
    text = tell(explanation, sample=2)
    np.testing.assert_allclose(rows_below(text, "z1 ="), explanation.graph["z1"].value[2:3], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(rows_below(text, "X"), [[1.0, 0.0]])
    assert rows_below(text, "d_W1 =").shape == (2, 2)
    assert "row 2 of the batch" in text


def test_a_sample_that_is_not_there():
    with pytest.raises(IndexError, match=r"There is no sample 4: the batch has 4 rows, 0 to 3\."):
        tell(explained(training(network())), sample=4)


def test_without_numbers_formulas_and_shapes_stay():
    text = tell(explained(training(network())), numbers=False)
    assert not rows_below(text, "z1 =").size
    assert re.search(r"z1 = X W1ᵀ \+ b1 +4 × 2$", text, re.MULTILINE)


def test_large_arrays_are_summed_up():
    torch.manual_seed(0)
    net, x = nn.Linear(6, 5), torch.randn(8, 6)
    explanation = Explanation(torch.trace(lambda: net(x).sum().backward()))
    z = explanation.graph["z1"].value
    (told,) = re.findall(r"^    z1 = .*\n +(.*)\n", tell(explanation), re.MULTILINE)
    assert told.startswith("40 elements")
    numbers = dict(re.findall(r"(min|mean|max|norm) ([-\d.e]+)", told))
    expected = {"min": z.min(), "mean": z.mean(), "max": z.max(), "norm": np.sqrt((z * z).sum())}
    assert {k: float(v) for k, v in numbers.items()} == {k: pytest.approx(v, rel=1e-3) for k, v in expected.items()}
    assert f"arrays of more than {SMALL} elements are summed up" in tell(explanation)


@pytest.mark.parametrize(
    ("clear", "set_to_none", "before", "said"),
    [
        (True, True, False, "had no gradient (None)"),
        (True, False, True, "had a gradient of zeros"),
        (False, True, True, "KEPT the gradient from before"),
    ],
)
def test_how_the_gradients_were_cleared(clear, set_to_none, before, said):
    net = network()
    if before:
        F.binary_cross_entropy(net(X), Y).backward()
    text = moment(tell(explained(training(net, clear, set_to_none))), "clear")
    assert f"every parameter {said}" in text


def test_one_parameter_that_kept_its_gradient_is_named():
    net = network()
    net[2].bias.grad = torch.ones(1)
    text = moment(tell(explained(training(net, clear=False))), "clear")
    assert re.search(r"^  b2 KEPT the gradient from before", text, re.MULTILINE)
    assert re.search(r"W1.* had no gradient", text)


def test_the_step_beside_the_weights():
    net = network()
    before = net[0].weight.detach().numpy().copy()
    text = moment(tell(explained(training(net))), "update")
    row = re.search(r"W1 0\.weight +2 × 2 +(\S+) +(\S+) +(\S+) +(\S+)", text)
    weights, gradient, step, ratio = map(float, row.groups())
    assert weights == pytest.approx(np.linalg.norm(before), rel=1e-3)
    assert gradient == pytest.approx(np.linalg.norm(net[0].weight.grad.numpy()), rel=1e-3)
    assert step == pytest.approx(0.5 * gradient, rel=1e-3)
    assert ratio == pytest.approx(step / weights, rel=1e-3)
    assert "W1 ← W1 - lr d_W1" in text
    assert "lr = 0.5" in text
    assert "and so for b1, W2, b2" in text


def test_the_first_value_that_is_not_finite_is_named():
    w = torch.tensor([0.0, 1.0], requires_grad=True)

    def step():
        shifted = w - 0.0
        logs = torch.log(shifted)
        (logs * 2).sum().backward()

    text = tell(explained(step))
    warning = " ".join(line.strip() for line in text.split("\n")[:12])
    assert "Not finite: the first value with nan or infinity in it, logs, is made by logs = ln(" in warning
    assert "test_story.py:" in warning
    assert "-inf" in moment(text, "forward")


def test_values_that_were_given_and_are_not_finite():
    w, bad = torch.ones(2, requires_grad=True), torch.tensor([1.0, float("nan")])
    assert "bad, was given" in tell(explained(lambda: (w * bad).sum().backward()))


def test_a_step_without_a_loss_and_without_an_update():
    net = network()
    text = tell(explained(lambda: net(X)))
    assert "backward() was not called" in moment(text, "loss")
    assert "no gradient arrived" in moment(text, "clear")
    assert "nothing changed the parameters" in moment(text, "update")


def test_of_a_long_step_the_ends_are_told_and_the_rest_is_counted():
    w = torch.tensor([0.5], requires_grad=True)

    def step():
        h = w
        for _ in range(200):
            h = torch.tanh(h) + w
        h.sum().backward()

    text = tell(explained(step), numbers=False)
    assert re.search(r"… 1\d\d more calls: tanh 1\d\d", text)
    assert len(text.split("\n")) < 600


def test_numbers_are_as_wide_as_they_must_be_to_tell_them_apart():
    assert array_text(np.array([0.25, -1.0])) == ["   0.250  -1.000"]
    assert array_text(np.array([1.0, 1e-9])) == ["      1  1e-09"]
    assert array_text(np.array([1, 20])) == ["   1  20"]
    assert array_text(np.array([True, False])) == ["   True  False"]
    assert array_text(np.array([np.nan, np.inf])) == ["  nan  inf"]
    assert array_text(np.zeros((0, 3))) == ["no elements"]
    assert array_text(np.full(30, np.nan)) == ["30 elements, all nan or infinite"]
    assert array_text(np.float32(0.1)) == ["  0.1000"]
    assert array_text(np.array([0.5, -2.0], np.float16)) == ["   0.500  -2.000"]
    assert array_text(np.array([2.0, 1e-16])) == ["  2.000  0.000"]  # rounding, beside 2
    assert array_text(np.array([2.0, 1e-6])) == ["      2  1e-06"]


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 5), st.integers(1, 6), st.sampled_from([nn.ReLU, nn.Tanh, nn.GELU, nn.Softplus]),
    st.sampled_from(["SGD", "Adam", "AdamW", "RMSprop"]), st.booleans(),
)  # fmt: skip
def test_any_small_step_fits_on_a_hundred_columns(rows, width, activation, optimizer, is_summed):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, width), activation(), nn.Linear(width, 2))
    rule = getattr(torch.optim, optimizer)(net.parameters(), lr=0.01)

    def step():
        rule.zero_grad()
        out = net(torch.ones(rows, 3))
        (out.sum() if is_summed else torch.square(out).mean()).backward()
        rule.step()

    text = tell(Explanation(torch.trace(step)))
    assert max(map(len, text.split("\n"))) <= WIDTH
    assert all(f"d_{name} = " in text for name in ("W1", "b1", "W2", "b2"))
