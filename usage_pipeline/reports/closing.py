"""The last pages: what has no price or no project, how the numbers came about, and the control totals to the last digit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.exchange import exchange_notes
from usage_pipeline.reports.quality import grade_text, measures_of
from usage_pipeline.reports.shared import shared_notes
from usage_pipeline.reports.snapshot import Accounting, Snapshot
from usage_pipeline.reports.tables import requests_text
from usage_pipeline.reports.unattributed import Claim, claims_of, trend_text, unattributed_text
from usage_pipeline.tables.costs import BILLED, UNATTRIBUTED
from usage_pipeline.tables.priced_usage import STATES
from usage_pipeline.tables.unpriced import Unpriced, range_words

UNPRICED_MOST = 20
INPUTS_MOST = 24
INPUTS_OF_A_PROJECT = 2
HASH_DIGITS = 16
CONTROL_MOST = 100
"""Of more projects the control totals stand side by side in small type, without requests and tokens: those are in the files."""
BOOKS_APART, BOOK_MOST = " · ", 200
"""A month may have been priced by several books, each with its days."""
HINT_MOST = 400
UNATTRIBUTED_NOTE = "Cost that no rule and no log gives to a project is shown as unattributed and never spread over projects."
UNATTRIBUTED_ELSEWHERE = (
    "Cost that no rule and no log gives to a project is in no project’s statement; the organisation’s shows it as unattributed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpricedLine:
    """Usage without a rate."""

    project: str
    model: str
    provider: str
    reason: str
    requests: str
    tokens: str
    may_cost: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine:
    """Exact digits of one project, or (the last line) of all."""

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
    trend: str
    claims: tuple[Claim, ...]
    notes: tuple[str, ...]
    control: tuple[ControlLine, ...]
    control_pairs: tuple[tuple[ControlLine, ControlLine | None], ...]
    credits: str
    completeness: str
    missing: str
    accounting: str
    inputs: tuple[tuple[str, str], ...]
    inputs_left: int
    price_books: tuple[str, ...]
    grade: str
    measures: tuple[tuple[str, str], ...]


def closing_of(snapshot: Snapshot) -> Closing:
    complete, lines, control = snapshot.completeness, snapshot.accounting, _control(snapshot)
    is_long = len(control) > CONTROL_MOST
    inputs_most = INPUTS_MOST if snapshot.project is None else INPUTS_OF_A_PROJECT
    return Closing(
        unpriced=_unpriced_lines(snapshot),
        unpriced_left=max(0, len(snapshot.unpriced) - UNPRICED_MOST),
        unattributed=unattributed_text(snapshot) if snapshot.project is None else "",
        trend=trend_text(snapshot),
        claims=claims_of(snapshot),
        notes=notes_of(snapshot),
        control=control[-1:] if is_long else control,
        control_pairs=_pairs(control[:-1]) if is_long else (),
        credits="" if snapshot.totals.credits is None else f"Credits, exactly: {money.text(snapshot.totals.credits)}",
        completeness=f"{complete.present} of {complete.expected} days have data",
        missing=words.day_ranges(complete.missing),
        accounting="" if lines is None else accounting_text(lines),
        inputs=tuple((words.clean(file), sha256[:HASH_DIGITS]) for file, sha256 in snapshot.inputs[:inputs_most]),
        inputs_left=max(0, len(snapshot.inputs) - inputs_most),
        price_books=tuple(words.clean(book, BOOK_MOST) for book in snapshot.price_book.split(BOOKS_APART)),
        grade=grade_text(snapshot),
        measures=() if snapshot.project is not None else measures_of(snapshot),
    )


def accounting_text(lines: Accounting) -> str:
    """'10 read = 8 accepted + 1 duplicate + 1 rejected'."""
    read, accepted, duplicates, rejected = map(words.count, (lines.read, lines.accepted, lines.duplicates, lines.rejected))
    return f"{read} read = {accepted} accepted + {duplicates} duplicate + {rejected} rejected"


def notes_of(snapshot: Snapshot) -> tuple[str, ...]:
    """How the numbers came about, for readers who were not there."""
    return (
        (
            "An amount is what the provider billed wherever a bill covers the usage. Elsewhere it is estimated: usage times the list "
            "price, or the price agreed with the provider, in force on the day of use. An estimate is replaced when the bill arrives."
        ),
        (
            "Days are UTC days, as providers bill them. The month runs from "
            f"{words.day_text(snapshot.month.start)}, 00:00, to before {words.day_text(snapshot.month.end)}, 00:00."
        ),
        "Usage without a known price is counted in requests and tokens, listed as unpriced, and in no total: it is never taken for free.",
        UNATTRIBUTED_NOTE if snapshot.project is None else UNATTRIBUTED_ELSEWHERE,
        *shared_notes(snapshot.shared, snapshot.currency, is_project=snapshot.project is not None),
        *exchange_notes(snapshot.exchange, snapshot.currency),
        "Failed requests and answers from the gateway’s cache count as requests; tokens are those of successful requests.",
        (
            "Amounts are rounded once, to cents. Where rounded parts would miss their total, a part differs by a cent, so that every "
            "column adds up. The exact digits are in the control totals, in statement.csv (attached to this PDF) and in statement.json."
        ),
    )


def _control(snapshot: Snapshot) -> tuple[ControlLine, ...]:
    """One line a project, by id, and the total at the end; the digits of each column stand under each other."""
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for row in snapshot.rows:
        if row.basis == BILLED and row.cost is not None:
            billed[row.project] = money.total([billed[row.project], row.cost])
    totals = snapshot.totals
    groups = sorted(snapshot.by_project, key=lambda group: str(group.key))
    billed_texts = words.aligned([*(money.text(billed[str(group.key)]) for group in groups), money.text(totals.cost_billed)])
    cost_texts = words.aligned(
        [*("unpriced" if group.cost is None else money.text(group.cost) for group in groups), money.text(totals.cost)]
    )
    heads = [(words.name_of("project", str(group.key)), requests_text(group), group.tokens) for group in groups]
    return tuple(
        ControlLine(name=name, requests=requests, tokens=words.count(tokens), billed=billed_text, cost=cost_text)
        for (name, requests, tokens), billed_text, cost_text in zip(
            [*heads, ("Total", requests_text(totals), totals.tokens)], words.aligned(billed_texts), words.aligned(cost_texts), strict=True
        )
    )


def _pairs(lines: Sequence[ControlLine]) -> tuple[tuple[ControlLine, ControlLine | None], ...]:
    """Two a row, the first half beside the second."""
    half = (len(lines) + 1) // 2
    return tuple(zip_longest(lines[:half], lines[half:]))


def _unpriced_lines(snapshot: Snapshot) -> tuple[UnpricedLine, ...]:
    """The printed ones; a hint that stands further up is not said again."""
    shown = snapshot.unpriced[:UNPRICED_MOST]
    said = [one.hint for one in shown]
    return tuple(_unpriced(replace(one, hint=None) if one.hint in said[:place] else one, snapshot) for place, one in enumerate(shown))


def _unpriced(one: Unpriced, snapshot: Snapshot) -> UnpricedLine:
    names = {project.id: words.project_name(project) for project in snapshot.projects}
    key = one.project or UNATTRIBUTED
    may_cost = range_words(one.low, one.high, one.range_if, lambda amount: words.total_amount(amount, snapshot.currency))
    return UnpricedLine(
        project=names.get(key, words.name_of("project", None if key == UNATTRIBUTED else key)),
        model=words.name_of("model", one.model),
        provider=words.name_of("provider", one.provider or one.channel),
        reason=STATES.get(one.reason or "", words.clean(one.reason or "no rate found")),
        requests=words.count(one.events) if one.events else words.NONE,
        tokens=words.count(one.tokens) if one.tokens else words.NONE,
        may_cost="Its cost is in the bill, so in the total."
        if one.billed
        else may_cost and f"May cost {words.clean(may_cost, HINT_MOST)}.",
        hint=words.clean(one.hint or "", HINT_MOST),
    )
