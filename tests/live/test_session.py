"""The session, steered by the messages of the page: what it trains is what `fit` trains."""

import math
import struct

import numpy as np
import pytest

import backlit
from backlit.live.controls import CONTROLS, Settings
from backlit.live.messages import Refusal
from backlit.live.problems import PROBLEMS
from backlit.live.rows import Table
from backlit.live.session import Session
from backlit.live.watching import MOST_REMEMBERED
from backlit.train import L1
from live.reference import fitted
from live.steered import run_to, section, set_, stat, weights


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"problem": "circle", "batch": 7, "seed": 5, "optimizer": "sgd"},
        {"problem": "spiral3", "hidden": (5, 3), "dropout": 0.2, "batch": 20},
        {"problem": "curve", "activations": ("relu",), "init": "xavier_normal", "optimizer": "rmsprop"},
        {"problem": "moons", "batch_norm": True, "hidden": (6,)},
    ],
)
def test_a_run_has_the_bits_of_fit(settings):
    session = run_to(Session(**settings), 60)
    expected, _ = fitted(session, 60, "eager")
    np.testing.assert_array_equal(weights(session), expected)


def test_a_long_run_has_the_bits_of_fit_with_machine_code():
    session = run_to(Session("circle", batch=32, hidden=(5,)), 420)
    assert session.state()["engine"]["name"] == "native"
    expected, _ = fitted(session, 420, "auto")
    np.testing.assert_array_equal(weights(session), expected)


def test_l1_is_fits_penalty():
    session = run_to(Session("moons", l1=0.01), 30)
    expected, _ = fitted(session, 30, "eager", penalty=L1(0.01))
    np.testing.assert_array_equal(weights(session), expected)


def test_other_draws_of_random_numbers_change_nothing():
    expected = weights(run_to(Session("circle", batch=8), 30))
    session = Session("circle", batch=8)
    for step in range(1, 31):
        backlit.rand(step)
        session.frame(True)
        run_to(session, step)
    np.testing.assert_array_equal(weights(session), expected)


def test_the_loss_shown_is_that_of_the_weights_shown():
    session = run_to(Session("rings", hidden=(6,), dropout=0.3, l1=0.1), 25)
    model = session.training.model.eval()
    with backlit.no_grad():
        x, y = session.rows.train
        expected = backlit.nn.functional.cross_entropy(model(x), y).item()
        x, y = session.rows.test
        tested = backlit.nn.functional.cross_entropy(model(x), y).item()
    model.train()
    assert stat(session, "loss") == expected
    assert stat(session, "test_loss") == tested


def test_regression_is_measured_by_r2():
    session = run_to(Session("plane", noise=0.0), 300)
    assert 0.99 < stat(session, "accuracy") <= 1


def test_counters_count():
    session = run_to(Session("circle", points=100, test_share=0.2, batch=32), 7)  # 80 rows: 32, 32, 16
    assert stat(session, "step") == 7
    assert stat(session, "epoch") == 2
    assert stat(session, "samples") == 2 * 80 + 32


def test_the_rest_of_an_epoch_ends_with_it():
    session = run_to(Session("circle", points=100, test_share=0.2, batch=32), 4)
    session.answer({"do": "step", "what": "epoch"})
    while session.advance(0.05):
        pass
    assert stat(session, "step") == 6
    assert stat(session, "epoch") == 2


def test_run_to_an_epoch():
    session = Session("circle", points=100, test_share=0.2, batch=32)
    session.answer({"do": "run_to", "epoch": 5})
    while session.advance(0.05):
        pass
    assert (stat(session, "step"), stat(session, "epoch")) == (15, 5)


def test_run_to_goes_forward_only():
    session = run_to(Session(), 5)
    with pytest.raises(Refusal, match="This is step 5, and step 3 is not ahead of it"):
        session.answer({"do": "run_to", "step": 3})


def test_speed_holds_a_run_back():
    session = Session(speed="1")
    session.answer({"do": "play"})
    assert session.advance(0.02)
    assert not session.advance(0.02)
    assert stat(session, "step") == 1


# What can be changed while it trains.


@pytest.mark.parametrize(
    ("control", "value"),
    [("learning-rate", 0.5), ("l1", 0.1), ("l2", 0.1), ("dropout", 0.4), ("momentum", 0.5), ("optimizer", "rmsprop"),
     ("loss", "brier"), ("batch", 9), ("speed", "max")],
)  # fmt: skip
def test_what_does_not_reset_leaves_weights_and_step(control, value):
    session = run_to(Session("circle"), 12)
    before = weights(session)
    set_(session, control, value)
    np.testing.assert_array_equal(weights(session), before)
    assert stat(session, "step") == 12
    assert not CONTROLS[control].resets
    run_to(session, 14)
    assert session.state()["settings"][control] == value


@pytest.mark.parametrize("control", [c for c in CONTROLS.values() if c.resets], ids=lambda c: c.name)
def test_what_resets_begins_anew(control):
    others = {"problem": "moons", "hidden": [3], "activations": ["relu"], "activation": "relu", "init": "zeros"}
    value = others.get(control.name, {"switch": True, "whole": 17, "number": 0.5}.get(control.kind))
    session = run_to(Session("circle", scale=False), 5)
    set_(session, control.name, value)
    assert stat(session, "step") == 0


IDLE = [
    ({}, {"points", "noise", "test-share", "momentum"}),
    ({"problem": "iris"}, {"points", "noise", "momentum"}),
    ({"problem": "moons"}, {"momentum"}),
    ({"problem": "moons", "optimizer": "sgd"}, set()),
    ({"problem": "moons", "optimizer": "sgd", "hidden": ()}, {"activation", "batch-norm", "dropout"}),
]
OTHER = {
    "points": 120, "noise": 0.4, "test-share": 0.5, "momentum": 0.5, "activation": "relu", "batch-norm": True,
    "dropout": 0.5,
}  # fmt: skip


@pytest.mark.parametrize(("settings", "idle"), IDLE)
def test_what_is_called_idle_changes_no_number(settings, idle):
    expected = weights(run_to(Session(**settings), 20))
    changing = set()
    for control, value in OTHER.items():
        session = Session(**settings)
        set_(session, control, value)
        other = weights(run_to(session, 20))
        if other.shape != expected.shape or (other != expected).any():
            changing.add(control)
    assert set(Session(**settings).state()["idle"]) == idle
    assert changing == OTHER.keys() - idle


def test_a_halved_rate_halves_the_step_of_gradient_descent():
    session = run_to(Session("circle", optimizer="sgd", learning_rate=0.5), 3)
    moved = []
    for rate in (0.5, 0.25):
        other = run_to(Session("circle", optimizer="sgd", learning_rate=0.5), 3)
        set_(other, "learning-rate", rate)
        run_to(other, 4)
        moved.append(weights(other) - weights(session))
    np.testing.assert_allclose(moved[1], moved[0] / 2, atol=1e-6)


def test_an_edited_weight_is_what_trains_on():
    session = run_to(Session(), 3)
    session.answer({"do": "edit", "layer": 1, "neuron": 2, "input": 1, "value": 0.5})
    session.answer({"do": "edit", "layer": 2, "neuron": 0, "input": "b", "value": -1.25})
    assert session.training.layers[0].weight.array[2, 1] == 0.5
    assert weights(session)[-1] == -1.25
    before = stat(session, "loss")
    run_to(session, 4)
    assert stat(session, "loss") < before


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"layer": 0, "neuron": 0, "input": 0, "value": 1}, "Weights lead into layers 1 to 2, and layer 0"),
        ({"layer": 1, "neuron": 4, "input": 0, "value": 1}, "Layer 1 has neurons 0 to 3, and 4 was named"),
        ({"layer": 1, "neuron": 0, "input": 2, "value": 1}, "Neuron 1.0 has inputs 0 to 1, and 2 was named"),
        ({"layer": 1, "neuron": 0, "input": 0, "value": 1e39}, "A weight is a number of single precision"),
    ],
)
def test_edits_beyond_the_network_are_refused(edit, words):
    with pytest.raises(Refusal, match=words):
        Session().answer({"do": "edit", **edit})


def test_points_come_and_go_and_the_network_stays():
    session = run_to(Session(), 6)
    before, rows = weights(session), session.data()["rows"]["train"]
    session.answer({"do": "add_point", "at": [0.5, 0.25], "label": 1})
    data = session.data()
    assert (data["points"][-1], data["labels"][-1], data["is_test"][-1]) == ([0.5, 0.25], 1.0, 0)
    assert data["rows"]["train"] == rows + 1
    np.testing.assert_array_equal(weights(session), before)
    session.answer({"do": "remove_point", "index": 0})
    assert session.data()["points"][0] == [0.0, 1.0]
    run_to(session, 8)
    assert stat(session, "samples") == 6 * 4 + 2 * 4


def test_the_last_training_row_stays():
    session = Session()
    for _ in range(3):
        session.answer({"do": "remove_point", "index": 0})
    with pytest.raises(Refusal, match="the last training row"):
        session.answer({"do": "remove_point", "index": 0})


def test_a_point_of_no_class_is_refused():
    with pytest.raises(Refusal, match="The classes are 0 to 1, and 2 was given"):
        Session().answer({"do": "add_point", "at": [0, 0], "label": 2})


# What is refused, in words that say the limit.


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        ("hidden", [4] * 7, "at most 6 hidden layers, and 7 were given"),
        ("hidden", [65], "Hidden layers is at most 64, and 65 was given"),
        ("hidden", [0], "Hidden layers is at least 1, and 0 was given"),
        ("learning-rate", 101, "Learning rate is at most 100, and 101 was given"),
        ("learning-rate", 1e-7, "Learning rate is at least 1e-06, and 1e-07 was given"),
        ("learning-rate", math.nan, "Learning rate is a number, and nan was given"),
        ("batch", 5, "Batch size is at most 4, the number of training rows, and 5 was given"),
        ("batch", 2.5, "Batch size is a whole number, and 2.5 was given"),
        ("seed", -1, "Seed is at least 0"),
        ("scale", 1, "Scale inputs is on or off, and 1 was given"),
        ("activation", "tangent", "Activation has no choice 'tangent'"),
        ("activations", ["tanh", "relu"], "There are 1 hidden layers, and 2 activations were given"),
        ("colour", 1, "There is no control 'colour'"),
        ("problem", "table", "There is no table yet. Upload a CSV file first."),
    ],
)
def test_values_beyond_the_limits_are_refused_and_change_nothing(control, value, words):
    session = run_to(Session(), 2)
    before = session.state()["settings"]
    with pytest.raises(Refusal, match=words):
        set_(session, control, value)
    assert session.state()["settings"] == before
    assert stat(session, "step") == 2


def test_rprop_has_no_weight_decay():
    session = Session(optimizer="rprop")
    with pytest.raises(Refusal, match="Rprop has no weight decay"):
        set_(session, "l2", 0.1)


def test_batch_norm_refuses_a_batch_of_one():
    with pytest.raises(Refusal, match="the last has a single row, which batch norm cannot normalise"):
        Session("iris", test_share=0.2, batch=17, batch_norm=True)  # 120 rows: seven batches of 17, and one row


# Addresses.


def test_an_address_is_read_as_it_was_written():
    session = Session(
        "spiral3", hidden=(7, 5), activations=("relu", "linear"), learning_rate=0.125, scale=False, l2=1e-5
    )
    other = Session()
    other.answer({"do": "settings", "settings": session.state()["address"]})
    assert other.settings == session.settings
    assert Settings().address() == {}
    np.testing.assert_array_equal(weights(run_to(other, 9)), weights(run_to(session, 9)))


@pytest.mark.parametrize("text", [{"hidden": "99"}, {"hidden": "a,b"}, {"l1": "much"}, {"scale": "perhaps"}])
def test_an_address_can_carry_nothing_beyond_the_limits(text):
    with pytest.raises(Refusal):
        Session().answer({"do": "settings", "settings": text})


# Frames and news.


@pytest.mark.parametrize("problem", PROBLEMS)
def test_frames_have_what_the_layout_says(problem):
    session = run_to(Session(problem, hidden=(5, 3), points=60), 3)
    outputs = session.rows.task.outputs
    pixels = (1, 24) if problem == "curve" else (24, 24)
    assert section(session, "pictures", maps=True).shape == (8 + outputs, *pixels)
    assert np.isfinite(section(session, "pictures", maps=True)).all()
    assert np.isfinite(section(session, "output", maps=True)).all()
    assert np.isnan(section(session, "rival_output", maps=True)).all()
    assert len(section(session, "weights")) == session.state()["network"]["parameters"]
    assert np.isfinite(section(session, "gradients")).all()
    assert all(part["offset"] % 8 == 0 for part in session.state()["layout"]["sections"])


def test_gradients_are_nan_before_the_first_step():
    assert np.isnan(section(Session(), "gradients")).all()


def test_a_frame_begins_with_layout_and_version():
    session = Session()
    session.news()
    layout, version = struct.unpack("<2d", session.frame(False)[:16])
    assert layout == session.state()["layout"]["id"]
    assert version == session.state()["version"] == 1


def test_the_norm_of_the_gradient_is_that_of_the_gradients_shown():
    session = run_to(Session("circle"), 4)
    gradients = section(session, "gradients").astype(float)
    assert stat(session, "grad_norm") == pytest.approx(math.sqrt((gradients**2).sum()))
    layers = section(session, "layers")
    assert layers[0, 0] == pytest.approx(math.sqrt((gradients[:12] ** 2).sum()))
    assert layers[1, 1] == pytest.approx(math.sqrt((weights(session)[12:16].astype(float) ** 2).sum()))


def test_the_last_update_is_measured_against_the_weights():
    session = run_to(Session("circle"), 3)
    before = weights(session).astype(float)
    session.answer({"do": "step", "what": "batch"})
    after = weights(session).astype(float)
    moved = np.linalg.norm(after[12:16] - before[12:16]) / np.linalg.norm(after[12:16])
    assert section(session, "layers")[1, 2] == pytest.approx(moved, rel=1e-4)


def test_a_pictures_pixel_is_what_the_neuron_gives_there():
    session = run_to(Session("moons", hidden=(3,)), 10)
    x0, x1, y0, y1 = session.data()["ranges"]
    at = [x0 + (x1 - x0) * 20.5 / 24, y1 - (y1 - y0) * 3.5 / 24]  # column 20, row 3 from the top
    x = backlit.tensor(session.rows.scaled(np.array([at])))
    hidden = session.training.model[:2](x).detach().numpy()[0]
    np.testing.assert_allclose(section(session, "pictures", maps=True)[:3, 3, 20], hidden, rtol=1e-5)


def test_probe_says_what_the_network_does():
    session = run_to(Session("iris"), 200)
    answer = session.answer({"do": "probe", "at": [1.4, 0.2]})[0]
    assert sum(answer["outputs"]) == pytest.approx(1, abs=1e-5)
    assert answer["text"].startswith("setosa")
    assert session.data()["note"] == "2 other inputs are at their means"


def test_axes_are_chosen_among_the_inputs():
    session = Session("iris")
    session.answer({"do": "axes", "x": 0, "y": 1})
    assert session.data()["axes"] == [0, 1]
    with pytest.raises(Refusal, match="The inputs are 0 to 3, and 4 and 1 were named"):
        session.answer({"do": "axes", "x": 4, "y": 1})


def test_news_are_told_once():
    session = Session()
    assert [said["is"] for said in session.news()] == ["data", "state"]
    assert session.news() == []
    set_(session, "learning-rate", 0.1)
    assert [said["is"] for said in session.news()] == ["state"]
    set_(session, "noise", 0.2)
    assert [said["is"] for said in session.news()] == ["data", "state"]


def test_hello_names_what_there_is():
    hello = Session().hello()
    assert [problem["name"] for problem in hello["problems"]] == list(PROBLEMS)
    assert {c["name"]: c["default"] for c in hello["controls"]} == {
        name: getattr(Settings(), control.field) for name, control in CONTROLS.items()
    }
    assert len(hello["code"]) == 6


# Tables.


def test_a_table_becomes_a_problem():
    session = Session()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = (x[:, 1] > 0).astype(float)
    session.upload(Table(["a", "b", "c", "kind"], np.column_stack([x, y]), {"kind": ["no", "yes"]}))
    data = session.data()
    assert data["classes"] == ["no", "yes"]
    assert data["columns"] == ["a", "b", "c", "kind"]
    assert 1 in data["axes"]
    run_to(session, 150)
    assert stat(session, "accuracy") > 0.9


def test_the_target_may_be_any_column():
    session = Session()
    values = np.random.default_rng(0).normal(size=(40, 3))
    session.upload(Table(["a", "b", "c"], values), "a")
    assert session.state()["kind"] == "regression"
    assert session.data()["names"] == ["b", "c"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (Table(["a"], np.zeros((5, 1))), "one column only"),
        (Table(["a", "b"], np.zeros((5, 2))), "Column 'b' is the same in every row"),
        (Table(["a", "b"], np.ones((1, 2))), "a single row"),
        (Table(["a", "b"], np.arange(6.0).reshape(3, 2), {"a": ["x", "y", "z"]}), "Column 'a' holds texts"),
    ],
)
def test_a_table_that_poses_no_task_is_refused_and_changes_nothing(table, words):
    session = run_to(Session(), 2)
    with pytest.raises(Refusal, match=words):
        session.upload(table)
    assert (session.settings.problem, stat(session, "step")) == ("xor", 2)


def test_a_long_run_remembers_no_more_than_a_short_one():
    session = run_to(Session(), 20_000)
    course = session.training.watching.watch.course
    assert session.training.watching.watch.steps == 20_000
    assert len(course.means) <= 2 * MOST_REMEMBERED + 1
    for _ in range(3 * MOST_REMEMBERED):
        session.training.watching.note(session.training, np.ones(4))
    assert len(course.means) <= 2 * MOST_REMEMBERED + 1
    assert len(course.losses) <= 2 * MOST_REMEMBERED + 1


def test_which_classes_are_taken_for_which_adds_up_to_the_accuracy():
    for problem, kind in (("spiral3", "test"), ("xor", "train")):
        session = Session(problem)
        run_to(session, 50)
        told, measures = session.state()["confusion"], session.training.measures
        table = np.array(told["table"])
        assert told["of"] == kind
        assert table.sum() == len((session.rows.test if kind == "test" else session.rows.train)[1].array)
        accuracy = measures.test_accuracy if kind == "test" else measures.accuracy
        assert np.trace(table) / table.sum() == pytest.approx(accuracy)
    assert Session("plane").state()["confusion"] is None
