"""The last pages: what has no price or no project, how the numbers came about, and the control totals to the last digit."""

from dataclasses import dataclass

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.snapshot import Snapshot, Unpriced
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.priced_usage import STATES
from usage_pipeline.tables.summary import by

UNPRICED_MOST = 20
INPUTS_MOST = 24
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpricedLine:
    """Usage without a rate."""

    project: str
    model: str
    provider: str
    reason: str
    requests: str
    tokens: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine:
    """Exact digits of one project, or of all."""

    name: str
    requests: str
    tokens: str
    billed: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Everything after the ledger."""

    unpriced: tuple[UnpricedLine, ...]
    unpriced_left: int
    unattributed: str
    unattributed_channels: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    control: tuple[ControlLine, ...]
    control_total: ControlLine
    completeness: str
    missing: str
    accounting: str
    inputs: tuple[tuple[str, str], ...]
    inputs_left: int
    price_book: str


def closing_of(snapshot: Snapshot) -> Closing:
    complete, lines = snapshot.completeness, snapshot.accounting
    unattributed = [row for row in snapshot.rows if row.project == UNATTRIBUTED]
    channels = by(unattributed, "channel")
    cents = money.round_parts([group.cost for group in channels])
    return Closing(
        unpriced=tuple(_unpriced(one, snapshot) for one in snapshot.unpriced[:UNPRICED_MOST]),
        unpriced_left=max(0, len(snapshot.unpriced) - UNPRICED_MOST),
        unattributed=words.amount(snapshot.totals.cost_unattributed, snapshot.currency) if unattributed else "",
        unattributed_channels=tuple(
            (words.name_of("provider", str(group.key)), words.amount(cost, snapshot.currency))
            for group, cost in zip(channels, cents, strict=True)
        ),
        notes=notes_of(snapshot),
        control=_control(snapshot),
        control_total=ControlLine(
            name="Total",
            requests=str(snapshot.totals.requests),
            tokens=money.text(snapshot.totals.tokens),
            billed=money.text(snapshot.totals.cost_billed),
            cost=money.text(snapshot.totals.cost),
        ),
        completeness=f"{complete.present} of {complete.expected} days have data",
        missing=words.day_ranges(complete.missing),
        accounting=""
        if lines is None
        else f"{lines.read:,} read = {lines.accepted:,} accepted + {lines.duplicates:,} duplicate + {lines.rejected:,} rejected",
        inputs=tuple((words.clean(file), sha256[:HASH_DIGITS]) for file, sha256 in snapshot.inputs[:INPUTS_MOST]),
        inputs_left=max(0, len(snapshot.inputs) - INPUTS_MOST),
        price_book=words.clean(snapshot.price_book),
    )


def notes_of(snapshot: Snapshot) -> tuple[str, ...]:
    """How the numbers came about, for readers who were not there."""
    return (
        "An amount is what the provider billed wherever a bill covers the usage. Elsewhere it is estimated: usage times the list price, or "
        "the price agreed with the provider, in force on the day of use. An estimate is replaced when the bill arrives.",
        "Days are UTC days, as providers bill them. The month runs from "
        f"{words.day_text(snapshot.month.start)}, 00:00, to before {words.day_text(snapshot.month.end)}, 00:00.",
        "Usage without a known price is counted in requests and tokens, listed as unpriced, and in no total: it is never taken for free.",
        "Cost that no rule and no log gives to a project is shown as unattributed and never spread over projects.",
        "Failed requests and answers from the gateway’s cache count as requests; tokens are those of successful requests.",
        "Amounts are rounded once, to cents. Where rounded parts would miss their total, a part differs by a cent, so that every column "
        "adds up. The exact digits are in the control totals, in statement.csv (attached to this PDF) and in statement.json.",
    )


def _control(snapshot: Snapshot) -> tuple[ControlLine, ...]:
    billed = dict.fromkeys((str(group.key) for group in snapshot.by_project), money.ZERO)
    for row in snapshot.rows:
        if row.basis == "billed" and row.cost is not None:
            billed[row.project] = money.total([billed[row.project], row.cost])
    return tuple(
        ControlLine(
            name=words.clean(str(group.key)) or repr(group.key),
            requests=str(group.requests),
            tokens=money.text(group.tokens),
            billed=money.text(billed[str(group.key)]),
            cost="unpriced" if group.cost is None else money.text(group.cost),
        )
        for group in sorted(snapshot.by_project, key=lambda group: str(group.key))
    )


def _unpriced(one: Unpriced, snapshot: Snapshot) -> UnpricedLine:
    names = {project.id: words.clean(project.name) for project in snapshot.projects}
    return UnpricedLine(
        project=names.get(one.project, words.name_of("project", None if one.project == UNATTRIBUTED else one.project)),
        model=words.name_of("model", one.model),
        provider=words.name_of("provider", one.provider or one.channel),
        reason=STATES.get(one.reason or "", words.clean(one.reason or "no rate found")),
        requests=words.count(one.events) if one.events else words.NONE,
        tokens=words.count(one.tokens) if one.tokens else words.NONE,
    )
