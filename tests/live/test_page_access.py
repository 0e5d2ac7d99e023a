"""For everyone: axe-core finds nothing serious, and a phone shows all of it without scrolling sideways."""

from pathlib import Path

import pytest

from backlit.live.session import Session
from live.looking import inspect, open_dialog, press

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
DIALOGS = ["lessons", "compare", "export-numpy", "share", "csv", "help"]
PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}

needs_axe = pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core: npm ci in web/")


def serious(page, part="html"):
    """What axe-core says of a part of the page, without what is minor: rule, element, what is wrong."""
    found = page.evaluate("part => axe.run(part, { resultTypes: ['violations'] })", part)
    return [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def with_axe(visited):
    visited.page.evaluate(AXE.read_text(encoding="utf-8"))
    return visited.page


@needs_axe
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_part_of_the_page_shuts_anybody_out(visit, colours):
    visited = visit(Session("moons"), color_scheme=colours)
    page = with_axe(visited)
    assert serious(page) == []
    inspect(page, "1.0")
    page.keyboard.press(".")
    page.click("details.mistakes > summary")
    page.locator("[data-mistake='forgot-step'] input").check()
    visited.run_to(30)
    page.wait_for_selector("[data-finding]")
    inspect(page, "2.0.1")
    assert serious(page) == []


@needs_axe
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_dialog_shuts_anybody_out(visit, colours):
    page = with_axe(visit(Session("xor"), color_scheme=colours))
    for name in DIALOGS:
        open_dialog(page, name)
        assert serious(page, "dialog[open]") == [], name
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")


@needs_axe
def test_the_phones_page_shuts_nobody_out(visit):
    page = with_axe(visit(Session("xor"), **PHONE))
    for name in ("map", "net", "charts", "setup"):
        page.tap(f"#tab-{name}")
        if name == "net":  # which gets its words once it has been laid out
            page.wait_for_selector("[data-neuron='1.0'][aria-label]")
        assert serious(page) == [], name


def overhang(page):
    """By how many pixels the page is wider than its window."""
    # Not than innerWidth: a phone zooms out until all is in its window.
    return page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")


def is_within(box, width):
    return box["x"] >= 0 and box["x"] + box["width"] <= width


def test_a_phone_shows_each_tab_without_scrolling_sideways(visit):
    page = visit(Session("iris", hidden=(4,) * 6), **PHONE).page
    inspect(page, "1.0")
    for name in ("net", "map", "charts", "setup"):
        page.tap(f"#tab-{name}")
        assert page.get_attribute(f"#tab-{name}", "aria-selected") == "true"
        assert overhang(page) <= 0, name
    # Play stays in reach wherever one is.
    box = page.locator("[data-action=play]").bounding_box()
    assert is_within(box, 375)
    assert box["y"] + box["height"] <= 812


def test_a_phone_shows_each_dialog_without_scrolling_sideways(visit):
    page = visit(Session("xor"), **PHONE).page
    page.tap("#tab-setup")
    for name in DIALOGS:
        dialog = open_dialog(page, name)
        assert dialog.evaluate("element => element.scrollWidth - element.clientWidth") <= 0, name
        box = dialog.bounding_box()
        assert is_within(box, 375), name
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")


def test_a_desk_shows_it_all_without_scrolling(live):
    page = live.page
    assert overhang(page) <= 0
    assert page.evaluate("document.scrollingElement.scrollHeight - innerHeight") <= 0
    for name in ("[data-stat=loss]", "[data-action=play]", ".network canvas", ".map canvas", "[data-chart=loss]"):
        box = page.locator(name).bounding_box()
        assert box["y"] >= 0, name
        assert box["y"] + box["height"] <= 800, name


def test_whoever_wants_no_motion_gets_none(visit):
    page = visit(Session("xor"), reduced_motion="reduce").page
    press(page, "help")
    moving = page.evaluate("document.getAnimations().filter(each => each.playState === 'running').length")
    assert moving == 0
