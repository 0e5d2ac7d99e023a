"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from collections import OrderedDict

import pytest

import backlit
from backlit import nn as own


def kinds(modules):
    return [type(module).__name__ for module in modules]


def three(library):
    nn = library.nn
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


# Sequential.


def test_sequential_passes_from_one_to_the_next(library):
    net = three(library)
    x = library.ones(4, 2)
    assert net(x).tolist() == net[2](net[1](net[0](x))).tolist()
    assert library.nn.Sequential()(x) is x


def test_sequential_of_names(library):
    nn = library.nn
    net = nn.Sequential(OrderedDict(hidden=nn.Linear(2, 3), out=nn.Linear(3, 1)))
    assert [name for name, _ in net.named_children()] == ["hidden", "out"]
    assert net[0] is net.hidden
    assert net[-1] is net.out
    assert [name for name, _ in net[1:].named_children()] == ["out"]


def test_sequential_behaves_as_a_list(library):
    nn = library.nn
    net = three(library)
    assert len(net) == 3
    assert kinds(net) == ["Linear", "ReLU", "Linear"]
    assert net.append(nn.Tanh()) is net
    assert net.extend([nn.ELU()]) is net
    net.insert(0, nn.Flatten())
    assert kinds(net) == ["Flatten", "Linear", "ReLU", "Linear", "Tanh", "ELU"]
    del net[0]
    net[1] = nn.Sigmoid()
    assert kinds(net) == ["Linear", "Sigmoid", "Linear", "Tanh", "ELU"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert type(net.pop(-1)).__name__ == "ELU"
    assert kinds(net[1:3]) == ["Sigmoid", "Linear"]
    assert isinstance(net[1:3], nn.Sequential)
    del net[1:3]
    assert [name for name, _ in net.named_children()] == ["0", "1"]


def test_sequentials_add_and_multiply(library):
    net = three(library)
    assert kinds(net + net[:1]) == ["Linear", "ReLU", "Linear", "Linear"]
    assert len(net * 2) == len(2 * net) == 6
    net += three(library)
    assert len(net) == 6
    net *= 2
    assert len(net) == 12
    with pytest.raises(ValueError, match="only objects of Sequential class"):
        net + [1]  # noqa: RUF005
    with pytest.raises(ValueError, match="Non-positive multiplication factor"):
        net * 0
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \*"):
        net * 1.5


@pytest.mark.parametrize("index", [3, -4])
def test_positions_out_of_range(library, index):
    with pytest.raises(IndexError, match="out of range"):
        three(library)[index]
    with pytest.raises(IndexError, match="out of range"):
        library.nn.ModuleList(three(library))[index]


def test_only_modules_go_into_a_sequential(library):
    with pytest.raises(TypeError, match="is not a Module subclass"):
        library.nn.Sequential(library.nn.Linear(1, 1), library.tanh)
    with pytest.raises(AssertionError, match="should be of type"):
        three(library).insert(0, library.tanh)


# ModuleList and ModuleDict.


def test_module_list_behaves_as_a_list(library):
    nn = library.nn
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(2))
    assert layers.append(nn.ReLU()) is layers
    layers.extend([nn.Tanh()])
    layers.insert(1, nn.ELU())
    layers += [nn.GELU()]
    assert kinds(layers) == ["Linear", "ELU", "Linear", "ReLU", "Tanh", "GELU"]
    layers[0] = nn.Sigmoid()
    del layers[-2:]
    assert kinds(layers) == ["Sigmoid", "ELU", "Linear", "ReLU"]
    assert kinds(layers[1:3]) == ["ELU", "Linear"]
    assert kinds(layers + [nn.Tanh()]) == ["Sigmoid", "ELU", "Linear", "ReLU", "Tanh"]  # noqa: RUF005
    assert kinds([layers.pop(0)]) == ["Sigmoid"]
    assert list(layers.state_dict()) == ["1.weight", "1.bias"]
    with pytest.raises(TypeError, match="should be called with an iterable"):
        layers.extend(5)
    with pytest.raises(NotImplementedError):
        layers(library.ones(1))


def test_module_dict_behaves_as_a_dict(library):
    nn = library.nn
    choices = nn.ModuleDict([["b", nn.Linear(1, 1)], ["a", nn.Tanh()]])
    choices.update({"c": nn.ReLU()})
    choices["d"] = nn.ELU()
    assert list(choices) == list(choices.keys()) == ["b", "a", "c", "d"]
    assert kinds(choices.values()) == ["Linear", "Tanh", "ReLU", "ELU"]
    assert "a" in choices
    assert len(choices) == 4
    assert choices.pop("a") is not None
    del choices["c"]
    assert [name for name, _ in choices.items()] == ["b", "d"]
    choices.clear()
    assert len(choices) == 0
    with pytest.raises(KeyError):
        choices["nothing"]
    with pytest.raises(TypeError, match="iterable of key/value pairs"):
        choices.update(5)
    with pytest.raises(ValueError, match="update sequence element #0"):
        choices.update([("a", nn.Tanh(), 3)])


# ParameterList and ParameterDict.


def test_parameter_list_behaves_as_a_list(library):
    nn = library.nn
    values = nn.ParameterList([library.ones(2), nn.Parameter(library.zeros(1))])
    assert all(isinstance(p, nn.Parameter) for p in values)
    values.append(library.ones(3)).extend([library.ones(4)])
    values += [library.ones(5)]
    assert [p.numel() for p in values] == [2, 1, 3, 4, 5]
    values[-1] = library.ones(6)
    assert values[4].numel() == 6
    assert [p.numel() for p in values[1:3]] == [1, 3]
    assert list(values.state_dict()) == ["0", "1", "2", "3", "4"]
    with pytest.raises(IndexError, match="out of range"):
        values[5]
    with pytest.raises(TypeError, match="should be called with an iterable"):
        values.extend(5)


def test_parameter_dict_behaves_as_a_dict(library):
    nn = library.nn
    values = nn.ParameterDict({"b": library.ones(2), "a": library.ones(1)})
    assert list(values) == ["a", "b"]
    values["c"] = library.ones(3)
    values.update(OrderedDict(z=library.ones(9), y=library.ones(8)))
    assert list(values.keys()) == ["a", "b", "c", "z", "y"]
    assert [name for name, _ in values.named_parameters()] == ["a", "b", "c", "z", "y"]
    assert [p.numel() for p in values.values()] == [1, 2, 3, 9, 8]
    assert values.get("nothing") is None
    assert values.setdefault("d", library.ones(4)).numel() == 4
    assert values.pop("d").numel() == 4
    assert values.popitem()[0] == "y"
    assert "y" not in values
    del values["z"]
    assert list(reversed(values)) == ["c", "b", "a"]
    assert list(values.copy()) == ["a", "b", "c"]
    assert sorted(values | nn.ParameterDict({"e": library.ones(1)})) == ["a", "b", "c", "e"]
    values |= nn.ParameterDict({"e": library.ones(1)})
    assert len(values) == 4
    values.clear()
    assert len(values) == 0
    with pytest.raises(AttributeError, match="no attribute 'a'"):
        values["a"]


def test_values_that_are_no_tensors_are_kept_as_they_are(library):
    values = library.nn.ParameterDict({"note": "text"})
    assert values["note"] == "text"
    assert list(values.parameters()) == []


def test_parameter_containers_are_not_called():
    with pytest.raises(RuntimeError, match="ParameterList should not be called"):
        own.ParameterList()(1)
    with pytest.raises(RuntimeError, match="ParameterDict should not be called"):
        own.ParameterDict()(1)


# DataParallel.


def test_data_parallel_runs_its_module(library):
    inner = three(library)
    wrapped = library.nn.DataParallel(inner)
    assert wrapped(library.ones(1, 2)).tolist() == inner(library.ones(1, 2)).tolist()
    assert next(iter(wrapped.state_dict())) == "module.0.weight"
    assert wrapped.module is inner


def test_the_path_of_modules_is_pytorchs():
    from backlit.nn.modules.activation import Softmax
    from backlit.nn.modules.container import ParameterList, Sequential
    from backlit.nn.modules.loss import CrossEntropyLoss, TripletMarginLoss
    from backlit.nn.modules.module import Module
    from backlit.nn.parallel import DataParallel
    from backlit.nn.parameter import Parameter

    assert (Softmax, ParameterList, Sequential) == (own.Softmax, own.ParameterList, own.Sequential)
    assert (CrossEntropyLoss, TripletMarginLoss, Module) == (own.CrossEntropyLoss, own.TripletMarginLoss, own.Module)
    assert (DataParallel, Parameter) == (own.DataParallel, own.Parameter)
    assert backlit.nn.modules.Linear is own.Linear
