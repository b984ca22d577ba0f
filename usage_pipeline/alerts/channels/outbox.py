"""Mails as files: one .eml each in a folder, for set-ups without a mail server. Any mail program opens them."""

import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from usage_pipeline.alerts.channels.channel import PermanentDeliveryError
from usage_pipeline.alerts.mail import AS_OF_HEADER, KEY_HEADER, LEVEL_HEADER, SCOPE_HEADER
from usage_pipeline.tables.alerts import Receipt

OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class OutboxChannel:
    """Writes into `folder`, which is created if need be."""

    folder: Path

    def send(self, message: EmailMessage, recipients: Sequence[str] | None = None) -> Receipt:  # noqa: ARG002 - a file is for all of them
        """Write `message` once, whole or not at all; its receipt is the file's name.

        A file of that name is the same message (the name ends in its key), written before a crash: it stays as it is.
        Raises PermanentDeliveryError where the folder cannot be written.
        """
        name = file_name(message)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_once(self.folder / name, message.as_bytes(policy=SMTP))
        except OSError as error:
            mend = "give it space and write permission, or set an SMTP server"
            raise PermanentDeliveryError(
                f"the outbox {self.folder} cannot be written ({error.strerror}): {mend}", is_of_the_way=True
            ) from error
        return Receipt(channel=OUTBOX, text=name)


def file_name(message: EmailMessage) -> str:
    """`<as_of>_<project or organisation>_<level>_<first 8 of the key>.eml`; what does not belong into a file name becomes '-'."""
    scope = str(message[SCOPE_HEADER]).removeprefix("projects/")
    parts = (message[AS_OF_HEADER], scope[:80], message[LEVEL_HEADER], str(message[KEY_HEADER])[:8])
    return "_".join(re.sub(r"[^A-Za-z0-9.-]+", "-", str(part)) for part in parts) + ".eml"


def _write_once(path: Path, content: bytes) -> None:
    """Write beside, then link: the name appears with all of its content, and never over a file that is there."""
    if path.exists():
        return
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        Path(beside).unlink()
