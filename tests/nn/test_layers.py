"""Layers and functions beyond PyTorch's database: running statistics, tables of vectors, in place, what is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit
from backlit import nn
from nn.cases import assert_same_state, carried, numpy_of, seed

F = nn.functional

#: Names of the settings that an activation needs.
ACTIVATIONS = {
    "relu": {}, "relu6": {}, "elu": {"alpha": 0.7}, "selu": {}, "celu": {"alpha": 0.7},
    "leaky_relu": {"negative_slope": 0.2}, "rrelu": {}, "threshold": {"threshold": 0.1, "value": 5.0},
    "hardtanh": {"min_val": -0.5, "max_val": 0.7}, "hardsigmoid": {}, "hardswish": {}, "silu": {}, "mish": {},
}  # fmt: skip


def same(mine, theirs, rtol=1e-5):
    np.testing.assert_allclose(numpy_of(mine), numpy_of(theirs), rtol=rtol, atol=1e-6)


# Activations.


@pytest.mark.parametrize(("name", "settings"), ACTIVATIONS.items())
def test_activations_in_place_write_to_the_input_and_keep_the_gradient(library, name, settings):
    activation = getattr(library.nn.functional, name)
    leaf = library.tensor([-1.0, -0.2, 0.3, 2.0], requires_grad=True)
    x = leaf * 1
    out = activation(x, inplace=True, **settings)
    assert out is x
    out.sum().backward()
    copy = leaf.detach().clone().requires_grad_()
    activation(copy, **settings).sum().backward()
    assert leaf.grad.tolist() == pytest.approx(copy.grad.tolist(), rel=1e-6)


@pytest.mark.parametrize(("name", "settings"), [(n, s) for n, s in ACTIVATIONS.items() if hasattr(F, n + "_")])
def test_activations_with_an_underscore_work_in_place(library, name, settings):
    x = library.tensor([-1.0, 2.0])
    expected = getattr(library.nn.functional, name)(x, **settings).tolist()
    getattr(library.nn.functional, name + "_")(x, **settings)
    assert x.tolist() == expected


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
@pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax"])
def test_the_dimension_that_nobody_named_is_pytorchs(name, shape):
    x = torch.randn(shape)
    with pytest.warns(UserWarning, match="Implicit dimension choice for"):
        expected = getattr(torch.nn.functional, name)(x)
    with pytest.warns(UserWarning, match=f"Implicit dimension choice for {name} has been deprecated"):
        same(getattr(F, name)(carried(x)), expected)


def test_softmax_in_another_dtype(library):
    x = library.tensor([1.0, 2.0])
    assert library.nn.functional.softmax(x, dim=0, dtype=library.float64).dtype == library.float64
    assert library.nn.functional.log_softmax(x, 0, dtype=library.float64).dtype == library.float64


def test_activations_refuse_settings_out_of_range(library):
    functional, x = library.nn.functional, library.ones(3)
    with pytest.raises(RuntimeError, match="approximate argument must be either none or tanh"):
        functional.gelu(x, approximate="fast")
    with pytest.raises(RuntimeError, match="Mismatch of parameter numbers and input channel size"):
        functional.prelu(library.ones(2, 3), library.ones(2))
    with pytest.raises(RuntimeError, match="Halving dimension must be even, but dimension 0 is size 3"):
        functional.glu(x)
    with pytest.raises(RuntimeError, match="glu does not support scalars"):
        functional.glu(library.tensor(1.0))
    with pytest.raises(RuntimeError, match=r"lambda must be in range .*, but found -1"):
        functional.softshrink(x, lambd=-1)
    with pytest.raises(ValueError, match="min_val cannot be greater than max_val"):
        functional.hardtanh(x, 2.0, 1.0)
    with pytest.raises(AssertionError):
        library.nn.Hardtanh(2.0, 1.0)
    with pytest.raises(ValueError, match="Softmax2d: expected input to be 3D or 4D"):
        library.nn.Softmax2d()(x)


# Affine layers.


def test_linear_names_what_does_not_fit(library):
    layer = library.nn.Linear(4, 2)
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(3x5 and 4x2\)"):
        layer(library.ones(3, 5))
    for dtype in (library.float64, library.int64):
        with pytest.raises(RuntimeError, match="have the same dtype, but got"):
            layer(library.ones(3, 4).to(dtype))
    with pytest.raises(TypeError, match=r"argument 'input' \(position 1\) must be Tensor, not list"):
        layer([1.0, 2.0, 3.0, 4.0])


def test_bilinear_names_what_does_not_fit(library):
    layer = library.nn.Bilinear(2, 3, 1)
    with pytest.raises(RuntimeError, match="batch dimensions do not match"):
        layer(library.ones(4, 2), library.ones(5, 3))
    with pytest.raises(RuntimeError):
        layer(library.ones(4, 2), library.ones(4, 4))
    with pytest.raises(ValueError, match="in1_features must be > 0"):
        library.nn.Bilinear(0, 3, 1)


def test_factory_settings_reach_parameters_and_buffers(library):
    nn = library.nn
    for layer in (
        nn.Linear(2, 3, device="cpu", dtype=library.float64), nn.Embedding(4, 2, dtype=library.float64),
        nn.BatchNorm1d(2, dtype=library.float64), nn.LayerNorm(2, dtype=library.float64),
        nn.PReLU(dtype=library.float64), nn.Bilinear(1, 1, 1, dtype=library.float64),
        nn.GroupNorm(1, 2, dtype=library.float64), nn.RMSNorm(2, dtype=library.float64),
    ):  # fmt: skip
        kinds = {v.dtype for k, v in layer.state_dict().items() if k != "num_batches_tracked"}
        assert kinds == {library.float64}
    library.set_default_dtype(library.float64)
    try:
        assert nn.Linear(1, 1).weight.dtype == library.float64
    finally:
        library.set_default_dtype(library.float32)


def test_modules_cannot_be_made_on_a_device_that_is_not_there(library):
    with pytest.raises((AssertionError, RuntimeError), match="CUDA"):
        library.nn.Linear(1, 1, device="cuda")


# Normalisation.


@settings(deadline=None, max_examples=40)
@given(
    batches=st.lists(st.integers(2, 6), min_size=1, max_size=4), momentum=st.sampled_from([None, 0.1, 0.7, 1.0]),
    affine=st.booleans(), tail=st.sampled_from([(), (3,)]), number=st.integers(0, 9),
)  # fmt: skip
def test_running_statistics_are_pytorchs(batches, momentum, affine, tail, number):
    layers = [library.nn.BatchNorm1d(3, momentum=momentum, affine=affine) for library in (backlit, torch)]
    rng = np.random.default_rng(number)
    for size in batches:
        x = torch.tensor(rng.normal(1, 2, (size, 3, *tail)), dtype=torch.float32)
        mine, theirs = layers[0](carried(x)), layers[1](x)
        same(mine, theirs, rtol=1e-4)
    assert_same_state(*layers, rtol=1e-4)
    same(layers[0].eval()(carried(x)), layers[1].eval()(x), rtol=1e-4)
    layers[0].reset_running_stats()
    assert layers[0].num_batches_tracked.item() == 0


def test_without_running_statistics_evaluation_uses_the_batch(library):
    layer = library.nn.BatchNorm1d(2, track_running_stats=False).eval()
    assert list(layer.state_dict()) == ["weight", "bias"]
    out = layer(library.tensor([[1.0, 5.0], [3.0, 9.0]])).tolist()
    assert out[0] == pytest.approx([-1, -1], abs=1e-3)


def test_frozen_statistics_pass_a_plain_gradient(library):
    layer = library.nn.BatchNorm1d(1).eval()
    layer.running_var.fill_(4.0)
    x = library.tensor([[1.0], [2.0]], requires_grad=True)
    layer(x).sum().backward()
    assert x.grad.flatten().tolist() == pytest.approx([0.5, 0.5], abs=1e-4)


@pytest.mark.parametrize("name", ["InstanceNorm1d", "InstanceNorm2d"])
def test_instance_statistics_are_pytorchs(name):
    tail = (5,) if name == "InstanceNorm1d" else (3, 2)
    layers = [getattr(lib.nn, name)(3, track_running_stats=True, affine=True) for lib in (backlit, torch)]
    for _ in range(2):
        x = torch.randn(4, 3, *tail)
        same(layers[0](carried(x)), layers[1](x), rtol=1e-4)
    assert_same_state(*layers, rtol=1e-4)
    same(layers[0].eval()(carried(x)), layers[1].eval()(x), rtol=1e-4)


def test_normalisation_names_what_does_not_fit(library):
    nn, functional = library.nn, library.nn.functional
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        nn.BatchNorm1d(3)(library.ones(1, 3))
    with pytest.raises(ValueError, match="expected 2D or 3D input"):
        nn.BatchNorm1d(3)(library.ones(3))
    with pytest.raises(ValueError, match="expected 4D input"):
        nn.BatchNorm2d(3)(library.ones(2, 3))
    with pytest.raises(RuntimeError, match="should contain 4 elements not 3"):
        nn.BatchNorm1d(3)(library.ones(2, 4))
    with pytest.raises(ValueError, match="Expected more than 1 spatial element when training"):
        nn.InstanceNorm1d(3)(library.ones(2, 3, 1))
    with pytest.raises(RuntimeError, match=r"normalized_shape=\[4\], expected input with shape \[\*, 4\], but got"):
        nn.LayerNorm(4)(library.ones(2, 3))
    with pytest.raises(RuntimeError, match="Expected weight"):
        functional.layer_norm(library.ones(2, 3), (3,), library.ones(2))
    with pytest.raises(RuntimeError, match="normalized_shape to be at least 1-dimensional"):
        functional.layer_norm(library.ones(2, 3), ())
    with pytest.raises(ValueError, match="must be divisible by num_groups"):
        nn.GroupNorm(2, 3)
    with pytest.raises(RuntimeError, match="divisible by num_groups"):
        functional.group_norm(library.ones(2, 3), 2)


def test_the_fix_for_a_batch_of_one_is_shown():
    with pytest.raises(ValueError, match=r"drop_last=True in the DataLoader\), or model.eval\(\)"):
        nn.BatchNorm1d(3)(backlit.ones(1, 3))
    with pytest.raises(RuntimeError, match=r"Make the layer with num_features=4"):
        nn.BatchNorm1d(3)(backlit.ones(2, 4))
    with pytest.raises(RuntimeError, match=r"Make the layer with normalized_shape=\[3\]"):
        nn.LayerNorm(4)(backlit.ones(2, 3))


# Tables of vectors.


def test_the_padding_vector_is_zero_and_stays(library):
    table = library.nn.Embedding(4, 2, padding_idx=-1)
    assert table.padding_idx == 3
    table(library.tensor([0, 3, 3])).sum().backward()
    assert table.weight[3].tolist() == [0, 0]
    assert table.weight.grad.tolist() == [[1, 1], [0, 0], [0, 0], [0, 0]]


def test_pretrained_vectors_are_frozen_unless_asked(library):
    vectors = library.tensor([[1.0, 2.0], [3.0, 4.0]])
    frozen = library.nn.Embedding.from_pretrained(vectors)
    assert not frozen.weight.requires_grad
    assert frozen(library.tensor([1])).tolist() == [[3, 4]]
    assert library.nn.Embedding.from_pretrained(vectors, freeze=False).weight.requires_grad


def test_long_vectors_are_scaled_down_where_they_are_read(library):
    table = library.nn.Embedding.from_pretrained(library.tensor([[3.0, 4.0], [30.0, 40.0]]), max_norm=1.0)
    out = table(library.tensor([0]))
    assert out[0].tolist() == pytest.approx([0.6, 0.8], rel=1e-5)
    assert table.weight[0].tolist() == pytest.approx([0.6, 0.8], rel=1e-5)
    assert table.weight[1].tolist() == [30, 40]


def test_gradients_by_frequency(library):
    table = library.nn.Embedding(3, 1, scale_grad_by_freq=True)
    table(library.tensor([0, 0, 1])).sum().backward()
    assert table.weight.grad.flatten().tolist() == [1, 1, 0]


def test_embedding_names_what_does_not_fit(library):
    table = library.nn.Embedding(3, 2)
    with pytest.raises(IndexError, match="index out of range"):
        table(library.tensor([0, 3]))
    with pytest.raises(RuntimeError, match="scalar types: Long, Int"):
        table(library.tensor([0.0, 1.0]))
    with pytest.raises(AssertionError, match="within num_embeddings"):
        library.nn.Embedding(3, 2, padding_idx=3)
    with pytest.raises(AssertionError, match="2-dimensional"):
        library.nn.Embedding.from_pretrained(library.ones(3))


# Other functions.


@settings(deadline=None, max_examples=60)
@given(
    shape=st.lists(st.integers(2, 5), min_size=2, max_size=4).map(tuple),
    widths=st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=2),
)  # fmt: skip
def test_constant_padding_is_pytorchs(shape, widths):
    x = torch.randn(shape)
    flat = [n for pair in widths for n in pair]
    same(F.pad(carried(x), flat, value=2.5), torch.nn.functional.pad(x, flat, value=2.5))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("widths", [(1, 2), (0, 3), (2, -1), (-1, 2)])
def test_other_padding_is_pytorchs(mode, widths):
    x = torch.randn(2, 3, 5, requires_grad=True)
    expected = torch.nn.functional.pad(x, widths, mode=mode)
    leaf = carried(x.detach()).requires_grad_()
    mine = F.pad(leaf, widths, mode=mode)
    same(mine, expected)
    (mine * mine).sum().backward()
    (expected * expected).sum().backward()
    same(leaf.grad, x.grad)


def test_padding_names_what_does_not_fit(library):
    pad = library.nn.functional.pad
    with pytest.raises(NotImplementedError, match="Unrecognised padding mode"):
        pad(library.ones(1, 2), (1, 1), mode="mirror")
    with pytest.raises(RuntimeError, match="Padding length"):
        pad(library.ones(2), (1, 1, 1, 1))


def test_shapes_between_layers(library):
    nn, x = library.nn, library.zeros(2, 3, 4)
    assert tuple(nn.Flatten()(x).shape) == (2, 12)
    assert tuple(nn.Flatten(0, 1)(x).shape) == (6, 4)
    assert tuple(nn.Unflatten(2, (2, 2))(x).shape) == (2, 3, 2, 2)
    assert tuple(nn.Unflatten(1, (-1, 3))(x).shape) == (2, 1, 3, 4)
    with pytest.raises(TypeError):
        nn.Unflatten("features", 3)


@pytest.mark.parametrize(("p", "dim"), [(2.0, 1), (1.0, 0), (3.0, -1), (float("inf"), 1)])
def test_normalized_vectors_have_length_one(p, dim):
    x = torch.randn(4, 5)
    same(F.normalize(carried(x), p, dim), torch.nn.functional.normalize(x, p, dim))
    assert F.normalize(backlit.zeros(1, 3)).tolist() == [[0, 0, 0]]


def test_cosine_of_a_zero_vector_is_zero(library):
    x = library.zeros(1, 2, requires_grad=True)
    out = library.nn.functional.cosine_similarity(x, library.ones(1, 2))
    out.sum().backward()
    assert out.tolist() == [0]
    assert np.isfinite(x.grad.tolist()).all()


@pytest.mark.parametrize("size", [2, 3])
def test_local_response_norm_is_pytorchs(size):
    x = torch.randn(2, 5, 4)
    same(nn.LocalResponseNorm(size, 0.1, 0.5, 2.0)(carried(x)), torch.nn.LocalResponseNorm(size, 0.1, 0.5, 2.0)(x))


# A whole step.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_trains_as_pytorchs_does(dtype):
    """Batch norm, dropout, embedding and layer norm in one network, ten steps: the losses are PyTorch's."""

    def losses(library):
        lib = library.nn
        seed(7)
        table = lib.Embedding(5, 6)
        net = lib.Sequential(
            lib.Linear(6, 8), lib.BatchNorm1d(8), lib.ReLU(), lib.Dropout(0.3),
            lib.Linear(8, 8), lib.LayerNorm(8), lib.GELU(), lib.Linear(8, 3),
        )  # fmt: skip
        both = lib.ModuleList([table, net]).to(getattr(library, dtype))
        optimizer = library.optim.Adam(both.parameters(), lr=0.01)
        rows, classes = library.randint(0, 5, (16,)), library.randint(0, 3, (16,))
        found = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = lib.functional.cross_entropy(net(table(rows)), classes, label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        return found

    np.testing.assert_allclose(losses(backlit), losses(torch), rtol=1e-4 if dtype == "float32" else 1e-7)
