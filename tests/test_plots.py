"""The pictures show the numbers that they were given, and say what is wrong with numbers that they cannot show."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

import backlit as torch
from backlit import plots
from backlit.plots.boundary import regions, shade
from backlit.plots.canvas import style
from backlit.plots.values import MOST_ROWS


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


def a_model(outputs=1):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 6), torch.nn.ReLU(), torch.nn.Linear(6, outputs))


def a_history(scale=1.0):
    x = torch.linspace(-1, 1, 8).unsqueeze(1)
    rows = (x, scale * x)
    settings = {"loss": "mse", "optimizer": "sgd", "epochs": 4, "seed": 0, "validation": rows}
    return torch.fit(torch.nn.Linear(1, 1), *rows, **settings)


def test_every_function_returns_a_figure_and_leaves_the_model_in_its_mode():
    model, x = a_model(), torch.randn(20, 2)
    model(x).sum().backward()
    figures = [
        plots.loss_curves(a_history()),
        plots.confusion_matrix([0, 1], [1, 1]),
        plots.residuals([1.0, 2.0], [1.0, 3.0]),
        plots.decision_boundary(model, x, [0, 1] * 10, resolution=9),
        plots.activations(model, x),
        plots.layer_sizes(model),
        plots.gradient_sizes(model),
    ]
    assert all(isinstance(figure, Figure) for figure in figures)
    assert all(module.training for module in model.modules())


def test_several_runs_have_two_named_lines_each():
    histories = {"small": a_history(2.0), "large": a_history(9.0)}
    axes = plots.loss_curves(histories).axes[0]
    labels = [line.get_label() for line in axes.lines]
    assert labels == ["small, training", "small, validation", "large, training", "large, validation"]
    for line, key in zip(axes.lines[2:], ("loss", "validation_loss"), strict=True):
        assert list(line.get_ydata()) == [row[key] for row in histories["large"].epochs]
    assert axes.get_xlabel() == "epoch"


def test_the_numbers_of_a_logarithmic_axis_are_plain():
    figure = plots.loss_curves(a_history(2.0))
    figure.draw_without_rendering()
    axis = figure.axes[0].yaxis
    texts = [t.get_text() for which in ("major", "minor") for t in axis.get_ticklabels(which=which) if t.get_text()]
    assert texts
    assert all(f"{float(text):g}" == text for text in texts)


def test_the_plane_has_the_models_class_at_each_point():
    torch.manual_seed(1)
    model = torch.nn.Linear(2, 3)
    x = torch.tensor([[-2.0, -2.0], [2.0, -2.0], [0.0, 2.0]])
    found = regions(model, x, [0, 1, 2], resolution=21)
    probes = found.grid.reshape(-1, 2).astype(np.float32)
    said = model(torch.tensor(probes)).argmax(1).array
    assert (found.chances.argmax(-1).ravel() == said).all()
    colours = shade(found.chances).reshape(-1, 4)
    expected = np.array([to_rgb(style(k)[0]) for k in range(3)])[said]
    np.testing.assert_array_equal(colours[:, :3], expected)
    assert 0 < colours[:, 3].min() < colours[:, 3].max() < 1


def test_a_boundary_is_drawn_in_the_units_from_before_standardising():
    x = np.array([[-1.0, -1.0], [1.0, 1.0]])
    axes = plots.decision_boundary(a_model(), x, [0, 1], scales=[(100.0, 10.0), (-5.0, 2.0)], resolution=9).axes[0]
    drawn = np.concatenate([points.get_offsets() for points in axes.collections if isinstance(points, PathCollection)])
    assert drawn.tolist() == [[90.0, -7.0], [110.0, -3.0]]
    left, right, low, high = axes.images[0].get_extent()
    assert left < 90 < 110 < right
    assert low < -7 < -3 < high


def test_pictures_of_many_rows_draw_some_and_say_so():
    true = np.arange(12_000.0)
    figure = plots.residuals(true, true + 1)
    assert len(figure.axes[0].lines[0].get_xdata()) == MOST_ROWS
    assert "12,000 rows (5,000 drawn)" in figure.get_suptitle()
    x = np.stack([true, true], axis=1)
    axes = plots.decision_boundary(a_model(), x, true % 2, resolution=9).axes[0]
    assert axes.get_title() == "5,000 of 12,000 rows drawn"


def test_confusion_counts_are_scikit_learns():
    draw = np.random.default_rng(0)
    true, said = draw.integers(0, 4, 200), draw.integers(0, 4, 200)
    axes = plots.confusion_matrix(true, said, ["a", "b", "c", "d"]).axes[0]
    assert [int(text.get_text()) for text in axes.texts] == confusion_matrix(true, said).ravel().tolist()


def test_class_names_lie_flat_until_they_would_meet():
    long = [f"a long name {k}" for k in range(9)]
    for names, is_flat in ((["setosa", "versicolor", "virginica"], True), (long, False)):
        numbers = list(range(len(names)))
        labels = plots.confusion_matrix(numbers, numbers, names).axes[0].get_xticklabels()
        assert all((label.get_rotation() == 0) == is_flat for label in labels)


def test_activations_are_drawn_by_layer_with_the_share_of_zeros():
    model = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.ReLU())
    with torch.no_grad():
        model[0].weight.fill_(1.0)
    axes = plots.activations(model, torch.tensor([[-3.0], [-1.0], [2.0], [5.0]])).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0 Linear", "1 ReLU"]
    assert [line.get_ydata()[0] for line in axes.lines] == [0.5, 1.0]
    assert [text.get_text() for text in axes.texts] == ["50% zero"]


def test_layer_sizes_are_root_mean_squares():
    model = a_model()
    (line,) = plots.layer_sizes(model).axes[0].lines
    sizes = [np.sqrt(np.mean(model[k].weight.array.astype(float) ** 2)) for k in (0, 2)]
    assert line.get_ydata() == pytest.approx(sizes)


def test_gradients_vanish_layer_by_layer_through_sigmoids_and_far_less_through_relus():
    def sizes(activation):
        torch.manual_seed(0)
        model = torch.nn.Sequential(*[m for _ in range(6) for m in (torch.nn.Linear(16, 16), activation())])
        model(torch.randn(64, 16)).sum().backward()
        return np.asarray(plots.gradient_sizes(model).axes[0].lines[0].get_ydata())

    sigmoid, relu = sizes(torch.nn.Sigmoid), sizes(torch.nn.ReLU)
    assert (np.diff(sigmoid) > 0).all()
    assert sigmoid[0] / sigmoid[-1] < relu[0] / relu[-1] / 10


@pytest.mark.parametrize(
    ("draw", "kind", "words"),
    [
        (lambda: plots.residuals([1.0], [1.0, 2.0]), ValueError, "y_true has 1 rows and y_pred has 2"),
        (lambda: plots.residuals([1.0], [np.nan]), ValueError, "1 of 1 values of y_pred are not finite"),
        (lambda: plots.residuals(["a"], ["b"]), ValueError, "For classes write confusion_matrix"),
        (lambda: plots.confusion_matrix([0, 3], [0, 1], ["a", "b"]), ValueError, "3 is not among the 2 labels"),
        (lambda: plots.confusion_matrix([], []), ValueError, "y_true has no rows"),
        (lambda: plots.decision_boundary(a_model(), np.eye(2), [0, 5]), ValueError, "has 2 classes, 0 to 1"),
        (lambda: plots.decision_boundary(a_model(), np.eye(2), [0.5, 1]), ValueError, "must hold whole numbers"),
        (lambda: plots.gradient_sizes(a_model()), ValueError, "backward"),
        (lambda: plots.layer_sizes(torch.nn.ReLU()), ValueError, "Give the whole network"),
        (lambda: plots.activations(3, np.eye(2)), TypeError, "expected a backlit.nn.Module"),
        (lambda: plots.loss_curves(3), TypeError, "expected a History"),
        (lambda: plots.save(plots.residuals([1.0], [1.0]), "a.gif"), ValueError, r"a\.png"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_words(draw, kind, words):
    with pytest.raises(kind, match=words):
        draw()
