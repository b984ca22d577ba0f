"""Files put into a real S3 server on loopback (moto): type, checksum, versions; nothing twice, nothing over another, errors in words."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends
from s3_server import ACCOUNT, PARTITION, SECRET, moto_port

from usage_pipeline.storage.delivery_s3 import Put, S3Folder, UploadError, content_type

CONTENT = b"%PDF-1.7 a statement"
URI = "s3://reports/ai/2026-10/organisation/r1-0123456789ab/statement.pdf"
KEY = URI.removeprefix("s3://reports/")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Of a server with one bucket that keeps versions."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sender")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    made = boto3.client("s3", endpoint_url=endpoint(), region_name="us-east-1")
    made.create_bucket(Bucket="reports")
    made.put_bucket_versioning(Bucket="reports", VersioningConfiguration={"Status": "Enabled"})
    yield made
    s3_backends[ACCOUNT][PARTITION].reset()


def endpoint() -> str:
    return f"http://127.0.0.1:{moto_port()}"


def folder() -> S3Folder:
    return S3Folder(endpoint(), "us-east-1")


def test_what_is_kept_of_a_file(client: Any) -> None:
    put = folder().put(URI, CONTENT)
    found = client.get_object(Bucket="reports", Key=KEY, ChecksumMode="ENABLED")
    assert found["Body"].read() == CONTENT
    assert found["ContentType"] == "application/pdf"
    assert found["ChecksumSHA256"] == b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert found["Metadata"] == {"sha256": hashlib.sha256(CONTENT).hexdigest()}
    assert put == Put(version=found["VersionId"], was_there=False)
    assert put.version not in {None, "null"}


def test_the_same_again_is_no_second_object(client: Any) -> None:
    first, second = folder().put(URI, CONTENT), folder().put(URI, CONTENT)
    assert second == Put(version=first.version, was_there=True)
    assert len(client.list_object_versions(Bucket="reports")["Versions"]) == 1


def test_nothing_is_written_over(client: Any) -> None:
    folder().put(URI, CONTENT)
    with pytest.raises(UploadError, match="another file lies there: nothing is written over") as raised:
        folder().put(URI, CONTENT + b"!")
    assert not raised.value.is_passing
    assert client.get_object(Bucket="reports", Key=KEY)["Body"].read() == CONTENT


def test_a_bucket_that_is_not_there(client: Any) -> None:
    with pytest.raises(UploadError, match=r"there is no such bucket: check s3 of the delivery in usage\.yaml, and USAGE_S3_ENDPOINT"):
        folder().put(URI.replace("reports/", "nowhere/"), CONTENT)


def test_a_server_that_is_away(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usage_pipeline.storage.landing_s3.ATTEMPTS", 1)
    with pytest.raises(UploadError, match="cannot be reached") as raised:
        S3Folder("http://127.0.0.1:9", "us-east-1").put(URI, CONTENT)
    assert raised.value.is_passing
    assert SECRET not in str(raised.value)


class Busy(BaseHTTPRequestHandler):
    """A store in which somebody else writes the same key at this moment."""

    def do_HEAD(self) -> None:
        self._answer(404)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(409, b"<Error><Code>ConditionalRequestConflict</Code><Message>At once.</Message></Error>")

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen of the tests."""


def test_another_upload_at_the_same_moment_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, SECRET)
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(UploadError, match="another upload of it is under way") as raised:
            S3Folder(f"http://127.0.0.1:{server.server_port}", "us-east-1").put(URI, CONTENT)
        server.shutdown()
    assert raised.value.is_passing


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a", "application/octet-stream"),
    ],
)
def test_types_by_name(name: str, kind: str) -> None:
    assert content_type(name) == kind
