"""What pages and server say to each other, over real sockets."""

from live.serving import ask, hear_until


def test_two_pages_hear_the_same_state(server):
    with server.socket() as first, server.socket() as second:
        ask(first, do="play")
        heard = [hear_until(page, lambda said: said["is"] == "state") for page in (first, second)]
        assert heard[0] == heard[1]
        assert heard[0]["status"] == "playing"
