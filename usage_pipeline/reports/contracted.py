"""List and contracted price side by side: what usage costs in the catalog and after agreements, by provider and model.

In: the month's cost rows. Out: one line for each model whose two costs differ, exact, and the same as printed, footing to the totals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.tables.costs import Cost
from usage_pipeline.tables.summary import Totals

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracted:
    """A model's usage at list prices and at the prices agreed. `saving` is negative for a markup; `percent` is of the list cost."""

    provider: str | None
    model: str | None
    list_cost: Decimal
    contracted_cost: Decimal
    saving: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractedLine:
    """One printed line."""

    label: str
    provider: str
    list_cost: str
    contracted_cost: str
    saving: str
    percent: str
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractedTable:
    """The lines, the last of them the total, and its digits to the last one."""

    lines: tuple[ContractedLine, ...]
    exact: str

    @property
    def amount_width(self) -> int:
        """What a column of amounts needs, in mm."""
        return words.column_width((text for line in self.lines for text in (line.list_cost, line.contracted_cost, line.saving)), 24)


def contracted_of(rows: Sequence[Cost]) -> tuple[Contracted, ...]:
    """The models whose list and contracted cost differ, the largest difference first."""
    groups: dict[tuple[str | None, str | None], list[Cost]] = {}
    for row in rows:
        if row.list_cost is not None and row.estimated_cost is not None:
            groups.setdefault((row.provider, row.model), []).append(row)
    found = [_contracted(members) for members in groups.values()]
    return tuple(sorted((one for one in found if one.saving), key=lambda one: (-abs(one.saving), one.provider or "", one.model or "")))


def contracted_table(found: Sequence[Contracted], totals: Totals, currency: str) -> ContractedTable | None:
    """As printed: the models that differ, all others together, and the total, each column adding up cent for cent. None without any."""
    if not found:
        return None
    shown = list(found if len(found) <= MOST + 1 else found[:MOST])
    rest_list = _less(totals.list_cost, [one.list_cost for one in shown])
    rest_net = _less(totals.estimated_cost, [one.contracted_cost for one in shown])
    lists = _cents([*(one.list_cost for one in shown), rest_list])
    nets = _cents([*(one.contracted_cost for one in shown), rest_net])
    lines = [
        _line(words.name_of("model", one.model), one.provider, lists[place], nets[place], one.percent, currency)
        for place, one in enumerate(shown)
    ]
    if rest_list or rest_net:
        left = len(found) - len(shown)
        label = f"{left} more and all usage at list prices" if left else "All usage at list prices"
        share = money.percent(_less(rest_list, [rest_net]), rest_list)
        lines.append(_line(label, None, lists[-1], nets[-1], share, currency, muted=True))
    whole = money.percent(_less(totals.list_cost, [totals.estimated_cost]), totals.list_cost)
    lines.append(_line("Total", None, money.total(lists), money.total(nets), whole, currency))
    return ContractedTable(
        lines=tuple(lines),
        exact=f"Exactly, in {currency}: list {money.text(totals.list_cost)} · contracted {money.text(totals.estimated_cost)}",
    )


def _contracted(rows: Sequence[Cost]) -> Contracted:
    listed, net = money.total([row.list_cost for row in rows]), money.total([row.estimated_cost for row in rows])
    saving = _less(listed, [net])
    return Contracted(
        provider=rows[0].provider,
        model=rows[0].model,
        list_cost=listed,
        contracted_cost=net,
        saving=saving,
        percent=money.percent(saving, listed),
    )


def _less(amount: Decimal, others: Sequence[Decimal]) -> Decimal:
    return money.total([amount, *(other.copy_negate() for other in others)])


def _cents(amounts: Sequence[Decimal]) -> list[Decimal]:
    return [amount for amount in money.round_parts(amounts) if amount is not None]


def _line(
    label: str, provider: str | None, listed: Decimal, net: Decimal, percent: Decimal, currency: str, *, muted: bool = False
) -> ContractedLine:
    """The difference is that of the two amounts as shown; minus is what the agreement takes off."""
    return ContractedLine(
        label=label,
        provider=words.name_of("provider", provider) if provider else "",
        list_cost=words.amount(listed, currency),
        contracted_cost=words.amount(net, currency),
        saving=words.amount(net - listed, currency),
        percent=words.percent(-percent) if percent else words.NONE,
        muted=muted,
    )
