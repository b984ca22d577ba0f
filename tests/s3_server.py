"""A real S3 server on loopback (moto), and a proxy before it that counts requests and does them harm: cut bodies, errors, silence."""

import http.client
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import moto.settings
from moto.core.responses import ActionAuthenticatorMixin
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

ACCOUNT, PARTITION, REGION = "123456789012", "aws", "us-east-1"
SECRET = "not-a-real-secret"  # noqa: S105
PASSED_ON = {"host", "range", "if-match", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-checksum-mode"}


class Bucket:
    """One bucket of the server, filled past the protocol."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._backend = s3_backends[ACCOUNT][PARTITION]
        self._backend.create_bucket(name, REGION)

    def put(self, objects: Mapping[str, bytes], modified_at: datetime | None = None) -> None:
        """By key."""
        for key, content in objects.items():
            made = self._backend.put_object(self.name, key, content)
            if modified_at is not None:
                made.last_modified = modified_at.replace(tzinfo=None)

    def delete(self, key: str) -> None:
        """As if it had never been there."""
        self._backend.delete_object(self.name, key)


@dataclass(frozen=True)
class Request:
    number: int
    """Of those with this path, from 1."""
    path: str
    range: str

    @property
    def is_listing(self) -> bool:
        return "list-type=2" in self.path


@dataclass(frozen=True)
class Fault:
    """What becomes of an answer: an error of S3, its body cut in the middle, or nothing but a closed connection."""

    status: int = 0
    code: str = ""
    cut: bool = False
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Proxy:
    url: str = ""
    log: list[Request] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    harm: Callable[[Request], Fault | None] = lambda _: None

    @property
    def gets(self) -> list[str]:
        """Paths of the objects asked for."""
        return [one.path for one in self.log if not one.is_listing]

    @property
    def listings(self) -> int:
        return sum(one.is_listing for one in self.log)

    @property
    def environment(self) -> dict[str, str]:
        """Variables that read from here."""
        return {"USAGE_S3_ENDPOINT": self.url, "AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": SECRET}


@cache
def moto_port() -> int:
    """One server a process: it takes seconds to load."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    port: int = server.get_host_and_port()[1]
    return port


@contextmanager
def s3_server() -> Iterator[Proxy]:
    """The server behind a fresh proxy; its buckets are gone afterwards."""
    proxy, lock = Proxy(), threading.Lock()
    handler = type("Handler", (_Handler,), {"proxy": proxy, "lock": lock, "upstream": moto_port()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        s3_backends[ACCOUNT][PARTITION].reset()
        iam_backends[ACCOUNT][PARTITION].reset()


@contextmanager
def keys_checked() -> Iterator[dict[str, str]]:
    """The server lets in nobody but those with the variables given, who may do nothing until they are allowed to."""
    iam = iam_backends[ACCOUNT][PARTITION]
    iam.create_user(REGION, "reader")
    key = iam.create_access_key("reader")
    ActionAuthenticatorMixin.request_count = 0
    before, moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = moto.settings.INITIAL_NO_AUTH_ACTION_COUNT, 0.0
    try:
        yield {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}
    finally:
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = before


def allow(*actions: str) -> None:
    """The reader of `keys_checked` may do this, and nothing else."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    iam_backends[ACCOUNT][PARTITION].put_user_policy("reader", "all", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy
    lock: threading.Lock
    upstream: int

    def setup(self) -> None:
        super().setup()
        self.connection_behind = http.client.HTTPConnection("127.0.0.1", self.upstream)

    def finish(self) -> None:
        self.connection_behind.close()
        super().finish()

    def do_GET(self) -> None:
        with self.lock:
            self.proxy.counts[self.path] += 1
            request = Request(self.proxy.counts[self.path], self.path, self.headers.get("Range", ""))
            self.proxy.log.append(request)
        fault = self.proxy.harm(request)
        if fault is not None and not fault.cut:
            self._refuse(fault)
            return
        self.connection_behind.request(
            "GET", self.path, headers={name: value for name, value in self.headers.items() if name.lower() in PASSED_ON}
        )
        answer = self.connection_behind.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "content-length", "transfer-encoding", "server", "date"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault is not None:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)

    def _refuse(self, fault: Fault) -> None:
        if not fault.status:
            self.close_connection = True
            return
        text = f"<Error><Code>{fault.code}</Code><Message>the key {SECRET}</Message></Error>" if fault.body is None else fault.body
        self.send_response(fault.status)
        for name, value in {**fault.headers, "Content-Type": "application/xml", "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """The log is `Proxy.log`."""
