"""What is to go out now: every delivery of usage.yaml held against the clock, the reports on disk and the ledger. Changes nothing.

A delivery begins when it is first seen (a day is given): what was due before is not made up for, so that a new entry sends no old months.
A month that is closed goes out once a revision; as a draft at most once, before its first close.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from usage_pipeline.alerts.delivery_letter import span_words
from usage_pipeline.defs.closed import Closed, closed_months
from usage_pipeline.defs.deliver_report import Found, NotReadyError, Wanted, report_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Settings
from usage_pipeline.storage.delivery_ledger import begun_at, ledger
from usage_pipeline.tables.delivery_calendar import SHELF, asked_at, due_at, next_at, spans_from
from usage_pipeline.tables.delivery_rules import ALL_PROJECTS, FINANCE, ORGANISATION, OWNERS, PROJECTS, DeliveryRule
from usage_pipeline.tables.report_deliveries import DEAD, DRAFT, SENT, UNSENT, WITHDRAWN, ReportDelivery
from usage_pipeline.tables.spans import MONTH, Span

GIVEN = timedelta(days=1)
"""Before it was first seen: a delivery that is written into usage.yaml an hour before its time is not late because nobody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who gets it, and the sentence that says why."""

    addresses: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One report that is due to some people. `found` where it may go out; else `why` not. `row`: the ledger's, where it has one."""

    rule: DeliveryRule
    wanted: Wanted
    due_at: datetime
    people: People
    found: Found | None = None
    why: str = ""
    row: ReportDelivery | None = None
    again: int = 0

    @property
    def words(self) -> str:
        return f"{self.rule.name} {self.wanted.span.name} {self.wanted.scope}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """When a delivery goes out next, by its calendar; `at` None: when a month is closed."""

    rule: DeliveryRule
    span: Span | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`ready` may go out now; `on_their_way` are written down already; `stuck` are due, and cannot: each says why."""

    ready: tuple[Item, ...] = ()
    on_their_way: tuple[Item, ...] = ()
    stuck: tuple[Item, ...] = ()
    coming: tuple[Coming, ...] = ()
    unknown: tuple[str, ...] = ()
    missed: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for by name, due or not; `again`: also what was delivered already."""

    span: Span | None = None
    again: bool = False


def plan_of(workplace: Workplace, now: datetime, names: Collection[str] | None = None, asked: Asked | None = None) -> Plan:
    """What is due at `now`, of all deliveries or those named. Raises UsageConfigError for a name that usage.yaml has not."""
    settings, database = workplace.settings(), workplace.database()
    rules = rules_named(settings, names)
    if not rules:
        return Plan()
    begun = begun_at(database, [one.name for one in rules])
    rows = ledger(database, [one.name for one in rules])
    closed = closed_months(database)
    items, missed = list[Item](), list[Item]()
    for rule in rules:
        since = begun.get(rule.name, now) - GIVEN
        if asked is not None and asked.span is not None:
            items += _asked_for(workplace, rule, asked, closed, now, rows)
            continue
        for span, version, moment, why in _due(rule, settings.holidays, closed, now):
            if moment <= since:
                missed += _items(workplace, rule, span, version, moment, rows, why, again=False, look=False)
            else:
                items += _items(workplace, rule, span, version, moment, rows, why, again=False)
    return Plan(
        ready=tuple(one for one in items if one.found is not None and one.row is None),
        on_their_way=tuple(one for one in items if one.row is not None and one.row.state in UNSENT),
        stuck=tuple(one for one in items if one.why and (one.row is None or one.row.state == DEAD)),
        coming=tuple(_coming(rule, now, settings.holidays) for rule in rules),
        unknown=tuple(one.name for one in rules if one.name not in begun),
        missed=tuple(missed),
    )


def rules_named(settings: Settings, names: Collection[str] | None) -> list[DeliveryRule]:
    """Raises UsageConfigError for a name that usage.yaml has not."""
    known = [one.name for one in settings.deliveries]
    for name in names or ():
        if name not in known:
            told = f"it has {', '.join(known)}" if known else "it has none: see `deliveries` in the README"
            raise UsageConfigError(f"usage.yaml has no delivery {name!r}; {told}")
    return [one for one in settings.deliveries if names is None or one.name in names]


def scopes_of(rule: DeliveryRule, settings: Settings) -> list[str]:
    return [PROJECTS + one.id for one in settings.projects] if rule.scope == ALL_PROJECTS else [rule.scope]


def people_of(rule: DeliveryRule, scope: str, settings: Settings) -> People:
    """Whom it goes to: everybody only what is of their scope."""
    organisation = settings.organisation
    if rule.to == (FINANCE,):
        return People(addresses=organisation.finance, why=f"You get this because you receive the finance mails of {organisation.name}.")
    if rule.to != (OWNERS,):
        return People(addresses=rule.to, why=f"You get this because the delivery {rule.name} of {organisation.name} names you.")
    project = next((one for one in settings.projects if PROJECTS + one.id == scope), None)
    name = scope.removeprefix(PROJECTS) if project is None else project.name
    return People(addresses=project.owners if project else (), why=f"You get this because you own {name}.")


def _due(
    rule: DeliveryRule, holidays: Collection[date], closed: dict[date, Closed], now: datetime
) -> Iterator[tuple[Span, str, datetime, str]]:
    """Each span whose moment has come and is not long gone: as which version, since when, and why it has to wait, if it has."""
    shelf = SHELF[rule.of.kind]
    first = (now - shelf * 2).date()
    if rule.of.kind == MONTH and closed:
        first = min(first, *closed)
    for span in spans_from(rule.of.kind, first):
        if span.period.start > now.date():
            return
        shut = closed.get(span.period.start) if rule.of.kind == MONTH else None
        version = DRAFT if shut is None else f"r{shut.revision.revision}"
        moment = due_at(rule, span.period, holidays, None if shut is None else shut.revision.closed_at)
        why = ""
        if moment is None and (asked := asked_at(rule, span.period, holidays)) is not None:
            moment, why = asked, f"it waits for the close: `usage-pipeline close {span.name}` says what stands against it"
        if shut is not None and shut.is_draft:
            why = f"{span.name} is being revised: it goes out as r{shut.revision.revision + 1} when it is closed again"
        if moment is not None and now - shelf < moment <= now:
            yield span, version, moment, why


def _asked_for(
    workplace: Workplace, rule: DeliveryRule, asked: Asked, closed: dict[date, Closed], now: datetime, rows: Sequence[ReportDelivery]
) -> list[Item]:
    span = asked.span
    if span is None or span.kind != rule.of.kind:
        return []
    shut = closed.get(span.period.start) if span.kind == MONTH else None
    version = DRAFT if shut is None else f"r{shut.revision.revision}"
    why = ""
    if shut is not None and shut.is_draft:
        why = f"{span.name} is being revised: close it again first"
    elif shut is None and rule.only_closed:
        why = f"{span.name} is not closed, and only closed months are delivered: `usage-pipeline close {span.name}` says what it needs"
    moment = due_at(rule, span.period, workplace.settings().holidays, None if shut is None else shut.revision.closed_at)
    return _items(workplace, rule, span, version, min(moment or now, now), rows, why, again=asked.again)


def _items(
    workplace: Workplace, rule: DeliveryRule, span: Span, version: str, moment: datetime, rows: Sequence[ReportDelivery], why: str,
    *, again: bool, look: bool = True,
) -> list[Item]:  # fmt: skip
    """One item a scope that is not delivered yet."""
    settings = workplace.settings()
    found: list[Item] = []
    for scope in scopes_of(rule, settings):
        own = [one for one in rows if (one.name, one.scope, one.period) == (rule.name, scope, span.name)]
        done = [one for one in own if one.state == SENT and version in {one.version, DRAFT}]
        if done and not again:
            continue
        wanted = Wanted(report=rule.of, span=span, scope=scope, version=version)
        people = people_of(rule, scope, settings)
        item = Item(rule=rule, wanted=wanted, due_at=moment, people=people, why=why, again=len(done) if again else 0)
        found.append(_looked_at(workplace, item, own) if look else item)
    return found


def _looked_at(workplace: Workplace, item: Item, own: Sequence[ReportDelivery]) -> Item:
    """The item with the report or why it cannot go out, and the ledger's row, if it is this very delivery."""
    if item.why:
        return item
    if item.rule.to and not item.people.addresses:
        mend = "the project owners" if item.rule.to == (OWNERS,) else "organisation.finance an address"
        return replace(item, why=f"it has nobody to go to: give {mend} in usage.yaml")
    try:
        found = report_of(workplace, item.wanted)
    except NotReadyError as error:
        return replace(item, why=str(error))
    missing = [name for name in item.wanted.report.names(item.rule.formats) if name not in found.files]
    if missing:
        return replace(item, why=f"{missing[0]} is not there: {item.wanted.command} writes it")
    row = next((one for one in own if one.state not in {SENT, WITHDRAWN} and _is_same(one, item, found)), None)
    why = f"refused for good: {row.receipt}; mend it, then `usage-pipeline send --dead`" if row and row.state == DEAD else ""
    return replace(item, found=found, row=row, why=why)


def _is_same(row: ReportDelivery, item: Item, found: Found) -> bool:
    """Whether the ledger's row is of these bytes, for these people and this folder."""
    people = ",".join(item.people.addresses)
    return (row.version, row.content_hash, row.recipients, row.place) == (item.wanted.version, found.content_hash, people, item.rule.s3)


def _coming(rule: DeliveryRule, now: datetime, holidays: Collection[date]) -> Coming:
    following = next_at(rule, now, holidays)
    return Coming(rule=rule, span=following[0] if following else None, at=following[1] if following else None)


def told_of(item: Item) -> str:
    """'finance-monthly, statement of October 2026 (organisation)'."""
    scope = "the organisation" if item.wanted.scope == ORGANISATION else item.wanted.scope.removeprefix(PROJECTS)
    return f"{item.rule.name}: {item.wanted.report.label.lower()} of {span_words(item.wanted.span)} for {scope}"
