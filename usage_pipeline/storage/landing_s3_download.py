"""One object, fetched whole: its body in blocks to the disk, taken up where it broke off. In: a bucket's key. Out: its SHA-256, or why not.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (Range, If-Match)
"""

import hashlib
import time
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError, ResponseStreamingError
from urllib3.exceptions import HTTPError

from usage_pipeline.errors import UsageError
from usage_pipeline.storage.landing import BLOCK_BYTES
from usage_pipeline.storage.landing_s3_words import Error, code_of

ATTEMPTS = 5
"""Of one request, and of a body that does not get on."""
PAUSE_SECONDS = 0.2
CHANGED = {"PreconditionFailed", "InvalidRange", "412", "416"}


class Download:
    """Of one object into one file. `stop` ends it early."""

    def __init__(self, client: Any, bucket: str, key: str, path: Path, stop: Event) -> None:
        self.path = path
        self._client = client
        self._place = {"Bucket": bucket, "Key": key}
        self._stop = stop

    def run(self) -> str | Error:
        """SHA-256 of the content, in hex; else what went wrong at last. Raises UsageError where the disk fails."""
        try:
            with self.path.open("wb") as target:
                self._begin(target)
                error = self._take(target)
        except OSError as failure:
            raise UsageError(
                f"the disk of this computer fails, not S3: {self.path.parent}: {failure.strerror}: what is fetched needs room for the"
                " largest object (and for 256 MB) there"
            ) from failure
        return error or self._digest.hexdigest()

    def _begin(self, target: BinaryIO) -> None:
        target.seek(0)
        target.truncate()
        self._digest = hashlib.sha256()
        self._taken = 0
        self._etag = ""

    def _take(self, target: BinaryIO) -> Error | None:
        """Requests that fail are tried again by the client; here a body that breaks off is, or an object that changes meanwhile."""
        idle = 0
        while True:
            before = self._taken
            answer = self._ask()
            if isinstance(answer, ClientError) and code_of(answer) in CHANGED:
                error: Error | None = answer
            elif isinstance(answer, (ClientError, BotoCoreError)):
                return answer
            else:
                error = self._read(answer, target)
            idle = 0 if self._taken - before >= BLOCK_BYTES else idle + 1
            if error is None or idle >= ATTEMPTS or self._stop.is_set():
                return error
            if isinstance(error, (ClientError, FlexibleChecksumError)):
                self._begin(target)
            time.sleep(PAUSE_SECONDS * 2**idle)

    def _ask(self) -> dict[str, Any] | Error:
        """For what is missing, of the version that was begun."""
        rest = {"Range": f"bytes={self._taken}-", "IfMatch": self._etag} if self._taken and self._etag else {}
        try:
            answer: dict[str, Any] = self._client.get_object(**self._place, **rest)
        except (BotoCoreError, ClientError) as error:
            return error
        return answer

    def _read(self, answer: dict[str, Any], target: BinaryIO) -> Error | None:
        """The body, to where it ends or breaks off."""
        if self._taken and not str(answer.get("ContentRange", "")).startswith(f"bytes {self._taken}-"):
            self._begin(target)  # a server that knows no ranges gives the whole
        self._etag = answer.get("ETag", "")
        with closing(answer["Body"]) as body:
            try:
                while not self._stop.is_set() and (block := body.read(BLOCK_BYTES)):
                    target.write(block)
                    self._digest.update(block)
                    self._taken += len(block)
            except BotoCoreError as error:
                return error
            except HTTPError as error:
                return ResponseStreamingError(error=error)
        return None
