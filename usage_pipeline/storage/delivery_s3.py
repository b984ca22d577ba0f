"""Files put into a folder of S3, each under a key that says what is in it: never over another, and never twice.

In: an s3:// URI and bytes. Out: the object's version. The bucket itself checks the SHA-256 on the way in, and refuses to write over a key
(If-None-Match). https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.storage.landing_s3 import client_of, split
from usage_pipeline.storage.landing_s3_words import DENIED, Error, code_of, failure_of_store, is_passing, server_of, words_of_object

CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OTHER = "application/octet-stream"
EXISTS, NO_CONDITIONS = {"PreconditionFailed", "412"}, {"NotImplemented", "501"}
AT_ONCE = "ConditionalRequestConflict"
"""Somebody else writes or deletes it at this moment: what will lie there is not known yet."""
SHA256 = "sha256"


class UploadError(UsageError):
    """A file did not get into the bucket. `is_passing`: it may go well another time, without any mend."""

    def __init__(self, text: str, *, is_passing: bool) -> None:
        super().__init__(text)
        self.is_passing = is_passing


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one file: its object's version, where the bucket keeps versions, and whether it was there already."""

    version: str | None
    was_there: bool


@dataclass(frozen=True)
class S3Folder:
    """Buckets at AWS, or at `endpoint`. Credentials are found as boto3 does: AWS_… variables, profiles, roles."""

    endpoint: str | None = None
    region: str | None = None

    def put(self, uri: str, content: bytes) -> Put:
        """Let `uri` be `content`. Raises UploadError in words, also where something else lies there."""
        bucket, key = split(uri)
        there = self._there(bucket, key, uri, content)
        if there is not None:
            return there
        digest = hashlib.sha256(content)
        asked: dict[str, Any] = {
            "Bucket": bucket,
            "Key": key,
            "Body": content,
            "ContentType": content_type(key),
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": b64encode(digest.digest()).decode(),
            "Metadata": {SHA256: digest.hexdigest()},
        }
        try:
            try:
                answer = self._client.put_object(**asked, IfNoneMatch="*")
            except ClientError as error:
                if code_of(error) not in NO_CONDITIONS:
                    raise
                answer = self._client.put_object(**asked)  # a store that knows no conditions: we looked before
        except (BotoCoreError, ClientError) as error:
            if code_of(error) in EXISTS:
                return self._there(bucket, key, uri, content) or Put(None, was_there=True)
            if code_of(error) == AT_ONCE:
                raise UploadError(f"{uri}: another upload of it is under way: the next send looks again", is_passing=True) from None
            raise self._failure(error, uri) from None
        return Put(answer.get("VersionId"), was_there=False)

    def _there(self, bucket: str, key: str, uri: str, content: bytes) -> Put | None:
        """The object, if one is there; None where none is, or where these credentials may only write."""
        try:
            found = self._client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if code_of(error) in {"404", "NoSuchKey", *DENIED}:
                return None  # a bucket that is not there says so when it is written to
            raise self._failure(error, uri) from None
        except BotoCoreError as error:
            raise self._failure(error, uri) from None
        told = found.get("Metadata", {}).get(SHA256)
        same = found.get("ContentLength") == len(content) and told in {None, hashlib.sha256(content).hexdigest()}
        if not same:
            mend = "nothing is written over; move that object, then send again"
            raise UploadError(f"{uri}: another file lies there: {mend}", is_passing=False)
        return Put(found.get("VersionId"), was_there=True)

    def _failure(self, error: Error, uri: str) -> UploadError:
        """In words; those about a path of sources speak of a delivery's folder here."""
        if code_of(error) in DENIED:
            return UploadError(f"{uri}: the credentials may not write it: they need s3:PutObject on the folder", is_passing=False)
        wrong = failure_of_store(error, uri, self.endpoint)
        if wrong is not None:
            is_ours = isinstance(wrong, UsageConfigError)
            return UploadError(str(wrong).replace("the path in usage.yaml", "s3 of the delivery in usage.yaml"), is_passing=not is_ours)
        return UploadError(f"{uri}: {server_of(self.endpoint)} did not take it ({words_of_object(error)})", is_passing=is_passing(error))

    @cached_property
    def _client(self) -> Any:
        return client_of(self.endpoint, self.region)


def content_type(name: str) -> str:
    """By the name's ending."""
    return next((kind for ending, kind in CONTENT_TYPES.items() if name.endswith(ending)), OTHER)
