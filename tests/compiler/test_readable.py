"""The readable program of whole training steps: the lines of the textbook, and the numbers of the record."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit as torch
from backlit import nn
from backlit.compiler.magnitudes import scales

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


def recorded(model, optimizer, criterion, x, y, before=1):
    def step(x, y):
        prediction = model(x)
        loss = criterion(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(before):
        step(x, y)
    return torch.trace(step, x, y)


def xor(seed=0, before=1, dtype=torch.float32):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid()).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return recorded(model, optimizer, nn.BCELoss(), X.to(dtype), Y.to(dtype), before)


def digits():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y = torch.rand(50, 64), torch.randint(0, 10, (50,))
    return recorded(model, optimizer, nn.CrossEntropyLoss(), x, y)


def arithmetic(source):
    """The statements that compute, by name, without the shapes behind them."""
    lines = [line.split("  # ")[0].rstrip() for line in source.splitlines()]
    pairs = [re.fullmatch(r"(\w+) = (.*)", line) for line in lines]
    return [pair.group() for pair in pairs if pair and not re.fullmatch(r"[-\d.e]+", pair.group(2))]


def test_the_textbooks_sixteen_lines():
    assert arithmetic(xor().source()) == [
        "z1 = x @ W1.T + b1",
        "a1 = 1 / (1 + np.exp(-z1))",
        "z2 = a1 @ W2.T + b2",
        "a2 = 1 / (1 + np.exp(-z2))",
        "loss = -(y * np.log(a2) + (1 - y) * np.log1p(-a2)).mean()",
        "d_z2 = (a2 - y) / n",
        "d_a1 = d_z2 @ W2",
        "d_W2 = d_z2.T @ a1",
        "d_b2 = d_z2.sum(axis=0)",
        "d_z1 = d_a1 * a1 * (1 - a1)",
        "d_W1 = d_z1.T @ x",
        "d_b1 = d_z1.sum(axis=0)",
        "W1 = W1 - lr * d_W1",
        "b1 = b1 - lr * d_b1",
        "W2 = W2 - lr * d_W2",
        "b2 = b2 - lr * d_b2",
    ]


def test_headings_shapes_constants_and_the_users_own_names():
    source = xor().source()
    assert re.findall(r"^# (\w+)$", source, re.MULTILINE) == ["given", "forward", "loss", "backward", "update"]
    assert "# W1  float32 (4, 2)  0.weight\n" in source
    assert "lr = 0.5\n" in source
    assert "n = 4\n" in source
    assert re.search(r"^a2 = .*  # \(4, 1\)  prediction$", source, re.MULTILINE)
    assert source.startswith("import numpy as np\n")
    assert source.count("import") == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(5))
def test_the_step_is_the_recorded_one(seed, dtype):
    graph = xor(seed, dtype=dtype)
    found = graph.run(verbatim=False)
    share = 1e-6 if dtype is torch.float32 else 1e-12
    for name, line in graph.outputs.items():
        # The gradients are sums over four rows, at most 1/4 each: rounding is measured by these.
        np.testing.assert_allclose(found[name], line.value, rtol=share, atol=share)


def test_the_record_itself_stays_as_it_was():
    graph = xor()
    verbatim, names = graph.source(verbatim=True), [line.name for line in graph]
    graph.source()
    assert graph.source(verbatim=True) == verbatim
    assert [line.name for line in graph] == names
    assert len(arithmetic(verbatim)) > 50
    for name, value in graph.run().items():
        np.testing.assert_array_equal(value, graph.outputs[name].value)


def test_where_a_probability_is_exactly_one_the_bounds_of_the_loss_stay():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    with torch.no_grad():
        model[0].weight.fill_(40.0)
    graph = recorded(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.BCELoss(), X, Y, before=0)
    simple = graph.readable()
    assert graph["a1"].value.max() == 1
    assert "1e-12" in simple.source()
    assert "-100" in simple.source()
    assert not any("cancels" in note for note in simple.notes)
    for name, value in simple.run().items():
        np.testing.assert_allclose(value, graph.outputs[name].value, rtol=1e-6)


def test_what_was_simplified_is_said():
    notes = " ".join(xor().readable().notes)
    assert "sigmoid with binary cross-entropy" in notes
    assert "no probability of this step is 0 or 1" in notes


def test_softmax_with_cross_entropy_is_p_minus_onehot_and_adam_is_three_lines_a_parameter():
    lines = arithmetic(digits().source())
    assert "p = e / s" in lines
    assert "onehot = y[:, None] == np.arange(10)" in lines
    assert "d_z2 = (p - onehot) / n" in lines
    assert "d_z1 = d_a1 * (a1 > 0)" in lines
    assert lines[-3:] == [
        "m_b2 = beta1 * m_b2 + (1 - beta1) * d_b2",
        "v_b2 = beta2 * v_b2 + (1 - beta2) * d_b2 ** 2",
        "b2 = b2 - step_size * m_b2 / (np.sqrt(v_b2) / v_correction + eps)",
    ]
    assert len(lines) == 30


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (nn.BCEWithLogitsLoss(), ["p = 1 / (1 + np.exp(-z1))", "d_z1 = (p - y) / n"]),
        (nn.BCEWithLogitsLoss(reduction="sum"), ["p = 1 / (1 + np.exp(-z1))", "d_z1 = p - y"]),
        (nn.MSELoss(), ["error = z1 - y", "loss = (error ** 2).mean()", "d_z1 = 2 * error / n"]),
        (nn.L1Loss(), ["d_z1 = np.sign(d) / n"]),
    ],
    ids=str,
)
def test_gradients_of_losses(criterion, expected):
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    lines = arithmetic(recorded(model, torch.optim.SGD(model.parameters(), lr=0.1), criterion, X, Y).source())
    assert [line for line in lines if line in expected] == expected


def test_a_formula_that_the_user_wrote_is_one_line_and_keeps_its_variables():
    torch.manual_seed(1)
    w = torch.randn(2, 4, requires_grad=True)
    c = torch.zeros(4, requires_grad=True)
    v = torch.randn(4, 1, requires_grad=True)

    def step(x, y):
        hidden = torch.sigmoid(x @ w + c)
        out = torch.sigmoid(hidden @ v)
        loss = -(y * torch.log(out) + (1 - y) * torch.log(1 - out)).mean()
        loss.backward()
        return loss

    lines = arithmetic(torch.trace(step, X, Y).source())
    assert lines[:3] == [
        "hidden = 1 / (1 + np.exp(-(x @ w + c)))",
        "out = 1 / (1 + np.exp(-(hidden @ v)))",
        "loss = -(y * np.log(out) + (1 - y) * np.log(1 - out)).mean()",
    ]
    assert any(line.endswith("= (out - y) / n") for line in lines)


def test_other_networks_have_their_modules_names():
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.norm, self.head = nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)

        def forward(self, x):
            return self.head(torch.relu(self.norm(self.first(x))))

    model = Net()
    source = recorded(model, torch.optim.RMSprop(model.parameters()), nn.MSELoss(), X, Y).source()
    lines = arithmetic(source)
    assert "first = x @ first_weight.T + first_bias" in lines
    assert "norm_mean = first.mean(axis=0)" in lines
    assert "norm_running_mean = 0.9 * norm_running_mean + 0.1 * norm_mean" in lines
    assert "d_head_bias = d_prediction.sum(axis=0)" in lines
    assert not re.search(r"\bt\d+\b", source)


def test_gelu_needs_no_scipy():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1))
    graph = recorded(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), X, Y)
    source = graph.source()
    assert "scipy" not in source
    assert "math.erfc" in source
    assert not any("left out" in note for note in graph.readable().notes)


def test_a_batch_without_rows_leaves_nan_and_no_warning():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    graph = recorded(model, optimizer, nn.MSELoss(), torch.zeros(0, 2), torch.zeros(0, 1), before=0)
    left = graph.run(verbatim=False)
    assert np.isnan(left["loss"])
    assert left["d_W1"].tolist() == [[0.0, 0.0]]


def test_a_prediction_alone_is_a_forward_program():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with torch.no_grad():
        graph = torch.trace(lambda x: model(x), X)
    assert arithmetic(graph.source()) == ["z1 = x @ W1.T + b1", "a1 = np.tanh(z1)", "z2 = a1 @ W2.T + b2"]
    (found,) = graph.run(verbatim=False).values()
    np.testing.assert_array_equal(found, model(X).detach().numpy())


def test_memory_that_is_overwritten_is_read_when_it_was_read():
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)

    def step():
        kept = (w * 2).detach().clone()
        part = kept[:2]
        first = part * 3
        kept[0] = 10.0
        second = part * 3
        loss = (w * kept).sum()
        loss.backward()
        return first, second, loss

    graph = torch.trace(step)
    found = graph.run(verbatim=False)
    np.testing.assert_array_equal(found["first"], [6, 12])
    np.testing.assert_array_equal(found["second"], [30, 12])
    np.testing.assert_array_equal(found["d_w"], [10, 4, 6])


LAYERS = [nn.ReLU, nn.Sigmoid, nn.Tanh, nn.GELU, nn.Softplus, nn.Hardtanh, nn.Dropout, lambda: nn.LayerNorm(3)]
LOSSES = [
    lambda p, y: nn.functional.binary_cross_entropy(torch.sigmoid(p), y),
    nn.functional.binary_cross_entropy_with_logits,
    nn.functional.mse_loss,
    nn.functional.huber_loss,
    lambda p, y: nn.functional.cross_entropy(p, y.argmax(1), label_smoothing=0.1),
    lambda p, y: nn.functional.nll_loss(torch.log_softmax(p, 1), y.argmax(1)),
    lambda p, y: ((p - y) ** 2).sum() / 2 + 0.01 * p.abs().mean(),
]
OPTIMIZERS = [torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.NAdam,
              torch.optim.RAdam, torch.optim.ASGD]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(LAYERS), min_size=1, max_size=3),
    loss_of=st.sampled_from(LOSSES),
    optimizer_of=st.sampled_from(OPTIMIZERS),
    rows=st.integers(1, 7),
    seed=st.integers(0, 99),
    is_double=st.booleans(),
)
def test_the_readable_step_of_any_small_network_is_the_recorded_one(
    kinds, loss_of, optimizer_of, rows, seed, is_double
):
    torch.manual_seed(seed)
    dtype = torch.float64 if is_double else torch.float32
    layers = [layer for kind in kinds for layer in (nn.Linear(3, 3), kind())]
    model = nn.Sequential(*layers, nn.Linear(3, 2)).to(dtype)
    optimizer = optimizer_of(model.parameters(), lr=0.01)
    graph = recorded(model, optimizer, loss_of, torch.randn(rows, 3, dtype=dtype), torch.rand(rows, 2, dtype=dtype))
    found, terms = graph.run(verbatim=False), scales(graph)
    for name, line in graph.outputs.items():
        share = {"float32": 1e-6, "float64": 1e-12}.get(str(line.dtype), 0)
        assert np.max(np.abs(found[name] - line.value), initial=0) <= share * terms[name]
