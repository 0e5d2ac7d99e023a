"""One step of exclusive or, worked by hand to the last digit; everything that is told of it is held against that.

The network has two inputs, two hidden units and one output, sigmoids, binary cross-entropy, and steps at rate 1/2. Its
weights are multiples of c = ln 3: sigmoid(k c) = 3**k / (1 + 3**k) is a fraction then.

    forward     row     z1 / c     a1          z2 / c               a2      y
                0, 0    -1,  0     1/4, 1/2    4/4 - 4/2 + 1 = 0    1/2     0
                0, 1     0, -1     1/2, 1/4    4/2 - 4/4 + 1 = 2    9/10    1
                1, 0     0,  1     1/2, 3/4    4/2 - 12/4 + 1 = 0   1/2     1
                1, 1     1,  0     3/4, 1/2    12/4 - 4/2 + 1 = 2   9/10    0

    loss        -(ln 1/2 + ln 9/10 + ln 1/2 + ln 1/10) / 4 = ln(400 / 9) / 4 = ln(20 / 3) / 2

    backward    d_z2 = (a2 - y) / 4 = 1/8, -1/40, -1/8, 9/40
                d_W2 = 1/8 * 1/4 - 1/40 * 1/2 - 1/8 * 1/2 + 9/40 * 3/4 = (5 - 2 - 10 + 27) / 160 = 1/8,
                       1/8 * 1/2 - 1/40 * 1/4 - 1/8 * 3/4 + 9/40 * 1/2 = (10 - 1 - 15 + 18) / 160 = 3/40
                d_b2 = (5 - 1 - 5 + 9) / 40 = 1/5
                d_a1 / c = 4 d_z2, -4 d_z2 = (1/2, -1/2), (-1/10, 1/10), (-1/2, 1/2), (9/10, -9/10)
                a1 (1 - a1) = (3/16, 1/4), (1/4, 3/16), (1/4, 3/16), (3/16, 1/4)
                d_z1 / c = (15, -20), (-4, 3), (-20, 15), (27, -36), each / 160
                d_W1 / c = (-20 + 27, -4 + 27), (15 - 36, 3 - 36) = (7, 23), (-21, -33), each / 160
                d_b1 / c = (15 - 4 - 20 + 27, -20 + 3 + 15 - 36) = (18, -38), each / 160

    update      W1 = c - 7/320 c, c - 23/320 c; c + 21/320 c, -c + 33/320 c     b1 = -c - 18/320 c, 38/320 c
                W2 = 4c - 1/16, -4c - 3/80                                      b2 = c - 1/10
"""

import dataclasses
import math
import re
import runpy
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import backlit as torch
from backlit.explain import formulas, path
from backlit.explain.story import tell
from backlit.explain.watch import StepIsComplete, Watcher

C = math.log(3)
BY_HAND = {
    "z1": C * np.array([[-1, 0], [0, -1], [0, 1], [1, 0]]),
    "a1": np.array([[1 / 4, 1 / 2], [1 / 2, 1 / 4], [1 / 2, 3 / 4], [3 / 4, 1 / 2]]),
    "z2": C * np.array([[0], [2], [0], [2]]),
    "a2": np.array([[1 / 2], [9 / 10], [1 / 2], [9 / 10]]),
    "loss": np.log(20 / 3) / 2,
    "d_z2": np.array([[1 / 8], [-1 / 40], [-1 / 8], [9 / 40]]),
    "d_a1": C * np.array([[1 / 2, -1 / 2], [-1 / 10, 1 / 10], [-1 / 2, 1 / 2], [9 / 10, -9 / 10]]),
    "d_W2": np.array([[1 / 8, 3 / 40]]),
    "d_b2": np.array([1 / 5]),
    "d_z1": C / 160 * np.array([[15, -20], [-4, 3], [-20, 15], [27, -36]]),
    "d_W1": C / 160 * np.array([[7, 23], [-21, -33]]),
    "d_b1": C / 160 * np.array([18, -38]),
}
AFTER = {
    "W1": C / 320 * np.array([[313, 297], [341, -287]]),
    "b1": C / 320 * np.array([-338, 38]),
    "W2": np.array([[4 * C - 1 / 16, -4 * C - 3 / 80]]),
    "b2": np.array([C - 1 / 10]),
}
PAGE = (Path(__file__).parents[2] / "docs" / "one_step.md").read_text(encoding="utf-8")
EXACT = {"rtol": 1e-14, "atol": 1e-15}


@pytest.fixture(scope="module")
def explanation(tmp_path_factory):
    """The step of the page's own program, as `backlit explain` opens it. PyTorch may be imported in this process."""
    script = tmp_path_factory.mktemp("golden") / "xor.py"
    program = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
    script.write_text(
        program.replace("import torch", "import backlit as torch").replace("from torch ", "from backlit ")
    )
    kind = torch.get_default_dtype()
    try:
        with Watcher(1) as watcher, suppress(StepIsComplete):
            runpy.run_path(str(script))
        yield dataclasses.replace(watcher.explanation, script=str(script))
    finally:
        torch.set_default_dtype(kind)


@pytest.mark.parametrize("is_readable", [False, True])
def test_every_value_of_the_record(explanation, is_readable):
    graph = explanation.graph.readable() if is_readable else explanation.graph
    values = {line.name: line.value for line in graph}
    for name, value in BY_HAND.items():
        np.testing.assert_allclose(values[name], value, err_msg=name, **EXACT)


@pytest.mark.parametrize("verbatim", [True, False])
def test_the_program_repeats_the_step(explanation, verbatim):
    found = explanation.graph.run(verbatim=verbatim)
    for name, value in {"loss": BY_HAND["loss"], **AFTER}.items():
        np.testing.assert_allclose(found[name], value, err_msg=name, **EXACT)
    for name in ("d_W1", "d_b1", "d_W2", "d_b2"):
        np.testing.assert_allclose(found[name], BY_HAND[name], err_msg=name, **EXACT)


def test_the_parameters_of_the_explanation(explanation):
    for (_, gradient, after), name in zip(explanation.parameters.values(), ("W1", "b1", "W2", "b2"), strict=True):
        np.testing.assert_allclose(gradient, BY_HAND[f"d_{name}"], err_msg=name, **EXACT)
        np.testing.assert_allclose(after, AFTER[name], err_msg=name, **EXACT)


LATEX = {
    "z1": r"z_{1} = x \, {W_{1}}^\top + b_{1}",
    "a1": r"a_{1} = \frac{1}{1 + {e}^{-z_{1}}}",
    "z2": r"z_{2} = a_{1} \, {W_{2}}^\top + b_{2}",
    "a2": r"a_{2} = \frac{1}{1 + {e}^{-z_{2}}}",
    "d_z2": r"\frac{\partial L}{\partial z_{2}} = \frac{a_{2} - y}{n}",
    "d_a1": r"\frac{\partial L}{\partial a_{1}} = \frac{\partial L}{\partial z_{2}} \, W_{2}",
    "d_z1": r"\frac{\partial L}{\partial z_{1}} = "
    r"\frac{\partial L}{\partial a_{1}} \odot a_{1} \odot \left(1 - a_{1}\right)",
    "d_W1": r"\frac{\partial L}{\partial W_{1}} = {\left(\frac{\partial L}{\partial z_{1}}\right)}^\top \, x",
    "W1": r"W_{1} \leftarrow W_{1} - \mathrm{lr} \, \frac{\partial L}{\partial W_{1}}",
}


@pytest.mark.parametrize("name", LATEX)
def test_the_formulas_in_latex_and_mathml(explanation, name):
    line = explanation.graph.readable()[name]
    assert formulas.latex(line) == LATEX[name]
    tree = ElementTree.fromstring(formulas.mathml(line))
    letters = {element.text for element in tree.iter() if element.tag.endswith("}mi")}
    assert letters >= set(re.findall(r"(?<![a-z\\{])[a-zWL](?=_|$| )", LATEX[name])) - {"n"}


def test_the_sheet_has_every_formula_once(explanation):
    sheet = explanation.latex()
    assert r"\title{Step 1 of \texttt{" in sheet
    assert re.findall(r"\\section\*{(\w+)}", sheet) == ["Given", "Forward", "Loss", "Backward", "Update"]
    for formula in LATEX.values():
        sign = r" \leftarrow " if "leftarrow" in formula else " = "
        assert sheet.count(formula.replace(sign, f" &{sign}", 1)) == 1
    assert r"\frac{\partial a_{2}}{\partial z_{2}} & = a_{2} \odot \left(1 - a_{2}\right)" in sheet
    assert sheet.count(r"\begin{") == sheet.count(r"\end{")


def test_the_page_shows_what_is_told(explanation):
    told = "\n".join([tell(explanation), str(path(explanation, "net.0.weight[0,1]")), explanation.graph.source()])
    lines = [line.strip() for line in told.split("\n")]
    for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL):
        at = 0
        for wanted in filter(None, map(str.strip, block.split("\n"))):
            found = [k for k, line in enumerate(lines) if k >= at and line.startswith(wanted)]
            assert found, f"the page says {wanted!r}, and the step does not, from {lines[at]!r} on"
            at = found[0] + 1


def test_one_weight_in_two_ways(explanation):
    found = path(explanation, "net.0.weight[0,1]")
    # x = 1, a1 (1 - a1), the weight 4c, a2 (1 - a2), (a2 - y) / (4 a2 (1 - a2)); in rows (1, 1) and (0, 1).
    factors = [[hop.value for hop in route.hops] for route in found.routes]
    np.testing.assert_allclose(factors[0], [1, 3 / 16, 4 * C, 9 / 100, 5 / 2], **EXACT)
    np.testing.assert_allclose(factors[1], [1, 1 / 4, 4 * C, 9 / 100, -5 / 18], **EXACT)
    assert [route.product for route in found.routes] == pytest.approx([27 * C / 160, -4 * C / 160, 0, 0], rel=1e-14)
    assert found.total == pytest.approx(23 * C / 160, rel=1e-14)
    assert found.agrees
    assert found.difference == pytest.approx(23 * C / 160, rel=1e-8)


ROUTE_SUMS = {
    "0.weight[0,0]": 7 * C / 160, "0.weight[1,0]": -21 * C / 160, "0.weight[1,1]": -33 * C / 160,
    "0.bias[0]": 18 * C / 160, "0.bias[1]": -38 * C / 160, "2.weight[0,0]": 1 / 8, "2.weight[0,1]": 3 / 40,
    "2.bias": 1 / 5,
}  # fmt: skip


@pytest.mark.parametrize("name", ROUTE_SUMS)
def test_the_routes_of_every_other_weight(explanation, name):
    assert path(explanation, name).total == pytest.approx(ROUTE_SUMS[name], rel=1e-13)


def test_the_page_in_html_has_every_formula_and_digit(explanation):
    from backlit.explain.page import page

    html = page(explanation)
    for line in explanation.graph.readable():
        if line.name in LATEX and line.kind != "input":
            assert formulas.mathml(line) in html
    for name in ("a1", "d_W2"):
        for value in BY_HAND[name].ravel():
            assert re.search(rf'(title="|>){np.float64(value)!s}', html) or f">{value:.4g}<" in html
    assert f">{BY_HAND['d_W1'][0, 1]:.4g}<" in html
