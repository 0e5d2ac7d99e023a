"""safetensors: exchanged with PyTorch through that library's own reader and writer."""

import os

import numpy as np
import pytest
import safetensors.torch
import torch

import backlit
from backlit.interop.errors import UnreadableFileError
from backlit.interop.safetensors import load, load_file, save, save_file

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def test_every_dtype_goes_to_pytorch_and_comes_back(tmp_path):
    path = tmp_path / "weights.safetensors"
    arrays = {name: np.array([[0, 1, 2], [3, 4, 5]], name) for name in DTYPES} | {
        "scalar": np.array(2.5),
        "none": np.empty((0, 3)),
    }
    save_file({name: backlit.Tensor.wrap(array) for name, array in arrays.items()}, path, {"epoch": "3"})
    theirs = safetensors.torch.load_file(path)
    safetensors.torch.save_file(theirs, path)
    mine = load_file(path)
    assert mine.keys() == arrays.keys()
    for name, array in arrays.items():
        assert theirs[name].numpy().dtype == mine[name].array.dtype == array.dtype
        np.testing.assert_array_equal(theirs[name].numpy(), array)
        np.testing.assert_array_equal(mine[name].numpy(), array)


def test_a_tensor_that_is_no_plain_block_of_memory_keeps_its_values():
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    views = {"transposed": array.T, "steps": array[:, ::2], "backwards": array[::-1]}
    loaded = load(save({name: backlit.Tensor.wrap(view) for name, view in views.items()}))
    for name, view in views.items():
        np.testing.assert_array_equal(loaded[name].numpy(), view)


def test_loaded_tensors_can_be_written_to():
    loaded = load(save({"w": backlit.tensor([1.0, 2.0])}))
    loaded["w"] += 1
    assert loaded["w"].tolist() == [2, 3]


def test_a_failing_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"w": backlit.tensor([1.0])}, path)
    with pytest.raises(TypeError):
        save_file({"w": backlit.tensor([2.0])}, path, metadata={"epoch": 3})
    assert load_file(path)["w"].tolist() == [1]
    assert os.listdir(tmp_path) == [path.name]


def test_what_is_no_tensor_is_refused_by_name():
    with pytest.raises(TypeError, match=r"'epoch' is a int.*metadata"):
        save({"epoch": 3})
    with pytest.raises(TypeError, match=r"model.state_dict\(\) or a dict, not a list"):
        save([backlit.tensor([1.0])])


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    content = save({"w": backlit.tensor([1.0, 2.0])})
    bfloat = safetensors.torch.save({"w": torch.ones(2, dtype=torch.bfloat16)})
    for broken in (b"", b"hello", content[:-1], content[:20], bytes(8) + content, bfloat):
        path.write_bytes(broken)
        with pytest.raises(UnreadableFileError, match=path.name):
            load_file(path)
    with pytest.raises(FileNotFoundError):
        load_file(tmp_path / "missing.safetensors")
