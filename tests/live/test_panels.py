"""The page's panels in a real browser: what they show adds up, what they send is done, and what is refused is said."""

import math
import subprocess
import sys

import numpy as np
import pytest

from live.looking import eventually, value

#: Sums and products of float32 numbers, added up in another order.
CLOSE = {"rtol": 1e-5, "atol": 1e-7}


def number(element):
    return float(element.get_attribute("data-value"))


def own(page, kind):
    """Each element whose parts make something: its result, and its own parts, not those of what lies in it."""
    return page.evaluate(
        """kind => [...document.querySelectorAll(`[data-makes=${kind}]`)].map(whole => {
            const isOwn = part => part.parentElement.closest('[data-makes]') === whole;
            const read = name => [...whole.querySelectorAll(`[${name}]`)].filter(isOwn).map(e => Number(e.dataset.value));
            return { parts: read('data-term'), made: read('data-result') };
        })""",
        kind,
    )


def assert_it_adds_up(page):
    sums, products = own(page, "sum"), own(page, "product")
    assert sums
    assert products
    for each in sums:
        np.testing.assert_allclose(math.fsum(each["parts"]), each["made"][0], **CLOSE)
    for each in products:
        np.testing.assert_allclose(math.prod(each["parts"]), each["made"][0], **CLOSE)


def control(page, name):
    return page.locator(f"[data-control={name}]")


def write(page, name, text):
    control(page, name).fill(text)
    control(page, name).press("Tab")


def test_a_neurons_terms_add_up_to_what_the_engine_says(live):
    page = live.page
    page.click("[data-action=step-batch]")
    page.click("[data-action=show-neuron]")
    page.wait_for_selector("[data-result=activation]")
    page.check("[data-rows=one]")
    page.wait_for_selector("[data-inspects='1.0'] [aria-label^='Row of the batch']")
    eventually(page, lambda: "Means over" not in page.inner_text(".arithmetic"))
    assert_it_adds_up(page)
    (told,) = live.session.answer({"do": "inspect", "neuron": [1, 0], "row": 0})
    made = own(page, "sum")[0]["made"][0]
    assert made == told["z"]
    assert number(page.locator("[data-result=activation]")) == told["activation"]["out"]


def test_a_weights_routes_add_up_to_its_gradient(live):
    page = live.page
    page.click("[data-action=show-neuron]")
    page.click("[title^='Weight 1.0.0']")
    page.wait_for_selector("[data-result=gradient]")
    assert_it_adds_up(page)
    (told,) = live.session.answer({"do": "inspect", "weight": [1, 0, 0]})
    assert number(page.locator("[data-result=gradient]")) == told["total"]
    assert number(page.locator(".update [data-result=after]")) == told["update"]["after"]


def test_a_term_leads_to_where_it_comes_from(live):
    page = live.page
    page.click("[data-action=show-weight]")
    page.click(".routes button >> nth=0")
    page.wait_for_selector("[data-inspects='2.0'] .terms")
    page.click(".term .from >> nth=1")
    page.wait_for_selector("[data-inspects='1.1'] .terms")


def test_a_weight_is_written_over_in_place(live):
    page = live.page
    page.click("[data-action=show-weight]")
    page.click("[data-edits='2.0.0']")
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    eventually(page, lambda: number(page.locator("[data-edits='2.0.0'] [data-value]")) == 0.5)


def test_a_refused_value_is_refused_at_its_control(live):
    page = live.page
    write(page, "learning-rate", "1000")
    page.wait_for_selector("[data-setting=learning-rate] [role=alert]:has-text('Learning rate is at most 100')")
    assert control(page, "learning-rate").input_value() == "1000"
    assert control(page, "learning-rate").get_attribute("aria-invalid") == "true"
    assert live.session.settings.learning_rate == 0.03
    write(page, "learning-rate", "0.5")
    eventually(page, lambda: live.session.settings.learning_rate == 0.5)
    page.wait_for_selector("[role=alert]", state="detached")


def test_changing_the_rate_goes_on_with_the_run_and_the_seed_begins_anew(live):
    page = live.page
    page.click("[data-action=step-batch]")
    eventually(page, lambda: value(page, "step") == 1)
    write(page, "learning-rate", "0.1")
    eventually(page, lambda: live.session.settings.learning_rate == 0.1)
    assert live.session.training.step == 1
    write(page, "seed", "7")
    eventually(page, lambda: live.session.settings.seed == 7)
    assert live.session.training.step == 0


def test_an_address_gives_the_settings_and_follows_them(live):
    page = live.page
    page.goto(f"http://{live.server.host}/#problem=moons&hidden=3,2&seed=5")
    page.reload()
    eventually(page, lambda: live.session.settings.hidden == (3, 2))
    assert (live.session.settings.problem, live.session.settings.seed) == ("moons", 5)
    page.click("[data-action=add-layer]")
    eventually(page, lambda: "hidden=3,2,2" in page.url)
    page.click("[data-action=step-batch]")
    eventually(page, lambda: value(page, "step") == 1)
    page.reload()
    eventually(page, lambda: value(page, "step") == 1)


@pytest.mark.parametrize("language", ["numpy", "torch"])
def test_a_saved_program_prints_the_loss_that_is_on_the_screen(live, tmp_path, language):
    page = live.page
    page.click("[data-action=step-epoch]")
    page.click(f"[data-action=export-{language}]")
    page.wait_for_selector("#program-source")
    with page.expect_download() as download:
        page.click("[data-action=download]")
    program = tmp_path / download.value.suggested_filename
    download.value.save_as(program)
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert float(ran.stdout.split()[-1]) == pytest.approx(value(page, "loss"), rel=1e-5)


def test_a_run_that_breaks_says_where_and_can_be_rewound(live):
    page = live.page
    page.goto(f"http://{live.server.host}/#problem=plane&activation=relu&optimizer=sgd&learning-rate=60")
    page.reload()
    eventually(page, lambda: live.session.settings.problem == "plane")
    page.click("[data-action=play]")
    page.wait_for_selector("[data-finding=not-finite]:has-text('The first number that is not finite')")
    page.click("[data-action=halve-rate]")
    eventually(page, lambda: live.session.settings.learning_rate == 30)
    assert np.isfinite(live.session.training.measures.loss)
    page.wait_for_selector("[data-finding=not-finite]", state="detached")


def test_a_mistake_is_made_found_and_unmade(live):
    page = live.page
    page.click("summary:has-text('Mistakes')")
    page.check("[data-control=mistake] input[value=forgot-zero-grad]")
    page.wait_for_selector(".symptom:has-text('The loss swings')")
    page.click("[data-action=play]")
    page.wait_for_selector("[data-finding=missing-zero-grad]")
    page.uncheck("[data-control=mistake] input[value=forgot-zero-grad]")
    page.wait_for_selector("[data-finding=missing-zero-grad]", state="detached")


def test_a_hidden_mistake_is_guessed(live):
    page = live.page
    page.click("summary:has-text('Mistakes')")
    page.click("[data-action=guess-mistake]")
    page.wait_for_selector("[data-guess]")
    hidden = live.session.mistake
    wrong = next(e for e in page.locator("[data-guess]").all() if e.get_attribute("data-guess") != hidden.name)
    wrong.click()
    page.wait_for_selector(".verdict:has-text('It is another one')")
    page.click(f"[data-guess={hidden.name}]")
    page.wait_for_selector(f".verdict:has-text('Right: {hidden.title}')")


def test_a_table_is_taken_over_and_a_bad_one_is_refused_by_its_line(live):
    page = live.page
    page.click("[data-action=csv]")
    page.fill("#csv-text", "a,b,kind\n1,2,x\n2,3\n")
    page.click("[data-action=upload]")
    page.wait_for_selector("[data-error=upload]:has-text('Line 3') >> text=2,3")
    assert all("400" in error for error in live.errors)
    live.errors.clear()
    page.fill("#csv-text", "kind,a,b\n" + "".join(f"{'xy'[i % 2]},{i},{-i}\n" for i in range(20)))
    page.select_option("#csv-target", "kind")
    page.click("[data-action=upload]")
    page.wait_for_selector("[data-dialog=csv]:not([open])", state="attached")
    assert live.session.data()["names"] == ["a", "b"]
    assert page.inner_text(".running").startswith("Your own table")


def test_a_lesson_asks_before_it_reveals_and_waits(live):
    page = live.page
    page.click("[data-action=lessons]")
    page.click("[data-lesson-start=loss]")
    page.wait_for_selector("[data-stat=loss][data-pointed]")
    on = page.locator("[data-action=lesson-on]")
    for _ in range(2):
        on.click()
        assert on.is_disabled()
        page.click("[data-choice='1']")
        page.wait_for_selector(".question b:has-text('Yes.')")
    on.click()
    page.wait_for_selector(".lesson:has-text('Waiting for loss below 0.1')")
    assert on.is_disabled()
    page.wait_for_selector("[data-action=lesson-on]:not([disabled])", timeout=60_000)
    assert value(page, "loss") < 0.2


def test_two_runs_differ_in_one_knob(live):
    page = live.page
    page.click("[data-action=compare]")
    page.select_option("#rival-control", "learning-rate")
    page.fill("#rival-value", "1000")
    page.click("[data-action=compare-start]")
    page.wait_for_selector(".compare [role=alert]:has-text('Learning rate is at most 100')")
    page.fill("#rival-value", "0.3")
    page.click("[data-action=compare-start]")
    page.wait_for_selector("[data-rival=learning-rate]:has-text('0.3')")
    page.click("[data-action=compare-end]")
    page.wait_for_selector("[data-rival]", state="detached")


def test_the_phases_mark_their_line_and_say_what_changed(live):
    page = live.page
    lines = ["for x, y in batches:", "out = model(x)", "loss = loss_fn(out, y)", "optimizer.zero_grad()", "loss.backward()",
             "optimizer.step()"]  # fmt: skip
    for line in lines:
        page.keyboard.press(".")
        page.wait_for_selector(f".loop [aria-current=step]:has-text('{line}')")
    page.wait_for_selector(".changed:has-text('m_W2') >> text=Adam has written new weights")


def test_the_keyboard_alone_tells_the_main_story(live):
    page = live.page
    page.keyboard.press("?")
    page.wait_for_selector("[data-dialog=help][open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-dialog=help]:not([open])", state="attached")
    control(page, "learning-rate").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("0.1")
    page.keyboard.press("Enter")
    eventually(page, lambda: live.session.settings.learning_rate == 0.1)
    page.locator("[data-control=problem] input:checked").focus()
    page.keyboard.press("ArrowRight")
    eventually(page, lambda: live.session.settings.problem == "quadrants")
    page.locator("[data-action=play]").focus()
    page.keyboard.press("Space")
    eventually(page, lambda: live.session.is_playing)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page_has_no_sideways_scroll(live, scheme):
    page = live.page
    page.set_viewport_size({"width": 375, "height": 812})
    page.emulate_media(color_scheme=scheme)
    for tab in ("Map", "Net", "Charts", "Setup"):
        page.click(f".tabs button:has-text('{tab}')")
        assert page.evaluate("document.documentElement.scrollWidth") == 375
