"""How far the pipeline's results are from the truth: a row per number, with the reason where the data cannot give it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.demo.truth import Truth

MONEY_STEP = Decimal("0.000001")
_COUNTS = ("lines", "accepted", "duplicates", "rejected")
_NOT_COUNTED = "Anthropic, Google and Azure do not count requests; these went there past the gateway and the tracker"
_NO_PRICE = "no catalog has a price for this model: unpriced, not 0"
_UNEXPECTED = "not explained: look into it"


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a run over the world found, as the shell reads it from the database: money in USD, counts of the world's days.

    `thresholds_reached` counts those told by alerts judged on the last day. `lines` is by source: lines, accepted, duplicates,
    rejected. What was not looked up stays empty or None and is not compared.
    """

    billed: Mapping[str, Decimal] = field(default_factory=dict)
    cost_by_project: Mapping[str, Decimal] = field(default_factory=dict)
    cost_by_basis: Mapping[str, Decimal] = field(default_factory=dict)
    requests: int | None = None
    failed_requests: int | None = None
    cache_hits: int | None = None
    unpriced_events: int | None = None
    thresholds_reached: int | None = None
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One number: what it is, the truth, what was found, found - truth, and why they differ where they must."""

    what: str
    truth: Decimal | int
    found: Decimal | int | None
    note: str = ""

    @property
    def difference(self) -> Decimal | int | None:
        return None if self.found is None else self.found - self.truth

    @property
    def is_expected(self) -> bool:
        """Equal to the last digit, or different for a reason that is known."""
        return self.difference == 0 or bool(self.note and self.note != _UNEXPECTED)

    def cells(self) -> tuple[str, str, str, str, str]:
        """What, truth, found, difference, note, as text: money with 6 decimals, counts plain."""
        return (self.what, _text(self.truth), _text(self.found), _text(self.difference), self.note)


def compare(truth: Truth, results: Results) -> list[Comparison]:
    """Every number that both sides have: bills by channel, cost by project and basis, requests, line accounting by source."""
    return [
        *_money_rows("Billed", truth.billed(), results.billed),
        *_money_rows("Cost", truth.cost_by_project(), results.cost_by_project),
        *_money_rows("Cost that is", truth.cost_by_basis(), results.cost_by_basis),
        *_count_rows(truth, results),
        *_line_rows(truth, results),
    ]


def _money_rows(title: str, expected: Mapping[str, Decimal], found: Mapping[str, Decimal]) -> Iterator[Comparison]:
    if not found:
        return
    for name in sorted({*expected, *found}):
        yield _row(f"{title}: {name}", expected.get(name, money.ZERO), found.get(name, money.ZERO))
    yield _row(f"{title}: total", money.total(list(expected.values())), money.total(list(found.values())))


def _count_rows(truth: Truth, results: Results) -> Iterator[Comparison]:
    counts = (
        ("Requests that a record tells of", truth.requests, results.requests),
        ("Failed requests", truth.failed_requests, results.failed_requests),
        ("Gateway cache hits", truth.cache_hits, results.cache_hits),
    )
    for what, expected, found in counts:
        if found is not None:
            yield _row(what, expected, found)
    if results.thresholds_reached is not None:
        yield _row("Budget thresholds reached", len(truth.reached()), results.thresholds_reached)
    if results.requests is not None:
        yield Comparison(what="Requests made", truth=truth.requests_made, found=results.requests, note=_NOT_COUNTED)
    if results.unpriced_events is not None:
        difference = results.unpriced_events - truth.unpriced_events
        note = _UNEXPECTED if difference else _NO_PRICE
        yield Comparison(what="Unpriced events", truth=truth.unpriced_events, found=results.unpriced_events, note=note)


def _line_rows(truth: Truth, results: Results) -> Iterator[Comparison]:
    if not results.lines:
        return
    expected = truth.lines()
    for source in sorted({*expected, *results.lines}):
        for name in _COUNTS:
            yield _row(f"{source}: {name}", expected.get(source, {}).get(name, 0), results.lines.get(source, {}).get(name, 0))


def _row(what: str, expected: Decimal | int, found: Decimal | int) -> Comparison:
    return Comparison(what=what, truth=expected, found=found, note="" if expected == found else _UNEXPECTED)


def _text(value: Decimal | int | None) -> str:
    if value is None:
        return "unknown"
    return f"{value.quantize(MONEY_STEP):f}" if isinstance(value, Decimal) else str(value)


def unexplained(rows: Sequence[Comparison]) -> list[Comparison]:
    """The rows that differ without a reason: none, where the pipeline is right."""
    return [row for row in rows if not row.is_expected]
