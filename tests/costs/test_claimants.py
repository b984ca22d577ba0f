"""Likely claimants of cost without a project: the strongest evidence counts alone, parts sum exactly, nothing is assigned."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.costs.claimants import BILL, DRAWN, Cell, Logged, Named, rule_line, unclaimed
from usage_pipeline.tables.claimants import CHANNEL, DAY, KEY, LEVELS
from usage_pipeline.tables.usage_events import LOG_VIEW, PROVIDER_VIEW

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
GPT: Cell = (FIRST, "openai", "gpt-4o")


def named(amount: str, key: str | None = None, *fields: tuple[str, str], cell: Cell = GPT, origin: str = BILL) -> Named:
    place = {"day": cell[0], "channel": cell[1], "model": cell[2]}
    return Named(source="bill", **place, key=key, fields=fields, amount=Decimal(amount), origin=origin)  # type: ignore[arg-type]


def logged(**levels: object) -> Logged:
    return Logged(**({"by_key": {}, "by_hour": {}, "by_day": {}} | levels))  # type: ignore[arg-type]


def test_the_same_key_says_more_than_the_same_day() -> None:
    known = logged(by_key={"k1": {"chat": Decimal(1)}}, by_day={GPT: {"portal": Decimal(9)}})
    found = unclaimed({GPT: Decimal(10)}, [named("4", "k1", ("api_key_id", "k1")), named("6")], known, ["ana@example.org"])
    assert [(one.project, one.level, one.amount) for one in found.claimants] == [("portal", DAY, Decimal(6)), ("chat", KEY, Decimal(4))]
    assert found.claimants[1].rule == '- {source: bill, field: api_key_id, equals: "k1", project: chat}'
    assert found.claimants[0].rule is None
    assert (found.nobody, found.owners) == (0, ("ana@example.org",))


def test_shares_follow_the_logged_cost() -> None:
    found = unclaimed({GPT: Decimal("0.01")}, [], logged(by_day={GPT: {"a": Decimal(1), "b": Decimal(2)}}), [])
    assert money.total([one.amount for one in found.claimants]) == Decimal("0.01")
    assert [(one.project, one.own_cost, one.all_cost) for one in found.claimants] == [("b", 2, 3), ("a", 1, 3)]


def test_no_rule_is_proposed_on_weak_evidence_nor_for_what_two_claim() -> None:
    other: Cell = (SECOND, "openai", "gpt-4o")
    weak = logged(by_day={(FIRST, "openai", "o3"): {"chat": Decimal(1)}})
    (claim,) = unclaimed({GPT: Decimal(1)}, [named("1", None, ("workspace_id", "w"))], weak, []).claimants
    assert (claim.level, claim.rule) == (CHANNEL, None)
    both = logged(by_day={GPT: {"a": Decimal(1)}, other: {"b": Decimal(1)}})
    lines = [named("1", None, ("workspace_id", "w")), named("1", None, ("workspace_id", "w"), cell=other)]
    assert {one.rule for one in unclaimed({GPT: Decimal(1), other: Decimal(1)}, lines, both, []).claimants} == {None}


def test_what_usage_drew_of_a_bill_goes_with_the_evidence_on_that_usage() -> None:
    """Also of lines without a model; the estimate of the usage is a weight there, and no money of its own."""
    bare: Cell = (FIRST, "openai", None)
    lines = [
        named("0.06", origin=DRAWN),
        named("0.44", cell=bare, origin=DRAWN),
        named("0.0002", "k1", ("api_key_id", "k1"), origin=LOG_VIEW),
        named("0.0006", origin=LOG_VIEW),
    ]
    known = logged(by_key={"k1": {"chat": Decimal(1)}}, by_day={GPT: {"portal": Decimal(9)}})
    found = unclaimed({GPT: Decimal("0.06"), bare: Decimal("0.44")}, lines, known, [])
    assert [(one.project, one.level, one.amount) for one in found.claimants] == [
        ("portal", DAY, Decimal("0.375")), ("chat", KEY, Decimal("0.125")),
    ]  # fmt: skip
    assert (found.nobody, found.claimants[1].rule) == (0, '- {source: bill, field: api_key_id, equals: "k1", project: chat}')


def test_of_two_views_of_usage_the_one_that_names_keys_tells_who_drew() -> None:
    keys = logged(by_key={"k1": {"chat": Decimal(1)}, "k2": {"portal": Decimal(1)}})
    for view, key, project in ((PROVIDER_VIEW, "k2", "portal"), (PROVIDER_VIEW, None, "chat")):
        lines = [named("3", origin=DRAWN), named("5", key, origin=view), named("7", "k1", origin=LOG_VIEW)]
        assert [(one.project, one.amount) for one in unclaimed({GPT: Decimal(3)}, lines, keys, []).claimants] == [(project, 3)]


def test_where_no_log_fits_nobody_claims_it() -> None:
    found = unclaimed({GPT: Decimal("-2.5")}, [], logged(by_day={(SECOND, "anthropic", "x"): {"a": Decimal(1)}}), [])
    assert (found.amount, found.nobody, found.claimants) == (Decimal("-2.5"), Decimal("-2.5"), ())


def test_a_value_is_quoted_for_yaml() -> None:
    assert rule_line("bill", "principal", 'a"b\\c', "chat") == r'- {source: bill, field: principal, equals: "a\"b\\c", project: chat}'


amounts = st.decimals(min_value=-1000, max_value=1000, places=15)
weights = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.decimals(min_value="0.01", max_value=50, places=2), max_size=3)


@given(
    cells=st.dictionaries(st.sampled_from([FIRST, SECOND]), amounts), by_day=st.lists(weights, min_size=2, max_size=2), part=st.booleans()
)
def test_claims_and_what_nobody_claims_are_the_whole(cells: dict[date, Decimal], by_day: list[dict[str, Decimal]], *, part: bool) -> None:
    whole = {(day, "openai", "gpt-4o"): amount for day, amount in cells.items()}
    drawn = [named("3", origin=DRAWN), named("1", "k8", origin=LOG_VIEW), named("2", origin=LOG_VIEW, cell=(FIRST, "openai", "o3"))]
    lines = [named("1"), named("2", "k9"), *drawn] if part else drawn[1:]
    known = logged(by_day={(day, "openai", "gpt-4o"): shares for day, shares in zip([FIRST, SECOND], by_day, strict=True)})
    found = unclaimed(whole, lines, known, [])
    assert money.total([*(one.amount for one in found.claimants), found.nobody]) == found.amount == money.total(list(cells.values()))
    assert {one.level for one in found.claimants} <= set(LEVELS)
