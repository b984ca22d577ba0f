"""Files in S3, and in whatever speaks its protocol. In: patterns s3://bucket/prefix/**/*.json.gz. Out: files listed, and fetched once.

Listing follows every page; a file is the same while size, time and ETag are. Small objects are fetched side by side, large ones stream to
the disk; a body that breaks off is taken up where it broke. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.storage.landing import Fetched, LandedFile, Unread
from usage_pipeline.storage.landing_pattern import literal_prefix, matcher
from usage_pipeline.storage.landing_s3_download import ATTEMPTS, Download
from usage_pipeline.storage.landing_s3_words import Error, failure_of_listing, failure_of_store, is_passing, server_of, words_of_object

SCHEME = "s3://"
THREADS = 16
AHEAD = 8 * THREADS
"""Fetches under way or waiting to be taken: one slow object does not stop the others."""
IN_A_ROW = 50
"""So many objects one after the other that fail for a passing reason: the store is down, not the objects."""
CONNECT_SECONDS, READ_SECONDS = 10, 60

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class S3Store:
    """Buckets at AWS, or at `endpoint`. Credentials are found as boto3 does: AWS_… variables, profiles, roles."""

    endpoint: str | None = None
    region: str | None = None

    def holds(self, uri: str) -> bool:
        return uri.startswith(SCHEME)

    def files(self, pattern: str) -> Iterator[LandedFile]:
        """Objects that match. Raises UsageError in words where the bucket cannot be listed."""
        bucket, keys = split(pattern)
        matches = matcher(keys)
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=literal_prefix(keys))
        try:
            for page in pages:
                if "Name" not in page:
                    raise UsageConfigError(f"{SCHEME}{bucket}: {server_of(self.endpoint)} does not speak S3: check USAGE_S3_ENDPOINT")
                for one in page.get("Contents", ()):
                    key = one["Key"]
                    if matches(key) and not key.endswith("/"):  # a key that ends in a slash is a folder drawn by a browser
                        modified_at = one["LastModified"].astimezone(UTC)
                        yield LandedFile(f"{SCHEME}{bucket}/{key}", one["Size"], modified_at, one.get("ETag", "").strip('"'))
        except (BotoCoreError, ClientError) as error:
            raise failure_of_listing(error, f"{SCHEME}{bucket}", self.endpoint) from None

    def fetch(self, files: Sequence[LandedFile], folder: Path) -> Iterator[Fetched | Unread]:
        """Each object once into `folder`. One that fails for good is Unread; raises UsageError where the store as a whole does."""
        client, stop = self._client, Event()
        downloads = [Download(client, *split(file.uri), folder / f"{number}{_ending(file.uri)}", stop) for number, file in enumerate(files)]
        failed = 0
        with ThreadPoolExecutor(min(THREADS, len(files)), thread_name_prefix="s3") as pool:
            try:
                for file, download, outcome in zip(files, downloads, _side_by_side(pool, Download.run, downloads), strict=True):
                    if isinstance(outcome, str):
                        failed = 0
                        yield Fetched(file, outcome, str(download.path))
                        continue
                    failed += is_passing(outcome)
                    self._raise_of_store(outcome, file.uri, failed)
                    yield Unread(file, words_of_object(outcome))
            finally:
                stop.set()

    def _raise_of_store(self, error: Error, uri: str, failed: int) -> None:
        """Nothing where only this object fails."""
        failure = failure_of_store(error, uri, self.endpoint)
        if failure is not None:
            raise failure
        if failed >= IN_A_ROW:
            raise UsageError(
                f"{uri}: {server_of(self.endpoint)} gave {failed} objects in a row badly or not at all ({words_of_object(error)}):"
                " run again when it is well; what was read is kept"
            )

    @cached_property
    def _client(self) -> Any:
        """One for all threads: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html"""
        return client_of(self.endpoint, self.region)


def client_of(endpoint: str | None, region: str | None) -> Any:
    """boto3's client of AWS, or of `endpoint`. Raises UsageConfigError in words where it cannot be made."""
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=THREADS,
        s3={"addressing_style": "path"} if endpoint else None,
    )
    try:
        return boto3.session.Session().client("s3", endpoint_url=endpoint, region_name=region, config=config)
    except BotoCoreError as error:
        raise failure_of_listing(error, "S3", endpoint) from None
    except ValueError:
        raise UsageConfigError(f"USAGE_S3_ENDPOINT: {server_of(endpoint)!r} is no address, such as https://s3.example.org") from None


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI. Raises UsageConfigError where either is missing, or the bucket is a pattern."""
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    if not bucket or not key or literal_prefix(bucket) != bucket:
        raise UsageConfigError(f"{uri}: write s3://bucket/prefix/*.json, with the bucket's full name")
    return bucket, key


def _ending(uri: str) -> str:
    """The end of the name tells how a file is read: .csv.gz."""
    ending = "".join(PurePosixPath(uri).suffixes[-2:])
    return ending if re.fullmatch(r"[.A-Za-z0-9_-]{1,40}", ending) else ""


def _side_by_side(pool: ThreadPoolExecutor, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The results in the items' order, at most AHEAD of them waiting."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()
