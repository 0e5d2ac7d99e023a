"""The main story without a mouse."""

from live.looking import eventually, number, value


def focus_by_tab(page, selector, most=80):
    """Press Tab until what the selector names has the focus."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def test_the_main_story_by_keys_alone(live):
    page, session, press = live.page, live.session, live.page.keyboard.press
    # A problem is chosen among radio buttons.
    focus_by_tab(page, "input[name=problem]")
    press("ArrowRight")
    eventually(page, lambda: session.settings.problem == "quadrants")
    # It plays, and pauses.
    page.evaluate("document.activeElement.blur()")
    press("Space")
    eventually(page, lambda: value(page, "step") > 10)
    press("Space")
    live.at_rest()
    stopped = value(page, "step")
    assert stopped > 10
    # The next step is walked through.
    for _ in range(6):
        press(".")
    eventually(page, lambda: page.text_content("[data-stat=phase]") == "update")
    assert value(page, "step") == stopped + 1
    # A neuron and a weight of it are reached in the tree.
    focus_by_tab(page, "[data-neuron='1.0']")
    press("ArrowDown")
    press("Enter")
    page.wait_for_selector("[data-inspects='1.1'] [data-result=z]")
    for key, edge in (("ArrowRight", "1.1.0"), ("ArrowDown", "1.1.1")):
        press(key)
        eventually(page, lambda edge=edge: page.evaluate("document.activeElement.dataset.edge") == edge)
    press("Enter")
    page.wait_for_selector("[data-inspects='1.1.1'] [data-result=gradient]")
    label = page.get_attribute("[data-edge='1.1.1']", "aria-label")
    assert label.startswith("Weight from input y to hidden 1, 2 of 4")


def test_a_key_for_each_button_of_the_transport(live):
    page, press = live.page, live.page.keyboard.press
    press("b")
    eventually(page, lambda: value(page, "step") == 1)
    press("e")
    eventually(page, lambda: value(page, "step") == 2)
    press(".")
    eventually(page, lambda: value(page, "phase") == 0)
    press(",")
    eventually(page, lambda: page.text_content("[data-stat=phase]") == "update")
    press("g")
    assert page.get_by_role("radio", name="Gradients").is_checked()
    press("?")
    page.wait_for_selector("dialog[open]")
    press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    press("r")
    eventually(page, lambda: value(page, "step") == 0)


def test_keys_are_left_to_who_writes(live):
    page = live.page
    seed = page.locator("[data-control=seed]")
    seed.focus()
    page.keyboard.type("b.r 3")
    page.wait_for_timeout(100)
    assert "b.r 3" in seed.input_value()
    assert value(page, "step") == 0


def test_the_probe_is_moved_by_arrows(live):
    page = live.page
    page.focus("[role=application]")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#map-probe:has-text('At (')")
    before = page.text_content("#map-probe")
    page.keyboard.press("Shift+ArrowUp")
    eventually(page, lambda: page.text_content("#map-probe") != before)
    assert number(page.locator("[data-stat=step]")) == 0
