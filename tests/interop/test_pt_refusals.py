"""What `load` and `save` refuse: code, damage, other formats. Nothing in a file ever runs, whatever it holds."""

import collections
import io
import os
import pickle
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit
from backlit.interop import pt
from backlit.interop.errors import UnreadableFileError


def archive(pickled, storages=(), **records):
    """A `.pt` file around any pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("archive/data.pkl", pickled)
        target.writestr("archive/byteorder", records.get("byteorder", "little"))
        for key, content in enumerate(storages):
            target.writestr(f"archive/data/{key}", content)
        target.writestr("archive/version", "3\n")
    file.seek(0)
    return file


def torch_file(value):
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


class Runs:
    """An object whose pickle calls a function when it is loaded."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("function", "name"),
    [(os.system, "system"), (eval, "builtins.eval"), (os.mkdir, "mkdir"), (getattr, "builtins.getattr")],
    ids=["os.system", "eval", "os.mkdir", "getattr"],
)
def test_no_function_in_a_file_is_called(tmp_path, monkeypatch, function, name, protocol):
    monkeypatch.chdir(tmp_path)
    command = {os.system: "touch ran", eval: "open('ran', 'w')"}.get(function, "ran")
    arguments = ("", "join") if function is getattr else (command,)
    content = pickle.dumps({"weight": [Runs(function, *arguments)]}, protocol)
    with pytest.raises(pickle.UnpicklingError) as caught:
        backlit.load(archive(content))
    # Protocol 0 is text, whose opcodes are refused before a name is met.
    assert name in str(caught.value) or (protocol == 0 and "opcode" in str(caught.value))
    assert os.listdir(tmp_path) == []


def test_a_class_is_refused_by_name_with_what_to_save_instead(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 1), path)
    with pytest.raises(pickle.UnpicklingError) as caught:
        backlit.load(path, weights_only=False)
    message = str(caught.value)
    assert str(path) in message
    assert "torch.nn.modules.linear.Linear" in message
    assert "model.state_dict()" in message


@pytest.mark.parametrize(
    ("value", "name", "advice"),
    [
        (torch.ones(2, dtype=torch.bfloat16), "torch.BFloat16Storage", ".float()"),
        (torch.ones(2, dtype=torch.complex64), "torch.ComplexFloatStorage", "view_as_real"),
        ({"loss": np.float64(2.0)}, "multiarray.scalar", "float(x)"),
        ({"x": np.ones(2)}, "multiarray._reconstruct", "torch.from_numpy"),
        (collections.defaultdict(list), "collections.defaultdict", "dict(x)"),
        ({"z": 1j}, "builtins.complex", "plain numbers"),
        (torch.ones(2).to_sparse(), "_rebuild_sparse_tensor", "state_dict"),
        (torch.ones(2).untyped_storage(), "UntypedStorage", "state_dict"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_plain_data_is_refused_by_name(value, name, advice):
    with pytest.raises(UnreadableFileError) as caught:
        backlit.load(io.BytesIO(torch_file(value)))
    assert name in str(caught.value)
    assert advice in str(caught.value)


STORAGE = b"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ"
REBUILD = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n" + STORAGE


def described(offset, shape, strides, tail=b"\x89ccollections\nOrderedDict\n)R"):
    """The pickle of a tensor in a storage of four floats."""
    numbers = pickle.dumps((offset, shape, strides), 2)[2:-1]
    return REBUILD + numbers.replace(b"\x87", b"") + tail + b"tR."


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (5,), (1,)),
        (4, (1,), (1,)),
        (0, (2, 2), (4, 1)),
        (1, (2**40,), (1,)),
        (0, (2**62 - 1, 2**62 - 1), (2**61, 2**61)),
        (2**62, (1,), (1,)),
        (-1, (1,), (1,)),
        (0, (-1,), (1,)),
        (2, (2,), (-1,)),
        (0, (2,), (1, 1)),
        (0, (1,) * 65, (1,) * 65),
        (0, ([],), (1,)),
        (True, (1,), (1,)),
        (0, (0.5,), (1,)),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(offset, shape, strides):
    with pytest.raises(UnreadableFileError, match="tensor"):
        backlit.load(archive(described(offset, shape, strides), [bytes(16)]))


def test_a_tensor_that_fits_into_its_storage_is_read():
    assert backlit.load(archive(described(1, (3,), (1,)), [bytes(16)])).tolist() == [0, 0, 0]


def test_a_storage_that_is_too_short_is_refused():
    with pytest.raises(UnreadableFileError, match="storage 0 of 4 elements, with the bytes of 3 only"):
        backlit.load(archive(described(0, (1,), (1,)), [bytes(15)]))
    with pytest.raises(UnreadableFileError, match="'data/0' is missing"):
        backlit.load(archive(described(0, (1,), (1,))))


@pytest.mark.parametrize(
    "pickled",
    [
        b"",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02K\x01K\x02.",
        b"\x80\x02(.",
        b"\x80\x02t.",
        b"\x80\x02K\x01a.",
        b"\x80\x02]K\x01K\x02s.",
        b"\x80\x02}(K\x01u.",
        b"\x80\x02h\x05.",
        b"\x80\x02K\x01K\x02R.",
        b"\x80\x02ctorch\nSize\n.",
        b"\x80\x02]ctorch\nSize\na.",
        b"\x80\x02ctorch\nSize\nK\x01R.",
        b"\x80\x02ctorch\nSize\n)R.",
        b"\x80\x02ctorch\nSize\n(K\x01tR.",
        b"\x80\x02}}(K\x01K\x02ub.",
        b"\x80\x02ccollections\nOrderedDict\n)R}(X\x04\0\0\0keysK\x02ub.",
        b"\x80\x02ccollections\nOrderedDict\n)R]b.",
        b"\x80\x02}]K\x01s.",
        b"\x80\x02c__builtin__\nset\n(](]etR.",
        b"\x80\x02c_codecs\nencode\n(X\x02\0\0\0\xc4\x80X\x06\0\0\0latin1tR.",
        b"\x80\x02c__builtin__\nbytearray\n(J\xff\xff\xff\x7ftR.",
        b"\x80\x02X\xff\xff\xff\xffa.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x02(ios\nsystem\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x02ctorch\nSize\n)\x81.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04K\x01K\x02\x93.",
        b"\x80\x02X\x01\0\0\0aQ.",
        b"\x80\x02" + STORAGE + b".",
        REBUILD + b"]]]]tR.",
        described(0, (1,), (1,), b"K\x01ccollections\nOrderedDict\n)R"),
        described(0, (1,), (1,), b"\x89}K\x01K\x02s"),
    ],
)
def test_a_broken_pickle_is_refused(pickled):
    with pytest.raises(UnreadableFileError, match="cannot be loaded: it holds"):
        backlit.load(archive(pickled, [bytes(16)]))


def test_depth_costs_no_stack():
    depth = 200_000
    nested = backlit.load(archive(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b"."))
    assert type(nested) is list
    levels = 0
    while nested:
        nested, levels = nested[0], levels + 1
    assert levels == depth - 1


def test_a_key_whose_hash_would_take_for_ever_is_refused():
    doubled = b")q\x000" + b"h\x00h\x00\x86q\x000" * 200  # 2 to the power of 200 paths to the bottom
    with pytest.raises(UnreadableFileError, match="key or set member of type tuple"):
        backlit.load(archive(b"\x80\x02}" + doubled + b"h\x00K\x01s."))


def test_a_small_file_that_claims_to_be_large_takes_no_memory():
    small = archive(described(0, (1,), (1,)), [bytes(16)]).getvalue()
    for field in (b"archive/data/0",):
        at = small.rindex(field) - 46 + 20  # the sizes in the index
        claimed = small[:at] + (2**31 - 1).to_bytes(4, "little") * 2 + small[at + 8 :]
        with pytest.raises(UnreadableFileError, match="claim more bytes than the whole file has"):
            backlit.load(io.BytesIO(claimed))


def test_a_compressed_archive_is_refused_with_how_to_pack_it():
    source, packed = zipfile.ZipFile(io.BytesIO(torch_file(torch.zeros(10_000)))), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    packed.seek(0)
    with pytest.raises(UnreadableFileError, match=r"compressed .* zip -0"):
        backlit.load(packed)


def other_formats(folder):
    """Files that are no `.pt` archives, each with words that its message must have."""
    torch.save(torch.ones(2), folder / "legacy.pt", _use_new_zipfile_serialization=False)
    (folder / "bare.pkl").write_bytes(pickle.dumps({"a": 1}))
    (folder / "text.pt").write_text("epoch,loss\n1,0.5\n")
    (folder / "empty.pt").write_bytes(b"")
    (folder / "half.pt").write_bytes(torch_file(torch.ones(1000))[:2000])
    (folder / "weights.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("letter.txt", "hello")
    with zipfile.ZipFile(folder / "script.pt", "w") as archive:
        archive.writestr("net/data.pkl", b"")
        archive.writestr("net/constants.pkl", b"")
    return {
        "legacy.pt": "before PyTorch 1.6.*torch.save\\(torch.load\\(path\\), path\\)",
        "bare.pkl": "a bare pickle, which can run code",
        "text.pt": "starts with b'epoch,loss",
        "empty.pt": "is empty",
        "half.pt": "truncated or damaged",
        "weights.safetensors": "safetensors.load_file",
        "other.zip": "not one that torch.save wrote.*letter.txt",
        "script.pt": "TorchScript",
    }


def test_other_formats_are_named(tmp_path):
    for name, words in other_formats(tmp_path).items():
        with pytest.raises(UnreadableFileError, match=words) as caught:
            backlit.load(tmp_path / name)
        assert name in str(caught.value)


def test_the_exception_types_are_pytorchs(tmp_path):
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "half.pt").write_bytes(torch_file(torch.ones(1000))[:2000])
    for load in (torch.load, backlit.load):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "missing.pt")
        with pytest.raises(IsADirectoryError):
            load(tmp_path)
        with pytest.raises(EOFError):
            load(tmp_path / "empty.pt")
        with pytest.raises(RuntimeError):
            load(tmp_path / "half.pt")
        with pytest.raises(AttributeError, match="seek"):
            load(3)
        with pytest.raises(ValueError, match="must be a file path"):
            load(io.BytesIO(torch_file(1)), mmap=True)


def test_a_file_object_at_its_end_is_told_to_go_back():
    file = io.BytesIO()
    backlit.save([1], file)
    with pytest.raises(EOFError, match="seek\\(0\\)"):
        backlit.load(file)


def test_a_file_that_is_open_for_text(tmp_path):
    with open(tmp_path / "x.pt", "w") as file, pytest.raises(TypeError, match="'wb'"):
        backlit.save([1], file)
    (tmp_path / "x.pt").write_text("{}")
    with open(tmp_path / "x.pt") as file, pytest.raises(TypeError, match="'rb'"):
        backlit.load(file)


def test_a_truncated_file_is_refused_wherever_it_ends():
    content = torch_file({"w": torch.arange(9.0), "n": 1})
    for end in range(0, len(content), 7):
        with pytest.raises(UnreadableFileError):
            backlit.load(io.BytesIO(content[:end]))


WHOLE = torch_file(
    {"w": torch.arange(9.0), "sd": torch.nn.Linear(2, 2).state_dict(), "s": {1}, "b": b"\xff", "t": (1, 2.5)}
)
PICKLED = zipfile.ZipFile(io.BytesIO(WHOLE)).read("archive/data.pkl")


INDEX = WHOLE.index(
    b"PK\1\2"
)  # where the archive's index of records begins; damage there reaches every size and offset


@settings(max_examples=600, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE) - 1) | st.integers(INDEX, len(WHOLE) - 1), st.integers(1, 255)),
        min_size=1,
        max_size=4,
    )
)
def test_flipped_bits_in_a_file_raise_our_error_or_nothing(flips):
    content = bytearray(WHOLE)
    for at, change in flips:
        content[at] ^= change
    loads_or_refuses(io.BytesIO(content))


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(PICKLED) - 1), st.integers(0, 255)), max_size=3), st.integers(0, len(PICKLED))
)
def test_a_changed_pickle_behind_a_right_checksum_raises_our_error_or_nothing(flips, cut):
    content = bytearray(PICKLED)
    for at, value in flips:
        content[at] = value
    loads_or_refuses(archive(bytes(content[:cut] if cut % 3 == 0 else content), [bytes(36), bytes(16), bytes(8)]))


def test_random_opcodes_raise_our_error_or_nothing():
    # Whole opcodes with their arguments in random order reach further into the machine than random bytes.
    pieces = [
        b"(",
        b"]",
        b"}",
        b")",
        b"t",
        b"R",
        b"b",
        b"s",
        b"u",
        b"a",
        b"e",
        b"q\x00",
        b"h\x00",
        b"K\x01",
        b"0",
        b"1",
    ]
    pieces += [
        b"X\x01\0\0\0a",
        b"\x85",
        b"\x86",
        b"\x87",
        b"N",
        b"\x88",
        b"ctorch\nSize\n",
        b"ctorch\nfloat32\n",
        b"\x8f",
        b"\x90",
    ]
    pieces += [
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ctorch._utils\n_rebuild_parameter\n",
        STORAGE,
        b"c_codecs\nencode\n",
    ]
    pieces += [
        b"ccollections\nOrderedDict\n",
        b"ccollections\nCounter\n",
        b"c__builtin__\nset\n",
        b"ctorch\ndevice\n",
        b"Q",
    ]
    draw = random.Random(0)
    refused = sum(
        loads_or_refuses(
            archive(b"\x80\x02" + b"".join(draw.choices(pieces, k=draw.randrange(1, 25))) + b".", [bytes(16)])
        )
        for _ in range(1500)
    )
    assert refused > 1000


def loads_or_refuses(file):
    try:
        backlit.load(file)
    except UnreadableFileError:
        return True
    return False


# Writing.


class Net(torch.nn.Module):
    pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: 1, "obj is a function, which is not data"),
        ({"a": [1, (2, np.float64(3))]}, r"obj\['a'\]\[1\]\[1\] is a float64, which is not data. .*value.item\(\)"),
        ({"x": np.ones(2)}, r"obj\['x'\] is a ndarray.*torch.from_numpy\(array\)"),
        (collections.defaultdict(list), r"a defaultdict.*dict\(value\)"),
        (Net(), r"(?s)obj is a Net.*torch.save\(model.state_dict\(\), path\).*load_state_dict\(torch.load\(path\)\)"),
        ([frozenset([1])], r"obj\[0\] is a frozenset.*set\(value\)"),
        (Path("x"), "Path"),
        ([os], r"obj\[0\] is a module"),
        ({(1, (2, 3)): 1}, "key or set member of type tuple"),
        ({"a": {backlit.tensor([1.0]): 1}}, r"obj\['a'\] has a dictionary key or set member of type Tensor"),
        (2 ** (8 * 300), "obj is a int"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_save_refuses_what_is_no_data_and_writes_nothing(tmp_path, value, words):
    (tmp_path / "x.pt").write_bytes(b"the old file")
    with pytest.raises(pickle.PicklingError, match=words):
        backlit.save(value, tmp_path / "x.pt")
    assert (tmp_path / "x.pt").read_bytes() == b"the old file"
    assert os.listdir(tmp_path) == ["x.pt"]


def test_a_save_that_fails_halfway_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.pt"
    backlit.save([1], path)

    def full_disk(file, *rest):
        file.write(b"PK")
        raise OSError("No space left on device")

    monkeypatch.setattr(pt, "write_archive", full_disk)
    with pytest.raises(OSError, match="No space"):
        backlit.save([2], path)
    assert backlit.load(path) == [1]
    assert os.listdir(tmp_path) == ["x.pt"]


def test_save_without_a_place_to_write_to(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .*nowhere does not exist"):
        backlit.save([1], tmp_path / "nowhere" / "x.pt")
    with pytest.raises(RuntimeError, match="is a directory; name a file in it"):
        backlit.save([1], tmp_path)
    with pytest.raises(AttributeError, match=r"'write' attribute, not a list. The arguments are swapped"):
        backlit.save("x.pt", [1])


def test_memory_that_is_viewed_as_two_dtypes_is_refused_as_pytorch_does():
    array = np.ones(4, np.float32)
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        backlit.save([backlit.Tensor.wrap(array), backlit.Tensor.wrap(array.view(np.int32))], io.BytesIO())


def test_a_tuple_nested_too_deeply_is_an_error_and_no_crash():
    nested = ()
    for _ in range(5000):
        nested = (nested,)
    with pytest.raises(RecursionError, match="nested too deeply"):
        backlit.save(nested, io.BytesIO())


@pytest.mark.parametrize("place", ["cpu", torch.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage])
def test_map_location_brings_tensors_of_a_gpu_to_the_cpu(place):
    content = described(0, (2,), (1,)).replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
    assert backlit.load(archive(content, [bytes(16)]), map_location=place).tolist() == [0, 0]


def test_tensors_of_a_gpu_need_map_location_as_in_pytorch():
    content = described(0, (2,), (1,)).replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
    for place in (None, "cuda", {"cpu": "cpu"}, lambda storage, location: None):
        with pytest.raises(RuntimeError, match=r"on the device 'cuda.*map_location=torch.device\('cpu'\)"):
            backlit.load(archive(content, [bytes(16)]), map_location=place)


def test_listing_classes_as_safe_changes_nothing():
    content = torch_file(collections.defaultdict(list))
    with backlit.serialization.safe_globals([collections.defaultdict, list]):
        assert backlit.serialization.get_safe_globals() == [collections.defaultdict, list]
        with pytest.raises(UnreadableFileError, match="collections.defaultdict"):
            backlit.load(io.BytesIO(content))
    assert backlit.serialization.get_safe_globals() == []
    backlit.serialization.add_safe_globals([list])
    backlit.serialization.clear_safe_globals()
    assert backlit.serialization.get_safe_globals() == []
