"""What is on screen reconciles: shown terms make the shown results, and these are the engine's."""

import math

import numpy as np
import pytest

from backlit.live.session import Session
from live.looking import inspect, number, numbers
from live.reference import first_step

#: Shown sums are added up in double precision, the engine's in single.
ROUNDING = {"rtol": 3e-6, "atol": 3e-7}
PROBLEMS = ["xor", "moons", "iris"]


def factors(row):
    return numbers(row, "[data-term]")


@pytest.fixture(params=PROBLEMS)
def opened(request, visit):
    """The page before the first step, and that step done by hand."""
    session = Session(request.param)
    step = first_step(session)
    return visit(session).page, step


def rows_shown(shown):
    return [shown.locator("[data-makes=product]").nth(k) for k in range(shown.locator("[data-makes=product]").count())]


def check_neuron(shown, layer, unit, of_rows):
    """The inspector's arithmetic of a neuron against the step by hand; `of_rows` picks a row, or takes the mean."""
    rows = rows_shown(shown)
    weights, inputs = zip(*map(factors, rows), strict=True)
    products = [number(row, "[data-result=product]") for row in rows]
    bias, z = number(shown, "[data-term^=bias]"), number(shown, "[data-result=z]")
    assert products == [w * x for w, x in zip(weights, inputs, strict=True)]
    np.testing.assert_allclose(math.fsum([*products, bias]), z, **ROUNDING)
    assert list(weights) == layer.weight[unit].tolist()
    assert bias == layer.bias[unit]
    np.testing.assert_allclose(inputs, of_rows(layer.inputs), **ROUNDING)
    np.testing.assert_allclose(z, of_rows(layer.sums)[unit], **ROUNDING)
    assert shown.locator("[data-recomputed=yes]").count() == 1
    return z


def test_a_neurons_terms_make_its_sum(opened):
    page, step = opened
    layer = step.layers[0]
    shown = inspect(page, "1.1")
    shown.get_by_role("radio", name="batch").check()
    shown.get_by_text("Means over").wait_for()
    check_neuron(shown, layer, 1, lambda array: array.mean(0, dtype=np.float64))
    # Of one row the activation can be followed too.
    shown.get_by_role("radio", name="row").check()
    shown.locator(".stepper input").wait_for()
    shown.get_by_role("button", name="Row after").click()
    shown.locator("[data-recomputed]").wait_for()
    z = check_neuron(shown, layer, 1, lambda array: array[1])
    np.testing.assert_allclose(number(shown, "[data-result=activation]"), math.tanh(z), **ROUNDING)


def test_a_weights_routes_make_its_gradient(opened):
    page, step = opened
    for number_of_layer, layer in enumerate(step.layers, start=1):
        shown = inspect(page, f"{number_of_layer}.0.1")
        rows = rows_shown(shown)
        products = [number(row, "[data-result=product]") for row in rows]
        for row, product in zip(rows, products, strict=True):
            np.testing.assert_allclose(math.prod(factors(row)), product, rtol=1e-6)
        more = numbers(shown, "[data-term='more routes']")
        total = number(shown, "[data-result=gradient]")
        np.testing.assert_allclose(math.fsum(products + more), total, **ROUNDING)
        np.testing.assert_allclose(total, layer.slopes["weight"][0, 1], **ROUNDING)
        assert shown.locator("[data-recomputed=yes]").count() == 1


def test_a_weights_update_is_the_optimizers(opened):
    page, step = opened
    shown = inspect(page, "2.0.b")
    last = step.layers[-1]
    assert number(shown, "[data-term=before]") == last.bias[0]
    # The biases of the last layer stand at the end.
    assert number(shown, "[data-result=after]") == step.after[-len(last.bias)]
