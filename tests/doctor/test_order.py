"""A: the line that is named, and programs that only look wrong."""

import pytest

from backlit.doctor.lessons import lessons
from doctor.programs import run

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
X = torch.randn(60, 2)
y = (X[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
"""
SOUND = {
    "gradients accumulated over three batches": """
for k in range(30):
    (F.cross_entropy(net(X), y) / 3).backward()
    if k % 3 == 2:
        opt.step()
        opt.zero_grad()
""",
    "gradients cleared one by one": """
for k in range(30):
    F.cross_entropy(net(X), y).backward()
    opt.step()
    for p in net.parameters():
        p.grad = None
""",
    "two losses, each with its backward": """
for k in range(30):
    opt.zero_grad()
    F.cross_entropy(net(X), y).backward()
    F.cross_entropy(net(-X), 1 - y).backward()
    opt.step()
""",
    "LBFGS, which asks for the loss again and again": """
opt = torch.optim.LBFGS(net.parameters())
def closure():
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    return loss
for k in range(5):
    opt.step(closure)
""",
    "frozen first layer": """
net[0].requires_grad_(False)
opt = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.01)
for k in range(30):
    opt.zero_grad()
    F.cross_entropy(net(X), y).backward()
    opt.step()
""",
    "a judge that the other network's gradients reach": """
judge = nn.Sequential(nn.ReLU(), nn.Linear(2, 1))
judges = torch.optim.Adam(judge.parameters())
for k in range(30):
    judges.zero_grad()
    judge(net(X).detach()).mean().backward()
    judges.step()
    opt.zero_grad()
    judge(net(X)).square().mean().backward()
    opt.step()
""",
}


@pytest.mark.parametrize("name", SOUND)
def test_what_only_looks_wrong_is_let_be(name, tmp_path):
    found = run(HEAD + SOUND[name], tmp_path / "program.py")
    assert [str(f) for f in found if f.severity != "note"] == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("missing-zero-grad", "opt.step()"),
        ("missing-step", "loss.backward()"),
        ("missing-backward", "opt.step()"),
        ("stale-optimizer", "opt.step()"),
        ("graph-cut", ".detach()"),
        ("backward-twice", "scores.square().mean().backward()"),
        ("in-place-overwrite", "z.mul_(2)"),
        ("rebound-parameter", "w = w - 0.5"),
        ("eval-forgotten", "accuracy ="),
    ],
)
def test_the_line_is_the_users(rule, text, tmp_path):
    path = tmp_path / "program.py"
    first = run(lessons()[rule]["wrong"], path)[0]
    assert first.file == str(path)
    assert text in path.read_text().splitlines()[first.line - 1]


def test_a_cause_is_named_once_and_lists_its_symptoms(tmp_path):
    program = HEAD + "for k in range(80):\n    F.cross_entropy(net(X), y).backward()\n    opt.step()\n"
    found = run(program.replace("Adam(net.parameters(), lr=0.01)", "SGD(net.parameters(), lr=3.0)"), tmp_path / "p.py")
    assert [f.rule for f in found].count("missing-zero-grad") == 1
    assert found[0].rule == "missing-zero-grad"
    assert {f.rule for f in found}.isdisjoint(found[0].explains)


def test_a_cut_is_found_behind_a_layer_that_goes_without_gradients_itself(tmp_path):
    program = """
import torch
from torch import nn
net = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))
with torch.no_grad():
    out = net(torch.randn(8, 2))
out.sum().backward()
"""
    found = run(program, tmp_path / "program.py")
    assert (found[0].rule, found[0].line) == ("graph-cut", 6)
