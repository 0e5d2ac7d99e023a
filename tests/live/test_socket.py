"""What pages and server say to each other, over real sockets."""

import contextlib
import json
import struct

import pytest
from websockets.exceptions import ConnectionClosed

from live.serving import ask, hear, hear_until


def refusal(socket):
    said = hear(socket)
    assert said["is"] == "refused"
    return said["message"]


def test_two_pages_hear_the_same_state(server):
    with server.socket() as first, server.socket() as second:
        ask(first, do="play")
        heard = [hear(page) for page in (first, second) for _ in range(2)]
        assert heard[:2] == heard[2:]
        assert heard[1] == {"is": "state", "version": 1, "status": "playing"}


def test_who_comes_later_hears_the_newest_state(server):
    with server.socket() as first:
        ask(first, do="play")
        hear_until(first, lambda said: said["is"] == "state")
        with server.raw_socket() as second:
            greeting = [hear(second) for _ in range(3)]
    assert [said["is"] for said in greeting] == ["hello", "data", "state"]
    assert greeting[2]["status"] == "playing"


def test_an_answer_is_for_the_asker_alone(server):
    with server.socket() as first, server.socket() as second:
        ask(first, do="scrub", step=5)
        assert refusal(first) == "There is no such moment."
        ask(second, do="frame", maps=False)
        assert isinstance(hear(second), bytes)


def test_each_request_for_a_frame_gives_one(server):
    with server.socket() as page:
        ask(page, do="frame", maps=False)
        ask(page, do="frame", maps=True)
        frames = [struct.unpack("<dd?", hear(page)) for _ in range(2)]
        assert [maps for *_, maps in frames] == [False, True]
        with pytest.raises(TimeoutError):
            page.recv(timeout=0.2)


def test_a_frame_comes_after_the_state_that_it_is_read_by(server):
    with server.socket() as page:
        for _ in range(20):
            ask(page, do="reset")
            ask(page, do="frame", maps=False)
            state = hear_until(page, lambda said: not isinstance(said, bytes) and said["is"] == "state")
            version, *_ = struct.unpack("<dd?", hear_until(page, lambda said: isinstance(said, bytes)))
            assert version == state["version"]


def test_it_answers_while_it_trains(server):
    with server.socket() as page:
        ask(page, do="play")
        steps = []
        for _ in range(5):
            ask(page, do="frame", maps=False)
            steps.append(struct.unpack("<dd?", hear_until(page, lambda said: isinstance(said, bytes)))[1])
        assert steps == sorted(steps)
        assert steps[-1] > 0


def test_the_ninth_page_is_told_so(server):
    with contextlib.ExitStack() as pages:
        for _ in range(8):
            pages.enter_context(server.socket())
        with server.raw_socket() as ninth:
            assert "8 pages show this session already" in refusal(ninth)
            with pytest.raises(ConnectionClosed):
                ninth.recv(timeout=10)
        assert ninth.close_code == 1013
    with server.socket() as another:  # there is room again
        ask(another, do="scrub", step=1)
        assert refusal(another) == "There is no such moment."


MALFORMED = {
    "no JSON": ("{", "A message is JSON, and this is not"),
    "no object": ("[]", 'A message is an object that says what to "do"'),
    "nothing to do": ("{}", 'A message is an object that says what to "do"'),
    "an unknown name": ('{"do": "plai"}', "Nothing is done for 'plai'. Did you mean 'play'?"),
    "deeper than any message": ("[" * 30000, "A message is JSON, and this is not"),
    "NaN": ('{"do": "edit", "layer": 1, "neuron": 0, "input": 0, "value": NaN}', "NaN is no number of JSON"),
    "infinity": ('{"do": "add_point", "at": [0, 0], "label": 1e999}', "label must be a finite number"),
    "a missing part": ('{"do": "set", "control": "noise"}', "set needs control and value; received control."),
    "a part too many": ('{"do": "play", "fast": true}', "play needs nothing else; received fast."),
    "a wrong kind": ('{"do": "scrub", "step": "1"}', 'step must be a whole number from 0 on; received "1".'),
    "true is no number": ('{"do": "scrub", "step": true}', "step must be a whole number from 0 on; received true."),
    "neither form": ('{"do": "run_to"}', "run_to needs step or epoch; received nothing."),
    "both forms": ('{"do": "run_to", "step": 1, "epoch": 1}', "run_to needs step or epoch; received step, epoch."),
    "too long a list": (
        json.dumps({"do": "set", "control": "hidden", "value": [1] * 65}),
        "value must be a text, a number, true or false, or a list of at most 64",
    ),
    "bytes": (b'{"do": "play"}', "A message is text, and bytes were received."),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_message_is_refused_and_changes_nothing(server, name):
    sent, words = MALFORMED[name]
    with server.socket() as page:
        page.send(sent)
        assert words in refusal(page)
        ask(page, do="frame", maps=False)
        version, step, _ = struct.unpack("<dd?", hear(page))
        assert (version, step) == (0, 0)


def test_a_message_of_64_kilobytes_is_the_largest(server):
    with server.socket() as page:
        page.send('{"do":"scrub","step":1' + " " * (64 * 1024 - 23) + "}")
        assert refusal(page) == "There is no such moment."
        page.send('{"do":"scrub","step":1' + " " * (64 * 1024 - 22) + "}")
        with pytest.raises(ConnectionClosed):
            page.recv(timeout=10)
    assert page.close_code == 1009


def test_numbers_that_json_lacks_are_null(server):
    with server.socket() as page:
        ask(page, do="probe", at=[0, 0])
        assert hear_until(page, lambda said: said["is"] == "probe")["outputs"] == [None, None, 0.5]


@pytest.mark.parametrize("fault", ["fault", "step-fault", "news-fault"])
def test_an_error_that_nobody_foresaw_is_told_and_ends_nothing(server, capfd, fault):
    with server.socket() as page:
        ask(page, do="set", control=fault, value=1)
        ask(page, do="play")
        told = hear_until(page, lambda said: said["is"] == "refused")
        assert "This should not have happened: KeyError" in told["message"]
        ask(page, do="scrub", step=1)
        assert hear_until(page, lambda said: said["is"] == "refused")["message"] == "There is no such moment."
    assert f"KeyError: '{fault}'" in capfd.readouterr().err


def test_it_pauses_where_a_step_fails(server, capfd):
    with server.socket() as page:
        ask(page, do="set", control="step-fault", value=1)
        ask(page, do="play")
        hear_until(page, lambda said: said["is"] == "refused")
        assert hear_until(page, lambda said: said["is"] == "state")["status"] == "paused"
    assert "KeyError: 'step-fault'" in capfd.readouterr().err
