"""Runs that go wrong: each classic mistake shows, the doctor names it, and one finds the way out."""

import math

import pytest

from backlit.live.mistakes import MISTAKES
from backlit.live.session import Session
from live.looking import eventually, press, value
from live.mistaken import ready_for


def open_mistakes(page):
    page.click("details.mistakes > summary")


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_shows_its_symptom_and_its_finding(visit, name):
    mistake, visited = MISTAKES[name], visit(ready_for(name))
    page = visited.page
    open_mistakes(page)
    page.locator(f"[data-mistake='{name}'] input").check()
    page.wait_for_selector(f"[data-mistake='{name}'] .symptom:has-text('{mistake.symptom}')")
    press(page, "play")
    named = page.locator(",".join(f"[data-finding='{rule}']" for rule in mistake.rules)).first
    named.wait_for()
    assert named.locator(".message").text_content()
    # No `uncheck`: until the server has followed, the switch shows what still holds.
    page.locator(f"[data-mistake='{name}'] input").click()
    page.wait_for_selector("[data-finding]", state="detached")


def test_a_hidden_mistake_is_guessed(live):
    page, session = live.page, live.session
    open_mistakes(page)
    press(page, "guess-mistake")
    page.wait_for_selector("[data-guess]")
    hidden = session.mistake
    live.run_to(20)
    # Nothing on the page may give it away.
    assert page.locator("[data-finding]").count() == 0
    assert page.get_by_text(hidden.symptom).count() == 0
    wrong = next(mistake for mistake in MISTAKES.values() if mistake is not hidden)
    page.click(f"[data-guess={wrong.name}]")
    page.wait_for_selector(f".wrong-answer:has-text('{wrong.title}')")
    page.click(f"[data-guess={hidden.name}]")
    page.wait_for_selector(f".right-answer:has-text('{hidden.lesson}')")
    assert page.locator(f"[data-mistake='{hidden.name}'] input").is_checked()


def test_a_run_that_breaks_is_told_of_and_mended(visit):
    # A single linear unit, whose loss grows fourfold at each step with this rate.
    visited = visit(Session("plane", hidden=(), optimizer="sgd", learning_rate=1.5, batch=140, speed="max"))
    page, session = visited.page, visited.session
    press(page, "play")
    eventually(page, lambda: session.has_ended)
    page.wait_for_selector(".counter-loss .is-nan")
    assert not math.isfinite(value(page, "loss"))
    note = page.wait_for_selector(".findings .note").text_content()
    assert f"Step {session.training.step}: the loss is" in note
    assert page.locator("[data-finding][data-severity=error]").count() >= 1
    press(page, "halve-rate")
    eventually(page, lambda: session.settings.learning_rate == 0.75)
    eventually(page, lambda: math.isfinite(value(page, "loss")))
    visited.run_to(session.training.step + 500)
    assert value(page, "loss") < 0.1


def test_the_doctor_is_asked(live):
    page = live.page
    open_mistakes(page)
    page.locator("[data-mistake='forgot-step'] input").check()
    eventually(page, lambda: live.session.mistake is not None)
    live.run_to(30)
    press(page, "diagnose")
    shown = page.locator("[data-finding='missing-step']")
    shown.wait_for()
    page.click(".symptom button:has-text('missing-step')")
    assert shown.evaluate("element => element === document.activeElement")
    assert "optimizer.step()" in shown.locator("pre.fix").text_content()
