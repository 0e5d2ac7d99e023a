"""C: the data, and what is said of them."""

import pytest

from doctor.programs import run

PROGRAM = """
import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
X = torch.randn(200, 3)
y = (X[:, 0] > 0).long()
{data}
net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(4):
    for rows in torch.{order}.split(25):
        opt.zero_grad()
        F.cross_entropy(net(X[rows]), y[rows]).backward()
        opt.step()
{after}
"""


def found(path, data="", order="randperm(200)", after=""):
    return run(PROGRAM.format(data=data, order=order, after=after), path / "program.py")


def rules(findings, *severities):
    return [f.rule for f in findings if f.severity in (severities or ("error", "warning"))]


def test_sound_data_are_let_be(tmp_path):
    assert rules(found(tmp_path)) == []


def test_a_broken_number_is_told_by_row_column_and_count(tmp_path):
    first = found(tmp_path, "X[3, 2] = float('nan')\nX[5, 0] = float('inf')", order="arange(200)")[0]
    assert first.rule == "nan-in-data"
    assert "2 numbers" in first.message
    assert "row 3, column 2" in first.message


def test_large_columns_that_do_no_harm_are_a_note(tmp_path):
    assert "unscaled-inputs" in rules(found(tmp_path, "X[:, 1] = X[:, 1] * 20"), "note")


def test_sorted_labels_are_named_and_shuffled_ones_are_not(tmp_path):
    assert "not-shuffled" in rules(found(tmp_path, "X, y = X[y.argsort()], y.sort()[0]", order="arange(200)"))
    assert rules(found(tmp_path, "X, y = X[y.argsort()], y.sort()[0]")) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [("torch.cat([X[:20], torch.randn(60, 3)])", ["validation-leak"]), ("torch.randn(60, 3)", []), ("X", []),
     ("X[:50]", []), ("torch.cat([X, torch.randn(60, 3)])", [])],
)  # fmt: skip
def test_rows_on_both_sides_are_a_leak_unless_it_is_the_training_set(rows, expected, tmp_path):
    after = f"new = {rows}\nnet.eval()\nwith torch.no_grad():\n    guess = net(new).argmax(1)"
    assert rules(found(tmp_path, after=after)) == expected
