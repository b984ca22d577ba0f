"""Why a budget's spending changed, in words: the parts in whole cents, which sum to the change as shown."""

from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts import words
from usage_pipeline.alerts.letter import ChangeRow, ChangeTable
from usage_pipeline.alerts.why import Mover, Why
from usage_pipeline.tables.causes import CACHE, CHARGES, MIX, PRICE, VOLUME, in_cents

NAMES = {VOLUME: "Volume", PRICE: "Price", MIX: "Mix", CACHE: "Cache", CHARGES: "Charges"}
MEANINGS = {
    VOLUME: ("more was used", "less was used"),
    PRICE: ("the same models cost more", "the same models cost less"),
    MIX: ("dearer models or longer answers", "cheaper models or shorter answers"),
    CACHE: ("the cache saved less", "the cache saved more"),
    CHARGES: ("more fees or fewer credits", "fewer fees or more credits"),
}
NOTES = {
    VOLUME: ("more use", "less use"),
    PRICE: ("higher price", "lower price"),
    MIX: ("dearer mix", "cheaper mix"),
    CACHE: ("cache saved less", "cache saved more"),
    CHARGES: ("fees", "credits"),
}
HEADS = {"operation": "operation", "user": "user", "team": "team", "project": "project"}


def change_table(why: Why | None, currency: str) -> ChangeTable | None:
    """None where there is nothing to compare with, or nothing changed by a cent."""
    if why is None:
        return None
    parts = [(name, amount) for name, amount in in_cents(why.causes) if amount]
    if not parts:
        return None
    return ChangeTable(
        sentence=_sentence(why, currency),
        parts=tuple(
            ChangeRow(name=NAMES[name], amount=_signed(amount, currency), note=_word(MEANINGS[name], amount), rises=amount > 0)
            for name, amount in parts
        ),
        movers_head=f"Largest changes by {HEADS[why.whose]} and model" if why.whose else "Largest changes by model",
        movers=tuple(_mover(one, why, currency) for one in why.movers if money.round_parts([one.causes.change])[0]),
    )


def _sentence(why: Why, currency: str) -> str:
    causes = why.causes
    change = money.round_parts([causes.change])[0] or money.ZERO
    size = words.amount(abs(change), currency, currency)
    than = f"than on {words.short_days(why.compared_with)}"
    if not change:
        return f"As much as on {words.short_days(why.compared_with)}, made of:"
    moved = words.change(causes.before, causes.now)
    return f"{size} {'more' if change > 0 else 'less'} {than}{'' if moved == 'new' else f' ({moved})'}:"


def _mover(one: Mover, why: Why, currency: str) -> ChangeRow:
    who = words.plain(one.who) if one.who is not None else "not said"
    model = words.plain(one.model) if one.model is not None else "without a model"
    change = one.causes.change
    cause, _ = one.causes.main
    note = "new" if not one.causes.before else "gone" if not one.causes.now else _word(NOTES[cause], change)
    return ChangeRow(
        name=f"{who} · {model}" if why.whose else model,
        amount=_signed(money.round_parts([change])[0] or money.ZERO, currency),
        note=note,
        rises=change > 0,
    )


def _word(pair: tuple[str, str], amount: Decimal) -> str:
    return pair[0] if amount > 0 else pair[1]


def _signed(amount: Decimal, currency: str) -> str:
    shown = words.amount(amount, currency, currency)
    return f"+{shown}" if amount > 0 else shown
