"""What a person does before the page: read its numbers, press its buttons, and wait."""

import time
from itertools import pairwise


class Visit:
    """The page in a browser: `page` is the tab that was opened last, `server` and `session` are what it talks to.

    `errors` holds what the pages logged as errors, and may be emptied by a test that provokes some; `strangers` holds
    the addresses of anybody else that they asked for anything.
    """

    def __init__(self, context, server):
        self.context, self.server, self.session = context, server, server.session
        self.errors, self.strangers = [], []
        self.page = None

    def open(self, hash="", is_waiting=True):
        """A tab with the page, once it shows the run."""
        self.page = page = self.context.new_page()
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))
        page.goto(self.server.place.address + hash)
        if is_waiting:
            eventually(page, lambda: value(page, "loss") > 0)
        return page

    def _note(self, url):
        scheme, _, rest = url.partition("://")
        if scheme in ("http", "https", "ws", "wss") and not rest.startswith(f"{self.server.host}/"):
            self.strangers.append(url)

    def at_rest(self):
        """Wait until nothing trains, and the page shows the step that the engine has come to."""
        session = self.session
        eventually(self.page, lambda: not session.is_playing and value(self.page, "step") == session.training.step)

    def run_to(self, step):
        """Train until a step, by the field that is there for it."""
        page = self.page
        page.select_option(".run-to select", "step")
        page.fill("[data-control=run-to]", str(step))
        press(page, "run-to")
        eventually(page, lambda: value(page, "step") >= step or self.session.has_ended)
        self.at_rest()


def eventually(page, is_so, seconds=20):
    """Wait until something is so; fail if it does not become so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "this did not come about"
        page.wait_for_timeout(20)


def value(page, stat):
    """The exact number that the page shows; 0 before there is one."""
    return float(page.get_attribute(f"[data-stat={stat}]", "data-value") or 0)


def press(page, action):
    page.click(f"[data-action={action}]")


def set_control(page, name, text):
    """Write into a control, or choose in it, as by hand."""
    control = page.locator(f"[data-control={name}]")
    if control.evaluate("element => element.tagName") == "SELECT":
        control.select_option(text)
    else:
        control.fill(text)
        control.press("Enter")


def choose_problem(page, name):
    page.click(f"label.problem:has(input[value={name}])")


def number(locator, selector=None):
    """The exact number of one element."""
    found = locator if selector is None else locator.locator(selector)
    return float(found.get_attribute("data-value"))


def numbers(locator, selector):
    """The exact numbers of all elements that are found."""
    return [float(text) for text in locator.locator(selector).evaluate_all("all => all.map(e => e.dataset.value)")]


def inspect(page, name):
    """Choose a neuron "L.J" or a weight "L.J.I" in the drawing; out: the inspector, once it shows it."""
    kind = "neuron" if name.count(".") == 1 else "edge"
    # A line is hit where it is drawn, which is not the middle of the box around it.
    page.dispatch_event(f"[data-{kind}='{name}']", "click", {"bubbles": True})
    shown = page.locator(f".inspector[data-inspects='{name}']")
    shown.locator("[data-recomputed]").wait_for()
    return shown


def weights_shown(page, sizes):
    """What the network's drawing says of all weights and biases, in the engine's order: by layers W by rows, then b."""
    edges = page.locator("[data-edge]").evaluate_all("all => all.map(e => [e.dataset.edge, Number(e.dataset.value)])")
    shown = dict(edges)
    names = []
    for layer, (narrow, wide) in enumerate(pairwise(sizes), start=1):
        names += [f"{layer}.{j}.{i}" for j in range(wide) for i in range(narrow)]
        names += [f"{layer}.{j}.b" for j in range(wide)]
    return [shown[name] for name in names]


def open_dialog(page, name):
    """Open a dialog by its button; out: the dialog."""
    press(page, name)
    dialog = page.locator("dialog[open]")
    dialog.wait_for()
    return dialog
