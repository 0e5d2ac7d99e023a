"""Steps taken apart, gone back over, and taken side by side: each time the bits are those of `fit`."""

import pytest

from backlit.live.phases import PHASES
from backlit.live.session import Session
from live.looking import choose_problem, eventually, number, open_dialog, press, set_control, value, weights_shown
from live.reference import fitted
from live.steered import run_to


def shown_is(visit, step, phase=None):
    """Wait until a step, and a phase of it, are shown."""
    page = visit.page
    eventually(page, lambda: value(page, "step") == step and (phase is None or value(page, "phase") == phase))


def test_walking_the_phases_by_keys_leaves_the_bits_of_fit(visit):
    steps, visited = 6, visit(Session("moons"))  # five batches an epoch
    page, session = visited.page, visited.session
    for phase, name in enumerate(PHASES):
        page.keyboard.press(".")
        shown_is(visited, int(name == "update"), phase)
        assert page.text_content("[data-stat=phase]") == name
        assert page.locator(".loop [aria-current=step]").count() == 1
    for _ in range(len(PHASES) * (steps - 1)):
        page.keyboard.press(".")
    shown_is(visited, steps, len(PHASES) - 1)
    assert weights_shown(page, session.sizes) == fitted(session, steps, "eager")[0].tolist()


def test_phases_walked_back_and_again_leave_the_same_bits(live):
    page = live.page
    for key in ".......,,,,,....,,,..........":
        page.keyboard.press(key)
    shown_is(live, 2, 0)
    page.keyboard.press("b")
    shown_is(live, 3)
    eventually(page, lambda: page.text_content("[data-stat=phase]") == "–")
    assert weights_shown(page, live.session.sizes) == fitted(live.session, 3, "eager")[0].tolist()


def test_the_past_is_shown_and_gone_on_from(live):
    page, session = live.page, live.session
    live.run_to(60)
    assert weights_shown(page, session.sizes) == fitted(session, 60, "eager")[0].tolist()
    page.locator("[data-control=scrub]").fill("25")
    page.wait_for_selector("[data-action=fork]")
    then = run_to(Session("xor"), 25).training.measures.loss
    eventually(page, lambda: value(page, "loss") == then)
    expected = fitted(session, 25, "eager")[0].tolist()
    eventually(page, lambda: weights_shown(page, session.sizes) == expected)
    press(page, "fork")
    page.wait_for_selector("[data-action=fork]", state="detached")
    press(page, "step-batch")
    shown_is(live, 26)
    assert session.state()["timeline"]["last"] == 26
    assert weights_shown(page, session.sizes) == fitted(session, 26, "eager")[0].tolist()


def test_the_newest_moment_is_come_back_to(live):
    page = live.page
    live.run_to(40)
    newest = value(page, "loss")
    page.locator("[data-control=scrub]").fill("0")
    eventually(page, lambda: value(page, "loss") != newest)
    press(page, "latest")
    eventually(page, lambda: value(page, "loss") == newest)
    assert page.locator("[data-action=fork]").count() == 0


def test_two_runs_that_differ_in_one_knob(live):
    page, rivals_curve = live.page, "[data-chart=accuracy] th:has-text('rival')"
    dialog = open_dialog(page, "compare")
    dialog.get_by_label("The one knob").select_option("learning-rate")
    dialog.get_by_label("The second run").fill("0.3")
    press(page, "compare-start")
    dialog.wait_for(state="detached")
    page.wait_for_selector(rivals_curve, state="attached")
    live.run_to(30)
    dialog = open_dialog(page, "compare")
    own, other = (run_to(Session("xor", learning_rate=rate), 30).training.measures.loss for rate in (0.03, 0.3))
    assert value(page, "loss") == own
    eventually(page, lambda: number(dialog, ".own .num") == own and number(dialog, ".other .num") == other)
    page.keyboard.press("Escape")
    press(page, "compare-end")
    page.wait_for_selector(rivals_curve, state="detached")
    assert value(page, "loss") == own


def test_a_shared_address_gives_the_run_again_to_the_bit(visit):
    first = visit(Session("xor"))
    page = first.page
    choose_problem(page, "moons")
    set_control(page, "seed", "7")
    set_control(page, "learning-rate", "0.05")
    set_control(page, "activation", "relu")
    press(page, "add-layer")
    eventually(page, lambda: first.session.settings.hidden == (4, 4))
    page.wait_for_selector("[data-neuron='3.0']")
    open_dialog(page, "share")
    address = page.input_value("#shared-address")
    page.keyboard.press("Escape")
    assert first.server.place.token not in address
    first.run_to(260)  # by then it is machine code that computes

    again = visit(Session("circle"), hash="#" + address.partition("#")[2])
    eventually(again.page, lambda: again.session.settings == first.session.settings)
    again.run_to(260)
    sizes = first.session.sizes
    assert value(again.page, "loss") == value(page, "loss")
    assert weights_shown(again.page, sizes) == weights_shown(page, sizes)


@pytest.mark.parametrize("unit", ["batch", "epoch"])
def test_a_batch_and_an_epoch_at_a_press(visit, unit):
    visited = visit(Session("moons"))
    press(visited.page, f"step-{unit}")
    expected = 1 if unit == "batch" else visited.session.training.regime.batches.steps_per_epoch
    shown_is(visited, expected)
    visited.at_rest()
    assert value(visited.page, "step") == expected
    assert value(visited.page, "epoch") == (unit == "epoch")
