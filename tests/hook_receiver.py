"""A real HTTP receiver on loopback that keeps what it gets and answers as it is told, over TLS if it has a certificate."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATH = "/services/T0SECRET/B0SECRET/hunter2-token"


@dataclass(frozen=True)
class Post:
    """A request as it came; names of headers in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`after` is how long nothing comes, first; `sent` how much of the body goes out before the connection is cut; 0 answers nothing."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0
    is_cut: bool = False


@dataclass
class Receiver:
    """`replies` are used up one a request, then `judge` answers."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    judge: Callable[[Post], Reply] = lambda _: Reply()
    received: list[Post] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        post = Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.receiver.received.append(post)
        reply = self.receiver.replies.pop(0) if self.receiver.replies else self.receiver.judge(post)
        time.sleep(reply.after)
        self.close_connection = True
        if reply.is_cut:
            return
        content = reply.body.encode()
        try:
            self.send_response_only(reply.status)
            for name, value in {"Content-Length": str(len(content)), "Connection": "close", **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            return  # the client has given up

    def do_GET(self) -> None:
        """Where a redirection would lead."""
        self.receiver.received.append(Post(self.path, {}, b""))
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate hangs up."""


@contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """A receiver on a free port; its key lies beside its certificate. Its `url` has a path that is a secret."""
    receiver = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = _Server(("127.0.0.1", 0), handler)
    if certificate:
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(certificate, certificate.with_name("key.pem"))
        server.socket = trust.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    host = "https://localhost" if certificate else "http://127.0.0.1"
    receiver.url = f"{host}:{server.server_port}{PATH}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
