"""The sender of reports: takes what is due in the ledger, uploads its files, mails it, and marks what came of it.

As `sending.py` does for alerts: claimed before, marked after, at least once, the same Message-ID each time. The upload comes first, so that
no mail names what is not there; a file that is another by now than the row says is sent to nobody.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from usage_pipeline.alerts.channels.backoff import wait_before
from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError
from usage_pipeline.alerts.delivery_mail import with_attachments
from usage_pipeline.alerts.parcels import unpacked_mail
from usage_pipeline.defs.deliver_row import files_in, with_places
from usage_pipeline.defs.sending import GIVE_UP
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.storage import delivery_ledger as ledger
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.delivery_s3 import S3Folder, UploadError
from usage_pipeline.tables.alerts import Receipt
from usage_pipeline.tables.report_deliveries import ReportDelivery, SentFile

S3_CHANNEL = "s3"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender did: rows that went out, and in words those that did not."""

    out: tuple[ReportDelivery, ...] = ()
    failed: tuple[str, ...] = ()
    uploaded: int = 0


class ChangedError(Exception):
    """A file is not what the row says."""


def send_due(workplace: Workplace, clock: Callable[[], datetime], only: Collection[str] | None = None) -> Sent:
    """Send everything that is due, or `only` those ids of it: each at most once in this pass."""
    database, sender = workplace.database(), uuid4().hex
    out, failed, uploaded = list[ReportDelivery](), list[str](), 0
    for delivery_id in ledger.due(database, clock()):
        taken = ledger.claim(database, delivery_id, sender, clock()) if only is None or delivery_id in only else None
        if taken is None:
            continue
        why, count = _send(workplace, database, taken, sender, clock)
        uploaded += count
        if why is None:
            out.append(taken)
        else:
            failed.append(f"{taken.name} {taken.period} {taken.scope}: {why}")
    return Sent(tuple(out), tuple(failed), uploaded)


def contents_of(workplace: Workplace, files: Collection[SentFile]) -> dict[str, bytes]:
    """Their bytes by path. Raises ChangedError in words where one is not what its hash says."""
    found: dict[str, bytes] = {}
    for one in files:
        path = workplace.home.root / one.path
        content = path.read_bytes() if path.is_file() else None
        if content is None or hashlib.sha256(content).hexdigest() != one.sha256:
            was = "is gone" if content is None else "was written anew"
            raise ChangedError(f"{one.path} {was} after this was due: it was not sent; the next `usage-pipeline send` looks again")
        found[one.path] = content
    return found


def _send(
    workplace: Workplace, database: Database, one: ReportDelivery, sender: str, clock: Callable[[], datetime]
) -> tuple[str | None, int]:
    """Send one and mark it: why it did not go, None where it did; and how many files were put into the bucket."""
    uploaded = 0
    try:
        files = files_in(one)
        contents = contents_of(workplace, files)
        if one.place is not None:
            versions, uploaded = _uploaded(workplace, one.place, files, contents)
            ledger.note_uploaded(database, one, sender, with_places(files, versions), clock())
        receipt = _mailed(workplace, one, files, contents)
    except ChangedError as error:
        ledger.mark_withdrawn(database, one, sender, why=str(error))
        return str(error), uploaded
    except UploadError as error:
        return _failed(database, one, sender, _as_delivery(error), clock()), uploaded
    except DeliveryError as error:
        return _failed(database, one, sender, error, clock()), uploaded
    if receipt.later:
        at = clock() + wait_before(one.attempts + 1, one.delivery_id)
        ledger.mark_later(database, one, sender, why=receipt.text, at=at, remaining=",".join(receipt.later))
        return receipt.text, uploaded
    ledger.mark_sent(database, one, sender, channel=receipt.channel, receipt=receipt.text, at=clock())
    return None, uploaded


def _uploaded(
    workplace: Workplace, place: str, files: Collection[SentFile], contents: dict[str, bytes]
) -> tuple[dict[str, str | None], int]:
    """Every file under its key: the versions by key, and how many were not there before."""
    environment = workplace.environment()
    folder = S3Folder(environment.s3_endpoint, environment.s3_region)
    put = {one.key: folder.put(f"{place}/{one.key}", contents[one.path]) for one in files if one.key}
    return {key: done.version for key, done in put.items()}, sum(not done.was_there for done in put.values())


def _mailed(workplace: Workplace, one: ReportDelivery, files: Collection[SentFile], contents: dict[str, bytes]) -> Receipt:
    """Handed over with its attachments; where it is mailed to nobody, the upload is all."""
    if one.message is None:
        return Receipt(channel=S3_CHANNEL, text=f"{len(files)} files in {one.place}")
    message = with_attachments(unpacked_mail(one.message), [(file.name, contents[file.path]) for file in files if file.is_attached])
    remaining = None if one.remaining is None else one.remaining.split(",")
    return workplace.channel().send(message, remaining)


def _as_delivery(error: UploadError) -> DeliveryError:
    """Credentials that may not write, or another file in the place: tried until it is mended, and given up in the end as a mail is."""
    return TemporaryDeliveryError(str(error)) if error.is_passing else PermanentDeliveryError(str(error), is_of_the_way=True)


def _failed(database: Database, one: ReportDelivery, sender: str, error: DeliveryError, now: datetime) -> str:
    """A dead letter where it was refused for good, unless others of its people had it; else it is tried again."""
    is_final = isinstance(error, PermanentDeliveryError) and not error.is_of_the_way
    if not is_final and now - one.queued_at < GIVE_UP:
        asked = error.retry_after_seconds if isinstance(error, TemporaryDeliveryError) else None
        return _later(database, one, sender, str(error), now, asked)
    why = str(error) if is_final else f"{error}; given up after {GIVE_UP.days} days"
    if one.remaining is None:
        ledger.mark_dead(database, one, sender, why=why)
    else:
        ledger.mark_sent(database, one, sender, channel=one.channel or "mail", receipt=f"{one.receipt}; {why}", at=now)
    return why


def _later(database: Database, one: ReportDelivery, sender: str, why: str, now: datetime, asked: int | None) -> str:
    at = now + wait_before(one.attempts + 1, one.delivery_id, asked)
    ledger.mark_later(database, one, sender, why=why, at=at, remaining=one.remaining)
    return why
