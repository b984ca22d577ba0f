"""What changed between two spans, by one dimension, and why: cost rows of both in, a line a key out, those that moved most first. Exact."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.causes import Causes, causes_of
from usage_pipeline.tables.costs import Cost
from usage_pipeline.tables.summary import known_total


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One project or model. `now` and `before` are null where the span has nothing of it whose cost is known."""

    key: str | None
    now: Decimal | None
    before: Decimal | None
    causes: Causes

    @property
    def change(self) -> Decimal:
        return self.causes.change

    @property
    def percent(self) -> Decimal | None:
        """The change in percent of before, 4 decimals; null where there was nothing."""
        return money.percent(self.change, abs(self.before)) if self.before else None


def movers_of(dimension: str, now: Sequence[Cost], before: Sequence[Cost]) -> tuple[Mover, ...]:
    """Every key of `dimension` in either span; the changes sum to the change of the whole."""
    newer, older = _grouped(now, dimension), _grouped(before, dimension)
    found = [_mover(key, newer.get(key, []), older.get(key, [])) for key in {**newer, **older}]
    return tuple(sorted(found, key=lambda one: (-abs(one.change), -(one.now or money.ZERO), one.key is None, one.key or "")))


def _grouped(rows: Sequence[Cost], dimension: str) -> dict[str | None, list[Cost]]:
    found: dict[str | None, list[Cost]] = defaultdict(list)
    for row in rows:
        found[getattr(row, dimension)].append(row)
    return found


def _mover(key: str | None, now: Sequence[Cost], before: Sequence[Cost]) -> Mover:
    return Mover(
        key=key,
        now=known_total(row.cost for row in now),
        before=known_total(row.cost for row in before),
        causes=causes_of(before, now),
    )
