"""The pictures show the numbers that they were given, and say what is wrong with numbers that they cannot show."""

import numpy as np
import pytest

import backlit as torch
from backlit import plots


def test_the_loss_curve_is_the_history_on_a_logarithmic_axis():
    x = torch.linspace(-1, 1, 8).unsqueeze(1)
    history = torch.fit(torch.nn.Linear(1, 1), x, 2 * x, loss="mse", optimizer="sgd", epochs=5, seed=0)
    axes = plots.loss_curves(history).axes[0]
    losses = [row["loss"] for row in history.epochs]
    assert axes.get_yscale() == "log"
    assert any(np.allclose(line.get_ydata(), losses) for line in axes.lines if len(line.get_ydata()) == len(losses))


def test_a_confusion_matrix_writes_every_count():
    figure = plots.confusion_matrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 1])
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert [text.split()[0] for text in texts if text][:4] == ["1", "1", "0", "3"]


def test_a_boundary_needs_two_inputs():
    with pytest.raises(ValueError, match="two"):
        plots.decision_boundary(torch.nn.Linear(3, 1), torch.ones(4, 3), torch.tensor([0, 1, 0, 1]))


def test_the_same_figure_is_the_same_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        plots.save(plots.residuals([1.0, 2.0, 3.0], [1.1, 1.9, 3.2]), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_gradients_vanish_towards_the_input_of_a_deep_sigmoid_net():
    torch.manual_seed(0)
    layers = [part for _ in range(6) for part in (torch.nn.Linear(4, 4), torch.nn.Sigmoid())]
    model = torch.nn.Sequential(*layers)
    model(torch.randn(16, 4)).sum().backward()
    line = plots.gradient_sizes(model).axes[0].lines[0]
    sizes = np.asarray(line.get_ydata())
    assert len(sizes) == 6
    assert sizes[0] < sizes[-1] / 100
