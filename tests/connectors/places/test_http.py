"""A local HTTP server: bounded, few redirects, honest lengths."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cleanroom.errors import DataRefused, NotAuthorised, NotFound, Unavailable, UsageProblem
from connectors.places import PlaceOptions, locate

BODY = b"a,b\n1,2\n" * 1000


INDEX = b"""<html><h1>Index of /drops</h1><a href="?C=M;O=A">Last modified</a> <a href="../">Parent</a>
<a href="b%20c.csv">b c.csv</a><a href='a.csv'>a.csv</a><a href="a.csv#top">again</a><a href="old/">old/</a>
<a href="a.csv.receipt.json">receipt</a><a href="https://elsewhere.example/drops/x.csv">x</a><a href="http://[">no</a>"""
ALLOWED = ("Bearer zq-canary-token", "Basic bWlhOnpxLWNhbmFyeQ==")


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    asked = 0

    def do_GET(self) -> None:
        """One path, one behaviour."""
        status, headers, body = self._answer()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _answer(self) -> tuple[int, dict[str, str], bytes]:
        match self.path.split("?")[0]:
            case "/sales.csv":
                return 200, {"Content-Length": str(len(BODY)), "ETag": '"v1"'}, BODY
            case "/moved":
                return 302, {"Location": "/sales.csv"}, b""
            case "/loop":
                return 302, {"Location": "/loop"}, b""
            case "/elsewhere":
                return 302, {"Location": "file:///etc/hostname"}, b""
            case "/short":
                self.close_connection = True
                return 200, {"Content-Length": str(len(BODY) * 2)}, BODY
            case "/endless":
                return 200, {}, BODY * 50
            case "/secret":
                return 401, {}, b""
            case "/drops/":
                return 200, {"Content-Type": "text/html; charset=utf-8"}, INDEX
            case "/drops/a.csv" | "/drops/b%20c.csv":
                return 200, {"ETag": '"v1"'}, BODY
            case "/list/":
                port = self.server.server_address[1]
                lines = f"# files\r\nhttp://127.0.0.1:{port}/drops/a.csv\r\n/sales.csv\r\n/private/a.csv\r\n"
                return 200, {"Content-Type": "text/uri-list"}, lines.encode()
            case "/unsafe/":
                return 200, {"Content-Type": "text/plain"}, b"file:///etc/hostname\n"
            case "/changed.csv":
                Handler.asked += 1
                return 200, {"ETag": f'"v{Handler.asked}"'}, BODY
            case "/private/a.csv" if self.headers.get("Authorization", "") in ALLOWED:
                return 200, {}, BODY
            case "/private/elsewhere":
                return 302, {"Location": f"http://localhost:{self.server.server_address[1]}/private/a.csv"}, b""
            case "/private/a.csv":
                return 403, {}, b""
            case "/busy":
                return 503, {}, b""
            case _:
                return 404, {}, b""

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a running server."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


def test_a_file_arrives(server: str) -> None:
    """Name, size and etag come from the headers; a redirect inside the server is followed."""
    for path in ("/sales.csv", "/moved"):
        (item,) = locate(server + path)
        assert (item.size, item.etag) == (len(BODY), '"v1"')
        with item.open() as stream:
            assert stream.read() == BODY
    assert [item.name for item in locate(server + "/sales.csv?token=x")] == ["sales.csv"]


def test_a_copy_has_a_path_and_leaves_nothing(server: str) -> None:
    """A remote file can be had as a path; the copy goes away."""
    (item,) = locate(server + "/sales.csv")
    with item.as_path() as path:
        assert (path.name, path.read_bytes()) == ("sales.csv", BODY)
    assert not path.exists()
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        ("/loop", UsageProblem, "CR-D226"),
        ("/elsewhere", UsageProblem, "CR-D226"),
        ("/nothing", NotFound, "CR-D221"),
        ("/secret", NotAuthorised, "CR-D222"),
        ("/busy", Unavailable, "CR-D223"),
    ],
)
def test_refusals_name_their_code(server: str, path: str, kind: type[Exception], code: str) -> None:
    """Each trouble has its code, and the address is not repeated."""
    with pytest.raises(kind, match=code) as caught:
        list(locate(server + path + "?token=zq-canary"))
    assert "canary" not in str(caught.value)


def test_an_answer_that_breaks_off_is_not_a_file(server: str) -> None:
    """Fewer bytes than announced are an error that can be retried."""
    (item,) = locate(server + "/short")
    with pytest.raises(Unavailable, match="CR-D223"):
        item.open()


def test_an_endless_answer_is_cut_off(server: str) -> None:
    """INVARIANT I1: the limit holds while reading, whatever the server announced."""
    (item,) = locate(server + "/endless", PlaceOptions(max_bytes=10_000))
    with pytest.raises(DataRefused, match="CR-D224"):
        item.open()
    with pytest.raises(DataRefused, match="CR-D224"):
        list(locate(server + "/sales.csv", PlaceOptions(max_bytes=100)))


def test_an_index_names_its_files(server: str) -> None:
    """Files directly below a page of links, nothing else; a plain list may name any place of the same safety."""
    items = list(locate(f"{server}/drops/"))
    assert [item.name for item in items] == ["a.csv", "b c.csv"]
    for item in items:
        with item.open() as stream:
            assert stream.read() == BODY
    listed = list(locate(f"{server}/list/", PlaceOptions(config={"token": "zq-canary-token"})))
    host = server.removeprefix("http://")
    assert [item.name for item in listed] == [f"{host}/drops/a.csv", f"{host}/private/a.csv", "sales.csv"]
    with pytest.raises(UsageProblem, match="CR-D226"):
        list(locate(f"{server}/unsafe/"))
    with pytest.raises(DataRefused, match="CR-D228"):
        list(locate(f"{server}/drops/", PlaceOptions(max_files=1)))


def test_credentials_go_to_their_host_alone(server: str) -> None:
    """A token, or user and password; a redirect to another host gets neither; an address with a password is refused."""
    for config in ({"token": "zq-canary-token"}, {"user": "mia", "password": "zq-canary"}):
        options = PlaceOptions(config=config)
        (item,) = locate(f"{server}/private/a.csv", options)
        with item.open() as stream:
            assert stream.read() == BODY
        with pytest.raises(NotAuthorised, match="CR-D222") as caught:
            list(locate(f"{server}/private/elsewhere", options))
        assert "canary" not in repr(caught.value) + caught.value.help + repr(options)
    with pytest.raises(UsageProblem, match="CR-D220") as refused:
        list(locate("http://mia:zq-canary@127.0.0.1/a.csv"))
    assert "canary" not in str(refused.value)


def test_a_file_that_changed_since_it_was_listed_is_not_read(server: str) -> None:
    """What would be pushed is not what was looked at: later, then."""
    (item,) = locate(f"{server}/changed.csv")
    with pytest.raises(Unavailable, match="CR-D223"):
        item.open()


def test_nobody_listens() -> None:
    """A refused connection is temporary."""
    with pytest.raises(Unavailable, match="CR-D223"):
        list(locate("http://127.0.0.1:9/x.csv"))
