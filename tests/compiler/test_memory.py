"""Views, copies and writes in any order: the program reads memory as the step did."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit as torch

#: What gives another tensor, and what writes into one.
GIVING = [
    lambda a, b: a * b,
    lambda a, b: (a - b) / 2,
    lambda a, b: a.exp().clamp(max=9),
    lambda a, b: 1 - a,
    lambda a, b: a.clone(),
    lambda a, b: a.reshape(3, 2).reshape(2, 3),
    lambda a, b: a.t().t(),
    lambda a, b: a.t().contiguous().t(),
]
WRITING = [
    lambda a, b: a.__setitem__(0, 0.5),
    lambda a, b: a[:, 1].add_(1.0),
    lambda a, b: a[1].copy_(b[0]),
    lambda a, b: a.mul_(0.5),
]
places = st.integers(0, 20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*GIVING, *WRITING]), places, places), min_size=3, max_size=14))
def test_memory_is_read_as_it_was(actions):
    def step(x, y):
        known = [x * 1, y * 1, x - y]
        for act, i, k in actions:
            made = act(known[i % len(known)], known[k % len(known)])
            if act in GIVING:
                known.append(made)
        return tuple(tensor * 1 for tensor in known)

    torch.manual_seed(0)
    graph = torch.trace(step, torch.randn(2, 3), torch.randn(2, 3))
    exact, short = graph.run(), graph.run(verbatim=False)
    for name, line in graph.outputs.items():
        np.testing.assert_array_equal(exact[name], line.value)
        np.testing.assert_allclose(short[name], line.value, rtol=1e-6, atol=1e-7)
    assert not any("left out" in note for note in graph.readable().notes)
