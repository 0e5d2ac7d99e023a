"""The page's panels: a term leads to its source, settings keep the run where they can, addresses follow them."""

from backlit.live.phases import CODE
from live.looking import eventually, value


def control(page, name):
    return page.locator(f"[data-control={name}]")


def write(page, name, text):
    control(page, name).fill(text)
    control(page, name).press("Tab")


def test_a_term_leads_to_where_it_comes_from(live):
    page = live.page
    page.click("[data-action=show-weight]")
    page.click(".routes button >> nth=0")
    page.wait_for_selector("[data-inspects='2.0'] .terms")
    page.click(".term .from >> nth=1")
    page.wait_for_selector("[data-inspects='1.1'] .terms")


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


def test_the_phases_mark_their_line_and_say_what_changed(live):
    page = live.page
    for line in CODE:
        page.keyboard.press(".")
        page.wait_for_selector(f".loop [aria-current=step]:has-text('{line.strip()}')")
    page.wait_for_selector(".changed:has-text('m_W2') >> text=Adam has written new weights")
