"""The benchmark's peers do the same work: each learns, and those that start from the same weights agree."""

import dataclasses
import functools
import importlib.util
import math
import shutil
import subprocess

import numpy as np
import pytest
from benchmarks.__main__ import bound, build_c, memory_table, steps_table
from benchmarks.machine import describe
from benchmarks.one import PEERS, measure
from benchmarks.workloads import WORKLOADS

SHORT = {
    "xor": dataclasses.replace(WORKLOADS["xor"], epochs=2500),
    "moons": dataclasses.replace(WORKLOADS["moons"], epochs=150),
    "digits": dataclasses.replace(WORKLOADS["digits"], epochs=2),
}
LEARNERS = ["Backlit", "Backlit, native", "PyTorch", "NumPy by hand"]


@functools.cache
def measured_once(peer, workload):
    return measure(peer, SHORT[workload])


@pytest.mark.parametrize("workload", SHORT)
@pytest.mark.parametrize("peer", LEARNERS)
def test_every_peer_learns(peer, workload):
    measured = measured_once(peer, workload)
    chance = math.log(2) if SHORT[workload].is_binary else math.log(10)
    assert measured["loss"] < chance / 1.8
    assert measured["seconds"] > 0
    assert measured["peak_bytes"] > 1e6


@pytest.mark.parametrize("workload", SHORT)
def test_backlit_and_pytorch_do_the_very_same_steps(workload):
    ours, theirs = (measured_once(peer, workload)["loss"] for peer in ("Backlit", "PyTorch"))
    assert ours == pytest.approx(theirs, rel=1e-3)


@pytest.mark.filterwarnings("ignore:.*:sklearn.exceptions.ConvergenceWarning")
def test_peers_that_run_as_a_whole():
    assert measure("scikit-learn", SHORT["moons"])["loss"] < 0.5
    if importlib.util.find_spec("jax"):
        assert measure("JAX, one scan", SHORT["moons"])["loss"] < 0.5


@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
@pytest.mark.parametrize("workload", ["xor", "moons"])
def test_c_learns(workload, tmp_path):
    seconds, loss = subprocess.check_output([build_c(tmp_path), workload], text=True).split()
    assert float(seconds) > 0
    assert float(loss) < 0.4


@pytest.mark.parametrize("name", WORKLOADS)
def test_workloads_have_the_rows_that_they_name(name):
    workload = WORKLOADS[name]
    x, y = workload.data()
    assert x.shape == (workload.rows, workload.sizes[0])
    assert x.dtype == np.float32
    assert y.shape == ((workload.rows, 1) if workload.is_binary else (workload.rows,))
    assert y.dtype == (np.float32 if workload.is_binary else np.int64)


def test_tables_give_ratios_of_medians():
    def turns(*seconds):
        return [{"seconds": s, "loss": 0.25, "peak_bytes": 3 * 2**20} for s in seconds]

    results = {"xor": {"Backlit": turns(2e-4, 9e-4, 1e-4), "PyTorch": turns(6e-4, 8e-4, 1e-4)}}
    assert "| xor | PyTorch | 600 | 3.00 | 0.2500 |" in steps_table(results)
    assert "| xor | 3 | 3 |" in memory_table(results)


def test_the_bound_on_wide_is_that_of_its_products():
    peers = {name: [{"seconds": seconds}] for name, seconds in (("BLAS alone", 2e-3), ("JAX, one scan", 2.8e-3))}
    assert "would take 2,000 µs" in bound({"wide": peers})
    assert "alone take 2,000 µs" in bound({"wide": peers})
    assert bound({"xor": peers}) == ""


def test_the_machine_is_described_without_names_or_paths():
    lines = "\n".join(describe())
    assert "cores" in lines
    assert "/" not in lines
    assert set(PEERS) >= {*LEARNERS, "scikit-learn", "BLAS alone"}
