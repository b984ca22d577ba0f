"""`limit_violations`: requests that used or cost more than one request may. In the database. And how usage.yaml says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline.money import MONEY
from usage_pipeline.tables.schema import Table, column

MAX_TOKENS, MAX_COST = "max_tokens", "max_cost"
"""What a limit is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimit:
    """The most that one request may use or cost. None in a dimension means all; the most specific limit of a request counts.

    [valid_from, valid_to), UTC days. `line` is its line in usage.yaml.
    """

    max_tokens: int | None = None
    max_cost: Decimal | None = None
    project: str | None = None
    operation: str | None = None
    model: str | None = None
    channel: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """How far past its limit a budget is still let go on: hours after the day that reached it, percent over it, whichever ends first."""

    hours: int | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitViolation:
    """One request over a limit on one request."""

    event_id: str = column("usage_events.event_id", key=True)
    source: str = column("usage_events.source", key=True)
    measure: str = column("'max_tokens' or 'max_cost'", key=True)
    day: date = column("UTC day of the request's start")
    started_at: datetime = column("When it started (UTC)")
    project: str | None = column("Project id, null where no rule gives one")
    user: str | None = column("The user, as the source says")
    operation: str | None = column("What the application did")
    channel: str = column("Who bills")
    model: str | None = column("Catalog id of the model, else as given")
    amount: Decimal = column("Tokens used, or its cost in the reporting currency at our net rates", type=MONEY)
    limit: Decimal = column("The most it may", type=MONEY)
    source_file: str = column("Fingerprint of the file version (ingested_files)")
    source_line: int = column("Record number in that file, from 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violations:
    """What a statement says of them: how many, of how many requests, and the worst few."""

    count: int
    requests: int
    worst: tuple[LimitViolation, ...]


limit_violations = Table("limit_violations", LimitViolation)


def worst_of(rows: Sequence[LimitViolation]) -> list[LimitViolation]:
    """Those that are most times over their limit first."""
    return sorted(rows, key=lambda row: (-row.amount / row.limit, row.started_at, row.source, row.event_id, row.measure))


def told_of(rows: Sequence[LimitViolation], most: int) -> Violations:
    """`rows` in short."""
    requests = {(row.source, row.event_id) for row in rows}
    return Violations(count=len(rows), requests=len(requests), worst=tuple(worst_of(rows)[:most]))
