"""What the tests of compiled ops share: how far native numbers may lie from NumPy's."""

import numpy as np

from backlit.compiler.native import compile_plan, plan_of_graph
from backlit.compiler.native.build import Plan

#: Units in the last place of the largest number that a formula meets on its way to an element.
MOST_ULPS = 4


def check_native(graphs, roundings=1.0):
    """Compile records as one plan, run it, and hold every result to what NumPy gave, up to so many roundings."""
    plans = [plan_of_graph(graph) for graph in graphs]
    whole = Plan([line for p in plans for line in p.lines], [b for p in plans for b in p.bindings])
    native = compile_plan(whole)
    assert len(native.run(1, None, [])) == 1
    results = native.results()
    for plan in plans:
        for binding in plan.bindings:
            if binding.after is not None:
                check_close(results[binding.after], binding.after, plan.lines, MOST_ULPS * roundings)


def check_close(found, line, lines, ulps):
    want = np.asarray(line.value)
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(found, want)
        return
    np.testing.assert_array_equal(np.isnan(found), np.isnan(want))
    finite = np.isfinite(want)
    np.testing.assert_array_equal(found[~finite], want[~finite])
    bound = ulps * np.finfo(want.dtype).eps * largest_met(lines, want.shape)[finite]
    found, want = np.float64(found[finite]), np.float64(want[finite])
    wrong = np.abs(found - want) > bound
    assert not wrong.any(), f"{line}: {found[wrong]} instead of {want[wrong]}, with a bound of {bound[wrong]}"


def largest_met(lines, shape):
    """Of each element the largest finite size among the values at its place, and among all of those without one."""
    largest = np.full(shape, np.finfo(np.float32).tiny, np.float64)
    for line in lines:
        if np.asarray(line.value).dtype.kind != "f" or isinstance(line.value, (tuple, list)):
            continue
        sizes = np.abs(np.where(np.isfinite(line.value), line.value, 0).astype(np.float64))
        try:
            sizes = np.broadcast_to(sizes, shape)
        except ValueError:
            sizes = np.max(sizes, initial=0)
        largest = np.maximum(largest, sizes)
    return largest
