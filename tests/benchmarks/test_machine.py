"""What the benchmarks hold to one core, and what they run: whole programs, each in a process of its own."""

import dataclasses
import os
import sys

import pytest
from benchmarks.compiling import PARTS, seconds_of
from benchmarks.machine import cores, describe, threads
from benchmarks.processes import run
from benchmarks.trained import FIT, train
from benchmarks.workloads import WORKLOADS


def test_one_thread_is_one_core_and_only_within(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = cores()
    with threads(1):
        assert os.environ["OMP_NUM_THREADS"] == "1"
        assert "multi_thread_eigen=false" in os.environ["XLA_FLAGS"]
        if hasattr(os, "sched_setaffinity"):
            assert cores() == 1
            assert "1 of them used" in describe()[0]
            assert run([sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"])[0] == "1\n"
    assert cores() == before
    assert "OMP_NUM_THREADS" not in os.environ
    with threads(2):
        assert cores() == before
        assert "OMP_NUM_THREADS=2" in describe()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no process can be held to a core here")
def test_a_core_that_was_chosen_before_stays_the_one():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        with threads(1):
            assert os.sched_getaffinity(0) == {min(allowed)}
    finally:
        os.sched_setaffinity(0, allowed)


def test_a_program_finds_an_empty_folder_for_compiled_code_or_the_one_that_is_named(tmp_path):
    code = "import os; print(os.environ['BACKLIT_CACHE'], os.listdir(os.environ['BACKLIT_CACHE']))"
    (tmp_path / "kept.o").touch()
    assert run([sys.executable, "-c", code], str(tmp_path))[0].split() == [str(tmp_path), "['kept.o']"]
    assert run([sys.executable, "-c", code])[0].split()[1] == "[]"


@pytest.mark.parametrize("peer", [FIT, "Backlit, native", "PyTorch"])
def test_the_whole_program_learns_xor(peer):
    assert train(peer, dataclasses.replace(WORKLOADS["xor"], epochs=2500)) < 0.2


def test_each_part_of_compiling_takes_time():
    seconds = seconds_of(WORKLOADS["xor"])
    assert tuple(seconds) == PARTS
    assert seconds["compiling"] > 0
    assert seconds["recording"] > 0
