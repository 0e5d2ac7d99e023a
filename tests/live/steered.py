"""A session as the page steers and reads it."""

import math

import numpy as np

from backlit.live.frames import STATS


def run_to(session, step):
    """Play until a step, or until the run ends by itself."""
    session.answer({"do": "run_to", "step": step})
    while session.is_playing:
        session.advance(0.05)
    return session


def say(session, do, **message):
    return session.answer({"do": do, **message})


def set_(session, control, value):
    say(session, "set", control=control, value=value)


def section(session, name, maps=False):
    """An array of a frame, read as the page reads it."""
    frame, layout = session.frame(maps), session.state()["layout"]
    assert len(frame) == layout["bytes_with_maps" if maps else "bytes"]
    found = next(s for s in layout["sections"] if s["name"] == name)
    count = math.prod(found["shape"])
    return np.frombuffer(frame, "<" + found["dtype"], count, found["offset"]).reshape(found["shape"])


def weights(session):
    """All weights and biases.  Shape: (P,)."""
    return section(session, "weights")


def stat(session, name):
    return section(session, "stats")[STATS.index(name)]
