"""The report of a run: whole, true, harmless, and the same bytes for the same run."""

import re
import shlex
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from backlit import nn
from backlit.cli import main
from backlit.data.table import load_table, prepare
from backlit.explain.network import MOST_UNITS, network_svg
from backlit.report import page, write_pictures
from backlit.report.charts import Curve, curves, points
from backlit.report.classes import by_class, predicted
from backlit.report.importance import importance
from backlit.report.rows import losses_of, worst_rows
from backlit.report.tables import aligned, cell, number
from backlit.train.options import Options
from backlit.train.table import train_table


def trained_on(source, **options):
    options = Options(epochs=options.pop("epochs", 15), **options)
    return train_table(prepare(load_table(str(source)), options.seed), options)


@pytest.fixture(scope="module")
def iris():
    return trained_on("iris")


class Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    VOID = frozenset(["meta", "img", "br", "line", "circle", "polyline"])

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def text_of(html):
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    return " ".join(parser.texts)


@pytest.mark.parametrize(
    ("source", "pictures"),
    [
        ("iris", {"loss.png", "confusion.png"}),
        ("moons", {"loss.png", "confusion.png", "boundary.png"}),
        ("diabetes", {"loss.png", "residuals.png"}),
        ("xor", {"loss.png", "confusion.png", "boundary.png"}),
        ("sine", {"loss.png", "residuals.png"}),
    ],
)
def test_a_run_has_the_pictures_of_its_task_and_a_page_that_stands_alone(source, pictures, tmp_path):
    trained = trained_on(source)
    write_pictures(trained, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == pictures
    html = page(trained)
    text = text_of(html)
    assert trained.prepared.table.digest in text
    assert f"backlit train {source} --epochs 15" in text
    assert not re.search(r'(?:src|href)="(?!data:)', html)
    assert "prefers-color-scheme: dark" in html


def test_the_same_run_gives_the_same_bytes(tmp_path):
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        trained = trained_on("moons", epochs=3)
        write_pictures(trained, folder)
        (folder / "report.html").write_text(page(trained), encoding="utf-8")
        made.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert made[0] == made[1]


def test_names_and_values_of_the_table_do_no_harm(tmp_path):
    path = tmp_path / "odd.csv"
    rows = [f"{i % 7},{'<b>a</b>' if i % 2 else '&amp;'},{'</script><script>alert(1)</script>' if i % 3 else 'no'}"
            for i in range(90)]  # fmt: skip
    path.write_text("<img src=x>,kind,y\n" + "\n".join(rows), encoding="utf-8")
    html = page(trained_on(path, epochs=2))
    assert "<script" not in html
    assert "<b>" not in html
    assert "<img src=x" not in html
    assert "</script><script>alert(1)</script>" in text_of(html)


def test_measures_by_class_are_scikit_learns(iris):
    part, task = iris.prepared.parts["test"], iris.prepared.task
    scores = iris.scores_of(part.x)
    measured = by_class(task, scores, part.y)
    assert np.trace(measured.confusion) / len(part) == accuracy_score(part.y, predicted(task, scores))
    recalls = recall_score(part.y, scores.argmax(1), average=None)
    assert [row.recall for row in measured.classes.values()] == pytest.approx(list(recalls))


def test_the_worst_rows_are_those_of_the_greatest_loss_with_their_own_cells(iris):
    part, prepared = iris.prepared.parts["test"], iris.prepared
    scores = iris.scores_of(part.x)
    losses = losses_of(prepared, scores, part.y)
    assert losses.mean() == pytest.approx(iris.metrics["test"]["loss"], rel=1e-5)
    worst = worst_rows(prepared, scores, part)
    assert [row.loss for row in worst] == sorted(losses, reverse=True)[: len(worst)]
    first = prepared.table.frame.row(worst[0].number - 1, named=True)
    assert first["species"] == worst[0].target
    assert first["petal_width"] == worst[0].cells["petal_width"]


def test_a_column_that_decides_is_important_and_one_that_is_noise_is_not(tmp_path):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(400, 2))
    path = tmp_path / "signal.csv"
    lines = [f"{a:.4f},{b:.4f},{'yes' if a > 0 else 'no'}" for a, b in x]
    path.write_text("signal,noise,y\n" + "\n".join(lines), encoding="utf-8")
    trained = trained_on(path, epochs=30)
    found = importance(trained.prepared, trained.scores_of, trained.prepared.parts["test"], seed=0)
    assert [row.column for row in found] == ["signal", "noise"]
    assert found[0].fall > 0.3
    assert abs(found[1].fall) < 0.1
    assert found == importance(trained.prepared, trained.scores_of, trained.prepared.parts["test"], seed=0)


def test_curves_are_logarithmic_where_they_can_be_and_leave_out_what_is_not_finite():
    x = np.arange(1.0, 6.0)
    drawn = curves([Curve("a", x, np.array([100.0, 10, 1, np.nan, 0.1]), "training")], "epoch", "loss")
    assert "log scale" in drawn
    (line,) = ET.fromstring(drawn).iter("polyline")
    heights = [float(p.split(",")[1]) for p in line.get("points").split()]
    assert len(heights) == 4
    assert np.diff(heights)[:2] == pytest.approx([np.diff(heights)[0]] * 2, abs=0.11)
    assert "log scale" not in curves([Curve("a", x, x - 3, "training")], "epoch", "loss")


def test_points_stand_on_the_line_where_prediction_and_truth_agree():
    drawing = ET.fromstring(points(np.array([1.0, 2.0]), np.array([1.0, 2.0]), "true", "said"))
    mark = next(line for line in drawing.iter("line") if line.get("class") == "mark")
    ends = {(c.get("cx"), c.get("cy")) for c in drawing.iter("circle")}
    assert ends == {(mark.get("x1"), mark.get("y1")), (mark.get("x2"), mark.get("y2"))}


@pytest.mark.parametrize("sizes", [(2, 4, 1), (64, 32, 10)])
def test_a_drawing_has_a_circle_a_unit_until_they_are_too_many(sizes):
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    drawing = ET.fromstring(network_svg(nn.Sequential(*layers), [f"in <{k}>" for k in range(sizes[0])]))
    circles = [e for e in drawing.iter() if e.tag.endswith("circle")]
    assert len(circles) == sum(min(n, MOST_UNITS) for n in sizes)
    texts = [e.text for e in drawing.iter() if e.tag.endswith("text")]
    assert "in <0>" in texts
    assert [t for t in texts if t.endswith("more")] == [f"{n - MOST_UNITS} more" for n in sizes if n > MOST_UNITS]


def test_a_model_without_linear_layers_is_refused():
    with pytest.raises(ValueError, match=r"no linear layer to draw\. Give it one such as nn\.Linear"):
        network_svg(nn.Sequential(nn.ReLU()))


@pytest.mark.parametrize(
    "words",
    [
        "my table.csv --target b --hidden 3,2 --batch-norm --dropout 0.1 --find-lr --epochs 4 --seed 7",
        "my table.csv --hidden 0 --lr 0.1 --l2 0.01 --schedule cosine --epochs 4",
    ],
)
def test_the_command_in_the_report_makes_the_same_run(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{i % 7},{i % 5},{i % 3}" for i in range(60))
    (tmp_path / "my table.csv").write_text(f"a,b,c\n{rows}\n")
    given = ["train", "my table.csv", *words.removeprefix("my table.csv ").split(), "--quiet"]
    run_backlit([*given, "--out", "one"])
    (command,) = re.findall("<pre>(.*)</pre>", (tmp_path / "one" / "report.html").read_text(encoding="utf-8"))
    run_backlit([*shlex.split(unescape(command))[1:], "--quiet", "--out", "two"])
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def run_backlit(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0


def test_numbers_are_written_as_people_read_them():
    assert [number(value) for value in (0.123456, 10000.0, 10199.54, 5e12, None)] == [
        "0.1235", "10,000", "10,199.5", "5e+12", "",
    ]  # fmt: skip
    assert [cell(value) for value in (5269.58, 10277, True, None, "x" * 50)] == [
        "5,269.6", "10277", "true", "", "x" * 39 + "…",
    ]  # fmt: skip
    assert aligned([1.0, 0.96296, 0.5]) == ["1.000", "0.963", "0.500"]
    assert aligned([0.0123456, 0.5, None]) == ["0.0123", "0.5000", ""]
    assert aligned([5.0, 4.5, 3.25]) == ["5.00", "4.50", "3.25"]
    assert aligned([16.0, 0.0]) == ["16", "0"]
