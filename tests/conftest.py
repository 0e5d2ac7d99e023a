"""Settings of all tests."""

import signal

import pytest
from hypothesis import settings

# The same examples in every run, however slow the machine is.
settings.register_profile("backlit", deadline=None, derandomize=True)
settings.load_profile("backlit")


@pytest.fixture(autouse=True, scope="session")
def heeded_ctrl_c():
    """Ctrl-C as a terminal delivers it, here and in child processes: a shell has it ignored by its background jobs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
