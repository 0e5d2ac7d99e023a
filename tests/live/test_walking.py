"""A step walked through phase by phase, as the page does it."""

import numpy as np
import pytest

import backlit as torch
from backlit.live.messages import Refusal
from backlit.live.phases import PHASES
from backlit.live.session import Session


def walk(session, what="phase", times=1):
    for _ in range(times):
        session.answer({"do": "step", "what": what})


def weights_of(session):
    return np.concatenate([p.array.reshape(-1) for p in session.training.model.parameters()])


def section(session, name):
    """A part of a frame, by the announced layout."""
    found = next(part for part in session.state()["layout"]["sections"] if part["name"] == name)
    dtype = {"f4": np.float32, "f8": np.float64}[found["dtype"]]
    return np.frombuffer(session.frame(False), dtype, int(np.prod(found["shape"])), found["offset"])


@pytest.mark.parametrize(("problem", "batch", "epochs"), [("xor", 4, 40), ("moons", 16, 3)])
def test_walking_the_phases_equals_fit_to_the_bit(problem, batch, epochs):
    session = Session(problem, batch=batch, seed=5)
    x, y = session.rows.train
    steps = epochs * -(-x.shape[0] // batch)
    walk(session, times=6 * steps)
    assert session.training.step == steps

    torch.manual_seed(5)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    history = torch.fit(
        model, x, y, loss="bce_with_logits", optimizer=optimizer, epochs=epochs, batch_size=batch, engine="eager"
    )
    assert len(history.losses) == steps
    assert np.array_equal(weights_of(session), np.concatenate([p.array.reshape(-1) for p in model.parameters()]))


def test_each_phase_is_told_and_only_the_update_changes_weights():
    session = Session("moons", batch=8)
    walk(session, "batch", 3)
    before, seen = weights_of(session), []
    for phase in range(6):
        walk(session)
        state = session.state()
        assert state["status"] == "walking"
        assert state["phase"]["index"] == phase
        seen.append(state["phase"]["name"])
        assert np.array_equal(weights_of(session), before) == (phase < 5)
        assert section(session, "stats")[11] == phase
    assert tuple(seen) == PHASES
    assert session.training.step == 4
    assert len(session.state()["batch_rows"]) == 8


def test_frames_show_stale_gradients_then_none_then_new_ones():
    session = Session("xor")
    walk(session, "batch")
    walk(session)
    stale = section(session, "gradients").copy()
    assert np.isfinite(stale).all()
    walk(session, times=2)
    assert np.array_equal(section(session, "gradients"), stale)
    walk(session)
    assert np.isnan(section(session, "gradients")).all()
    walk(session)
    fresh = section(session, "gradients").copy()
    assert np.isfinite(fresh).all()
    assert not np.array_equal(fresh, stale)
    walk(session)
    assert np.array_equal(section(session, "gradients"), fresh)


def test_the_loss_of_the_batch_is_known_from_the_loss_on():
    session = Session("moons", batch=8)
    known = []
    for _ in range(6):
        walk(session)
        known.append(session.state()["phase"]["loss"])
    assert known[:2] == [None, None]
    assert known[2] == known[5] == session.training.loss


def test_going_back_and_on_again_changes_no_bit():
    session, straight = Session("moons", batch=8), Session("moons", batch=8)
    walk(session, times=6 * 4)
    there = weights_of(session)
    walk(session, "back", 6 * 3)
    assert session.training.step == 0 + 1
    assert session.state()["phase"]["name"] == "update"
    walk(session, times=6 * 3)
    assert np.array_equal(weights_of(session), there)
    walk(session, times=6)
    walk(straight, times=6 * 5)
    assert np.array_equal(weights_of(session), weights_of(straight))


def test_before_the_first_step_there_is_nothing():
    session = Session("xor")
    walk(session)
    with pytest.raises(Refusal, match="before the first step"):
        walk(session, "back")


def test_the_rest_of_a_step_ends_the_walk():
    session, straight = Session("moons"), Session("moons")
    walk(session, times=3)
    walk(session, "batch")
    walk(straight, "batch")
    assert session.state()["status"] == "paused"
    assert session.training.step == 1
    assert np.array_equal(weights_of(session), weights_of(straight))


def test_playing_on_from_a_walk_forgets_what_was_gone_back_from():
    session = Session("xor")
    walk(session, times=12)
    walk(session, "back", 9)
    session.answer({"do": "run_to", "step": 2})
    while session.advance(0.01):
        pass
    other = Session("xor")
    walk(other, "batch", 2)
    assert np.array_equal(weights_of(session), weights_of(other))
    assert session.state()["timeline"]["last"] == 2


def test_a_forgotten_zero_grad_shows_in_its_phase():
    session = Session("xor")
    session.answer({"do": "mistake", "name": "forgot-zero-grad"})
    walk(session, "batch")
    walk(session, times=4)
    assert session.state()["phase"]["name"] == "zero_grad"
    assert np.isfinite(section(session, "gradients")).all()


def test_a_forgotten_step_changes_nothing_in_its_phase():
    session = Session("moons", batch=8)
    session.answer({"do": "mistake", "name": "forgot-step"})
    before = weights_of(session)
    walk(session, times=6)
    assert session.state()["phase"]["name"] == "update"
    assert np.array_equal(weights_of(session), before)
    (found,) = session.answer({"do": "inspect", "weight": [1, 0, 0]})
    assert found["update"]["formula"] == "not updated"


def test_inspecting_while_playing_and_walking_recomputes():
    session = Session("moons", batch=8)
    for _ in range(2):
        (found,) = session.answer({"do": "inspect", "neuron": [1, 0], "row": 2})
        total = sum(term["weight"] * term["input"] for term in found["terms"]) + found["bias"]
        assert total == pytest.approx(found["z"], abs=1e-6)
        (found,) = session.answer({"do": "inspect", "weight": [1, 0, 1]})
        assert found["agrees"]
        walk(session, times=3)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"neuron": [0, 0]}, "layers 1 to 2, and layer 0"),
        ({"neuron": [1, 4]}, "neurons 0 to 3, and 4"),
        ({"neuron": [1, 0], "row": 100}, "rows 0 to 3"),
        ({"weight": [2, 0, 9]}, "inputs 0 to 3, and 9"),
    ],
)
def test_what_is_not_there_is_refused(message, words):
    with pytest.raises(Refusal, match=words):
        Session("xor").answer({"do": "inspect", **message})


def test_lessons_can_be_followed():
    """Whatever a lesson sends is accepted, and what it waits for is a number of a frame."""
    session = Session("xor")
    hello = session.hello()
    assert len(hello["lessons"]) == 6
    controls = {control["name"] for control in hello["controls"]}
    for told in hello["lessons"]:
        (lesson,) = session.answer({"do": "lesson", "name": told["name"]})
        for step in lesson["steps"]:
            for name, value in step.get("set", {}).items():
                assert name in controls
                session.answer({"do": "set", "control": name, "value": value})
            for message in step.get("send", []):
                session.answer(message)
            if "ask" in step:
                assert 0 <= step["ask"]["answer"] < len(step["ask"]["choices"])
            if "wait" in step:
                assert wait_for(session, hello["stats"].index(step["wait"]["stat"]), step["wait"])


def wait_for(session, stat, bounds, rounds=400):
    """Train until a number of the frame is where a lesson waits for it to be."""
    session.answer({"do": "set", "control": "speed", "value": "max"})
    for _ in range(rounds):
        value = section(session, "stats")[stat]
        if value < bounds.get("below", np.inf) and value > bounds.get("above", -np.inf):
            return True
        session.advance(0.05)
    return False
