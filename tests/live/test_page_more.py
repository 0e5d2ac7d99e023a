"""Programs, edits, lessons; pages beside each other, and one that nobody looks at."""

import time

import numpy as np
import pytest

from backlit.live.assets import read_assets
from backlit.live.programs import PROGRAMS
from backlit.live.session import Session
from backlit.live.telling import hello
from live.looking import choose_problem, eventually, inspect, number, open_dialog, press, set_control, value
from live.printing import printed
from live.serving import ask, running

LESSONS = [lesson["name"] for lesson in hello()["lessons"]]


@pytest.mark.parametrize("language", PROGRAMS)
@pytest.mark.parametrize("problem", ["xor", "iris", "curve"])
def test_a_program_taken_from_the_page_prints_the_loss_on_it(visit, problem, language):
    visited = visit(Session(problem))
    page = visited.page
    visited.run_to(40)
    open_dialog(page, f"export-{language}")
    source = page.text_content("#program-source")
    assert page.get_by_role("radio", name={"numpy": "NumPy", "torch": "PyTorch"}[language]).is_checked()
    (loss,) = printed(source)
    assert float(loss) == pytest.approx(value(page, "loss"), rel=1e-6)
    with page.expect_download() as download:
        press(page, "download")
    assert download.value.suggested_filename.endswith(".py")


def test_a_weight_is_written_over(live):
    page, session = live.page, live.session
    before = value(page, "loss")
    shown = inspect(page, "1.0.0")
    shown.locator("[data-edits='1.0.0']").click()
    shown.locator("[data-edit='1.0.0']").fill("1.2345")
    page.keyboard.press("Enter")
    eventually(page, lambda: number(shown, "[data-edits] .num") == np.float32(1.2345))
    eventually(page, lambda: value(page, "loss") != before)
    assert session.training.layers[0].weight.array[0, 0] == np.float32(1.2345)
    assert number(page.locator("[data-edge='1.0.0']")) == np.float32(1.2345)
    assert value(page, "loss") == session.training.measures.loss


def test_what_is_no_number_is_no_weight(live):
    page = live.page
    set_control(page, "learning-rate", "0.1")
    shown = inspect(page, "1.0.b")
    weight = number(shown, "[data-edits] .num")
    shown.locator("[data-edits='1.0.b']").click()
    shown.locator("[data-edit='1.0.b']").fill("much")
    page.keyboard.press("Enter")
    page.wait_for_selector(".refusal:has-text('value must be a finite number')")
    # Nothing is wrong with the setting that was changed before.
    assert page.get_attribute("[data-control=learning-rate]", "aria-invalid") is None
    assert number(shown, "[data-edits] .num") == weight


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_played_to_its_end(live, name):
    page = live.page
    open_dialog(page, "lessons")
    page.click(f"[data-lesson-start={name}]")
    card = page.locator(f"[data-lesson={name}]")
    card.wait_for()
    (lesson,) = live.session.answer({"do": "lesson", "name": name})
    for index, step in enumerate(lesson["steps"]):
        page.wait_for_selector(f"[data-lesson={name}][data-step='{index}']")
        if "point" in step:
            page.wait_for_selector(f"{step['point']}[data-pointed]", state="attached")
        if "ask" in step:
            assert card.locator("[data-action=lesson-on]").is_disabled()
            card.locator(f"[data-choice='{step['ask']['answer']}']").click()
            card.get_by_text("Yes.").wait_for()
        eventually(page, lambda: card.locator("[data-action=lesson-on]").is_enabled(), seconds=60)
        press(page, "lesson-on")
    card.wait_for(state="detached")


def test_two_tabs_show_the_same_run(live):
    first, second = live.page, live.open()
    press(first, "play")
    eventually(second, lambda: value(second, "step") > 5)
    press(second, "play")
    live.at_rest()
    for stat in ("step", "loss", "accuracy", "grad-norm"):
        eventually(first, lambda stat=stat: value(first, stat) == value(second, stat))
    set_control(second, "learning-rate", "0.2")
    eventually(first, lambda: first.input_value("[data-control=learning-rate]") == "0.2")
    choose_problem(second, "moons")
    first.wait_for_selector(".running:has-text('Moons')")
    assert first.locator("[data-point]").count() == second.locator("[data-point]").count() == 200


class Counted(Session):
    """A session that counts the frames that it is asked for."""

    frames = 0

    def frame(self, maps):
        self.frames += 1
        return super().frame(maps)


def test_a_tab_that_nobody_sees_asks_for_nothing(chromium):
    # A page of Playwright's is never hidden, so two tabs are opened without it, the second before the first.
    with running(Counted("xor"), read_assets()) as server:
        browser = chromium.new_browser_cdp_session()
        context = browser.send("Target.createBrowserContext")

        def tab(address):
            return browser.send("Target.createTarget", {"url": address, **context})["targetId"]

        def asked(seconds):
            before = server.session.frames
            time.sleep(seconds)
            return server.session.frames - before

        page = tab(server.place.address)
        while not asked(0.1):
            pass
        with server.socket() as socket:
            ask(socket, do="play")
            assert asked(1) > 1
            tab("about:blank")
            while asked(0.2):
                pass
            assert asked(1) == 0
            browser.send("Target.activateTarget", {"targetId": page})
            assert asked(1) > 1
        browser.send("Target.disposeBrowserContext", context)
