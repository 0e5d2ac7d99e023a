"""Tests that take `library` run with Backlit and with PyTorch: what they assert is what PyTorch does."""

import pytest
import torch

import backlit


@pytest.fixture(params=[backlit, torch], ids=["backlit", "torch"])
def library(request):
    return request.param
