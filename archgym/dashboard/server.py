"""A web server for one user of one machine: it shows a folder, and changes nothing.

It listens on the loopback alone.  The address holds a secret token, as Jupyter's does.  A request whose
``Host`` is another name is refused, so that no web page reaches it by a name of its own (DNS rebinding).
Runs are asked for by ids of what was found below the folder, so that no path is ever taken from an address.
"""

from __future__ import annotations

import gzip
import hmac
import secrets
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import ArchgymError, PortError
from ..pages.parts import asset, plotly_source
from .watching import Watching

LOOPBACK = "127.0.0.1"
EVERY_S = 1.0  # how often the folder is looked at
SIGN_OF_LIFE_S = 15.0
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# a run's page comes from whoever wrote the folder: it may draw, and reach nothing of the dashboard
PAGE_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
KINDS = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "json": "application/json",
}
NO_TOKEN = "open the address that archgym dashboard printed: it holds a token"


class Dashboard:
    """The server; ``address`` is what to open in a browser."""

    def __init__(self, root: Path, port: int = 0, token: str = "") -> None:
        """Take a port of the loopback (0: any free one).

        Args:
            root: the folder with runs and sweeps.
            port: to listen on.
            token: the secret of the address (default: a fresh one).

        Raises:
            ArchgymError: no such folder, or the port is taken.
        """
        if not root.is_dir():
            raise ArchgymError(f"{root} is no folder: give one that holds runs or sweeps")
        self.token = token or secrets.token_urlsafe(24)
        self.watching = Watching(root)
        self.ended = threading.Event()
        try:
            self._server = _Server((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            raise PortError(LOOPBACK, port, error) from error
        self._server.dashboard = self
        self.port = int(self._server.server_address[1])
        self.address = f"http://{LOOPBACK}:{self.port}/{self.token}/"

    def serve(self) -> None:
        """Answer until :meth:`close`, or Ctrl-C."""
        try:
            self._server.serve_forever(poll_interval=0.2)
        finally:
            self.ended.set()
            self._server.server_close()

    def close(self) -> None:
        """End :meth:`serve`, which runs in another thread."""
        self.ended.set()
        self._server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    dashboard: Dashboard


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer with a page, a file of the package, or data."""
        self._answer()

    def do_HEAD(self) -> None:
        """As GET, without the body."""
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses hold the token."""

    def _answer(self) -> None:
        board = self.server.dashboard
        own = (f"{LOOPBACK}:{board.port}", f"localhost:{board.port}")
        if self.headers.get("Host", "") not in own:
            return self._refuse(HTTPStatus.FORBIDDEN, "this address is not mine")
        token, _, rest = self.path.partition("?")[0].lstrip("/").partition("/")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), board.token.encode()):
            return self._refuse(HTTPStatus.FORBIDDEN, NO_TOKEN)
        word, _, key = rest.partition("/")
        try:
            if rest in PLAIN:
                return self._send(*PLAIN[rest]())
            if rest == "events":
                return self._events(board)
            if word in ("detail", "page") and (item := board.watching.item(key)) is not None:
                if word == "detail":
                    return self._send(board.watching.detail(item), "json")
                file = item.path / "page.html"
                if file.is_file() and not file.is_symlink():
                    return self._send(file.read_text("utf-8"), "html", PAGE_POLICY)
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here")
        except (ArchgymError, OSError, UnicodeDecodeError) as error:
            if not isinstance(error, ConnectionError):
                self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    def _send(self, text: str, kind: str, policy: str = POLICY) -> None:
        body = text.encode("utf-8")
        self.send_response(HTTPStatus.OK)
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 2000:
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        self._head(KINDS[kind], policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _head(self, kind: str, policy: str = POLICY) -> None:
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        body = f"{status.value} {status.phrase}: {why}\n".encode()
        self.send_response(status)
        self._head("text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        self.close_connection = True

    def _events(self, board: Dashboard) -> None:
        """Server-sent events: the listing whenever it changed, and a sign of life else."""
        self.send_response(HTTPStatus.OK)
        self._head("text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        told, spoke = "", time.monotonic()
        while not board.ended.is_set() and self.command == "GET":
            now = board.watching.listing()
            if now != told:
                self.wfile.write(f"data: {now}\n\n".encode())
                told, spoke = now, time.monotonic()
            elif time.monotonic() - spoke > SIGN_OF_LIFE_S:
                self.wfile.write(b": still here\n\n")
                spoke = time.monotonic()
            self.wfile.flush()
            board.ended.wait(EVERY_S)


def _own(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text("utf-8")


# what may be asked for by name: texts of the package
PLAIN = {
    "": lambda: (_own("dashboard.html"), "html"),
    "dashboard.js": lambda: (asset("theme.js") + _own("dashboard.js"), "js"),
    "dashboard.css": lambda: (asset("page.css") + _own("dashboard.css"), "css"),
    "plotly.js": lambda: (plotly_source(), "js"),
}
