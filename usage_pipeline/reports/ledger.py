"""The ledger: each project's models with requests, tokens, state of the number and cost. Printed rows are capped, money is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.charts import Box, spark
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.costs import BILLED, MonthlyCost
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.summary import known_total, tokens_of

CACHED = frozenset({"cache_read", "cache_audio_read", "cache_image_read"})
OUTPUT = frozenset({"output", "output_audio", "output_image", "output_video", "output_citation"})
INPUT = frozenset(TOKEN_METERS) - CACHED - OUTPUT
ROWS_MOST = 400
MODELS_MOST = 20
WIDE_FROM = 13
FOLDED = ""
"""The provider of a line that stands for several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """What one model cost one project."""

    model: str
    provider: str
    requests: str
    input: str
    cached: str
    output: str
    state: str
    cost: str
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectBlock:
    """One project's part of the ledger: its models sum to `cost`, cent for cent."""

    name: str
    note: str
    spark: tuple[Box, ...]
    lines: tuple[ModelLine, ...]
    summary: str
    over: bool
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All blocks, and the projects that did not fit as one line."""

    unit: str
    blocks: tuple[ProjectBlock, ...]
    rest: ModelLine | None
    cost: str

    @property
    def is_wide(self) -> bool:
        """Whether amounts are too long for the usual column."""
        return len(self.cost) > WIDE_FROM

    @property
    def is_cut(self) -> bool:
        """Whether models or projects stand together in one line, because there are too many to print."""
        return self.rest is not None or any(line.provider == FOLDED for block in self.blocks for line in block.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSum:
    """A (provider, model) of some rows, exact."""

    provider: str | None
    model: str | None
    requests: int
    input: Decimal
    cached: Decimal
    output: Decimal
    cost: Decimal | None
    billed: Decimal
    unpriced: bool


def ledger_of(snapshot: Snapshot, notes: dict[str, str], summaries: dict[str, tuple[str, bool]]) -> Ledger:
    """The ledger of all projects in the snapshot, dearest first.

    `notes` (team, cost centre) and `summaries` (budget in words, whether over) are by project id.
    """
    rows: dict[str, list[MonthlyCost]] = {}
    for row in snapshot.rows:
        rows.setdefault(row.project, []).append(row)
    groups = [str(group.key) for group in snapshot.by_project]
    cents = money.round_parts([group.cost for group in snapshot.by_project])
    sums = {project: model_sums(rows[project]) for project in groups}
    shown = _fitting([len(sums[project]) for project in groups])
    folded = [each for project in groups[shown:] for each in sums[project]]
    divisor, unit = words.scale_of(_largest([each for one in sums.values() for each in one], folded))
    days = {one.project: dict(one.costs) for one in snapshot.days_by_project}
    names = {project.id: words.project_name(project) for project in snapshot.projects}
    blocks = tuple(
        ProjectBlock(
            name=names.get(project, words.name_of("project", None if project == "unattributed" else project)),
            note=notes.get(project, ""),
            spark=spark([days[project].get(day, money.ZERO) for day in snapshot.month.days()]),
            lines=model_lines(sums[project], cost, divisor, snapshot.currency),
            summary=summaries.get(project, ("", False))[0],
            over=summaries.get(project, ("", False))[1],
            cost=words.amount(cost, snapshot.currency),
        )
        for project, cost in list(zip(groups, cents, strict=True))[:shown]
    )
    rest = (
        _folded(f"{len(groups) - shown} other projects", folded, known_total(cents[shown:]), divisor, snapshot.currency) if folded else None
    )
    return Ledger(unit=unit, blocks=blocks, rest=rest, cost=words.amount(money.total(cents), snapshot.currency))


def _largest(every: Sequence[ModelSum], folded: Sequence[ModelSum]) -> Decimal:
    """The largest number of tokens that stands in one line, the folded ones in one together."""
    lines = [(one.input, one.cached, one.output) for one in every]
    together = [money.total(parts) for parts in zip(*((one.input, one.cached, one.output) for one in folded), strict=True)]
    return max((part for line in (*lines, together) for part in line), default=money.ZERO)


def model_sums(rows: Sequence[MonthlyCost]) -> list[ModelSum]:
    """`rows` by provider and model, dearest first, unpriced last."""
    groups: dict[tuple[str | None, str | None], list[MonthlyCost]] = {}
    for row in rows:
        groups.setdefault((row.provider, row.model), []).append(row)
    sums = [_sum(provider, model, members) for (provider, model), members in groups.items()]
    return sorted(sums, key=lambda one: (one.cost is None, -(one.cost or money.ZERO), one.provider or "", one.model or ""))


def model_lines(sums: Sequence[ModelSum], whole: Decimal | None, divisor: Decimal, currency: str) -> tuple[ModelLine, ...]:
    """One line a model, in cents that sum to `whole`; beyond the cap one line for the others."""
    cents = money.round_parts([one.cost for one in sums], whole=whole)
    shown = len(sums) if len(sums) <= MODELS_MOST + 1 else MODELS_MOST
    lines = [_line(one, cost, divisor, currency) for one, cost in zip(sums[:shown], cents[:shown], strict=True)]
    if shown < len(sums):
        lines.append(_folded(f"{len(sums) - shown} other models", sums[shown:], known_total(cents[shown:]), divisor, currency))
    return tuple(lines)


def _fitting(lengths: Sequence[int]) -> int:
    """How many projects fit into the printed rows (at least one)."""
    used = 0
    for place, length in enumerate(lengths):
        used += min(length, MODELS_MOST + 1)
        if used > ROWS_MOST and place:
            return place
    return len(lengths)


def _sum(provider: str | None, model: str | None, rows: Sequence[MonthlyCost]) -> ModelSum:
    def tokens(meters: frozenset[str]) -> Decimal:
        return money.total([tokens_of(row) for row in rows if row.meter in meters])

    cost = known_total(row.cost for row in rows)
    unpriced = any(row.unpriced_events or row.unpriced_quantity for row in rows)
    return ModelSum(
        provider=provider,
        model=model,
        requests=sum(row.requests for row in rows),
        input=tokens(INPUT),
        cached=tokens(CACHED),
        output=tokens(OUTPUT),
        cost=cost if cost or not unpriced else None,  # requests that cost nothing, beside others without a price: unknown, not 0
        billed=money.total([row.cost for row in rows if row.basis == BILLED]),
        unpriced=unpriced,
    )


def _line(one: ModelSum, cost: Decimal | None, divisor: Decimal, currency: str) -> ModelLine:
    return ModelLine(
        model=words.name_of("model", one.model),
        provider=words.name_of("provider", one.provider) if one.provider else words.NONE,
        requests=words.count(one.requests) if one.requests else words.NONE,
        input=words.scaled(one.input, divisor),
        cached=words.scaled(one.cached, divisor),
        output=words.scaled(one.output, divisor),
        state=_state(one),
        cost=words.amount(cost, currency),
        muted=cost is None,
    )


def _state(one: ModelSum) -> str:
    if one.cost is None:
        return "unpriced"
    if one.unpriced:
        return "part unpriced"
    if one.cost == 0 and one.billed == 0:
        return "no charge"
    if one.cost == one.billed:
        return "billed"
    return "estimated" if one.billed == 0 else "part billed"


def _folded(label: str, sums: Sequence[ModelSum], cost: Decimal | None, divisor: Decimal, currency: str) -> ModelLine:
    return ModelLine(
        model=label,
        provider=FOLDED,
        requests=words.count(requests) if (requests := sum(one.requests for one in sums)) else words.NONE,
        input=words.scaled(money.total([one.input for one in sums]), divisor),
        cached=words.scaled(money.total([one.cached for one in sums]), divisor),
        output=words.scaled(money.total([one.output for one in sums]), divisor),
        state="",
        cost=words.amount(cost, currency),
        muted=True,
    )
