"""One file a peer: each trains a workload the way the peer's own users would write it.

A peer's `prepare(workload)` returns two functions: `epoch()` takes the steps of one epoch, `loss()` reads the last
loss. A peer that can only run as a whole returns an `epoch` with the attribute `takes_all = True`.
"""
