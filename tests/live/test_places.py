"""Where the server listens, and what it may be called."""

import socket

import pytest

from backlit.live import places
from backlit.live.places import Place, listen, names_of


def test_a_port_that_is_taken_is_passed_over(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(places, "FIRST_PORT", taken.getsockname()[1])
        with listen("127.0.0.1", None) as found:
            assert found.getsockname()[1] != taken.getsockname()[1]


def test_it_listens_on_the_loopback_alone():
    with listen("127.0.0.1", 0) as found:
        assert found.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_on_the_loopback_it_has_the_names_of_the_loopback(host):
    assert names_of(host, socket.AF_INET) == ("127.0.0.1", "localhost")


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_the_loopback_of_version_6_has_names_of_its_own(host):
    assert names_of(host, socket.AF_INET6) == ("[::1]", "localhost")


def test_another_address_is_its_only_name():
    assert names_of("203.0.113.7", socket.AF_INET) == ("203.0.113.7",)
    assert names_of("2001:db8::7", socket.AF_INET6) == ("[2001:db8::7]",)


def test_on_all_addresses_it_has_the_names_that_this_machine_knows():
    names = names_of("0.0.0.0", socket.AF_INET)
    assert {"127.0.0.1", "localhost", socket.gethostname()} <= {*names}
    assert "0.0.0.0" not in names


def test_the_opened_address_holds_the_token():
    assert Place(("127.0.0.1", "localhost"), 7860, "key").address == "http://127.0.0.1:7860/?token=key"
