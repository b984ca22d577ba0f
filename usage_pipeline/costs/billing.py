"""The bill laid over the day's usage: every billed dollar once, on the usage rows it pays for or on a row of its own.

For each line the usage rows in reach explain it as far as their quantity goes (where the bill gives one), else as far as their
estimated cost goes, or wholly where they are the provider's own count, which is complete. Shares follow the rows' estimated costs,
which know tiers and modes. The rest of the line is a row without user and operation: it stays with the project.
In a cell (channel, project, model) with a bill, usage that no line stands for was billed 0: it is in the bill's other lines or free.
An unmapped line beside it may hold it; that amount stays a row of its own, because nothing tells how much.
Credits, taxes and adjustments are rows of their own, negative where the provider pays.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.bill import ANY, Bill, BillLine, Reach
from usage_pipeline.costs.draft import Draft
from usage_pipeline.costs.split import Cover, cover, covered_amount, dealt, less
from usage_pipeline.costs.usage_view import cell_of
from usage_pipeline.tables.costs import PROVIDER_ESTIMATED, UNATTRIBUTED

Drafts = Mapping[tuple[str, str], Mapping[tuple[str | None, str], Sequence[Draft]]]
"""Usage drafts by (channel, project), then by (model, meter)."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Lines and where their money went: into `rows`, the usage that they pay for, and `own`, the rows of what no usage explains."""

    lines: Sequence[BillLine]
    rows: Sequence[Draft]
    own: Sequence[Draft]


def lay_bill(bill: Bill, lines: Sequence[BillLine], usage: Sequence[Draft], teams: Mapping[str, str]) -> list[Draft]:
    """Fill in `usage`'s billed costs from `lines`, and give the rows that no usage explains. Together they sum to the lines."""
    return [draft for one in laid_lines(bill, lines, usage, teams) for draft in one.own]


def laid_lines(bill: Bill, lines: Sequence[BillLine], usage: Sequence[Draft], teams: Mapping[str, str]) -> list[Laid]:
    """The same, each row with its lines: a usage row is paid for once, by the most specific lines that reach it."""
    index = _indexed(usage)
    laid: list[Laid] = []
    keys: dict[tuple[str, str, Reach], list[BillLine]] = defaultdict(list)
    for line in lines:
        reach = bill.reach(line) if line.is_usage else None
        if reach is None:
            laid.append(Laid([line], [], [_own_row(line, line.amount, line.quantity, teams)]))
        else:
            keys[line.channel, str(line.project), reach].append(line)
    for (channel, project, reach), group in sorted(keys.items(), key=_most_specific_first):
        rows = [one for one in _in_reach(index.get((channel, project), {}), reach) if one.billed_cost is None]
        laid.append(Laid(group, rows, _pay(group, rows, teams)))
    _settle_cells(bill, lines, usage)
    return laid


def _indexed(usage: Sequence[Draft]) -> Drafts:
    index: dict[tuple[str, str], dict[tuple[str | None, str], list[Draft]]] = defaultdict(lambda: defaultdict(list))
    for draft in usage:
        index[draft.channel, draft.project][draft.model, draft.meter].append(draft)
    return index


def _in_reach(rows: Mapping[tuple[str | None, str], Sequence[Draft]], reach: Reach) -> list[Draft]:
    if ANY not in reach:
        return list(rows.get(reach, ()))
    return [one for (model, meter), group in rows.items() if reach[0] in {ANY, model} and reach[1] in {ANY, meter} for one in group]


def _most_specific_first(item: tuple[tuple[str, str, Reach], list[BillLine]]) -> tuple[str, str, bool, bool, str, str]:
    (channel, project, (model, meter)), _ = item
    return (channel, project, meter == ANY, model == ANY, model or "", meter)


@dataclass(slots=True)
class _Payment:
    """A line with what of it is not yet explained."""

    line: BillLine
    amount: Decimal
    quantity: Decimal | None


@dataclass(slots=True)
class _Payer:
    """A usage row with what of it is not yet billed."""

    draft: Draft
    left: Decimal


def _pay(lines: Sequence[BillLine], rows: Sequence[Draft], teams: Mapping[str, str]) -> list[Draft]:
    """Split `lines` over `rows`: equal api_types first, then what is left on both sides. Gives what no row explains."""
    payments = [_Payment(line, line.amount, line.quantity) for line in lines]
    payers = [_Payer(row, row.quantity) for row in rows]
    for payer in payers:
        payer.draft.billed_cost = money.ZERO
    for api_type in sorted({one.line.api_type or "" for one in payments} & {one.draft.api_type or "" for one in payers}):
        same = [one for one in payments if (one.line.api_type or "") == api_type]
        _settle(same, [one for one in payers if (one.draft.api_type or "") == api_type])
    _settle(payments, payers)
    return [_own_row(one.line, one.amount, one.quantity, teams) for one in payments]


def _settle(payments: Sequence[_Payment], payers: Sequence[_Payer]) -> None:
    """Move what `payers` explain of `payments` into their billed costs."""
    payments = [one for one in payments if one.amount or one.quantity]
    payers = [one for one in payers if one.left > 0]
    if not payments or not payers:
        return
    quantities = [one.quantity for one in payments if one.quantity is not None]
    if len(quantities) == len(payments):
        if min(quantities) < 0 or not any(quantities):
            return
        match = cover(quantities, [one.left for one in payers])
    else:
        match = _cover_by_cost(payments, payers)
    if not match.covered:
        return
    amounts = [covered_amount(one.amount, match) for one in payments]
    shares = dealt(money.total(amounts), [_estimate(one) for one in payers], match.given)
    for place, (payment, amount) in enumerate(zip(payments, amounts, strict=True)):
        payment.amount = less(payment.amount, amount)
        if payment.quantity is not None and match.taken:
            payment.quantity = less(payment.quantity, match.taken[place])
    for payer, share, given in zip(payers, shares, match.given, strict=True):
        payer.draft.billed_cost = money.total([payer.draft.billed_cost, share])
        payer.left = less(payer.left, given) if match.taken else money.ZERO


def _cover_by_cost(payments: Sequence[_Payment], payers: Sequence[_Payer]) -> Cover:
    """How far the payers' estimates reach, for lines without quantities; all the way where the provider itself counted the usage."""
    billed = money.total([one.amount for one in payments])
    estimated = money.total([_estimate(one) for one in payers])
    given = [one.left for one in payers]
    if all(one.draft.basis == PROVIDER_ESTIMATED for one in payers) or 0 < billed <= estimated:
        return Cover(money.SMALLEST, money.SMALLEST, (), given)
    return Cover(billed, estimated if billed > 0 else money.ZERO, (), given)


def _estimate(payer: _Payer) -> Decimal | None:
    estimated = payer.draft.estimated_cost
    if estimated is None or payer.left == payer.draft.quantity:
        return estimated
    return money.share_of(estimated, payer.left, payer.draft.quantity)


def _own_row(line: BillLine, amount: Decimal, quantity: Decimal | None, teams: Mapping[str, str]) -> Draft:
    project = str(line.project)
    return Draft(
        project=project,
        team=teams.get(project),
        channel=line.channel,
        provider=line.provider,
        model=line.model,
        api_type=line.api_type,
        meter=line.meter,
        quantity=money.ZERO if quantity is None else quantity,
        billed_cost=amount,
    )


def _settle_cells(bill: Bill, lines: Sequence[BillLine], usage: Sequence[Draft]) -> None:
    """Usage that the bill covers without a line of its own was billed 0. Covered are: a billed cell; what lines that name no project
    stand for, in any project; and what any line stands for, in usage without a project, for its dollars are in that line.
    """
    cells = {(line.channel, line.project, line.model) for line in lines if line.is_usage and line.model is not None}
    shared = _patterns(bill, [line for line in bill.lines if line.project is None])
    every = _patterns(bill, bill.lines)
    for draft in usage:
        if draft.billed_cost is None:
            patterns = {(draft.channel, model, meter) for model in (draft.model, ANY) for meter in (draft.meter, ANY)}
            covered = every if draft.project == UNATTRIBUTED else shared
            if cell_of(draft) in cells or not patterns.isdisjoint(covered):
                draft.billed_cost = money.ZERO


def _patterns(bill: Bill, lines: Sequence[BillLine]) -> set[tuple[str, str | None, str]]:
    """(channel, model, meter), ANY where open: the models that usage lines name, and what those reach that name none."""
    used = [line for line in lines if line.is_usage]
    models: set[tuple[str, str | None, str]] = {(line.channel, line.model, ANY) for line in used if line.model is not None}
    return models | {(line.channel, *reach) for line in used if (reach := bill.reach(line)) is not None}
