"""`torch.__version__` under Backlit, and the alias where PyTorch is already there."""

import pytest
import torch

from backlit.interop.alias import as_torch
from backlit.interop.torch_version import TorchVersion


@pytest.mark.parametrize(
    "other", ["2.4", "2.13", "1.10.0+cu113", "0.4.1", "2.14.0", "2.13.1", "3", (2, 4), (2, 14), (1, 8, 0)]
)
def test_versions_compare_as_pytorchs_do(other):
    mine, theirs = TorchVersion("2.13.0"), torch.torch_version.TorchVersion("2.13.0")
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        assert getattr(mine, compare)(other) == getattr(theirs, compare)(other)


def test_a_version_is_a_text():
    assert TorchVersion("2.13.0").split(".")[:2] == ["2", "13"]


def test_the_alias_is_refused_where_pytorch_is_imported():
    with pytest.raises(RuntimeError, match="PyTorch is imported already"):
        as_torch()
    assert torch.nn.Linear.__module__ == "torch.nn.modules.linear"
