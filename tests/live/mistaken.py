"""Runs with one of the classic mistakes in them, and how long each takes to show."""

from backlit.live.mistakes import MISTAKES
from backlit.live.session import Session
from live.steered import say

#: What shows a mistake soon. Test rows must go wrong for a while before the doctor speaks of it, and at full speed they
#: are looked at a few times a second only.
SETTINGS = {"shuffled-labels": {"hidden": (24, 24), "points": 60, "learning_rate": 0.01}}
STEPS = {"shuffled-labels": 20_000}


def ready_for(name, **settings):
    """A session on which a mistake would show."""
    return Session(MISTAKES[name].problem, speed="max", **{**SETTINGS.get(name, {}), **settings})


def made(name, **settings):
    """A session with a mistake in it."""
    session = ready_for(name, **settings)
    say(session, "mistake", name=name)
    return session


def steps_to_show(name):
    return STEPS.get(name, 120)
