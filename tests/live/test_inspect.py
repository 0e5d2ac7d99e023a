"""Numbers on the page recompute from their parts."""

import math

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.live import inspect
from backlit.live.phases import record
from live.network import network_in_training

#: float32 sums of a few terms: their rounding, beside the sizes of the terms.
ROUNDING = 1e-6


@pytest.mark.parametrize("row", [None, 0, 5])
@pytest.mark.parametrize("kind", ["binary", "classes", "regression"])
def test_a_neurons_terms_and_bias_add_up_to_its_sum(kind, row):
    eager = network_in_training(kind)
    step = record(eager)
    for layer, unit in ((1, 2), (2, 0)):
        found = inspect.neuron(step, layer, unit, row, kind)
        assert all(term["product"] == term["weight"] * term["input"] for term in found["terms"])
        assert math.fsum(term["product"] for term in found["terms"]) + found["bias"] == pytest.approx(
            found["z"], abs=ROUNDING
        )
        module = eager.model[0 if layer == 1 else 2]
        assert [term["weight"] for term in found["terms"]] == module.weight.array[unit].astype(float).tolist()
        assert [term["edge"] for term in found["terms"]] == [f"{layer}.{unit}.{i}" for i in range(len(found["terms"]))]


def test_a_hidden_neurons_output_is_its_activation_of_the_sum():
    step = record(network_in_training())
    found = inspect.neuron(step, 1, 1, 3, "binary")
    assert found["activation"]["name"] == "Tanh"
    assert found["activation"]["out"] == pytest.approx(math.tanh(found["z"]), abs=ROUNDING)


def test_the_answer_is_a_probability():
    found = inspect.neuron(record(network_in_training()), 2, 0, 1, "binary")
    assert found["activation"]["out"] == pytest.approx(1 / (1 + math.exp(-found["z"])), abs=ROUNDING)
    step = record(network_in_training("classes"))
    scores = np.array([inspect.neuron(step, 2, k, 1, "classes")["z"] for k in range(3)])
    shares = [inspect.neuron(step, 2, k, 1, "classes")["activation"]["out"] for k in range(3)]
    assert shares == pytest.approx((np.exp(scores) / np.exp(scores).sum()).tolist(), abs=ROUNDING)


def test_what_stands_between_two_layers_is_named():
    found = inspect.neuron(record(network_in_training(between=(nn.ReLU, lambda: nn.Dropout(0.5)))), 1, 0, 0, "binary")
    assert found["activation"]["name"] == "ReLU → Dropout"
    assert "max(x, 0)" in found["activation"]["formula"]


@pytest.mark.parametrize("kind", ["binary", "classes", "regression"])
@pytest.mark.parametrize(("layer", "source"), [(1, 1), (1, None), (2, 3), (2, None)])
def test_a_weights_routes_add_up_to_its_gradient_and_to_the_difference(kind, layer, source):
    eager = network_in_training(kind)
    found = inspect.weight(record(eager), layer, 0, source)
    eager.advance(1)
    module = eager.model[0 if layer == 1 else 2]
    gradient = module.bias.grad.array[0] if source is None else module.weight.grad.array[0, source]
    assert found["gradient"] == float(gradient)
    assert found["total"] == pytest.approx(found["gradient"], abs=ROUNDING)
    assert found["difference"] == pytest.approx(found["total"], abs=1e-6)
    assert found["agrees"]
    for route in found["routes"]:
        assert math.prod(hop["value"] for hop in route["hops"]) == route["product"]
    assert math.fsum(route["product"] for route in found["routes"]) + found["more_sum"] == pytest.approx(found["total"])


def test_a_route_passes_the_neurons_that_it_says():
    found = inspect.weight(record(network_in_training()), 1, 2, 0)
    assert all("1.2" in [hop.get("neuron") for hop in route["hops"]] for route in found["routes"])


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "RMSprop"])
def test_an_update_is_told_with_its_numbers(optimizer):
    eager = network_in_training(optimizer=optimizer)
    state = next(iter(eager.optimizer.state.values()), {})
    found = inspect.weight(record(eager), 1, 0, 0)["update"]
    assert found["before"] == float(eager.model[0].weight.array[0, 0])
    terms = {term["name"]: term for term in found["terms"]}
    assert terms["lr"]["value"] == 0.1
    if optimizer == "Adam":
        assert terms["m_W1"]["before"] == float(state["exp_avg"].array[0, 0])
    eager.advance(1)
    assert found["after"] == float(eager.model[0].weight.array[0, 0])
    if optimizer == "Adam":
        assert terms["m_W1"]["value"] == float(state["exp_avg"].array[0, 0])
    if optimizer == "SGD":
        assert found["formula"] == "W1 ← W1 - lr d_W1"
        assert found["after"] == pytest.approx(found["before"] - 0.1 * terms["d_W1"]["value"], abs=ROUNDING)


def test_a_weight_that_is_not_trained_says_so():
    eager = network_in_training()
    eager.optimizer = torch.optim.SGD([eager.model[2].weight], lr=0.1)
    found = inspect.weight(record(eager), 1, 0, 0)["update"]
    assert found["formula"] == "not updated"
    assert found["before"] == found["after"]
