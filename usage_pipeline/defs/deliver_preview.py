"""A report as its people would get it, to one address: real figures, marked as a preview, in no ledger, never in a bucket."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from usage_pipeline.alerts.delivery_mail import with_attachments
from usage_pipeline.alerts.parcels import packed_mail, unpacked_mail
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.deliver_plan import Item, people_of, rules_named, scopes_of
from usage_pipeline.defs.deliver_report import Found, NotReadyError, Wanted, report_of
from usage_pipeline.defs.deliver_row import drafted
from usage_pipeline.defs.deliver_sending import ChangedError, contents_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageError
from usage_pipeline.periods import ONE_DAY
from usage_pipeline.tables.delivery_calendar import SPANS, due_at
from usage_pipeline.tables.delivery_rules import ALL_PROJECTS, DeliveryRule
from usage_pipeline.tables.report_deliveries import DRAFT
from usage_pipeline.tables.spans import MONTH, Span

LOOKED_AT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    subject: str
    channel: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Previews:
    sent: tuple[Previewed, ...]
    stuck: tuple[Item, ...]


def preview(workplace: Workplace, to: str, names: Collection[str] | None = None, span: Span | None = None) -> Previews:
    """One mail a delivery, of `span` or of its newest report that is there; of all projects, of the first that has one.

    Raises DeliveryError where the mail did not go.
    """
    settings, now = workplace.settings(), workplace.now()
    sent, stuck = list[Previewed](), list[Item]()
    for rule in rules_named(settings, names):
        if span is not None and span.kind != rule.of.kind:
            continue
        item = _newest(workplace, rule, span, now)
        if item.found is None:
            stuck.append(item)
            continue
        sent.append(_sent(workplace, item, to, now))
    return Previews(sent=tuple(sent), stuck=tuple(stuck))


def _newest(workplace: Workplace, rule: DeliveryRule, span: Span | None, now: datetime) -> Item:
    """The newest report of the delivery; without any, the item of the newest span, which says why not."""
    settings = workplace.settings()
    spans = [span] if span is not None else _spans_back(rule, now)
    first: Item | None = None
    for one in spans:
        for scope in scopes_of(rule, settings):
            item = _item(workplace, rule, one, scope, now)
            if item.found is not None:
                return item
            first = first or item
            if rule.scope != ALL_PROJECTS:
                break
    if first is None:
        raise UsageError(f"{rule.name} is for all projects, and usage.yaml has none: declare one under projects")
    return first


def _item(workplace: Workplace, rule: DeliveryRule, span: Span, scope: str, now: datetime) -> Item:
    shut = closed_months(workplace.database()).get(span.period.start) if span.kind == MONTH else None
    version = DRAFT if shut is None or shut.is_draft else f"r{shut.revision.revision}"
    wanted = Wanted(report=rule.of, span=span, scope=scope, version=version)
    settings = workplace.settings()
    moment = due_at(rule, span.period, settings.holidays, None if shut is None else shut.revision.closed_at) or now
    item = Item(rule=rule, wanted=wanted, due_at=moment, people=people_of(rule, scope, settings))
    try:
        found: Found = report_of(workplace, wanted)
    except NotReadyError as error:
        return replace(item, why=str(error))
    missing = [name for name in rule.of.names(rule.formats) if name not in found.files]
    if missing:
        return replace(item, why=f"{missing[0]} is not there: {wanted.command} writes it")
    return replace(item, found=found)


def _spans_back(rule: DeliveryRule, now: datetime) -> list[Span]:
    """The newest LOOKED_AT that are over, the newest first."""
    spans, day = list[Span](), now.date()
    while len(spans) < LOOKED_AT:
        span = SPANS[rule.of.kind](day)
        if span.period.end <= now.date():
            spans.append(span)
        day = span.period.start - ONE_DAY
    return spans


def _sent(workplace: Workplace, item: Item, to: str, now: datetime) -> Previewed:
    message, subject, files = drafted(workplace, item, now, preview_to=to)
    attached = [one for one in files if one.is_attached]
    try:
        contents = contents_of(workplace, attached)
    except ChangedError as error:
        raise UsageError(str(error)) from error
    if message is None:
        raise UsageError(f"{subject}: there is no mail to preview")
    whole = unpacked_mail(packed_mail(message))
    receipt = workplace.channel().send(with_attachments(whole, [(one.name, contents[one.path]) for one in attached]))
    return Previewed(subject=subject, channel=receipt.channel, receipt=receipt.text)
