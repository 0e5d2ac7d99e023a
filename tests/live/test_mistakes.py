"""The classic mistakes: each shows its symptom, and the doctor names it."""

import numpy as np
import pytest

from backlit.live.messages import Refusal
from backlit.live.mistakes import MISTAKES
from backlit.live.session import Session
from live.mistaken import made, steps_to_show
from live.steered import run_to, say, section, set_, stat, weights


@pytest.mark.parametrize("name", MISTAKES)
def test_the_doctor_names_each_mistake(name):
    session = run_to(made(name), steps_to_show(name))
    found = [finding["rule"] for finding in session.state()["findings"]]
    assert set(found) & set(MISTAKES[name].rules), found


@pytest.mark.parametrize("name", MISTAKES)
def test_without_the_mistake_the_doctor_does_not_name_it(name):
    session = made(name)
    say(session, "mistake", name=None)
    run_to(session, 120)
    found = {finding["rule"] for finding in session.state()["findings"]}
    assert not found & set(MISTAKES[name].rules)


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_told(name):
    state = made(name).state()["mistake"]
    assert state == {
        "name": name, "title": MISTAKES[name].title, "symptom": MISTAKES[name].symptom, "is_guess": False
    }  # fmt: skip


def test_without_a_step_the_weights_stay():
    session = made("forgot-step")
    before = weights(session)
    run_to(session, 20)
    np.testing.assert_array_equal(weights(session), before)
    assert np.isfinite(section(session, "gradients")).all()


def test_without_zero_grad_gradients_add_up():
    session = made("forgot-zero-grad", learning_rate=1e-6)
    say(session, "step", what="batch")
    first = stat(session, "grad_norm")
    run_to(session, 10)
    assert stat(session, "grad_norm") > 5 * first


def test_zeros_keep_neurons_alike():
    pictures = section(run_to(made("zero-init", hidden=(4,)), 50), "pictures", maps=True)
    np.testing.assert_array_equal(pictures[1], pictures[0])


def test_a_hundred_times_the_rate():
    session = made("rate-too-high")
    assert session.training.regime.optimizer.param_groups[0]["lr"] == pytest.approx(3)
    set_(session, "learning-rate", 0.01)
    assert session.training.regime.optimizer.param_groups[0]["lr"] == pytest.approx(1)
    assert session.state()["settings"]["learning-rate"] == 0.01


def test_broadcasting_predicts_the_mean():
    session = run_to(made("broadcast"), 400)
    assert np.ptp(section(session, "output", maps=True)) < 0.2
    assert abs(stat(session, "accuracy")) < 0.1


def test_dead_relus_are_zero_everywhere():
    session = made("dead-relu")
    assert not section(session, "pictures", maps=True)[:-1].any()


def test_without_eval_the_test_loss_jumps_though_weights_stay():
    session = run_to(made("eval-forgotten"), 10)
    losses = set()
    for _ in range(4):
        session.look()
        losses.add(stat(session, "test_loss"))
    assert len(losses) > 1


def test_shuffled_labels_are_the_labels_shown():
    plain, shuffled = Session("circle").data(), made("shuffled-labels", hidden=(4,), points=200).data()
    assert plain["points"] == shuffled["points"]
    assert plain["labels"] != shuffled["labels"]
    held = [k for k, is_test in enumerate(plain["is_test"]) if is_test]
    assert [plain["labels"][k] for k in held] == [shuffled["labels"][k] for k in held]


def test_a_mistake_takes_a_problem_that_it_shows_on():
    session = Session("xor")
    say(session, "mistake", name="broadcast")
    state = session.state()
    assert state["settings"]["problem"] == "curve"
    assert state["notes"] == ["The problem is now curve, on which this mistake shows."]
    with pytest.raises(Refusal, match="The present mistake does not show on this problem"):
        set_(session, "problem", "circle")


def test_a_hidden_mistake_is_hidden_until_it_is_guessed():
    session = Session("circle", speed="max")
    say(session, "mistake", name="forgot-step", guess=True)
    run_to(session, 30)
    state = session.state()
    assert state["mistake"] == {"name": None, "title": "A hidden mistake", "symptom": "", "is_guess": True}
    assert state["findings"] == []
    wrong = say(session, "guess", name="dead-relu")[0]
    assert (wrong["is"], wrong["is_right"]) == ("guessed", False)
    assert session.state()["mistake"]["is_guess"]
    right = say(session, "guess", name="forgot-step")[0]
    assert right["is_right"]
    assert right["lesson"] == MISTAKES["forgot-step"].lesson
    assert session.state()["mistake"]["name"] == "forgot-step"
    assert session.state()["findings"][0]["rule"] == "missing-step"


def test_a_hidden_mistake_is_one_that_shows_on_the_problem():
    session = Session("curve")
    for _ in range(12):
        say(session, "mistake", name=None, guess=True)
        assert session.mistake is not None
        assert session.settings.problem == "curve"


def test_the_doctor_may_be_asked_about_a_hidden_mistake():
    session = Session("circle", speed="max")
    say(session, "mistake", name="forgot-step", guess=True)
    run_to(session, 30)
    say(session, "diagnose")
    assert session.state()["findings"][0]["rule"] == "missing-step"


def test_there_is_nothing_to_guess_without_a_hidden_mistake():
    with pytest.raises(Refusal, match="No mistake is hidden"):
        say(Session(), "guess", name="dead-relu")
    with pytest.raises(Refusal, match="There is no mistake 'dead-rela'.*dead-relu"):
        say(Session(), "mistake", name="dead-rela")
