"""A due report in, the ledger's row with its mail out: what is attached, what is linked, where it lies in the bucket.

A key in the bucket says what is in it (period, scope, version, hash), so that nothing is ever written over, and the same is put there once.
"""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from usage_pipeline.alerts.check import DEFAULT_SENDER
from usage_pipeline.alerts.delivery_letter import letter_of, size_words
from usage_pipeline.alerts.delivery_mail import attachment_name, compose, encoded_size
from usage_pipeline.alerts.parcels import packed_mail
from usage_pipeline.alerts.words import plain
from usage_pipeline.defs.deliver_plan import Item
from usage_pipeline.defs.deliver_report import Found, figures_of
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.tables.delivery_figures import Enclosed
from usage_pipeline.tables.delivery_rules import WEEKDAY, DeliveryRule
from usage_pipeline.tables.report_deliveries import PENDING, ReportDelivery, SentFile
from usage_pipeline.tables.spans import MONTH

HASH_SHOWN = 12


def row_of(workplace: Workplace, item: Item, now: datetime) -> ReportDelivery:
    """The row to be written down; `item` has a report that may go out."""
    message, subject, files = drafted(workplace, item, now)
    found = _found(item)
    return ReportDelivery(
        delivery_id=delivery_id(item, found),
        name=item.rule.name,
        report=item.rule.report,
        scope=item.wanted.scope,
        period=item.wanted.span.name,
        version=item.wanted.version,
        content_hash=found.content_hash,
        files=json.dumps([asdict(one) for one in files]),
        recipients=",".join(item.people.addresses),
        place=item.rule.s3,
        subject=subject,
        due_at=item.due_at,
        queued_at=now,
        state=PENDING,
        message=None if message is None else packed_mail(message),
        message_id=None if message is None else str(message["Message-ID"]),
    )


def drafted(
    workplace: Workplace, item: Item, now: datetime, *, preview_to: str | None = None
) -> tuple[EmailMessage | None, str, tuple[SentFile, ...]]:
    """The mail without its attachments (None where it goes to nobody), its subject, and the files. `preview_to`: to that one alone."""
    settings, found = workplace.settings(), _found(item)
    files = _files(item, found, workplace, is_preview=preview_to is not None)
    projects = {one.id: one for one in settings.projects}
    enclosed = Enclosed(
        files=files,
        why="You get this because you asked for a preview." if preview_to else item.people.why,
        due=_due(item),
        is_preview=preview_to is not None,
        is_again=bool(item.again),
        attach_words=_attach_words(files, item.rule),
    )
    letter = letter_of(figures_of(workplace, item.wanted, found, settings.organisation, projects), enclosed)
    recipients = item.people.addresses if preview_to is None else (preview_to,)
    if not recipients:
        return None, letter.subject, files
    key = delivery_id(item, found)
    if preview_to is not None:
        key = hashlib.sha256(f"preview {key} {preview_to} {now.isoformat()}".encode()).hexdigest()
    message = compose(
        letter,
        key=key,
        scope=item.wanted.scope,
        recipients=recipients,
        sender=workplace.environment().mail_from or DEFAULT_SENDER,
        templates=TEMPLATES / "mail",
        now=now,
        as_of=now.date(),
    )
    return message, letter.subject, files


def delivery_id(item: Item, found: Found) -> str:
    """64 hex digits: the same report to the same people is the same delivery, unless it was asked for again."""
    parts = (
        item.rule.name, item.rule.report, item.wanted.scope, item.wanted.span.name, item.wanted.version, found.content_hash,
        ",".join(item.rule.formats), ",".join(sorted(item.people.addresses)), item.rule.s3 or "", str(item.again),
    )  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def key_of(item: Item, found: Found, name: str) -> str:
    """'2026-10/organisation/r1-0123456789ab/statement.pdf': below the folder of the delivery."""
    number = f"{item.wanted.version}-" if item.wanted.span.kind == MONTH else ""
    version = f"{number}{found.content_hash[:HASH_SHOWN]}"
    return f"{item.wanted.span.name}/{item.wanted.scope}/{version}/{name}"


def _found(item: Item) -> Found:
    if item.found is None:
        raise ValueError(f"{item.words} has no report that may go out")
    return item.found


def _files(item: Item, found: Found, workplace: Workplace, *, is_preview: bool) -> tuple[SentFile, ...]:
    """In the order of the formats; each is attached as long as all that are fit into the limit, as they are sent (base64)."""
    rule, left, is_mailed = item.rule, item.rule.attach_bytes, is_preview or bool(item.people.addresses)
    made: list[SentFile] = []
    for name in [*item.wanted.report.names(rule.formats), *found.extra]:
        one = found.files[name]
        fits = is_mailed and encoded_size(one.size_bytes) <= left
        left -= encoded_size(one.size_bytes) if fits else 0
        key = key_of(item, found, name) if rule.s3 and not is_preview else None
        path = one.path.relative_to(workplace.home.root).as_posix()
        version = item.wanted.version if item.wanted.span.kind == MONTH else ""
        shown = attachment_name(name, item.wanted.scope, item.wanted.span.name, version)
        made.append(
            SentFile(
                name=shown,
                path=path,
                sha256=one.sha256,
                size_bytes=one.size_bytes,
                is_attached=fits,
                link=_link(rule, key, path, item, found, name),
                key=key,
            )
        )
    return tuple(made)


def _link(rule: DeliveryRule, key: str | None, path: str, item: Item, found: Found, name: str) -> str:
    """Where people find it: below `link`, else in the bucket, else on the machine's disk."""
    if rule.link is not None:
        return rule.link + (key_of(item, found, name) if rule.s3 else path.removeprefix("reports/"))
    return f"{rule.s3}/{key}" if key else path


def _attach_words(files: tuple[SentFile, ...], rule: DeliveryRule) -> str:
    """Why some are linked; '' where all are attached."""
    if all(one.is_attached for one in files):
        return ""
    if not rule.attach_bytes:
        return "Files are linked or named with their place, not attached."
    most = size_words(rule.attach_bytes).replace(".0 ", " ")
    return f"Files that do not fit into {most} of a mail are linked or named with their place, not attached."


def _due(item: Item) -> str:
    """'Delivery finance-monthly: 1st business day at 07:00 (Europe/Berlin), due 2 November 2026.'"""
    when = item.rule.words if item.rule.when.kind != WEEKDAY else f"every {item.rule.words.capitalize()}"
    at = "" if item.rule.at is None else f" at {item.rule.at:%H:%M} ({item.rule.time_zone})"
    local = item.due_at.astimezone(ZoneInfo(item.rule.time_zone))
    return f"Delivery {plain(item.rule.name)}: {when}{at}, due {local.day} {local:%B %Y}."


def with_places(files: tuple[SentFile, ...], versions: dict[str, str | None]) -> str:
    """The files as the row keeps them once they are uploaded; `versions` by key."""
    return json.dumps([asdict(replace(one, version=versions.get(one.key or ""))) for one in files])


def files_in(row: ReportDelivery) -> tuple[SentFile, ...]:
    return tuple(SentFile(**one) for one in json.loads(row.files))
