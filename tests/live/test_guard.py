"""Who is let in: every route is asked as its own page asks, and then in each way that a stranger could."""

import pytest
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from live.serving import TOKEN, hear

STRANGERS = {
    "no token": {"cookie": None},
    "a wrong token": {"cookie": "backlit-{port}=another"},
    "the token under the name of another port": {"cookie": "backlit-1={token}"},
    "two tokens": {"cookie": "backlit-{port}=another; backlit-{port}={token}"},
    "a forged host": {"host": "evil.example:{port}"},
    "the right host with another port": {"host": "127.0.0.1:1"},
    "the host without its port": {"host": "127.0.0.1"},
    "a forged origin": {"origin": "http://evil.example"},
    "the right origin with another port": {"origin": "http://127.0.0.1:1"},
    "the origin of a secure page": {"origin": "https://127.0.0.1:{port}"},
    "the origin null": {"origin": "null"},
    "host and origin of another name": {"host": "evil.example:{port}", "origin": "http://evil.example:{port}"},
}


def forged(server, name):
    """The headers of a stranger."""
    parts = {"port": server.place.port, "token": TOKEN}
    return {key: value and value.format(**parts) for key, value in STRANGERS[name].items()}


def routes_of(server):
    return server.server.app.routes


def test_there_are_no_routes_but_these(server):
    assert {route.path for route in routes_of(server)} == {"/", "/assets/a.js", "/data", "/ws"}
    assert {type(route) for route in routes_of(server)} == {Route, WebSocketRoute}


def asked(server, route, **changes):
    """The status with which a route answers."""
    if isinstance(route, WebSocketRoute):
        try:
            with server.raw_socket(**changes) as socket:
                assert hear(socket)["is"] == "hello"
                return 200
        except InvalidStatus as error:
            return error.response.status_code
    statuses = {server.ask(method, route.path, **changes).status_code for method in route.methods - {"HEAD"}}
    assert len(statuses) == 1
    return statuses.pop()


def test_the_page_itself_is_let_in_everywhere(server):
    found = {route.path: asked(server, route) for route in routes_of(server)}
    # What was posted is no table, and that is found out behind the guard.
    assert found == {"/": 200, "/assets/a.js": 200, "/data": 415, "/ws": 200}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_is_let_in_nowhere(server, stranger):
    headers = forged(server, stranger)
    assert {route.path: asked(server, route, **headers) for route in routes_of(server)} == {
        "/": 403, "/assets/a.js": 403, "/data": 403, "/ws": 403,
    }  # fmt: skip


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_all_but_get_must_say_where_from(server, method):
    assert server.ask(method, "/", origin=None).status_code == 403
    assert server.ask(method, "/").status_code in (200, 405)


def test_a_socket_must_say_where_from(server):
    with pytest.raises(InvalidStatus, match="403"), server.raw_socket(origin=None):
        pass


def test_a_path_that_is_not_there_is_told_to_nobody(server):
    assert server.ask("GET", "/elsewhere", cookie=None).status_code == 403
    assert server.ask("GET", "/elsewhere").status_code == 404


@pytest.mark.parametrize("path", ["/assets/../../a", "/assets/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/assets/"])
def test_no_path_leads_out_of_the_list(server, path):
    assert server.ask("GET", path).status_code == 404


def test_the_opened_address_swaps_its_token_for_a_cookie(server):
    answer = server.ask("GET", f"/?token={TOKEN}", cookie=None, origin=None)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name == server.cookie
    assert {*attributes} == {"Path=/", "HttpOnly", "SameSite=Strict"}


@pytest.mark.parametrize("query", ["token=", "token=another", f"token={TOKEN}&token={TOKEN}", "token=%ff%00"])
def test_a_wrong_token_in_the_address_gives_no_cookie(server, query):
    answer = server.ask("GET", f"/?{query}")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_address_with_the_token_is_of_the_page_alone(server):
    for path in ("/assets/a.js", "/data"):
        assert server.ask("GET", f"{path}?token={TOKEN}", cookie=None).status_code == 403


def test_who_is_refused_learns_what_to_do(server):
    answer = server.ask("GET", "/", cookie=None)
    assert "Open the whole address that backlit live printed" in answer.text
    assert TOKEN not in answer.text


@pytest.mark.parametrize("changes", [{}, {"cookie": None}, {"host": "evil.example"}])
def test_every_answer_shuts_other_pages_out(server, changes):
    headers = server.ask("GET", "/", **changes).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control-")]


def test_a_hosts_name_writes_nothing_into_the_policy(server):
    policy = server.ask("GET", "/", host="a; script-src *").headers["content-security-policy"]
    assert "script-src *" not in policy
