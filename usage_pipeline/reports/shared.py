"""How bill lines that name no project came to their projects, in a sentence: nothing is spread in silence."""

from collections.abc import Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.tables.allocations import LEFT, METHODS
from usage_pipeline.tables.shared_used import SharedUsed


def shared_notes(shared: Sequence[SharedUsed], currency: str, *, is_project: bool) -> tuple[str, ...]:
    """One note, or none where no line was dealt out. Cents are rounded up or down so that the parts sum to the whole."""
    dealt = [one for one in shared if one.method != LEFT]
    if not dealt:
        return ()
    groups: dict[tuple[str, str | None], list[Decimal]] = {}
    for one in dealt:
        groups.setdefault((one.method, one.rule), []).append(one.amount)
    keys = sorted(groups, key=lambda key: -abs(money.total(groups[key])))
    cents = money.round_parts([money.total(groups[key]) for key in keys])
    parts = [f"{words.amount(cost, currency)} {_how(*key)}" for key, cost in zip(keys, cents, strict=True)]
    whole = words.amount(money.total(cents), currency)
    subject = "of it are this project’s part of bill lines that name no project" if is_project else "are bill lines that name no project"
    return (f"{whole} {subject} and were dealt out: {'; '.join(parts)}. Method and ratio of every part are in the lake’s allocations.",)


def _how(method: str, rule: str | None) -> str:
    return METHODS[method] if rule is None else f"{METHODS[method]} ({words.clean(rule)})"
