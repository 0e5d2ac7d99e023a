"""The benchmark of recording measures a step that trains, and leaves nothing switched on."""

from benchmarks.recording import digits_step, measure

from backlit.ops.registry import reading


def test_its_step_trains():
    step = digits_step()
    losses = [step().item() for _ in range(30)]
    assert losses[-1] < 0.8 * losses[0]


def test_it_measures_before_while_and_after():
    found = measure(turns=1, times=2)
    assert found.keys() == {"before", "recorded", "after"}
    assert min(found.values()) > 0
    assert (reading.recorder, reading.listener) == (None, None)
