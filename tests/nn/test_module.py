"""Module: what it holds, how it is walked, copied, converted and printed."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import backlit
from backlit import nn as own


def network(library):
    """Two layers, one of which is used twice, and buffers of both kinds."""

    class Network(library.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = library.nn.Linear(3, 3)
            self.again = self.first
            self.norm = library.nn.BatchNorm1d(3)
            self.scale = library.nn.Parameter(library.ones(1))
            self.tied = self.scale
            self.register_buffer("seen", library.zeros(2))
            self.register_buffer("scratch", library.zeros(1), persistent=False)
            self.register_parameter("nothing", None)

        def forward(self, x):
            return self.norm(self.again(self.first(x))) * self.scale

    return Network()


# What it holds.


def test_names_in_order_of_registration(library):
    net = network(library)
    assert [n for n, _ in net.named_parameters()] == [
        "scale", "first.weight", "first.bias", "norm.weight", "norm.bias",
    ]  # fmt: skip
    assert [n for n, _ in net.named_parameters(remove_duplicate=False)] == [
        "scale", "tied", "first.weight", "first.bias", "again.weight", "again.bias", "norm.weight", "norm.bias",
    ]  # fmt: skip
    assert [n for n, _ in net.named_parameters(recurse=False, prefix="net")] == ["net.scale"]
    assert [n for n, _ in net.named_buffers()] == [
        "seen", "scratch", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked",
    ]  # fmt: skip
    assert [n for n, _ in net.named_modules()] == ["", "first", "norm"]
    assert [n for n, _ in net.named_modules(prefix="net", remove_duplicate=False)] == [
        "net", "net.first", "net.again", "net.norm",
    ]  # fmt: skip
    assert [n for n, _ in net.named_children()] == ["first", "norm"]
    assert len(list(net.children())) == 2
    assert len(list(net.modules())) == 3
    assert len(list(net.parameters())) == 5
    assert len(list(net.buffers())) == 5


def test_members_are_attributes(library):
    net = network(library)
    assert net.nothing is None
    assert isinstance(net.scale, library.nn.Parameter)
    assert "scale" in dir(net)
    assert "first" in dir(net)
    del net.scale
    del net.seen
    del net.norm
    assert not hasattr(net, "scale")
    assert list(net.state_dict()) == ["tied", "first.weight", "first.bias", "again.weight", "again.bias"]


def test_a_name_changes_its_kind(library):
    module = library.nn.Module()
    module.x = 5
    module.x = library.nn.Parameter(library.ones(2))
    assert "x" not in vars(module)
    module.x = None
    assert list(module.named_parameters()) == []
    with pytest.raises(TypeError, match="as parameter 'x'"):
        module.x = library.nn.Linear(1, 1)
    del module.x
    module.x = library.nn.Linear(1, 1)
    assert [n for n, _ in module.named_parameters()] == ["x.weight", "x.bias"]
    with pytest.raises(TypeError, match="as child module 'x'"):
        module.x = library.nn.Buffer(library.zeros(1))
    module.x = library.nn.Parameter(library.ones(2))
    del module.x
    module.x = library.nn.Buffer(library.zeros(1))
    assert [n for n, _ in module.named_buffers()] == ["x"]
    module.x = library.ones(3)
    assert module.state_dict()["x"].tolist() == [1, 1, 1]


def test_look_up_by_dotted_name(library):
    net = library.nn.Sequential(library.nn.Sequential(library.nn.Linear(2, 1), library.nn.BatchNorm1d(1)))
    assert net.get_submodule("0.0") is net[0][0]
    assert net.get_submodule("") is net
    assert net.get_parameter("0.0.bias") is net[0][0].bias
    assert net.get_buffer("0.1.running_var") is net[0][1].running_var
    for look_up, name in ((net.get_submodule, "0.5"), (net.get_parameter, "0.0.wait"), (net.get_buffer, "0.0.bias")):
        with pytest.raises(AttributeError, match=name.rpartition(".")[2]):
            look_up(name)


def test_a_submodule_is_exchanged_by_dotted_name(library):
    net = library.nn.Sequential(library.nn.Sequential(library.nn.Linear(2, 1)))
    replacement = library.nn.Tanh()
    net.set_submodule("0.0", replacement)
    assert net[0][0] is replacement
    with pytest.raises(AttributeError, match="no(t)? .*`?wait`?"):
        net.set_submodule("0.wait", replacement, strict=True)
    with pytest.raises(ValueError, match="Cannot set the submodule without a target name"):
        net.set_submodule("", replacement)
    with pytest.raises(ValueError, match=r"is not an nn\.Module"):
        net.set_submodule("0.0", 5)


def test_apply_visits_children_before_parents(library):
    net = library.nn.Sequential(library.nn.Linear(1, 1), library.nn.Sequential(library.nn.ReLU()))
    seen = []
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


def test_modes_reach_all_modules(library):
    net = network(library)
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train("yes")


def test_gradients_are_cleared_and_frozen(library):
    net = library.nn.Linear(2, 1)
    net(library.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.tolist() == [[0, 0]]
    net.zero_grad()
    assert net.weight.grad is None
    assert net.requires_grad_(False) is net
    assert not net(library.ones(1, 2)).requires_grad


# Converting.


def test_parameters_keep_their_identity_when_converted(library):
    net = network(library)
    net(library.ones(4, 3)).sum().backward()
    before = dict(net.named_parameters())
    assert net.double() is net
    assert all(dict(net.named_parameters())[name] is p for name, p in before.items())
    assert {p.dtype for p in net.parameters()} == {library.float64}
    assert net.first.weight.grad.dtype == library.float64
    assert net.norm.running_mean.dtype == library.float64
    assert net.norm.num_batches_tracked.dtype == library.int64
    assert net.half().scale.dtype == library.float16
    assert net.float().scale.dtype == library.float32
    assert net.to(library.float64).scale.dtype == library.float64
    assert net.to("cpu", library.float32).scale.dtype == library.float32
    assert net.to(library.ones(1, dtype=library.float64)).scale.dtype == library.float64
    assert net.to(device="cpu", dtype=library.float32).seen.dtype == library.float32
    assert net.type(library.float64).seen.dtype == library.float64
    assert net.cpu().to(library.device("cpu")) is net
    assert net.first.weight is net.again.weight


def test_only_floating_dtypes_convert_a_module(library):
    with pytest.raises(TypeError, match="only accepts floating point"):
        library.nn.Linear(1, 1).to(library.int64)


def test_there_is_no_gpu(library):
    net = library.nn.Linear(1, 1)
    with pytest.raises((AssertionError, RuntimeError), match="CUDA"):
        net.cuda()


def test_to_empty_keeps_shapes(library):
    net = library.nn.Linear(3, 2).to_empty(device="cpu")
    assert tuple(net.weight.shape) == (2, 3)
    assert net.weight.requires_grad


# Copying.


def test_a_deep_copy_is_its_own_module(library):
    net = network(library)
    net(library.ones(4, 3)).sum().backward()
    twin = copy.deepcopy(net)
    assert isinstance(twin.scale, library.nn.Parameter)
    assert twin.tied is twin.scale
    assert twin.first is twin.again
    assert twin.scale is not net.scale
    with library.no_grad():
        twin.scale.fill_(7)
    assert net.scale.item() == 1
    assert twin(library.ones(4, 3)).shape == net(library.ones(4, 3)).shape
    assert twin.first.weight.grad is None


def test_a_module_survives_pickling():
    net = own.Sequential(own.Linear(2, 3), own.BatchNorm1d(3))
    twin = pickle.loads(pickle.dumps(net))
    x = backlit.randn(4, 2)
    np.testing.assert_array_equal(twin.eval()(x).detach().numpy(), net.eval()(x).detach().numpy())
    assert isinstance(twin[0].weight, own.Parameter)


# Printing.


def test_prints_as_pytorch_prints():
    import torch

    def text(library):
        nn = library.nn
        net = nn.Sequential(
            OrderedDict(
                body=nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Dropout(0.1)),
                heads=nn.ModuleList([nn.Linear(8, 2), nn.Linear(8, 2), nn.Linear(8, 3, bias=False)]),
                named=nn.ModuleDict({"a": nn.Tanh(), "b": nn.LeakyReLU(0.2)}),
                values=nn.ParameterList([nn.Parameter(library.ones(2, 3)), nn.Parameter(library.ones(()))]),
                table=nn.ParameterDict({"w": nn.Parameter(library.ones(2))}),
                empty=nn.Sequential(),
                norm=nn.LayerNorm((2, 3)),
                embedding=nn.Embedding(5, 3, padding_idx=1, max_norm=2.0, scale_grad_by_freq=True),
                loss=nn.CrossEntropyLoss(),
            )
        )
        net.register_module("flat", nn.Flatten())
        return repr(net)

    assert text(backlit) == text(torch)


def test_an_extra_repr_of_several_lines_prints_below(library):
    class Described(library.nn.Module):
        def extra_repr(self):
            return "one\ntwo"

    assert repr(library.nn.Sequential(Described())) == "Sequential(\n  (0): Described(\n    one\n    two\n  )\n)"


def test_parameters_and_buffers_print(library):
    assert repr(library.nn.Parameter(library.ones(2))) == (
        "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    )
    assert repr(library.nn.Buffer(library.zeros(1))).endswith("tensor([0.])")


# Parameters.


def test_a_parameter_shares_the_memory_it_is_made_of(library):
    data = library.zeros(3)
    parameter = library.nn.Parameter(data)
    data[0] = 5
    assert parameter.tolist() == [5, 0, 0]
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert not library.nn.Parameter(data, requires_grad=False).requires_grad
    assert tuple(library.nn.Parameter().shape) == (0,)
    with pytest.raises(RuntimeError, match="floating point"):
        library.nn.Parameter(library.ones(2, dtype=library.int64))


def test_what_is_computed_from_parameters_is_a_plain_tensor(library):
    parameter = library.nn.Parameter(library.ones(2))
    for made in (parameter * 2, parameter.detach(), parameter.data, parameter.clone()):
        assert type(made) is library.Tensor


def test_a_parameter_is_made_of_a_tensor():
    with pytest.raises(TypeError, match=r"Parameter\(\) takes a Tensor, not list: write nn.Parameter\(torch.tensor"):
        own.Parameter([1.0, 2.0])


def test_a_lazy_layer_takes_its_width_from_the_first_input(library):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        layer = library.nn.LazyLinear(3)
    with pytest.raises(RuntimeError, match="uninitialized parameter"):
        print(layer.weight.shape)
    assert tuple(layer(library.ones(2, 5)).shape) == (2, 3)
    assert repr(layer) == "Linear(in_features=5, out_features=3, bias=True)"
    assert type(layer) is library.nn.Linear


# What goes wrong.


def test_assigning_before_init_shows_the_line_that_lacks():
    class Forgetful(own.Module):
        def __init__(self, value):
            self.weight = value

    for value, what in ((own.Parameter(backlit.ones(1)), "parameters"), (own.Linear(1, 1), "module")):
        with pytest.raises(AttributeError, match=rf"cannot assign {what} before Module.__init__\(\) call") as caught:
            Forgetful(value)
        assert "super().__init__()\n        self.weight = ..." in str(caught.value)
        assert "Forgetful" in str(caught.value)


def test_reading_before_init_says_so():
    class Forgetful(own.Module):
        def __init__(self):
            self.size = self.width

    with pytest.raises(AttributeError, match=r"has no attribute 'width': its Module.__init__\(\) has not run"):
        Forgetful()


def test_plain_attributes_before_init_are_allowed(library):
    class Early(library.nn.Module):
        def __init__(self):
            self.size = 3
            super().__init__()
            self.layer = library.nn.Linear(self.size, 1)

    assert len(list(Early().parameters())) == 2


def test_a_tensor_is_no_parameter(library):
    layer = library.nn.Linear(2, 1)
    with pytest.raises(TypeError, match=r"cannot assign 'torch.FloatTensor' as parameter 'weight'"):
        layer.weight = library.ones(1, 2)
    with pytest.raises(TypeError, match="cannot assign 'int' as child module 'inner'"):
        library.nn.Sequential(OrderedDict(inner=layer)).inner = 5
    with pytest.raises(TypeError, match="as buffer 'running_mean'"):
        library.nn.BatchNorm1d(1).running_mean = 5


def test_the_way_to_set_a_parameter_is_shown():
    with pytest.raises(TypeError, match=r"self.weight = nn.Parameter\(...\)") as caught:
        own.Linear(2, 1).weight = backlit.ones(1, 2)
    assert "with torch.no_grad(): self.weight.copy_(...)" in str(caught.value)


@pytest.mark.parametrize("kind", ["parameter", "buffer", "module"])
@pytest.mark.parametrize(
    ("name", "error"), [("a.b", KeyError), ("", KeyError), ("forward", KeyError), (5, TypeError)]
)
def test_names_that_cannot_be_registered(library, kind, name, error):
    module = library.nn.Linear(1, 1)
    value = {"parameter": library.nn.Parameter(library.ones(1)), "buffer": library.ones(1), "module": module}[kind]
    register = module.add_module if kind == "module" else getattr(module, f"register_{kind}")
    with pytest.raises(error):
        register(name, value)


def test_only_the_right_kind_can_be_registered(library):
    module = library.nn.Module()
    with pytest.raises(TypeError, match="torch.nn.Parameter or None required"):
        module.register_parameter("p", library.ones(1))
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'p'"):
        module.register_parameter("p", computed_parameter(library))
    with pytest.raises(TypeError, match="torch Tensor or None required"):
        module.register_buffer("b", 5)
    with pytest.raises(TypeError, match="is not a Module subclass"):
        module.add_module("m", library.nn.Linear)


def computed_parameter(library):
    """A Parameter that an in-place operation made part of a graph."""
    parameter = library.nn.Parameter(library.ones(1), requires_grad=False)
    parameter.add_(library.ones(1, requires_grad=True))
    return parameter


def test_a_module_without_forward_says_what_it_lacks(library):
    with pytest.raises(NotImplementedError, match=r'Module \[Module\] is missing the required "forward" function'):
        library.nn.Module()(1)


def test_unknown_arguments_of_init_are_refused(library):
    class Thin(library.nn.Module):
        pass

    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        Thin(width=3)
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        Thin(3)


def test_modules_compile_and_share_as_they_are():
    layer = own.Linear(1, 1)
    layer.compile()
    assert layer.share_memory() is layer
    assert layer(backlit.ones(2, 1)).shape == (2, 1)
