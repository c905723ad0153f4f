"""The server of the page: this machine alone, whoever knows the address, and no page of another origin."""

from __future__ import annotations

import json
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from shortrun import jsons
from shortrun.errors import ConfigError, ShortrunError
from shortrun.files import explain
from shortrun.live.page import FILES, live_page
from shortrun.live.watched import Watched
from shortrun.settings import Config

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")  # of this machine: a name of another's that leads here is refused (DNS rebinding)
NEAR = (None, "none", "same-origin")  # from where a browser may say that a request comes
LONGEST = 1000  # bytes of what a page sends
MOST_AGES = 16  # of one question
DIGITS = 12  # of a number
SECONDS = 60  # for a request to come

PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The page of a machine has its scripts within it; it gets an origin of its own, so it can ask nothing of this server.
MACHINE = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-scripts allow-forms allow-downloads"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address is the key
    "X-Content-Type-Options": "nosniff",
}
HTML, TEXT, JSON = "text/html", "text/plain", "application/json"


class Answer(NamedTuple):
    """What a request gets."""

    body: bytes
    kind: str = JSON
    policy: str = PAGE
    status: HTTPStatus = HTTPStatus.OK


def refusal(method: str, path: str, headers: Mapping[str, str] | Message, token: str) -> tuple[HTTPStatus, str] | None:
    """Return why a request gets nothing; None if it is one of a page of this server.

    Parameters
    ----------
    method : str
        "GET", or "POST" of a request that changes something.
    path : str
        Whose first part is the token.
    headers : Mapping[str, str] or Message
        Of the request.
    token : str
        The right one.

    Examples
    --------
    >>> refusal("GET", "/x/state", {"Host": "127.0.0.1:8000"}, "x") is None
    True
    >>> refusal("GET", "/x/state", {"Host": "example.org"}, "x")[1]
    'this server answers on 127.0.0.1 only'
    """
    host, origin = headers.get("Host", ""), headers.get("Origin")
    if host.rpartition(":")[0] not in NAMES and host not in NAMES:
        return HTTPStatus.FORBIDDEN, f"this server answers on {HOST} only"
    if not secrets.compare_digest("".join(path.split("/")[1:2]).encode(), token.encode()):
        return HTTPStatus.FORBIDDEN, "the address is the one that `shortrun studio` prints, with its key"
    far = headers.get("Sec-Fetch-Site") not in NEAR or origin not in (None, f"http://{host}")
    if far or (method == "POST" and origin is None):
        return HTTPStatus.FORBIDDEN, "a page of another origin may not ask"
    if method == "POST" and headers.get("Content-Type") != JSON:
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{JSON} expected"
    return None


class Server(ThreadingHTTPServer):
    """Serves the page of a run; many pages may look at the same time.

    As a context manager it serves from threads of its own.

    Parameters
    ----------
    watched : Watched
        What it shows.
    port : int, optional
        Of 127.0.0.1; by default one that is free.

    Raises
    ------
    ConfigError
        If the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, watched: Watched, port: int | None = None):
        self.watched, self.token = watched, secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port or 0), Handler)
        except OSError as error:
            raise ConfigError("port", f"{port} of {HOST} cannot be served at: {explain(error)}") from None

    @property
    def address(self) -> str:
        """The address of the page, with the token that all requests need."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def __enter__(self) -> Server:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show a fault of ours; that a page was closed is none."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]
    server_version, sys_version, timeout = "shortrun", "", SECONDS

    def do_GET(self) -> None:
        """Answer a question."""
        self.answered("GET", self.told)

    def do_POST(self) -> None:
        """Do what a page asks for."""
        self.answered("POST", self.done)

    def answered(self, method: str, answer: Callable[[str, dict[str, str]], Answer | None]) -> None:
        """Send what a request gets; what it asks for only once it may."""
        path, _, query = self.path.partition("?")
        refused = refusal(method, path, self.headers, self.server.token)
        if refused is None:
            try:
                found = answer("/".join(path.split("/")[2:]), dict(parse_qsl(query)))
            except ShortrunError as error:
                found = error_of(HTTPStatus.BAD_REQUEST, str(error))
            except Exception:
                self.put(error_of(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of shortrun, which its terminal shows"))
                raise
        else:
            found = error_of(*refused)
        self.put(found or error_of(HTTPStatus.NOT_FOUND, "there is no such thing here"))

    def told(self, name: str, given: dict[str, str]) -> Answer | None:
        """Return the answer to a question."""
        watched = self.server.watched
        what, _, age = name.partition("/")
        if name == "":
            return Answer(live_page(watched.about, watched.facts).encode(), HTML)
        if name in FILES:
            return Answer(b"".join(path.read_bytes() for path in FILES[name].paths), FILES[name].kind)
        if name == "state":
            return answer_of(watched.state(given.get("version", ""), whole(given.get("known", "0"), "known")))
        if name == "modes":
            wanted = given.get("ages", "").split(",")[:MOST_AGES]
            return answer_of({age: watched.modes(whole(age, "age")) for age in wanted})
        if what == "samples" and age:
            return answer_of(watched.samples(whole(age, "age")))
        if what == "machine" and age:
            return Answer(watched.machine(whole(age, "age")), HTML, MACHINE)
        return None

    def done(self, name: str, given: dict[str, str]) -> Answer | None:
        """Do what is asked for, and return how things are then."""
        training, asked = self.server.watched.training, self.sent()
        if name == "stop":
            training.stop()
        elif name == "resume":
            rate = asked.get("rate")
            if isinstance(rate, bool):  # a number elsewhere
                raise ConfigError("rate", "a number expected")
            training.resume(None if rate is None else Config.of(rate=rate).optimiser.rate)
        else:
            return None
        return self.told("state", given)

    def sent(self) -> dict[str, Any]:
        """Return the object that a page sends.

        Raises
        ------
        ConfigError
            If it is none.
        """
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal() or len(size) > DIGITS or int(size) > LONGEST:
            raise ConfigError("request", f"at most {LONGEST} bytes expected")
        try:
            found = jsons.loads(self.rfile.read(int(size)))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ConfigError("request", "an object expected")
        return found

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request of ours, as another method."""
        self.put(error_of(HTTPStatus(code), message or HTTPStatus(code).phrase))

    def put(self, answer: Answer) -> None:
        """Send an answer."""
        self.send_response(answer.status)
        plain = {"Content-Type": f"{answer.kind}; charset=utf-8", "Content-Length": str(len(answer.body))}
        for name, value in (HEADERS | plain | {"Content-Security-Policy": answer.policy}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a page asks every second."""


def answer_of(document: Any) -> Answer:
    """Return a document as an answer."""
    return Answer(jsons.dumps(document).encode())


def error_of(status: HTTPStatus, reason: str) -> Answer:
    """Return a reason as an answer, which a person and a script can read."""
    return Answer(json.dumps({"error": reason}).encode(), status=status)


def whole(text: str, name: str) -> int:
    """Return the whole number that a text is.

    Raises
    ------
    ConfigError
        If it is none.
    """
    if not text.isdecimal() or len(text) > DIGITS:
        raise ConfigError(name, "a whole number expected")
    return int(text)
