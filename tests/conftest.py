"""Settings of all tests."""

import os
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


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Compiled code goes to a folder of this session, from child processes too: never to the user's cache."""
    before = os.environ.get("BACKLIT_CACHE")
    os.environ["BACKLIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["BACKLIT_CACHE"]
    else:
        os.environ["BACKLIT_CACHE"] = before
