"""Accounts that a newer file took out of the count: it replaces the days of an older one whole, and names other accounts.

In: the ledger's words about days that more than one file version tells, and these versions' sums per account. Out: what is left out.
Two organisations' bills in one source, exports made project by project, an export that was not grouped after one that was.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any, NamedTuple

import ibis

from usage_pipeline import money
from usage_pipeline.money import MONEY
from usage_pipeline.periods import Period, inclusive
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import DAY, SHARDS, STARTED, counting_parts, delivery_of, newest_words
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.usage_events import usage_events

WORD = {"source": "string", DAY: "date", "snapshot_scope": "string", "source_file": "string"}


ACCOUNTS_SHOWN = 3


class Account(NamedTuple):
    """Whose a row is: the organisation or billing account, and the project, workspace or subscription; None where it does not say."""

    payer: str | None
    project: str | None


NOBODY = Account(None, None)


@dataclass(frozen=True, slots=True)
class Sum:
    """What one file version tells of an account's day: the cost where it is a bill."""

    rows: int
    cost: Decimal | None

    @property
    def is_something(self) -> bool:
        return self.cost != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What one day of a source lacks. `is_unnamed`: the newer files may hold it, but do not say whose it is."""

    source: str
    day: date
    accounts: tuple[str, ...]
    rows: int
    cost: Decimal | None
    files: tuple[str, ...]
    by_files: tuple[str, ...]
    is_unnamed: bool

    @property
    def words(self) -> str:
        named = ", ".join(self.accounts[:ACCOUNTS_SHOWN])
        more = len(self.accounts) - ACCOUNTS_SHOWN
        accounts = named + (f" and {more} more" if more > 0 else "")
        if self.cost is None:
            what = f"{self.rows:,} usage {'record' if self.rows == 1 else 'records'} of {accounts}"
        else:
            what = f"{money.text(self.cost)} billed to {accounts}"
        lost = "count without their account, if at all" if self.is_unnamed else "left out of the count"
        return f"{self.source}, {self.day}: {_files(self.by_files)} replaced {_files(self.files)}; {what}: {lost}"


Told = Mapping[Account, Sum]


def replaced_accounts(settings: Settings, database: Database, lake: Lake, days: Period) -> list[Replaced]:
    """All of `days`, by source and day. Only days that more than one file version speaks of are looked at."""
    kinds = {spec.name: SOURCES[spec.kind] for spec in settings.sources if SOURCES[spec.kind].snapshot}
    pulled = {spec.name for spec in settings.sources if spec.api is not None}
    spoken = counted_words(database, where={"source": sorted(kinds), "day": days})
    counting = set(newest_words(spoken))
    groups: dict[tuple[Any, ...], list[IngestedDay]] = defaultdict(list)
    for one in spoken:
        groups[delivery_of(one)[0]].append(one)
    several = [words for words in groups.values() if _may_lack(words, counting, is_pulled=words[0].source in pulled)]
    tables = (charges, usage_events)
    told = [one for words in several for one in words if one.rows]
    currency = settings.organisation.currency
    sums = {table: _sums(table, [one for one in told if kinds[one.source].table is table], lake, database, currency) for table in tables}
    uris = _uris(database, {words[0].source for words in several})
    found = [_compared(words, counting, sums[kinds[words[0].source].table], uris) for words in several]
    return sorted((one for one in found if one is not None), key=lambda one: (one.source, one.day, one.accounts))


def _may_lack(words: Sequence[IngestedDay], counting: set[IngestedDay], *, is_pulled: bool) -> bool:
    """Whether something was replaced. One key sees one organisation: that a pulled day is empty by now is the provider's own word."""
    is_emptied = not any(one.rows for one in words if one in counting)
    return any(one.rows for one in words if one not in counting) and not (is_pulled and is_emptied)


def _sums(
    table: Table[Any], words: Sequence[IngestedDay], lake: Lake, database: Database, currency: str
) -> dict[IngestedDay, dict[Account, Sum]]:
    """By word of the ledger: what its rows come to, per account; null for what is not in `currency`, as it has landed in its own."""
    if not words:
        return {}
    by_place = {(one.source, one.day, one.snapshot_scope, one.fingerprint): one for one in words}
    wanted = {one.day for one in words}
    days = inclusive(min(wanted), max(wanted))
    parts = [part for part in counting_parts(SHARDS[table.name], days, lake=lake, database=database) if part.day in wanted]
    rows = lake.read(table, days, name=SHARDS[table.name], parts=parts)
    rows = rows.mutate(
        **{DAY: rows[STARTED[table.name]].date()},
        payer=rows.billing_account if table is charges else ibis.null("string"),
        project=ibis.coalesce(rows.sub_account_id, rows.provider_project_name),
        cost=ibis.ifelse(rows.currency == currency, rows.billed_cost, ibis.null(MONEY)) if table is charges else ibis.null(MONEY),
    )
    told = rows.semi_join(ibis.memtable(list(by_place), schema=ibis.schema(WORD)), list(WORD))
    summed = told.group_by(*WORD, "payer", "project").agg(rows=told.count(), cost=told.cost.sum())
    found: dict[IngestedDay, dict[Account, Sum]] = defaultdict(dict)
    for row in lake.engine.to_pyarrow(summed).to_pylist():
        cost = None if row["cost"] is None else money.exact(row["cost"])
        found[by_place[tuple(row[name] for name in WORD)]][Account(row["payer"], row["project"])] = Sum(row["rows"], cost)
    return found


def _uris(database: Database, sources: set[str]) -> dict[tuple[str, str], str]:
    files = database.select(ingested_files, where={"source": sorted(sources)}) if sources else []
    return {(one.source, one.fingerprint): one.uri for one in sorted(files, key=_first_read, reverse=True)}


def _first_read(file: IngestedFile) -> tuple[bool, datetime]:
    return file.excluded_at is not None, file.ingested_at


def _compared(
    words: Sequence[IngestedDay],
    counting: set[IngestedDay],
    sums: Mapping[IngestedDay, Told],
    uris: Mapping[tuple[str, str], str],
) -> Replaced | None:
    """What the versions of one day that count lack of those that do not, each account as its newest version tells it."""
    now = {account for one in words if one in counting for account, told in sums.get(one, {}).items() if told.rows}
    lacking: dict[Account, tuple[IngestedDay, Sum]] = {}
    for one in sorted((one for one in words if one not in counting), key=lambda one: (one.modified_at, one.fingerprint)):
        lacking |= {account: (one, told) for account, told in sums.get(one, {}).items() if told.is_something and is_gone(account, now)}
    if not lacking:
        return None
    costs = [told.cost for _, told in lacking.values() if told.cost is not None]
    return Replaced(
        source=words[0].source,
        day=words[0].day,
        accounts=tuple(sorted({account.project or account.payer or "" for account in lacking})),
        rows=sum(told.rows for _, told in lacking.values()),
        cost=money.total(costs) if costs else None,
        files=_named((one for one, _ in lacking.values()), uris),
        by_files=_named((one for one in words if one in counting), uris),
        is_unnamed=bool(now) and not any(account.project for account in now) and not any(_is_other_payer(one, now) for one in lacking),
    )


def is_gone(account: Account, now: Iterable[Account]) -> bool:
    """Whether no row that counts is of its payer, or of its project.

    An export may not tell the payer at all; that one does not tell projects takes them all away.
    """
    told = list(now)
    if not told:
        return account != NOBODY
    return _is_other_payer(account, told) or (account.project is not None and account.project not in {one.project for one in told})


def _is_other_payer(account: Account, now: Iterable[Account]) -> bool:
    payers = {one.payer for one in now} - {None}
    return account.payer is not None and bool(payers) and account.payer not in payers


def _named(words: Iterable[IngestedDay], uris: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    return tuple(sorted({uris[one.source, one.fingerprint] for one in words}))


def _files(uris: Sequence[str]) -> str:
    more = len(uris) - 1
    return PurePath(uris[0]).name + (f" and {more} more" if more else "")
