"""PyTorch's `.pt` files: what one library writes, the other reads."""

import io
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import backlit

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def here_to_here(value):
    return written_by(backlit.save, value, backlit.load)


def here_to_torch(value):
    return written_by(backlit.save, value, torch.load)


def torch_to_here(value):
    return written_by(torch.save, value, backlit.load)


def written_by(save, value, load):
    file = io.BytesIO()
    save(value, file)
    file.seek(0)
    return load(file)


def ours(array):
    return backlit.Tensor.wrap(np.array(array))


def assert_same_tensor(mine, theirs):
    assert str(mine.dtype) == str(theirs.dtype)
    assert tuple(mine.shape) == tuple(theirs.shape)
    np.testing.assert_array_equal(mine.detach().numpy(), theirs.detach().numpy())


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(), st.just(b"\xff\x00")
)
keys = st.one_of(
    st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False), st.tuples(st.integers(), st.text())
)
tensors = st.sampled_from(DTYPES).flatmap(
    lambda name: arrays.arrays(name, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
nests = st.recursive(
    st.one_of(scalars, tensors, st.frozensets(st.integers()).map(set)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(st.text(), inner, max_size=3).map(OrderedDict),
    ),
    max_leaves=12,
)


def with_tensors(nest, make):
    """The nest with each array as a tensor of one of the libraries."""
    if isinstance(nest, np.ndarray):
        return make(nest)
    if isinstance(nest, (list, tuple)):
        return type(nest)(with_tensors(part, make) for part in nest)
    if isinstance(nest, dict):
        return type(nest)((key, with_tensors(part, make)) for key, part in nest.items())
    return nest


def comparable(nest):
    """The nest with each type beside its value, and each tensor as its bytes, so that == tells all."""
    if isinstance(nest, (backlit.Tensor, torch.Tensor)):
        return (str(nest.dtype), nest.numpy().shape, nest.numpy().tobytes())
    if isinstance(nest, np.ndarray):
        return (f"torch.{nest.dtype}", nest.shape, nest.tobytes())
    if isinstance(nest, (list, tuple)):
        return type(nest)(map(comparable, nest))
    if isinstance(nest, dict):
        return type(nest), [(key, comparable(part)) for key, part in nest.items()]
    return type(nest), nest


@settings(max_examples=60, deadline=None)
@given(nests)
def test_any_nest_of_plain_values_survives_here(nest):
    assert comparable(here_to_here(with_tensors(nest, ours))) == comparable(nest)


@settings(max_examples=60, deadline=None)
@given(nests)
def test_any_nest_written_here_is_read_by_pytorch_with_weights_only(nest):
    assert comparable(here_to_torch(with_tensors(nest, ours))) == comparable(nest)


@settings(max_examples=60, deadline=None)
@given(nests)
def test_any_nest_written_by_pytorch_is_read_here(nest):
    make = torch.from_numpy
    assert comparable(torch_to_here(with_tensors(nest, lambda a: make(a.copy())))) == comparable(nest)


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_with_its_extreme_values(name):
    kind = np.dtype(name)
    info = np.finfo(kind) if kind.kind == "f" else None
    values = [info.min, info.tiny, np.inf, np.nan, -0.0] if info else [False, True]
    values = [np.iinfo(kind).min, np.iinfo(kind).max] if kind.kind in "iu" else values
    array = np.array(values, kind)
    assert_same_tensor(ours(array), here_to_torch(ours(array)))
    assert_same_tensor(torch_to_here(torch.from_numpy(array)), torch.from_numpy(array))


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:],
        lambda x: x[::2, 1:],
        lambda x: x.T,
        lambda x: x[1, 2, ...],
        lambda x: x[2:2],
        lambda x: np.broadcast_to(x[0], (4, 4)),
        lambda x: x[::-1, ::-1],
        lambda x: x.view(np.uint8).reshape(-1)[1:13].view(np.float32),
    ],
    ids=["rows", "steps", "transposed", "0-d", "empty", "broadcast", "backwards", "unaligned"],
)
def test_views_keep_their_values_and_shape(view):
    array = view(np.arange(12, dtype=np.float32).reshape(3, 4))
    mine = backlit.Tensor.wrap(array)
    theirs = here_to_torch(mine)
    assert tuple(theirs.shape) == array.shape
    np.testing.assert_array_equal(theirs.numpy(), array)
    np.testing.assert_array_equal(here_to_here(mine).numpy(), array)


@pytest.mark.parametrize("view", ["x[1:]", "x[::2, 1:]", "x.t()", "x[1, 2]", "x[2:2]", "x[:1].expand(5, 4)"])
def test_views_written_by_pytorch_are_read_here(view):
    theirs = eval(view, {"x": torch.arange(12.0).reshape(3, 4)})
    mine = torch_to_here(theirs)
    assert mine.array.strides == theirs.numpy().strides or mine.array.size < 2
    assert_same_tensor(mine, theirs)


def test_tensors_that_shared_memory_share_it_after_loading():
    base = np.arange(6, dtype=np.float32)
    saved = {"all": backlit.Tensor.wrap(base), "end": backlit.Tensor.wrap(base[2:]), "other": ours(base)}
    for load in (backlit.load, torch.load):
        loaded = written_by(backlit.save, saved, load)
        loaded["end"].numpy()[0] = 99
        assert loaded["all"].tolist() == [0, 1, 99, 3, 4, 5]
        assert loaded["other"].tolist() == [0, 1, 2, 3, 4, 5]
    theirs = torch.arange(6.0)
    loaded = torch_to_here({"all": theirs, "end": theirs[2:]})
    loaded["end"].numpy()[0] = 99
    assert loaded["all"].tolist() == [0, 1, 99, 3, 4, 5]


def test_only_the_part_of_memory_that_is_saved_is_written():
    file = io.BytesIO()
    backlit.save(backlit.Tensor.wrap(np.zeros(100_000, np.float32)[:5]), file)
    assert len(file.getvalue()) < 3000


def test_one_object_that_stands_twice_is_one_object_after_loading():
    weight, shared = ours([1.0]), [1, 2]
    loaded = here_to_here({"a": weight, "b": weight, "c": shared, "d": shared})
    assert loaded["a"] is loaded["b"]
    assert loaded["c"] is loaded["d"]


def test_a_container_that_holds_itself():
    loop = {}
    loop["me"] = loop
    loaded = here_to_here(loop)
    assert loaded["me"] is loaded
    theirs = here_to_torch(loop)
    assert theirs["me"] is theirs


def test_parameters_and_requires_grad_are_kept():
    saved = {
        "trained": backlit.nn.Parameter(ours([1.0])),
        "frozen": backlit.nn.Parameter(ours([1]), requires_grad=False),
        "leaf": ours([2.0]).requires_grad_(),
        "computed": ours([2.0]).requires_grad_() * 2,
    }
    for loaded, kind in ((here_to_torch(saved), torch.nn.Parameter), (here_to_here(saved), backlit.nn.Parameter)):
        assert [type(value) is kind for value in loaded.values()] == [True, True, False, False]
        assert [value.requires_grad for value in loaded.values()] == [True, False, True, True]
    theirs = torch_to_here({"w": torch.nn.Parameter(torch.ones(2)), "x": torch.ones(2, requires_grad=True)})
    assert type(theirs["w"]) is backlit.nn.Parameter
    assert theirs["w"].requires_grad
    assert theirs["x"].requires_grad


def test_sizes_dtypes_devices_and_counters():
    plain = {"size": (2, 3), "milestones": Counter({10: 1, 20: 2}), "buffer": bytearray(b"x"), "empty": b""}
    mine = {**plain, "size": backlit.Size((2, 3)), "dtype": backlit.float32, "device": backlit.device("cpu")}
    theirs = {**plain, "size": torch.Size((2, 3)), "dtype": torch.float32, "device": torch.device("cpu")}
    assert torch_to_here(theirs) == mine
    assert here_to_torch(mine) == theirs
    assert type(torch_to_here(theirs)["size"]) is backlit.Size


def test_a_state_dict_keeps_its_order_and_the_versions_of_its_modules():
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    theirs = net.state_dict()
    mine = torch_to_here(theirs)
    assert type(mine) is OrderedDict
    assert list(mine) == list(theirs)
    assert mine._metadata == theirs._metadata
    back = here_to_torch(mine)
    assert back._metadata == theirs._metadata
    assert str(net.load_state_dict(back)) == "<All keys matched successfully>"
    for name in theirs:
        assert_same_tensor(mine[name], theirs[name])


def test_an_optimizers_state_goes_to_pytorch_and_back():
    net = torch.nn.Linear(3, 2)
    adam = torch.optim.Adam(net.parameters(), amsgrad=True)
    net(torch.ones(4, 3)).sum().backward()
    adam.step()
    mine = torch_to_here({"optimizer": adam.state_dict(), "epoch": 7, "best": 0.25})
    other = torch.optim.Adam(net.parameters())
    other.load_state_dict(here_to_torch(mine)["optimizer"])
    assert mine["epoch"] == 7
    assert torch.equal(other.state[net.weight]["exp_avg"], adam.state[net.weight]["exp_avg"])
    assert other.param_groups[0]["amsgrad"]


def test_the_same_objects_make_the_same_bytes(tmp_path):
    value = {"w": ours([1.0, 2.0]), "epoch": 3}
    backlit.save(value, tmp_path / "a.pt")
    backlit.save(value, tmp_path / "b.pt")
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_storages_start_at_multiples_of_64_so_that_they_can_be_mapped(tmp_path):
    path = tmp_path / "many.pt"
    backlit.save([ours(np.arange(k, dtype=np.float64)) for k in range(1, 9)], path)
    for loaded in (backlit.load(path, mmap=True), torch.load(path, mmap=True)):
        assert [tensor.tolist() for tensor in loaded] == [list(range(k)) for k in range(1, 9)]
        assert all(tensor.numpy().ctypes.data % 64 == 0 for tensor in loaded)
    mapped = backlit.load(path, mmap=True)
    mapped[0].numpy()[0] = 5
    assert backlit.load(path)[0].tolist() == [0], "writing to mapped memory must not change the file"


def test_a_big_endian_file_is_read():
    written = io.BytesIO()
    torch.save(torch.tensor([1.0, 2.0, 3.0]), written)
    swapped = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(swapped, "w") as target:
        for name in source.namelist():
            changed = {"archive/byteorder": b"big", "archive/data/0": np.array([1, 2, 3], ">f4").tobytes()}
            target.writestr(name, changed.get(name) or source.read(name))
    swapped.seek(0)
    assert backlit.load(swapped).tolist() == [1, 2, 3]


def test_a_file_that_pytorch_wrote_without_checksums_is_read(tmp_path):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(torch.ones(3), tmp_path / "fast.pt")
    finally:
        torch.serialization.set_crc32_options(before)
    assert backlit.load(tmp_path / "fast.pt").tolist() == [1, 1, 1]
