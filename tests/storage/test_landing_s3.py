"""Files in a real S3 server on loopback: which lie there, each fetched once, whatever breaks on the way."""

import hashlib
import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from s3_server import SECRET, Bucket, Fault, Proxy, Request, allow, keys_checked, s3_server

from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.storage import landing_s3, landing_s3_download
from usage_pipeline.storage.landing import Fetched, LandedFile, Landing, Unread, open_bytes
from usage_pipeline.storage.landing_s3 import S3Store

MORNING = datetime(2026, 10, 1, 8, tzinfo=UTC)
DENIED = Fault(403, "AccessDenied")
CUT = Fault(cut=True)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with s3_server() as proxy:
        for name, value in proxy.environment.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        monkeypatch.setattr(landing_s3_download, "PAUSE_SECONDS", 0.001)
        yield proxy


@pytest.fixture
def bucket(server: Proxy) -> Bucket:
    return Bucket("logs")


@pytest.fixture
def landing(server: Proxy) -> Landing:
    return Landing((S3Store(server.url),))


def keys(landing: Landing, pattern: str) -> list[str]:
    return [file.uri.removeprefix("s3://logs/") for file in landing.list_files(f"s3://logs/{pattern}")]


def content(*outcomes: Fetched | Unread) -> list[bytes | str]:
    """What was fetched, checked against its fingerprint; the words of what was not."""
    found: list[bytes | str] = []
    for one in outcomes:
        if isinstance(one, Unread):
            found.append(one.words)
            continue
        with open_bytes(one.path) as stream:
            held = stream.read()
        assert hashlib.sha256(held).hexdigest() == one.fingerprint
        found.append(held)
    return found


def fetched(landing: Landing, tmp_path: Path, pattern: str = "**") -> list[bytes | str]:
    return content(*landing.fetch(landing.list_files(f"s3://logs/{pattern}"), tmp_path))


def test_files_of_a_pattern_are_listed_oldest_first(bucket: Bucket, landing: Landing, server: Proxy) -> None:
    bucket.put({"a/late.json": b"late"}, MORNING + timedelta(hours=1))
    bucket.put({"a/b/early.json": b"x", "a/b/c.txt": b"", "z/a.json": b"", "a/é %#+&'q.json": b"odd", "a/folder.json/": b""}, MORNING)
    files = landing.list_files("s3://logs/a/**/*.json")
    assert [(file.uri, file.size_bytes, file.modified_at) for file in files] == [
        ("s3://logs/a/b/early.json", 1, MORNING),
        ("s3://logs/a/é %#+&'q.json", 3, MORNING),
        ("s3://logs/a/late.json", 4, MORNING + timedelta(hours=1)),
    ]
    assert files[0].etag == hashlib.md5(b"x").hexdigest()  # noqa: S324
    assert "prefix=a%2F&" in server.log[0].path
    assert landing.list_files("s3://logs/none/*") == []
    assert not landing.has_files("s3://logs/none/*")


def test_every_page_is_listed(bucket: Bucket, landing: Landing, server: Proxy) -> None:
    bucket.put({f"day/{number:04}.json": b"" for number in range(2_001)})
    assert keys(landing, "day/*.json") == [f"day/{number:04}.json" for number in range(2_001)]
    assert server.listings == 3
    assert landing.has_files("s3://logs/**/*.json")
    assert server.listings == 4


def test_many_objects_are_fetched_once_each(bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path) -> None:
    objects = {f"{number:04}.json": f"content of {number}".encode() * (number % 7) for number in range(300)}
    bucket.put(objects)
    assert sorted(map(bytes, fetched(landing, tmp_path))) == sorted(objects.values())  # type: ignore[arg-type]
    assert Counter(Counter(server.gets).values()) == {1: 300}


def test_the_end_of_a_name_stays(bucket: Bucket, landing: Landing, tmp_path: Path) -> None:
    bucket.put({"a/b.2026.csv.gz": b"1", "c.JSON": b"2", "d": b"3", "e.what? is&this": b"4"})
    found = landing.fetch(landing.list_files("s3://logs/**"), tmp_path)
    assert [Path(one.path).name for one in found if isinstance(one, Fetched)] == ["0.csv.gz", "1.JSON", "2", "3"]


def test_bodies_that_break_off_are_taken_up(bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path) -> None:
    objects = {f"{number:02}.json": bytes([number]) * 50_000 for number in range(30)}
    bucket.put(objects)
    server.harm = lambda request: CUT if not request.is_listing and len(server.log) % 3 == 0 else None
    assert fetched(landing, tmp_path) == list(objects.values())
    assert "bytes=25000-" in {one.range for one in server.log}


def test_large_body_is_taken_up_as_often_as_it_gets_on(bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path) -> None:
    large = hashlib.sha256(b"x").digest() * (1 << 20)
    bucket.put({"large": large})
    server.harm = lambda request: CUT if request.number < 6 and not request.is_listing else None
    assert fetched(landing, tmp_path) == [large]
    assert len(server.gets) == 6


def test_object_that_changes_between_its_parts_is_begun_again(bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path) -> None:
    bucket.put({"a": b"old" * 1000})
    files = landing.list_files("s3://logs/a")

    def changed(request: Request) -> Fault | None:
        if request.number == 2:
            bucket.put({"a": b"new and longer" * 1000})
        return CUT if request.number == 1 else None

    server.harm = changed
    assert content(*landing.fetch(files, tmp_path)) == [b"new and longer" * 1000]
    assert [one.range for one in server.log if not one.is_listing] == ["", "bytes=1500-", ""]


def test_one_object_that_fails_does_not_stop_the_others(
    bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing_s3, "ATTEMPTS", 2)
    bucket.put({name: name.encode() for name in ("a", "cut", "denied", "gone", "silent", "slow", "z")})
    faults = {"denied": DENIED, "cut": CUT, "gone": Fault(404, "NoSuchKey"), "slow": Fault(503, "SlowDown"), "silent": Fault()}
    files = landing.list_files("s3://logs/**")
    server.harm = lambda request: faults.get(request.path.rpartition("/")[2])
    assert content(*landing.fetch(files, tmp_path)) == [
        b"a",
        "its content breaks off (IncompleteReadError)",
        "the credentials may not read it: they need s3:GetObject, and kms:Decrypt where it is encrypted with a key (AccessDenied)",
        "it is gone (NoSuchKey)",
        "the store closes the connection (ConnectionClosedError)",
        "the store answers SlowDown (503)",
        b"z",
    ]
    counts = Counter(path.rpartition("/")[2] for path in server.gets)
    assert counts == {"a": 1, "cut": 5, "denied": 1, "gone": 1, "silent": 2, "slow": 2, "z": 1}


def test_answers_that_fail_now_and_then_are_asked_for_again(bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path) -> None:
    bucket.put({f"{number:02}": b"x" for number in range(20)})
    server.harm = lambda request: [Fault(503, "SlowDown"), Fault(), Fault(500, "InternalError"), None][request.number % 4]
    assert fetched(landing, tmp_path) == [b"x"] * 20


def test_store_that_fails_for_all_stops_the_reading(
    bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing_s3, "IN_A_ROW", 5)
    bucket.put({f"{number:03}": b"x" for number in range(100)})
    files = landing.list_files("s3://logs/**")
    server.harm = lambda request: CUT
    found: list[Any] = []
    with pytest.raises(UsageError, match=r"s3://logs/004: http://127\S+ gave 5 objects in a row badly or not at all .*: run again") as told:
        found.extend(landing.fetch(files, tmp_path))
    assert not isinstance(told.value, UsageConfigError)


def test_keys_that_expire_meanwhile_stop_the_reading(bucket: Bucket, landing: Landing, server: Proxy, tmp_path: Path) -> None:
    bucket.put({name: name.encode() for name in "abc"})
    files = landing.list_files("s3://logs/**")
    server.harm = lambda request: Fault(400, "ExpiredToken") if request.path.endswith("b") else None
    with pytest.raises(UsageConfigError, match="s3://logs/b: the session token has expired: renew AWS_SESSION_TOKEN"):
        list(landing.fetch(files, tmp_path))


def test_disk_without_room_is_told(bucket: Bucket, landing: Landing, tmp_path: Path) -> None:
    bucket.put({"a": b"x"})
    files = landing.list_files("s3://logs/a")
    with pytest.raises(
        UsageError, match=r"the disk of this computer fails, not S3: .*away: No such file or directory: what is fetched needs room"
    ):
        list(landing.fetch(files, tmp_path / "away"))


LISTINGS: dict[str, tuple[Fault, str]] = {
    "bucket": (Fault(404, "NoSuchBucket"), "there is no such bucket: check the path in usage.yaml, and USAGE_S3_ENDPOINT"),
    "denied": (DENIED, "the credentials may not list it: they need s3:ListBucket"),
    "key": (Fault(403, "InvalidAccessKeyId"), "does not know the access key: check AWS_ACCESS_KEY_ID"),
    "secret": (Fault(403, "SignatureDoesNotMatch"), "the secret key does not belong to the access key"),
    "token": (Fault(400, "ExpiredToken"), "renew AWS_SESSION_TOKEN"),
    "clock": (Fault(403, "RequestTimeTooSkewed"), "this computer's clock is wrong"),
    "region": (
        Fault(400, body="<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"),
        "set USAGE_S3_REGION=eu-west-1",
    ),
    "redirect": (Fault(301, "PermanentRedirect", headers={"x-amz-bucket-region": "eu-west-3"}), "set USAGE_S3_REGION=eu-west-3"),
    "page": (Fault(200, body="<html><body>Welcome</body></html>"), "does not speak S3: check USAGE_S3_ENDPOINT"),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_what_is_wrong_with_a_bucket_is_told_with_its_mend(bucket: Bucket, landing: Landing, server: Proxy, name: str) -> None:
    fault, words = LISTINGS[name]
    server.harm = lambda _: fault
    with pytest.raises(UsageConfigError) as told:
        landing.list_files("s3://logs/*")
    assert str(told.value).startswith("s3://logs: ")
    assert words in str(told.value)
    assert SECRET not in str(told.value)
    assert told.value.__cause__ is None


def test_store_that_is_not_well_is_told(bucket: Bucket, landing: Landing, server: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing_s3, "ATTEMPTS", 3)
    server.harm = lambda _: Fault(500, "InternalError")
    with pytest.raises(UsageError, match=r"s3://logs: http://\S+ does not list it \(the store answers InternalError \(500\)\): run again"):
        landing.list_files("s3://logs/*")
    assert len(server.log) == 3


def test_real_keys_are_checked(bucket: Bucket, server: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server itself: a key that it does not know, a wrong secret, no right, the right."""
    bucket.put({"a": b"x"})
    with keys_checked() as keys_known:

        def told(key: str, secret: str) -> str:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
            with pytest.raises(UsageConfigError) as failure:
                list(S3Store(server.url).files("s3://logs/*"))
            assert secret not in str(failure.value)
            return str(failure.value)

        key, secret = keys_known.values()
        assert "does not know the access key" in told("nobody", SECRET)
        assert "does not belong to the access key" in told(key, SECRET)
        assert "may not list it" in told(key, secret)
        allow("s3:ListBucket")
        assert [file.uri for file in S3Store(server.url).files("s3://logs/*")] == ["s3://logs/a"]


def test_no_keys_at_all(server: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(UsageConfigError, match="s3://logs: no credentials for S3: set AWS_ACCESS_KEY_ID and"):
        list(S3Store(server.url).files("s3://logs/*"))
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageConfigError, match="s3://logs: no credentials for S3: set AWS_ACCESS_KEY_ID and"):
        list(S3Store(server.url).files("s3://logs/*"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageConfigError, match="S3: the AWS profile cannot be read: check AWS_PROFILE"):
        list(S3Store(server.url).files("s3://logs/*"))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("endpoint", "region", "words"),
    [
        ("http://user:geheim@127.0.0.1:{port}", None, "s3://logs: http://127.0.0.1:{port} cannot be reached .*: check USAGE_S3_ENDPOINT"),
        ("user:geheim@nowhere", None, "USAGE_S3_ENDPOINT: 'nowhere' is no address"),
        ("http://127.0.0.1:{port}", "eu west", "S3: USAGE_S3_REGION is no region"),
    ],
    ids=["down", "no address", "no region"],
)
def test_endpoint_that_is_wrong(server: Proxy, endpoint: str, region: str | None, words: str) -> None:
    port = free_port()
    with pytest.raises(UsageError, match=words.format(port=port)) as told:
        list(S3Store(endpoint.format(port=port), region).files("s3://logs/*"))
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize("path", ["s3://logs", "s3:///a", "s3://lo*s/a"])
def test_path_without_bucket_or_key(landing: Landing, path: str) -> None:
    with pytest.raises(UsageConfigError, match="write s3://bucket/prefix/"):
        landing.list_files(path)


def test_name_that_no_bucket_can_have(landing: Landing, server: Proxy) -> None:
    with pytest.raises(UsageConfigError, match="s3://No Bucket!: this is no name of a bucket"):
        landing.list_files("s3://No Bucket!/a")


def test_the_same_again_is_the_same(bucket: Bucket, landing: Landing) -> None:
    bucket.put({"a": b"x"}, MORNING)
    before: list[LandedFile] = landing.list_files("s3://logs/a")
    assert landing.list_files("s3://logs/a") == before
    bucket.put({"a": b"y"}, MORNING)
    (after,) = landing.list_files("s3://logs/a")
    assert (after.uri, after.size_bytes, after.modified_at) == (before[0].uri, before[0].size_bytes, before[0].modified_at)
    assert after.etag != before[0].etag
