"""state_dict and load_state_dict: names, sharing, exchange with PyTorch, and every misfit named at once."""

from collections import OrderedDict

import numpy as np
import pytest
import torch

import backlit
from backlit import nn as own
from nn.cases import carried, numpy_of, seed


def make(library, width=3, last=True):
    nn = library.nn
    layers = [nn.Linear(2, width), nn.BatchNorm1d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1)) if last else nn.Sequential(*layers)


def test_a_state_dict_shares_memory_and_needs_no_gradient(library):
    net = make(library)
    state = net.state_dict()
    assert list(state) == [
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
        "3.weight", "3.bias",
    ]  # fmt: skip
    assert isinstance(state, OrderedDict)
    assert state._metadata["1"] == {"version": 2}
    assert not state["0.weight"].requires_grad
    state["0.weight"].fill_(4)
    assert net[0].weight.detach().unique().tolist() == [4]
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight
    assert next(iter(net.state_dict(prefix="net."))) == "net.0.weight"


def test_states_go_from_pytorch_to_backlit_and_back():
    seed(3)
    theirs, mine = make(torch), make(backlit)
    theirs(torch.randn(5, 2))
    result = mine.load_state_dict(carried(theirs.state_dict()))
    assert repr(result) == "<All keys matched successfully>"
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    expected = theirs.eval()(torch.from_numpy(x))
    np.testing.assert_allclose(
        numpy_of(mine.eval()(backlit.from_numpy(x))), numpy_of(expected), rtol=1e-5, atol=1e-6
    )
    fresh = make(torch)
    fresh.load_state_dict({k: torch.from_numpy(numpy_of(v).copy()) for k, v in mine.state_dict().items()})
    np.testing.assert_array_equal(numpy_of(fresh.eval()(torch.from_numpy(x))), numpy_of(expected))


def test_loading_copies_into_the_parameters_there_are(library):
    net, source = make(library), make(library)
    before = list(net.parameters())
    net.load_state_dict(source.state_dict())
    assert all(p is q for p, q in zip(net.parameters(), before, strict=True))
    assert net[0].weight is not source[0].weight
    assert net[0].weight.tolist() == source[0].weight.tolist()


def test_loading_converts_to_the_dtype_there_is(library):
    net = make(library)
    net.load_state_dict(make(library).double().state_dict())
    assert net[0].weight.dtype == library.float32


def test_assigning_takes_the_tensors_themselves(library):
    net, source = make(library), make(library).double()
    net[0].weight.requires_grad_(False)
    net.load_state_dict(source.state_dict(), assign=True)
    assert net[0].weight.dtype == library.float64
    assert isinstance(net[0].weight, library.nn.Parameter)
    assert [p.requires_grad for p in net.parameters()] == [False] + [True] * 5
    source[3].bias.data.fill_(9)
    assert net[3].bias.item() == 9


def test_a_tensor_of_one_element_loads_as_a_number(library):
    class Scaled(library.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = library.nn.Parameter(library.tensor(1.0))

    module = Scaled()
    module.load_state_dict({"scale": library.tensor([3.0])})
    assert module.scale.item() == 3


def test_buffers_that_are_not_persistent_stay_out(library):
    module = library.nn.Module()
    module.register_buffer("kept", library.zeros(1))
    module.register_buffer("scratch", library.zeros(1), persistent=False)
    module.register_buffer("absent", None)
    assert list(module.state_dict()) == ["kept"]
    module.register_buffer("kept", library.zeros(1), persistent=False)
    assert list(module.state_dict()) == []


def test_what_does_not_fit_is_listed_at_once(library):
    state = make(library).state_dict()
    state["extra.weight"] = library.zeros(1)
    del state["3.bias"]
    state["0.bias"] = library.zeros(7)
    net = make(library)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    lines = str(caught.value).split("\n\t")
    assert lines[0] == "Error(s) in loading state_dict for Sequential:"
    assert lines[1].startswith('Missing key(s) in state_dict: "3.bias".')
    assert lines[2].startswith('Unexpected key(s) in state_dict: "extra.weight".')
    assert lines[3].startswith("size mismatch for 0.bias: ")
    assert "torch.Size([7])" in lines[3]
    assert "torch.Size([3])" in lines[3]


def test_without_strict_the_rest_is_loaded_and_told(library):
    state = make(library).state_dict()
    del state["3.bias"]
    state["extra"] = library.zeros(1)
    net = make(library)
    result = net.load_state_dict(state, strict=False)
    assert (result.missing_keys, result.unexpected_keys) == (["3.bias"], ["extra"])
    assert repr(result) == "_IncompatibleKeys(missing_keys=['3.bias'], unexpected_keys=['extra'])"
    assert net[0].weight.tolist() == state["0.weight"].tolist()
    state["0.bias"] = library.zeros(7)
    with pytest.raises(RuntimeError, match="size mismatch for 0.bias"):
        net.load_state_dict(state, strict=False)


def test_a_name_below_a_parameter_is_unexpected(library):
    state = library.nn.Linear(1, 1).state_dict()
    state["weight.inner"] = library.zeros(1)
    result = library.nn.Linear(1, 1).load_state_dict(state, strict=False)
    assert result.unexpected_keys == ["weight.inner"]


def test_a_prefix_on_every_name_is_recognised():
    wrapped = own.DataParallel(make(backlit)).state_dict()
    with pytest.raises(RuntimeError, match=r"names have 'module\.' in front") as caught:
        make(backlit).load_state_dict(wrapped)
    advice = str(caught.value).rpartition("Load ")[2]
    state_dict = wrapped
    loadable = eval(advice, {"state_dict": state_dict})
    assert repr(make(backlit).load_state_dict(loadable)) == "<All keys matched successfully>"
    with pytest.raises(RuntimeError, match=r"names lack 'module\.' in front"):
        own.DataParallel(make(backlit)).load_state_dict(loadable)


def test_close_names_are_offered():
    net = own.ModuleDict({"hidden": own.Linear(1, 1)})
    state = {"hiden.weight": backlit.zeros(1, 1), "hidden.bias": backlit.zeros(1)}
    with pytest.raises(RuntimeError, match="For \"hidden.weight\": Did you mean 'hiden.weight'"):
        net.load_state_dict(state)


def test_a_state_dict_must_be_a_mapping_of_tensors(library):
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'str'>"):
        make(library).load_state_dict("net.pt")
    state = make(library).state_dict()
    state["0.bias"] = [0.0, 0.0, 0.0]
    with pytest.raises(RuntimeError, match=r"0.bias.*<class 'list'>"):
        make(library).load_state_dict(state)


def test_files_from_before_the_batch_counter_load(library):
    state = make(library).state_dict()
    del state["1.num_batches_tracked"]
    del state._metadata
    assert repr(make(library).load_state_dict(state)) == "<All keys matched successfully>"


class Counting:
    """A module with more state than tensors, made of either library."""

    def __new__(cls, library):
        class Module(library.nn.Module):
            def __init__(self):
                super().__init__()
                self.count = 0

            def get_extra_state(self):
                return {"count": self.count}

            def set_extra_state(self, state):
                self.count = state["count"]

        return Module()


def test_extra_state_travels_along(library):
    module = library.nn.Sequential(Counting(library))
    module[0].count = 5
    state = module.state_dict()
    assert state["0._extra_state"] == {"count": 5}
    other = library.nn.Sequential(Counting(library))
    other.load_state_dict(state)
    assert other[0].count == 5
    with pytest.raises(RuntimeError, match="0._extra_state"):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "0._extra_state"'):
        library.nn.Sequential(library.nn.ReLU()).load_state_dict(state)


def test_state_hooks_run_in_pytorchs_order(library):
    net = library.nn.Sequential(library.nn.Linear(1, 1))
    calls = []

    def rename(module, state, prefix, metadata):
        calls.append("after saving")
        state[prefix + "renamed"] = state.pop(prefix + "bias")

    def restore(module, state, prefix, metadata, strict, missing, unexpected, errors):
        calls.append("before loading")
        state[prefix + "bias"] = state.pop(prefix + "renamed")

    def forgive(module, keys):
        calls.append("after loading")
        keys.missing_keys.clear()

    net[0].register_state_dict_pre_hook(lambda module, prefix, keep: calls.append("before saving"))
    net[0].register_state_dict_post_hook(rename)
    net[0].register_load_state_dict_pre_hook(restore)
    handle = net[0].register_load_state_dict_post_hook(forgive)
    state = net.state_dict()
    assert list(state) == ["0.weight", "0.renamed"]
    del state["0.weight"]
    assert repr(net.load_state_dict(state)) == "<All keys matched successfully>"
    assert calls == ["before saving", "after saving", "before loading", "after loading"]
    handle.remove()
    with pytest.raises(RuntimeError, match="0.weight"):
        net.load_state_dict(state)
