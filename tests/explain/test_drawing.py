"""The picture of a step: well formed, the same bytes again, with no box upon another."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

import backlit as torch
from backlit import nn
from backlit.explain.layout import MANY, edges_of, nodes_of, placed

SVG = "{http://www.w3.org/2000/svg}"


def record(*widths, activation=nn.Sigmoid):
    torch.manual_seed(0)
    layers = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), activation())]
    net = nn.Sequential(*layers)
    x, y = torch.randn(8, widths[0]), torch.rand(8, widths[-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()

    return torch.trace(step)


STEPS = [(2, 4, 1), (64, 32, 10), (3,) * 40]


@pytest.mark.parametrize("widths", STEPS, ids=["small", "wide", "deep"])
def test_the_picture_is_well_formed_and_the_same_again(widths):
    graph = record(*widths)
    drawn = graph.svg()
    assert drawn == graph.svg()
    root = ET.fromstring(drawn)
    assert root.tag == f"{SVG}svg"
    assert 5 <= len(root.findall(f".//{SVG}rect")) <= MANY


@pytest.mark.parametrize("widths", STEPS, ids=["small", "wide", "deep"])
def test_no_box_stands_upon_another(widths):
    nodes = nodes_of(record(*widths).readable())
    placed(nodes, edges_of(nodes))
    for k, a in enumerate(nodes):
        for b in nodes[:k]:
            is_beside = a.x >= b.x + b.width or b.x >= a.x + a.width
            assert is_beside or a.y >= b.y + b.height or b.y >= a.y + a.height, (a.name, b.name)


def test_a_small_step_has_a_box_for_each_value_with_what_it_computes():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    drawn = torch.trace(lambda: (x < 3).float().mul(x).sum().backward()).svg()
    texts = [text.text for text in ET.fromstring(drawn).iter(f"{SVG}text")]
    assert {"x", "loss", "d_x"} <= set(texts)
    assert "forward →" in texts
