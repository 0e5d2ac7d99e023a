"""Data of one's own, and settings beyond their limits: what is good is trained on, what is not is told and changes
nothing."""

import numpy as np
import pytest

from backlit.live.controls import CONTROLS
from backlit.live.session import Session
from backlit.live.uploads import MOST_BYTES
from live.looking import eventually, open_dialog, press, set_control, value
from live.serving import ask, hear_until

GOOD = b"height,width,kind\n" + b"".join(b"%d,%d,%s\n" % (k, k % 7, b"ab"[k > 20 :][:1]) for k in range(40))
BAD = {
    "header only": (b"a,b\n", "has a line of column names and no rows below it"),
    "65 columns": (b",".join(b"c%d" % k for k in range(65)) + b"\n", "has 65 columns; 2 to 64 are taken"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "it holds zero bytes"),
    "garbage": (b'once upon\na time, there "was\n', "The file"),
    "oversize": (b"a,b\n" + b"1,2\n" * (MOST_BYTES // 4), "at most 5 MB can be taken"),
}


def give(page, content):
    """Choose a file, and press the button if it can be pressed."""
    dialog = open_dialog(page, "csv")
    dialog.locator("#csv-file").set_input_files({"name": "mine.csv", "mimeType": "text/csv", "buffer": content})
    eventually(page, lambda: dialog.locator("[data-action=upload]").is_enabled() or dialog.get_by_role("alert").count())
    if dialog.locator("[data-action=upload]").is_enabled():
        press(page, "upload")
    return dialog


def test_an_own_table_is_trained_on(live):
    page, session = live.page, live.session
    give(page, GOOD).wait_for(state="detached")
    eventually(page, lambda: session.settings.problem == "table")
    page.wait_for_selector(".running:has-text('Your own table')")
    page.wait_for_selector("text=40 rows, to predict kind.")
    eventually(page, lambda: page.locator("[data-point]").count() == 40)
    before = value(page, "loss")
    live.run_to(150)
    assert value(page, "loss") < before / 2


@pytest.mark.parametrize("name", BAD)
def test_a_table_that_is_none_is_refused_in_words_and_changes_nothing(live, name):
    content, words = BAD[name]
    page, before = live.page, live.session.settings
    dialog = give(page, content)
    page.wait_for_selector(f"[data-error=upload]:has-text('{words}')")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    press(page, "step-batch")
    eventually(page, lambda: value(page, "step") == 1)
    assert live.session.settings == before
    # The browser itself notes an answer of 400.
    assert all("400" in error for error in live.errors)
    live.errors.clear()


def beyond(control):
    """A value that the control cannot have, as a message has it and as an address has it."""
    if control.kind in ("choice", "choices"):
        return ("nonesuch", "nonesuch") if control.kind == "choice" else (["nonesuch"], "nonesuch")
    if control.kind == "switch":
        return "maybe", "maybe"
    if control.kind == "layers":
        return [1000], "1000"
    most = 2 * control.most + 1
    return most, repr(most)


def test_the_server_refuses_each_control_beyond_its_limits(live):
    before = live.session.settings
    with live.server.socket() as socket:
        for control in CONTROLS.values():
            ask(socket, do="set", control=control.name, value=beyond(control)[0])
            message = hear_until(socket, lambda said: said["is"] == "refused")["message"]
            assert "was given" in message or "were given" in message or "no choice" in message, control.name
    assert live.session.settings == before
    assert value(live.page, "step") == 0


def test_an_address_beyond_the_limits_is_refused_in_words(live):
    page, before = live.page, live.session.settings
    for control in CONTROLS.values():
        page.evaluate("hash => { location.hash = hash; }", f"{control.name}={beyond(control)[1]}")
        words = page.locator(".settings > .refusal")
        words.wait_for()
        assert control.label in words.text_content() or "layers" in words.text_content()
        assert live.session.settings == before
        # The next thing done takes the words away, and the address is the run's again.
        set_control(page, "speed", "100")
        words.wait_for(state="detached")
        eventually(page, lambda: page.evaluate("location.hash") == "")


def test_a_setting_beyond_its_limits_is_told_where_it_was_written(live):
    page = live.page
    set_control(page, "learning-rate", "1000")
    page.wait_for_selector("#refused-learning-rate:has-text('Learning rate is at most 100, and 1,000 was given.')")
    assert page.get_attribute("[data-control=learning-rate]", "aria-invalid") == "true"
    assert live.session.settings.learning_rate == 0.03
    set_control(page, "learning-rate", "0.1")
    page.wait_for_selector("#refused-learning-rate", state="detached")
    eventually(page, lambda: live.session.settings.learning_rate == 0.1)


def test_a_point_is_added_and_taken_away_by_click(visit):
    visited = visit(Session("moons"))
    page, session = visited.page, visited.session
    count, (_, x1, _, y1) = page.locator("[data-point]").count(), session.plane.ranges
    page.get_by_text("Add points").click()
    plane = page.locator("[role=application]")
    box = plane.bounding_box()
    plane.click(position={"x": box["width"] - 4, "y": 4})
    eventually(page, lambda: page.locator("[data-point]").count() == count + 1)
    np.testing.assert_allclose(session.rows.inputs[-1], [x1, y1], atol=0.1)
    assert not session.rows.is_test[-1]
    page.get_by_text("Probe").click()
    page.locator(f"[data-point='{count}']").click()
    press(page, "remove-point")
    eventually(page, lambda: page.locator("[data-point]").count() == count)
    assert len(session.rows) == count
