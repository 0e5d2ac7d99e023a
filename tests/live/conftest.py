import pytest

from live.serving import running
from live.stub import StubSession


@pytest.fixture
def server():
    with running(StubSession()) as server:
        yield server
