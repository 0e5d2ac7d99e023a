"""Tensors joined and cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backlit as torch
from functions.both import ROWS, agree, both_raise, gradients_agree

JOINS = {
    "cat": lambda t, x: t.cat([x, x * 2]),
    "cat columns": lambda t, x: t.cat((x, x[:, :1]), 1),
    "cat from the end": lambda t, x: t.cat([x, x], dim=-1),
    "concat": lambda t, x: t.concat([x, x]),
    "concatenate axis": lambda t, x: t.concatenate([x, x], axis=1),
    "stack": lambda t, x: t.stack([x, x * 2]),
    "stack inside": lambda t, x: t.stack([x, x], 1),
    "stack last": lambda t, x: t.stack([x, x], -1),
    "hstack": lambda t, x: t.hstack([x, x]),
    "hstack vectors": lambda t, x: t.hstack([x[0], x[1]]),
    "vstack": lambda t, x: t.vstack([x, x[0]]),
    "dstack": lambda t, x: t.dstack([x, x]),
    "column_stack": lambda t, x: t.column_stack([x, x[:, 0]]),
    "block_diag": lambda t, x: t.block_diag(x, x[0], x[0, 0]),
    "meshgrid": lambda t, x: t.meshgrid(x[0], x[1], indexing="ij")[0],
    "meshgrid xy": lambda t, x: t.meshgrid(x[0], x[1], indexing="xy")[1],
    "cartesian_prod": lambda t, x: t.cartesian_prod(x[0], x[1]),
    "cartesian_prod of one": lambda t, x: t.cartesian_prod(x[0]),
    "combinations": lambda t, x: t.combinations(x[0]),
    "combinations again": lambda t, x: t.combinations(x[0], 2, with_replacement=True),
}


@pytest.mark.parametrize("name", JOINS)
def test_joined_values_and_gradients_agree(name):
    gradients_agree(JOINS[name], ROWS)


CUTS = {
    "split": lambda t, x: x.split(2, 1),
    "split lengths": lambda t, x: t.split(x, [1, 2], dim=1),
    "split dim": lambda t, x: x.split(1, dim=-2),
    "chunk": lambda t, x: x.chunk(2, 1),
    "chunk more than there are": lambda t, x: x.chunk(5),
    "unbind": lambda t, x: x.unbind(),
    "unbind last": lambda t, x: t.unbind(x, -1),
    "tensor_split": lambda t, x: x.tensor_split(2, 1),
    "tensor_split at": lambda t, x: x.tensor_split((1, 1), 1),
    "tensor_split many": lambda t, x: x.tensor_split(5, 1),
    "hsplit": lambda t, x: x.hsplit(3),
    "hsplit vector": lambda t, x: x[0].hsplit([1]),
    "vsplit": lambda t, x: x.vsplit(2),
    "dsplit": lambda t, x: x[None].dsplit(3),
    "split_with_sizes": lambda t, x: x.split_with_sizes([2, 0, 1], 1),
}


@pytest.mark.parametrize("name", CUTS)
def test_cut_values_agree_and_are_views(name):
    agree(lambda t: list(CUTS[name](t, t.from_numpy(ROWS.copy()))))
    x = torch.from_numpy(ROWS.copy())
    parts = CUTS[name](torch, x)
    assert isinstance(parts, tuple)
    x += 100
    assert all((part >= 100).all() for part in parts)
    gradients_agree(lambda t, x: t.cat([part.reshape(-1) * (k + 1) for k, part in enumerate(CUTS[name](t, x))]), ROWS)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(0, 1))
def test_split_undoes_cat(lengths, dim):
    shape = (2, -1) if dim else (-1, 2)
    parts = [torch.randn(2 * n).reshape(shape) if n else torch.zeros((2, 0) if dim else (0, 2)) for n in lengths]
    again = torch.cat(parts, dim).split([part.shape[dim] for part in parts], dim)
    assert all(torch.equal(a, b) for a, b in zip(parts, again, strict=True))


def test_an_empty_vector_joins_anything():
    agree(lambda t: t.cat([t.tensor([]), t.ones(2, 3)]))


def test_dtypes_are_promoted():
    agree(lambda t: [t.cat([t.ones(1), t.ones(1, dtype=t.int64)]), t.stack([t.ones(1, dtype=t.float64), t.ones(1)])])


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.cat([]), "non-empty list"),
        (
            lambda t: t.cat([t.ones(2, 3), t.ones(2, 2)]),
            "except in dimension 0. Expected size 3 but got size 2 for tensor number 1",
        ),
        (lambda t: t.cat([t.ones(2, 3), t.ones(2)]), "same number of dimensions: got 2 and 1"),
        (lambda t: t.cat([t.ones(()), t.ones(())]), "zero-dimensional.*stack"),
        (lambda t: t.cat(t.ones(2), 0), "must be tuple of Tensors"),
        (lambda t: t.cat([t.ones(2), 1]), "element 1 in argument 0"),
        (lambda t: t.cat([t.ones(2)], 3), "out of range"),
        (lambda t: t.stack(t.ones(2)), "must be tuple of Tensors"),
        (lambda t: t.stack([]), "non-empty TensorList"),
        (lambda t: t.stack([t.ones(2), t.ones(3)]), r"equal size, but got \[2\] at entry 0 and \[3\] at entry 1"),
        (lambda t: t.ones(4).split([1, 2]), r"sum exactly to 4.*split_sizes=\[1, 2\]"),
        (lambda t: t.ones(4).split(0), "split_size can only be 0"),
        (lambda t: t.ones(4).split(-1), "non-negative"),
        (lambda t: t.ones(4).chunk(0), "greater than 0, got: 0"),
        (lambda t: t.ones(()).unbind(), "no dimensions|0"),
        (lambda t: t.ones(4).tensor_split(0), "larger than 0"),
        (lambda t: t.ones(2, 3).hsplit(2), "not divisible by the split_size 2"),
        (lambda t: t.ones(3).vsplit(3), "at least 2 dimensions"),
        (lambda t: t.meshgrid(t.ones(2), indexing="no"), "indexing must be one of"),
    ],
)
def test_errors_are_pytorchs_and_name_the_shapes(call, match):
    both_raise(call, match)


def test_meshgrid_shares_nothing_to_be_written_by_mistake():
    grid, _ = torch.meshgrid(torch.arange(2.0), torch.arange(3.0), indexing="ij")
    with pytest.raises(RuntimeError, match="single memory location"):
        grid += 1
    assert np.asarray(grid).shape == (2, 3)
