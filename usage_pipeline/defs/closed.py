"""Which months are closed, and what that means for a run: their days are left as they are, unless it was asked to revise them.

A month that is revised stays closed at its last revision until it is closed again: only its draft, the next revision, is worked on.
"""

import getpass
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import dagster as dg
import sqlalchemy as sa

from usage_pipeline.defs.partitions import days_of, months_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.periods import Period, inclusive, month_name, month_of, months_in
from usage_pipeline.storage.closed_folder import ClosedFolder
from usage_pipeline.storage.database import Database, Transaction
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.revisions import Revision, revisions

REVISE = "usage/revise"
"""The tag of a run that names the closed months it may compute again, such as '2026-10' or '2026-09,2026-10'."""
CLOSE = "close"
OVER_CLOSED = "run over a closed month"
UNCHANGED = "revision not needed"
SET_ASIDE = "set aside a revision that the database does not name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed month: its newest revision, and since when it is being revised, if it is."""

    month: Period
    revision: Revision
    revised_at: datetime | None

    @property
    def name(self) -> str:
        return month_name(self.month)

    @property
    def is_draft(self) -> bool:
        """Whether days of it were computed again after the last close."""
        return self.revised_at is not None

    @property
    def words(self) -> str:
        one = self.revision
        return f"{self.name} is closed: revision {one.revision}, approved by {one.approved_by} on {one.closed_at:%Y-%m-%d}"


def closed_months(database: Database | Transaction) -> dict[date, Closed]:
    """By first day, the months that were closed, each with its newest revision."""
    newest: dict[date, Revision] = {}
    for one in database.select(revisions):
        newest[one.month] = max(newest.get(one.month, one), one, key=lambda row: row.revision)
    if not newest:
        return {}
    subjects = [month_name(month_of(month)) for month in newest]
    acts = database.select(audit_log, where={"action": [OVER_CLOSED, UNCHANGED], "subject": subjects}, order=("at", "entry_id"))
    found: dict[date, Closed] = {}
    for month, revision in sorted(newest.items()):
        later = [act for act in acts if act.subject == month_name(month_of(month)) and act.at > revision.closed_at]
        is_draft = bool(later) and later[-1].action == OVER_CLOSED
        found[month] = Closed(month=month_of(month), revision=revision, revised_at=later[-1].at if is_draft else None)
    return found


def folder_of(home: Home, month: Period) -> ClosedFolder:
    return ClosedFolder(home.closed, month)


def to_revise(context: dg.AssetExecutionContext | None, workplace: Workplace) -> set[date]:
    """The closed months that a run may compute again: named in the workplace's config, or in the run's tag."""
    told = workplace.revise or (context.run.tags.get(REVISE, "") if context is not None else "")
    return months_named(told)


def months_named(text: str) -> set[date]:
    """'2026-09,2026-10' → first days. Raises UsageConfigError."""
    try:
        return {date.fromisoformat(f"{one.strip()}-01") for one in text.split(",") if one.strip()}
    except ValueError as error:
        raise UsageConfigError(f"revise: {text!r} is no list of months such as 2026-10 or 2026-09,2026-10") from error


def open_spans(context: dg.AssetExecutionContext, workplace: Workplace) -> list[Period]:
    """The days of the run without those of closed months, in ranges; those it may revise are among them, and that is noted."""
    return spans_without(days_of(context), _shut(context, workplace, months_in(days_of(context))))


def open_months(context: dg.AssetExecutionContext, workplace: Workplace) -> list[Period]:
    """The months of the run that are not closed, or that it may revise."""
    shut = _shut(context, workplace, months_of(context))
    return [month for month in months_of(context) if month.start not in shut]


def spans_without(days: Period, shut: set[date]) -> list[Period]:
    """`days` without the months that begin on one of `shut`."""
    spans: list[Period] = []
    for month in months_in(days):
        if month.start in shut:
            continue
        part = inclusive(max(month.start, days.start), min(month.last, days.last))
        if spans and spans[-1].end == part.start:
            spans[-1] = Period(spans[-1].start, part.end)
        else:
            spans.append(part)
    return spans


def _shut(context: dg.AssetExecutionContext, workplace: Workplace, months: Sequence[Period]) -> set[date]:
    """Closed months among `months` that stay as they are. Before others are touched, the audit log says by whom."""
    database = workplace.database()
    closed = {start: one for start, one in closed_months(database).items() if any(month.start == start for month in months)}
    revised = to_revise(context, workplace)
    for start, one in closed.items():
        if start in revised:
            _note(workplace, one, context.run.run_id)
        else:
            context.log.info("%s; its days are left as they are", one.words)
    return set(closed) - revised


def _note(workplace: Workplace, one: Closed, run_id: str) -> None:
    """Once a run and month: that numbers under a closed revision are worked on."""
    entry = AuditEntry(
        entry_id=hashlib.sha256(f"{OVER_CLOSED} {run_id} {one.name} {one.revision.revision}".encode()).hexdigest(),
        at=workplace.now(),
        actor=user_of_the_machine(),
        action=OVER_CLOSED,
        subject=one.name,
        before=json.dumps({"revision": one.revision.revision, "manifest": one.revision.manifest_hash}),
        after=json.dumps({"draft_of_revision": one.revision.revision + 1, "run": run_id}),
        why=None,
    )
    workplace.database().insert(audit_log, [entry], skip_known=True)


def user_of_the_machine() -> str:
    """Who runs this, as the system says; 'unknown' where it does not."""
    try:
        return getpass.getuser().split("@", maxsplit=1)[0]
    except (KeyError, OSError):
        return "unknown"


def still_open(transaction: Transaction, days: Sequence[Period], revised: set[date]) -> None:
    """Raises UsageError where one of `days` was closed since the run looked; until the transaction ends nobody closes one."""
    if transaction.connection.dialect.name == "postgresql":
        transaction.connection.execute(sa.text(f"LOCK TABLE {revisions.name} IN SHARE ROW EXCLUSIVE MODE"))
    closed = closed_months(transaction)
    for span in days:
        for month in months_in(span):
            if month.start in closed and month.start not in revised:
                raise UsageError(f"{closed[month.start].words}, while this run computed it: nothing of it was changed; run again")
