"""The page of a step: whole, escaped, the same bytes again, with a way to and from every line."""

import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

import backlit as torch
from backlit import compiler, nn
from backlit.explain import Explanation
from backlit.explain.page import LARGEST, page

VOID = {"meta", "path", "link", "br"}


class Reader(HTMLParser):
    """Holds every element to being closed, and collects anchors, links and what is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.sources = [], [], [], []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a":
            self.links.append(found["href"])
        self.sources += [found[key] for key in ("src", "srcset") if key in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def explained(activation=nn.Sigmoid, script="xor.py"):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 4), activation(), nn.Linear(4, 1), nn.Sigmoid())
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    before = {path: p.detach().numpy().copy() for path, p in net.named_parameters()}

    def step():
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()

    graph = torch.trace(step)
    after = {path: (before[path], p.grad.numpy(), p.detach().numpy()) for path, p in net.named_parameters()}
    return Explanation(graph, 1, script, net, optimizer, after)


def read(text):
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    return reader


def test_every_line_has_its_anchor_and_every_link_leads_somewhere():
    explanation = explained()
    reader = read(page(explanation))
    assert len(set(reader.ids)) == len(reader.ids)
    assert {line.name for line in compiler.readable(explanation.graph).lines} <= set(reader.ids)
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert not reader.sources


def test_the_same_step_gives_the_same_bytes():
    explanation = explained()
    assert page(explanation) == page(explanation)


def test_the_five_moments_stand_in_their_order():
    headings = re.findall(r"<h2>(\w+)</h2>", page(explained()))
    assert headings[:6] == ["Given", "Forward", "Loss", "Clear", "Backward", "Update"]


def test_names_of_files_are_escaped():
    text = page(explained(script="<script>alert(1)</script>.py"))
    assert "<script>alert" not in text
    read(text)


def test_the_loss_and_a_small_array_stand_there_in_full():
    explanation = explained()
    text = page(explanation)
    assert "<dd>" + str(explanation.graph.loss.value) + "</dd>" in text
    after = explanation.parameters["0.bias"][0]
    assert all(str(value) in text for value in after)


def test_one_sample_shows_its_row_alone():
    explanation = explained()
    text = page(explanation, sample=2)
    article = re.search(r'<article class="line" id="x".*?</article>', text, re.DOTALL).group()
    assert re.findall(r"<td[^>]*>([^<]*)", article) == ["1", "0"]


def test_a_sample_that_the_batch_has_not():
    with pytest.raises(IndexError, match="sample 4 is not in the batch, which has 4: choose 0 to 3"):
        page(explained(), sample=4)


def test_the_first_line_that_is_not_finite_is_named():
    w = torch.tensor([1e30], requires_grad=True)
    text = page(Explanation(torch.trace(lambda: (w * w).sum().backward())))
    warning = re.search(r'<p class="warning".*?</p>', text, re.DOTALL).group()
    assert "is the first line with numbers that are not finite" in warning
    assert "inf" in text


def test_a_large_step_is_summed_up_and_stays_small():
    torch.manual_seed(0)
    w = torch.randn(300, 300, requires_grad=True)

    def step():
        x = w
        for _ in range(150):
            x = torch.tanh(x * 1.01)
        x.sum().backward()

    text = page(Explanation(torch.trace(step)))
    assert len(text.encode()) <= LARGEST
    assert {link.removeprefix("#") for link in read(text).links} <= set(read(text).ids)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_a_click_and_enter_show_where_a_name_comes_from(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    graph = compiler.readable(explained().graph)
    line = next(line for line in graph.lines if line.role == "backward" and line.operands)
    file = tmp_path / "step.html"
    file.write_text(page(explained()), encoding="utf-8")
    with playwright.sync_playwright() as p:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        view = browser.new_page(viewport={"width": 375, "height": 760})
        view.goto(file.as_uri())
        assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")
        view.locator(f"article#{line.name} > header .name").click()
        shown = view.locator("#step-panel").inner_text()
        assert line.name in shown
        assert all(operand.name in shown for operand in line.operands)
        view.keyboard.press("Escape")
        assert view.locator("#step-panel").is_hidden()
        view.locator(f"article#{line.name} > header .name").press("Enter")
        assert view.locator("#step-panel").is_visible()
        browser.close()


def test_a_scalar_step_has_a_page():
    x = torch.tensor(2.0, requires_grad=True)
    text = page(Explanation(torch.trace(lambda: (x * x).backward())))
    assert np.float32(4) == x.grad.numpy()
    read(text)
