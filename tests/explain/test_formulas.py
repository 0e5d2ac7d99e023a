"""Lines as formulas: what a textbook writes, LaTeX that compiles, MathML that is XML; for every op of the registry."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backlit as torch
import backlit.nn as nn
from backlit import tracing
from backlit.explain import formulas
from backlit.explain.notation import FORMS, WAYS, Term, number, written
from backlit.ops.registry import OPS
from backlit.tensor import apply

EVERY_OP = [op for op in OPS.values() if op.samples]


def of_call(step, *examples, number=1, reading="forward"):
    """The statements of a recorded call, with what nobody named put in its place."""
    graph = torch.trace(step, *examples)
    return [formulas.text(line) for line in formulas.merged(formulas.lines_of(graph, graph.calls[number], reading))]


def is_balanced(latex):
    """Whether every brace closes, every \\left has its \\right, and every environment ends."""
    depth = 0
    for sign in re.sub(r"\\[{}]", "", latex):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    pairs = (r"\\left(?![a-z])", r"\\right(?![a-z])"), (r"\\begin{cases}", r"\\end{cases}")
    return depth == 0 and all(len(re.findall(a, latex)) == len(re.findall(b, latex)) for a, b in pairs)


def letters_of(term):
    """The names in a formula."""
    return {term.text} if term.kind == "name" else {name for part in term.parts for name in letters_of(part)}


def recorded(op, sample):
    """The record of an op on a sample, forward and backward."""
    tensors = []
    for k, array in enumerate(sample.arrays):
        if isinstance(array, np.ndarray):
            needs = array.dtype.kind == "f" and op.inputs[min(k, len(op.inputs) - 1)] in op.rules
            tensors.append(torch.from_numpy(array.copy()).requires_grad_(needs))
        else:
            tensors.append(array)

    def step(*tensors):
        out = apply(op, *([sample.through(*tensors)] if sample.through else tensors), **sample.settings)
        if out.requires_grad:
            out.backward(torch.ones_like(out))

    return tracing.trace(step, *tensors)


@pytest.mark.parametrize("op", EVERY_OP, ids=lambda op: op.name)
def test_every_op_has_formulas(op):
    sample = next(iter(op.samples(np.random.default_rng(0))))
    graph = recorded(op, sample)
    terms = [formulas.statement(line) for line in graph.lines]
    for call in graph.calls.values():
        terms += [formulas.statement(line) for line in formulas.merged(formulas.lines_of(graph, call))]
        for rule in formulas.derivatives(call):
            terms += [rule.product, *([rule.local] if rule.local else [])]
            assert "g" in letters_of(rule.product) or rule.product == number(0)
            assert rule.local is None or "g" not in letters_of(rule.local)
    for term in terms:
        latex = written(term, "latex")
        assert is_balanced(latex), latex
        assert latex.isascii(), latex
        ElementTree.fromstring(formulas.math_element(term))
        assert "np." not in written(term)
    assert "out" in formulas.in_general(op)


def test_a_layer_reads_as_in_a_textbook():
    layer, x = nn.Linear(2, 3), torch.ones(4, 2)
    graph = torch.trace(lambda x: layer(x).sum().backward(), x)
    (line,) = formulas.merged(formulas.lines_of(graph, graph.calls[1]))
    assert formulas.text(line) == "z1 = x W1ᵀ + b1"
    assert formulas.latex(line) == r"z_{1} = x \, {W_{1}}^\top + b_{1}"
    assert "<msup><mrow><msub><mi>W</mi><mn>1</mn></msub></mrow>" in formulas.mathml(line)
    (weight,) = formulas.merged(formulas.lines_of(graph, graph.calls[1], "gradient of w"))
    assert formulas.text(weight) == "d_W1 = d_z1ᵀ x"
    assert formulas.latex(weight).startswith(r"\frac{\partial L}{\partial W_{1}} = ")


@pytest.mark.parametrize(
    ("function", "forward", "local"),
    [
        (torch.sigmoid, "1 / (1 + e^(-x))", "out ⊙ (1 - out)"),
        (torch.tanh, "tanh(x)", "1 - out²"),
        (torch.relu, "max(x, 0)", "[out > 0]"),
        (torch.exp, "e^x", "out"),
        (torch.log1p, "ln(1 + x)", "1 / (1 + x)"),
        (torch.square, "x²", "2 x"),
        (torch.nn.functional.leaky_relu, "x if x > 0 else 0.01 x", "1 if x > 0 else 0.01"),
        (torch.abs, "|x|", "sgn(x)"),
    ],
)
def test_functions_and_their_derivatives(function, forward, local):
    x = torch.tensor([0.5, 2.0], requires_grad=True)
    graph = torch.trace(lambda: function(x).backward(torch.ones(2)))
    (line,) = formulas.merged(formulas.lines_of(graph, graph.calls[1]))
    assert formulas.text(line).partition(" = ")[2] == forward
    (rule,) = formulas.derivatives(graph.calls[1])
    assert rule.input == "x"
    assert written(rule.local) == local


def test_a_product_of_matrices_has_no_factor_but_a_product():
    x, y = torch.ones(2, 3, requires_grad=True), torch.ones(3, 2)
    graph = torch.trace(lambda: (x @ y).sum().backward())
    (rule,) = formulas.derivatives(graph.calls[1])
    assert rule.local is None
    assert written(rule.product) == "g yᵀ"


def test_sums_say_what_they_run_over():
    x = torch.ones(2, 3)
    assert of_call(lambda: x.sum()) == ["sum_1 = Σ x"]
    assert of_call(lambda: x.sum(dim=0)) == ["sum_1 = Σ_rows x"]
    assert of_call(lambda: x.sum(dim=1)) == ["sum_1 = Σ_columns x"]


def test_given_arrays_show_their_size_and_given_numbers_their_value():
    layer, x = nn.Linear(2, 3), torch.ones(4, 2)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.001)

    def step(x):
        layer(x).sum().backward()
        optimizer.step()

    graph = torch.trace(step, x)
    update = formulas.merged([line for line in graph.lines if line.role == "update"])
    assert [formulas.text(line) for line in update] == ["new_W1 = W1 - lr d_W1", "new_b1 = b1 - lr d_b1"]
    said = {formulas.text(line) for line in graph.inputs}
    assert {"x ∈ \N{DOUBLE-STRUCK CAPITAL R}^(4 × 2)", "lr = 0.001"} <= said
    latex = {formulas.latex(line) for line in graph.inputs}
    assert r"x \in {\mathbb{R}}^{4 \times 2}" in latex


def test_small_numbers_are_powers_of_ten_in_latex():
    assert written(number(1e-12), "latex") == "{10}^{-12}"
    assert written(number(-2.5e-7), "latex") == r"-2.5 \cdot {10}^{-7}"
    assert written(number(float("inf")), "latex") == r"\infty"


def test_names_with_signs_of_latex_and_of_xml():
    term = Term("name", "layer_0_weight")
    assert written(term, "latex") == r"\mathrm{layer\_0\_weight}"
    assert written(Term("name", "σ1"), "latex") == r"\sigma_{1}"
    assert written(Term("label", "50% of a_b"), "latex") == r"\text{50\% of a\_b}"
    assert written(Term("label", "a < b & c"), "mathml") == "<mtext>a &lt; b &amp; c</mtext>"


LEAVES = st.one_of(
    st.sampled_from([Term("name", n) for n in ("x", "W1", "d_W1", "new_m_W1", "beta1", "loss", "net_0_bias")]),
    st.floats(-1e9, 1e9).map(number),
    st.sampled_from([Term("words", w) for w in ("tanh", "sum", "∞")]),
)


def grown(inner):
    kinds = st.sampled_from(list(FORMS))
    return kinds.flatmap(
        lambda kind: st.tuples(*[inner] * len(FORMS[kind][0].least)).map(lambda parts: Term(kind, "", parts))
    )


@given(st.recursive(LEAVES, grown, max_leaves=12))
def test_any_formula_is_balanced_latex_and_well_formed_mathml(term):
    assert is_balanced(written(term, "latex"))
    ElementTree.fromstring(formulas.math_element(term))
    assert written(term).count("(") == written(term).count(")")


def value_of(term, names):
    """What a formula in plain text comes to, read as Python reads it."""
    text = written(term).replace("⊙", "*").replace("^", "**").replace("²", "**2").replace("³", "**3")
    return eval(re.sub(r"(?<=[\w)]) (?=[\w(])", " * ", text), dict(names))


SIMPLE = st.one_of(st.sampled_from([Term("name", "x"), Term("name", "y")]), st.integers(1, 9).map(number))


def arithmetic(inner):
    pairs = [st.tuples(inner, inner).map(lambda p, kind=kind: Term(kind, "", p)) for kind in ("+", "-", "each")]
    return st.one_of(*pairs, inner.map(lambda x: Term("minus", "", (x,))))


def direct(term, names):
    """The same, from the tree itself."""
    if term.kind == "name":
        return names[term.text]
    if term.kind == "number":
        return int(term.text)
    values = [direct(p, names) for p in term.parts]
    return -values[0] if term.kind == "minus" else {
        "+": lambda: values[0] + values[1], "-": lambda: values[0] - values[1], "each": lambda: values[0] * values[1],
    }[term.kind]()  # fmt: skip


@given(st.recursive(SIMPLE, arithmetic, max_leaves=10), st.integers(-5, 5), st.integers(-5, 5))
def test_brackets_stand_where_the_value_needs_them(term, x, y):
    assert value_of(term, {"x": x, "y": y}) == direct(term, {"x": x, "y": y})


def test_three_ways():
    assert WAYS == ("text", "latex", "mathml")
    assert all(len(forms) == 3 for forms in FORMS.values())
