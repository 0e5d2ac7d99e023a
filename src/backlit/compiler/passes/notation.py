"""Write calls as people write them."""

from __future__ import annotations

from typing import Any

from backlit.compiler.draft import Draft
from backlit.compiler.passes.identities import Identity, use_identities
from backlit.tracing.graph import Expression, Graph

#: The same function under a shorter name.
SHORTER = (
    Identity("np.sum(x, axis=a)", "x.sum(axis=a)"),
    Identity("np.add.reduce(x, axis=None)", "x.sum()"),
    Identity("np.add.reduce(x, axis=a)", "x.sum(axis=a)"),
    Identity("np.add.reduce(x, axis=None, keepdims=False)", "x.sum()"),
    Identity("np.add.reduce(x, axis=a, keepdims=False)", "x.sum(axis=a)"),
    Identity("np.add.reduce(x, axis=a, keepdims=k)", "x.sum(axis=a, keepdims=k)"),
    Identity("x.sum() / N", "x.mean()"),
    Identity("x.sum(axis=a) / N", "x.mean(axis=a)"),
    Identity("x.sum(axis=a, keepdims=True) / N", "x.mean(axis=a, keepdims=True)"),
    Identity("np.maximum.reduce(x, axis=a, keepdims=k)", "x.max(axis=a, keepdims=k)"),
    Identity("np.maximum.reduce(x, axis=a, keepdims=k, initial=i)", "x.max(axis=a, keepdims=k)"),
    Identity("np.minimum.reduce(x, axis=a, keepdims=k)", "x.min(axis=a, keepdims=k)"),
    Identity("np.reshape(x, s)", "x.reshape(s)"),
    Identity("np.swapaxes(x, -1, -2)", "x.T"),
    Identity("np.transpose(x, (1, 0))", "x.T"),
    Identity("np.add.reduce(x)", "x.sum()"),
    Identity("np.equal(x, y)", "x == y"),
    Identity("np.not_equal(x, y)", "x != y"),
    Identity("np.greater(x, y)", "x > y"),
    Identity("np.greater_equal(x, y)", "x >= y"),
    Identity("np.less(x, y)", "x < y"),
    Identity("np.less_equal(x, y)", "x <= y"),
    Identity("np.power(x, C)", "x ** C"),
    Identity("np.absolute(x)", "np.abs(x)"),
    Identity("x * x", "x ** 2"),
    Identity("np.square(x)", "x ** 2"),
)


def write_shorter(graph: Graph, exact: bool = False) -> Graph:
    """Methods and operators instead of the general functions.

    before: s = np.add.reduce(x, axis=None);  m = s / 4;  d_b = np.add.reduce(d_z, axis=0)
    after:  m = x.mean();  d_b = d_z.sum(axis=0)
    """
    return use_identities(with_plain_axes(graph), SHORTER, exact)


def with_plain_axes(graph: Graph) -> Graph:
    """axis=0 for axis=(0,), and x[rows] for np.take(x, rows, axis=0)."""
    draft = Draft(graph)
    for line in graph.lines:
        new = draft.brought(line)
        settings = tuple((k, v[0] if k == "axis" and is_single(v) else v) for k, v in new.expression.settings)
        if settings != new.expression.settings and new.expression.text.startswith(("np.sum", "np.add", "np.max")):
            new = draft.changed(line, new.expression._replace(settings=settings))
        if new.expression[:2] == ("call", "np.take") and new.expression.settings == (("axis", 0),):
            new = draft.changed(line, Expression("index", "", new.expression.arguments))
        draft.lines.append(new)
    return draft.finished()


def is_single(axis: Any) -> bool:
    return isinstance(axis, tuple) and len(axis) == 1
