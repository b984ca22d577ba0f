"""The reconciliation annex as printed: by channel what bill, count and logs say, what no other view speaks of, and why they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.reconciliations import CAUSES, UNEXPLAINED
from usage_pipeline.tables.summary import known_total


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexLine:
    """One channel, or (the last line) all of them; '–' where a view does not speak."""

    name: str
    billed: str
    counted: str
    logged: str
    alone: str
    difference: str
    unexplained: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Annex:
    """`causes`: name, meaning, amount; they sum to the total difference."""

    lines: tuple[AnnexLine, ...]
    causes: tuple[tuple[str, str, str, bool], ...]
    amount_width: int


COLUMNS = ("billed", "counted", "logged", "alone", "difference", "unexplained")


def annex_of(snapshot: Snapshot) -> Annex | None:
    """None where nothing was reconciled, and in a project's statement: bills are compared by channel."""
    found = snapshot.reconciled
    if found is None:
        return None
    columns = {name: _column([getattr(one, name) for one in found.channels], snapshot.currency) for name in COLUMNS}
    names = [*(words.name_of("provider", one.channel) for one in found.channels), "Total"]
    lines = tuple(AnnexLine(name=name, **{column: texts[place] for column, texts in columns.items()}) for place, name in enumerate(names))
    parts = money.round_parts([one.amount for one in found.causes])
    causes = tuple(
        (
            one.cause.replace("_", " ").capitalize(),
            CAUSES.get(one.cause, ""),
            words.amount(part, snapshot.currency),
            one.cause == UNEXPLAINED,
        )
        for one, part in zip(found.causes, parts, strict=True)
    )
    return Annex(lines=lines, causes=causes, amount_width=words.column_width((text for texts in columns.values() for text in texts), 21))


def _column(amounts: Sequence[Decimal | None], currency: str) -> list[str]:
    """The amounts in cents that sum to the last one."""
    parts = money.round_parts(amounts)
    return [words.NONE if part is None else words.amount(part, currency) for part in (*parts, known_total(parts))]
