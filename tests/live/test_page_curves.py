"""The curves on the page: which lines there are, and that they are drawn."""

import pytest

from backlit.live.session import Session
from live.looking import eventually, press

LEGEND = "[data-chart=grad-norm] > .chart-values span"

#: How many pixels of the chart have just the colour of each line of the legend.
PIXELS = """() => {
    const chart = document.querySelector("[data-chart=grad-norm]");
    const canvas = chart.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...chart.querySelectorAll(":scope > .chart-values path")].map((path) => {
        const wanted = getComputedStyle(path).stroke.match(/\\d+/g).map(Number);
        let count = 0;
        for (let i = 0; i < data.length; i += 4) count += wanted.every((part, k) => part === data[i + k]);
        return count;
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_gradient_norm_has_a_line_for_each_layer(visit, scheme):
    live = visit(Session("spiral", hidden=(8, 4)), color_scheme=scheme)
    page = live.page
    live.run_to(150)
    assert [text.split()[:-1] for text in page.locator(LEGEND).all_inner_texts()] == [
        ["hidden", "1"],
        ["hidden", "2"],
        ["output"],
    ]
    eventually(page, lambda: min(page.evaluate(PIXELS)) > 10)
    heads = page.locator("[data-chart=grad-norm] thead th").all_text_contents()
    assert heads == ["Step", "all layers", "hidden 1", "hidden 2", "output"]


def test_another_layer_has_a_line_too(live):
    page = live.page
    live.run_to(50)
    press(page, "add-layer")
    eventually(page, lambda: page.locator(LEGEND).count() == 3)
    live.run_to(50)
    eventually(page, lambda: min(page.evaluate(PIXELS)) > 10)
