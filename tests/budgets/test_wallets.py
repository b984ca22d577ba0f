"""The ledger of wallets: lots by hand, corrections, closed months; and by hypothesis that it comes out the same in any order."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.budgets.wallet_ledger import Posting, Usage, counted, entry, missing_entries, standing_of, usage_of
from usage_pipeline.budgets.wallet_lots import Given, standing
from usage_pipeline.budgets.wallet_status import balance_on, balances, status_of
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.wallets import (
    CONSUMPTION,
    CREDITS,
    EXPIRY,
    GIVEN,
    GRANT,
    Wallet,
    WalletDay,
    WalletEntry,
    WalletStatus,
)

FIRST = date(2026, 10, 1)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
WALLET = Wallet(id="support", scope="project", holder="portal", unit=CREDITS, low=Decimal(20))
POSTING = Posting(now=NOW, actor="ana", open_from=date.min)
NONE = Decimal(0)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def lot(reference: str, number: int, amount: str, expires: int | None = None) -> Given:
    return Given(reference=reference, day=day(number), amount=Decimal(amount), expires=None if expires is None else day(expires))


def granted(reference: str, number: int, amount: str, expires: int | None = None, posting: Posting = POSTING) -> WalletEntry:
    return entry(
        WALLET, GRANT, day(number), reference, Decimal(amount), posting, expires=None if expires is None else day(expires), note=None
    )


def kept(
    entries: Sequence[WalletEntry], used: Mapping[date, Decimal], through: date, posting: Posting = POSTING
) -> tuple[list[WalletEntry], WalletStatus]:
    """The whole ledger after one more look, and how the wallet stands."""
    usage = counted(WALLET, entries, Usage(amounts=used, unknown=frozenset()), through)
    whole = [*entries, *missing_entries(WALLET, entries, usage.amounts, through, posting)]
    return whole, status_of(WALLET, whole, usage, standing_of(whole, usage.amounts, through), through)


def test_usage_is_taken_from_what_ends_first() -> None:
    given_ = [lot("late", 1, "100", 20), lot("never", 1, "100"), lot("soon", 2, "50", 10)]
    found = standing(given_, {day(3): Decimal(60)}, day(3))
    assert [(one.reference, one.left) for one in found.lots] == [("late", Decimal(90)), ("never", Decimal(100))]
    found = standing(given_, {day(3): Decimal(40)}, day(10))
    assert found.lapsed == {("soon", day(10)): Decimal(10)}
    assert found.balance == 200


def test_the_last_day_may_still_be_used() -> None:
    used = {day(10): Decimal(30), day(11): Decimal(5)}
    found = standing([lot("soon", 1, "50", 10)], used, day(11))
    assert found.lapsed == {("soon", day(10)): Decimal(20)}
    assert (found.lots, found.debt, found.balance) == ([], Decimal(5), Decimal(-5))


def test_a_debt_is_paid_by_what_is_given_next() -> None:
    used = {day(1): Decimal(30)}
    found = standing([lot("a", 1, "10"), lot("b", 3, "50", 9)], used, day(5))
    assert [(one.reference, one.left) for one in found.lots] == [("b", Decimal(30))]
    assert standing([lot("a", 1, "10"), lot("b", 3, "15")], used, day(5)).debt == 5


def test_what_is_taken_away_and_what_comes_back() -> None:
    found = standing([lot("a", 1, "10", 4), lot("b", 1, "10"), lot("fix", 2, "-12")], {}, day(2))
    assert [(one.reference, one.left) for one in found.lots] == [("b", Decimal(8))]
    refund = standing([lot("a", 1, "10")], {day(2): Decimal(15), day(3): Decimal(-7)}, day(3))
    assert (refund.debt, [one.left for one in refund.lots]) == (0, [Decimal(2)])


def test_a_day_is_one_entry_and_another_look_adds_none() -> None:
    used = {day(1): Decimal("1.5"), day(2): Decimal("2.25")}
    whole, status = kept([granted("g", 1, "10")], used, day(2))
    assert [(one.kind, one.day, one.amount, one.number) for one in whole[1:]] == [
        (CONSUMPTION, day(1), Decimal("-1.5"), 1), (CONSUMPTION, day(2), Decimal("-2.25"), 1),
    ]  # fmt: skip
    assert kept(whole, used, day(2)) == (whole, status)
    assert (status.balance, status.given, status.consumed, status.is_low, status.low_since) == (
        Decimal("6.25"), Decimal(10), Decimal("3.75"), True, day(1),
    )  # fmt: skip
    assert len({one.entry_id for one in whole}) == len(whole)


def test_a_day_computed_again_is_corrected_and_so_is_what_lapsed() -> None:
    whole, _ = kept([granted("g", 1, "100", 5)], {day(1): Decimal(40)}, day(6))
    assert [(one.kind, one.for_day, one.amount) for one in whole[1:]] == [
        (CONSUMPTION, day(1), Decimal(-40)), (EXPIRY, day(5), Decimal(-60)),
    ]  # fmt: skip
    after, status = kept(whole, {day(1): Decimal(40), day(2): Decimal(25)}, day(6))
    assert after[: len(whole)] == whole, "nothing that was written is touched"
    assert [(one.kind, one.for_day, one.amount, one.number) for one in after[len(whole) :]] == [
        (CONSUMPTION, day(2), Decimal(-25), 1), (EXPIRY, day(5), Decimal(25), 2),
    ]  # fmt: skip
    assert (status.balance, status.consumed, status.expired) == (0, 65, 35)
    gone, status = kept(after, {}, day(6))
    assert [(one.kind, one.number, one.amount) for one in gone[len(after) :]] == [
        (CONSUMPTION, 2, Decimal(40)), (CONSUMPTION, 2, Decimal(25)), (EXPIRY, 3, Decimal(-65)),
    ]  # fmt: skip
    assert (status.balance, status.expired) == (0, 100)


def test_a_closed_month_is_corrected_after_it() -> None:
    used = {day(1): Decimal(40), day(30): Decimal(1)}
    whole, _ = kept([granted("g", 1, "100")], used, day(40))
    closed = Posting(now=NOW, actor="ana", open_from=date(2026, 11, 1))
    after, status = kept(whole, {**used, day(1): Decimal(45)}, day(40), closed)
    (corrected,) = after[len(whole) :]
    assert (corrected.day, corrected.for_day, corrected.amount, corrected.number) == (date(2026, 11, 1), day(1), Decimal(-5), 2)
    assert balance_on(after, date(2026, 10, 31)) == balance_on(whole, date(2026, 10, 31)) == 59
    assert status.balance == 54


def test_usage_counts_from_the_first_grant_or_as_told() -> None:
    used = {day(1): Decimal(5), day(2): Decimal(7)}
    _, status = kept([granted("g", 2, "10")], used, day(3))
    assert status.balance == 3
    told = Wallet(id="support", scope="project", holder="portal", unit=CREDITS, first_day=day(1))
    assert counted(told, [], Usage(amounts=used, unknown=frozenset({day(1), day(3)})), day(2)) == Usage(
        amounts=used, unknown=frozenset({day(1)})
    )


def test_a_wallet_without_entries_is_not_low() -> None:
    whole, status = kept([], {day(1): Decimal(5)}, day(3))
    assert (whole, status.balance, status.is_low, status.low_since) == ([], 0, False, None)


def test_low_since_begins_anew_after_a_recharge() -> None:
    used = {day(2): Decimal(85), day(5): Decimal(90)}
    whole, status = kept([granted("g", 1, "100"), granted("h", 3, "80")], used, day(6))
    assert balances(whole) == [(day(1), 100), (day(2), 15), (day(3), 95), (day(5), 5)]
    assert (status.is_low, status.low_since) == (True, day(5))
    assert kept([granted("g", 1, "105")], {day(2): Decimal(85)}, day(2))[1].is_low, "at its limit it is low"
    assert not kept([granted("g", 1, "105.01")], {day(2): Decimal(85)}, day(2))[1].is_low


def test_what_lapses_next_is_told() -> None:
    _, status = kept([granted("a", 1, "10", 9), granted("b", 1, "7", 9), granted("c", 1, "5", 30)], {day(1): Decimal(4)}, day(2))
    assert (status.next_expiry, status.next_expiring) == (day(9), Decimal(13))


@pytest.mark.parametrize(
    ("scope", "holder", "unit", "expected"),
    [
        ("project", "portal", CREDITS, {day(1): Decimal(3)}),
        ("team", "ml", CREDITS, {day(1): Decimal(5)}),
        ("client", "Acme", "USD", {day(1): Decimal("0.75")}),
        ("organisation", None, "USD", {day(1): Decimal("0.75"), day(2): Decimal(4)}),
    ],
)
def test_usage_of_a_scope(scope: str, holder: str | None, unit: str, expected: dict[date, Decimal]) -> None:
    days = [
        WalletDay(day=day(1), project="portal", team=None, credits=Decimal(3), uncredited=0, cost=Decimal("0.25"), uncosted=0),
        WalletDay(day=day(1), project="search", team="ml", credits=Decimal(5), uncredited=0, cost=Decimal("0.5"), uncosted=1),
        WalletDay(day=day(2), project="unattributed", team=None, credits=None, uncredited=2, cost=Decimal(4), uncosted=0),
    ]
    wallet = Wallet(id="w", scope=scope, holder=holder, unit=unit, projects=("portal", "search") if scope == "client" else ())
    found = usage_of(wallet, days)
    assert found.amounts == expected
    assert found.unknown == ({day(1)} if unit == "USD" else set())


def test_a_ledger_of_other_hands_is_told() -> None:
    stray = entry(WALLET, CONSUMPTION, day(1), "", Decimal(-5), POSTING)
    with pytest.raises(AccountingError, match="wallet support: its entries sum to 5, its lots to 10"):
        status_of(
            WALLET,
            [granted("g", 1, "10"), stray],
            Usage(amounts={}, unknown=frozenset()),
            standing_of([granted("g", 1, "10")], {}, day(2)),
            day(2),
        )


AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(500), places=2)
DAYS = st.integers(min_value=1, max_value=40)


@st.composite
def givens(draw: st.DrawFn) -> list[WalletEntry]:
    found = []
    for number in range(draw(st.integers(1, 6))):
        first = draw(DAYS)
        expires = draw(st.none() | st.integers(first, 45))
        found.append(granted(f"g{number}", first, str(draw(AMOUNTS)), expires))
    return found


@given(given_=givens(), used=st.dictionaries(DAYS.map(day), AMOUNTS | AMOUNTS.map(lambda one: -one)), through=DAYS.map(day))
def test_balance_is_the_sum_and_no_lot_is_below_nothing(given_: list[WalletEntry], used: dict[date, Decimal], through: date) -> None:
    whole, status = kept(given_, used, through)
    stood = standing_of(whole, counted(WALLET, whole, Usage(amounts=used, unknown=frozenset()), through).amounts, through)
    assert status.balance == money.total([one.amount for one in whole]) == stood.balance
    assert all(one.left > 0 for one in stood.lots)
    assert stood.debt >= 0
    assert not (stood.debt and stood.lots), "either nothing is owed, or nothing is left"
    assert status.balance == status.given - status.consumed - status.expired
    assert all(one.expires is None or one.expires > through for one in stood.lots if one.day <= through)
    assert kept(whole, used, through)[0] == whole


@given(
    given_=givens(),
    used=st.dictionaries(DAYS.map(day), AMOUNTS, max_size=8),
    looks=st.lists(st.tuples(st.sets(st.integers(0, 7)), st.booleans(), st.integers(0, 6)), max_size=4),
    data=st.data(),
)
def test_days_in_any_order_come_to_the_same(
    given_: list[WalletEntry], used: dict[date, Decimal], looks: list[tuple[set[int], bool, int]], data: st.DataObject
) -> None:
    """Looks while some days and grants are not known yet, with other amounts, before and after a close: the end is the same."""
    through = day(46)
    at_once, expected = kept(given_, used, through)
    listed = sorted(used)
    shuffled = data.draw(st.permutations(given_))
    entries: list[WalletEntry] = []
    for chosen, other_amounts, known in looks:
        entries += [one for one in shuffled[:known] if one not in entries]
        part = {listed[place]: used[listed[place]] * (2 if other_amounts else 1) for place in chosen if place < len(listed)}
        posting = POSTING if other_amounts else Posting(now=NOW, actor="ben", open_from=date(2026, 11, 1))
        before = list(entries)
        entries, _ = kept(entries, part, data.draw(DAYS.map(day)), posting)
        assert entries[: len(before)] == before
    entries += [one for one in shuffled if one not in entries]
    entries, status = kept(entries, used, through)
    assert status.balance == expected.balance
    assert _sums(entries) == _sums(at_once)
    assert len({one.entry_id for one in entries}) == len(entries)


def _sums(entries: Sequence[WalletEntry]) -> dict[tuple[str, date, str], Decimal]:
    """What the ledger says of each thing, however many entries it took."""
    found: dict[tuple[str, date, str], Decimal] = {}
    for one in entries:
        key = (one.kind, one.for_day, one.reference if one.kind not in GIVEN else one.entry_id)
        found[key] = found.get(key, NONE) + one.amount
    return {key: amount for key, amount in found.items() if amount}
