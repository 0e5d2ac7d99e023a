"""Going back in time, two runs side by side, and runs that break."""

import math
from statistics import median

import numpy as np
import pytest

from backlit.live.messages import Refusal
from backlit.live.session import Session
from backlit.live.timeline import MOST_BYTES, MOST_MOMENTS, Timeline
from backlit.live.training import Training
from live.steered import run_to, say, section, set_, stat, weights


def walked(session, steps):
    """The weights after each of some steps, from the present one on.  Shape: (steps + 1, P)."""
    course = [weights(session)]
    for _ in range(steps):
        say(session, "step", what="batch")
        course.append(weights(session))
    return np.stack(course)


# The past.


def test_every_one_of_the_last_steps_is_shown_as_it_was():
    session = run_to(Session("circle", dropout=0.2, batch=16), 150)
    course = walked(session, 256)
    for step in (405, 300, 299, 151, 150, 260):
        say(session, "scrub", step=step)
        assert stat(session, "shown_step") == step
        np.testing.assert_array_equal(weights(session), course[step - 150])
    say(session, "latest")
    assert stat(session, "step") == 406
    np.testing.assert_array_equal(weights(session), course[-1])


def test_the_measures_of_the_past_are_those_of_its_weights():
    session = run_to(Session("circle"), 40)
    losses = {}
    for step in range(41, 50):
        say(session, "step", what="batch")
        losses[step] = stat(session, "loss"), section(session, "layers").tolist()
    for step in (44, 47, 41):
        say(session, "scrub", step=step)
        loss, layers = losses[step]
        assert stat(session, "loss") == loss
        np.testing.assert_allclose(section(session, "layers"), layers)


def test_what_goes_on_from_a_fork_goes_on_as_it_did():
    session = run_to(Session("spiral3", dropout=0.1, batch=16), 330)
    expected = weights(session)
    say(session, "scrub", step=250)
    say(session, "fork")
    assert session.state()["timeline"]["last"] == 250
    np.testing.assert_array_equal(weights(run_to(session, 330)), expected)


def test_a_fork_drops_what_came_after_it():
    session = run_to(Session(), 50)
    say(session, "scrub", step=20)
    say(session, "fork")
    timeline = session.state()["timeline"]
    assert (timeline["last"], max(timeline["moments"])) == (20, 20)
    assert np.nanmax(section(session, "curves")[0, :, 0]) == 20
    assert np.nanmax(section(session, "layer_curves")[:, :, 0]) <= 20
    assert session.state()["status"] == "paused"


def test_the_past_is_looked_at_and_not_changed():
    session = run_to(Session(), 30)
    say(session, "scrub", step=10)
    assert session.state()["status"] == "past"
    assert session.state()["timeline"]["last"] == 30
    for message in (
        {"do": "play"},
        {"do": "step", "what": "batch"},
        {"do": "edit", "layer": 1, "neuron": 0, "input": 0, "value": 0},
        {"do": "add_point", "at": [0, 0], "label": 0},
        {"do": "set", "control": "l1", "value": 0.1},
    ):
        with pytest.raises(Refusal, match="Step 10 is a moment of the past. Fork to go on from here"):
            session.answer(message)


def test_a_moment_has_the_settings_and_rows_of_its_time():
    session = run_to(Session(), 10)
    set_(session, "learning-rate", 0.001)
    set_(session, "dropout", 0.5)
    set_(session, "optimizer", "sgd")
    say(session, "add_point", at=[0.5, 0.5], label=1)
    say(session, "edit", layer=1, neuron=0, input=0, value=3)
    run_to(session, 20)
    expected = weights(session)
    say(session, "scrub", step=5)
    assert session.state()["settings"]["learning-rate"] == 0.03
    assert session.state()["settings"]["optimizer"] == "adam"
    assert session.data()["rows"]["train"] == 4
    say(session, "latest")
    assert session.data()["rows"]["train"] == 5
    say(session, "scrub", step=15)
    assert session.state()["settings"]["dropout"] == 0.5
    say(session, "fork")
    np.testing.assert_array_equal(weights(run_to(session, 20)), expected)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "rprop", "asgd", "adagrad", "nadam"])
def test_the_first_step_can_be_gone_back_to_with_every_optimizer(optimizer):
    session = run_to(Session("moons", optimizer=optimizer), 230)
    expected = weights(session)
    say(session, "scrub", step=0)
    np.testing.assert_array_equal(weights(session), weights(Session("moons", optimizer=optimizer)))
    say(session, "fork")
    np.testing.assert_array_equal(weights(run_to(session, 230)), expected)


def test_momentum_can_be_turned_on_and_off():
    session = run_to(Session("moons", optimizer="sgd"), 5)
    set_(session, "momentum", 0.9)
    run_to(session, 10)
    set_(session, "momentum", 0.0)
    expected = weights(run_to(session, 15))
    say(session, "scrub", step=7)
    say(session, "fork")
    run_to(session, 10)
    set_(session, "momentum", 0.0)
    np.testing.assert_array_equal(weights(run_to(session, 15)), expected)


def test_there_is_nothing_to_fork_from_at_the_latest_moment():
    with pytest.raises(Refusal, match="This is the latest moment. Scrub to an earlier one first"):
        say(Session(), "fork")


def test_moments_stay_under_their_bound():
    session = Session("digits", hidden=(64, 64, 64, 64, 64, 64))
    timeline, most = session.timeline, 0
    for step in range(1, 300):
        session.training.step = step  # as if it had been taken: what is kept is as large
        timeline.keep()
        most = max(most, timeline.bytes)
    assert 0.9 * MOST_BYTES < most <= MOST_BYTES
    assert timeline.bytes == sum(moment.bytes for moment in timeline.moments)
    held = sum(values.nbytes for moment in timeline.moments for _, values in moment.parts[0].arrays)
    assert held <= MOST_BYTES


def test_moments_thin_out_towards_the_past():
    training = Training(Session().settings, Session().rows)
    timeline = Timeline([training])
    for step in range(1, 3001):
        training.step = step
        timeline.keep()
    steps = timeline.steps
    assert len(steps) == MOST_MOMENTS
    assert (steps[0], steps[-12:]) == (0, list(range(2989, 3001)))
    gaps = np.diff(steps)
    assert median(gaps[-100:]) < median(gaps[:100])


# Two runs.


def test_two_runs_see_the_same_rows_in_the_same_order():
    session = Session("circle", batch=16, hidden=(3,))
    say(session, "compare", control="hidden", value=[7])
    for _ in range(40):
        say(session, "step", what="batch")
        ours, theirs = session.training.regime.batches, session.rival.regime.batches
        np.testing.assert_array_equal(ours.order, theirs.order)
        assert ours.start == theirs.start
    assert session.rival.step == 40
    run_to(session, 320)
    assert session.rival.step == 320
    np.testing.assert_array_equal(ours.order, theirs.order)


def test_a_second_run_is_what_it_would_be_alone():
    session = Session("circle", batch=16)
    say(session, "compare", control="learning-rate", value=0.1)
    run_to(session, 50)
    alone = run_to(Session("circle", batch=16, learning_rate=0.1), 50)
    assert stat(session, "rival_loss") == stat(alone, "loss")
    np.testing.assert_array_equal(section(session, "rival_output", maps=True), section(alone, "output", maps=True))
    first = run_to(Session("circle", batch=16), 50)
    np.testing.assert_array_equal(weights(session), weights(first))


def test_a_fork_takes_both_runs_along():
    session = Session("moons", dropout=0.2, batch=16)
    say(session, "compare", control="optimizer", value="sgd")
    run_to(session, 60)
    expected = weights(session), stat(session, "rival_loss")
    say(session, "scrub", step=33)
    say(session, "fork")
    run_to(session, 60)
    np.testing.assert_array_equal(weights(session), expected[0])
    assert stat(session, "rival_loss") == expected[1]


def test_a_change_for_both_leaves_the_knob_turned():
    session = Session()
    say(session, "compare", control="learning-rate", value=0.5)
    set_(session, "l2", 0.01)
    set_(session, "learning-rate", 0.2)
    rates = [run.regime.optimizer.param_groups[0]["lr"] for run in session.runs]
    assert rates == [0.2, 0.5]
    assert session.rival.regime.settings.l2 == 0.01
    assert session.state()["rival"] == {"control": "learning-rate", "value": 0.5, "label": "Learning rate: 0.5"}


def test_the_first_run_goes_on_alone():
    session = Session()
    say(session, "compare", control="activation", value="relu")
    run_to(session, 30)
    before = weights(session)
    say(session, "compare", control="activation", value=None)
    np.testing.assert_array_equal(weights(session), before)
    assert session.state()["rival"] is None
    assert math.isnan(stat(session, "rival_loss"))
    say(session, "scrub", step=10)
    assert stat(session, "shown_step") == 10


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        ("noise", 0.5, "the same data, seed and speed: Noise cannot differ"),
        ("seed", 1, "Seed cannot differ"),
        ("learning-rate", 0.03, "has this value in the first run too"),
        ("learning-rate", 1000, "at most 100"),
    ],
)
def test_what_cannot_be_compared(control, value, words):
    with pytest.raises(Refusal, match=words):
        say(Session(), "compare", control=control, value=value)


# Runs that break.


def broken_run():
    session = Session("plane", optimizer="sgd", learning_rate=20.0)
    return run_to(session, 500)


def test_a_loss_that_is_not_finite_ends_the_run_at_its_step():
    session = broken_run()
    state = session.state()
    assert state["status"] == "ended"
    step = state["step"]
    assert not math.isfinite(session.training.loss)
    assert f"Step {step}: the loss is" in state["notes"][0]
    say(session, "scrub", step=step - 1)
    assert np.isfinite(weights(session)).all()


def test_the_doctor_says_why_it_broke():
    session = broken_run()
    rules = {finding["rule"] for finding in session.state()["findings"]}
    assert rules & {"lr-too-high", "divergence", "nan-origin"}


def test_a_broken_weight_is_named():
    session = run_to(Session("circle", activation="relu"), 5)
    with np.errstate(all="ignore"):
        say(session, "edit", layer=1, neuron=2, input=0, value=3e38)
        say(session, "edit", layer=1, neuron=2, input="b", value=3e38)
        run_to(session, 8)
    state = session.state()
    assert (state["status"], state["step"]) == ("ended", 6)
    assert "The first number that is not finite is in the output of layer 1: neuron 2 in row" in state["notes"][0]


def test_a_broken_run_can_be_taken_up_before_the_rise():
    session = broken_run()
    with pytest.raises(Refusal, match="The loss is not finite any more"):
        say(session, "play")
    rescue = session.state()["rescue"]
    assert rescue["value"] == 10.0
    say(session, "scrub", step=rescue["step"])
    say(session, "fork")
    for _ in range(10):
        rescue["value"] /= 2
    set_(session, rescue["control"], rescue["value"])
    run_to(session, rescue["step"] + 200)
    assert session.state()["status"] == "paused"
    assert stat(session, "loss") < 0.5
    assert session.state()["rescue"] is None
