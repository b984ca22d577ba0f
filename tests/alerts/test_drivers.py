"""Top drivers by hand: three a dimension, shares of the budget's spending, compared with the same days of the period before."""

from datetime import date
from decimal import Decimal

from alert_samples import budget, cost

from usage_pipeline import money
from usage_pipeline.alerts.drivers import Driver, Drivers, Others, drivers
from usage_pipeline.periods import Period
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.summary import by

AS_OF = date(2026, 10, 4)


def october(day: int) -> date:
    return date(2026, 10, day)


def driver(name: str, amount: str, percent: str) -> Driver:
    return Driver(
        name=name, amount=Decimal(amount), shown=Decimal(amount), percent=Decimal(percent), shown_percent=Decimal(percent), before=None,
        compared=None,
    )  # fmt: skip


def names(table: Drivers) -> list[str | None]:
    return [row.name for row in table.rows]


def test_three_largest_of_each_dimension() -> None:
    costs = [
        cost(october(1), "6", model="a", operation="chat", user=None),
        cost(october(2), "2", model="b", operation=None, user="u"),
        cost(october(4), "1", model="d", operation=None, user=None),
        cost(october(4), "1", model="c", operation=None, user=None),
        cost(october(5), "99", model="later"),
        cost(october(4), "99", model="other", project="search-ranker"),
        cost(october(4), None, model="unknown"),
    ]
    model, operation, user = drivers(budget(), costs, AS_OF, AS_OF)
    assert model == Drivers(
        dimension="model",
        rows=(
            driver("a", "6", "60"),
            driver("b", "2", "20"),
            driver("c", "1", "10"),
        ),
        others=Others(count=1, amount=Decimal(1), shown=Decimal(1), percent=Decimal(10), shown_percent=Decimal(10)),
        compared_with=None,
    )
    assert (names(operation), names(user)) == (["chat", None], [None, "u"])


def test_what_is_shown_sums_to_the_whole() -> None:
    """101.2 cents are shown as 101: the two largest remainders are rounded up, all else down. Percents and tokens alike."""
    amounts = {"a": "0.336", "b": "0.335", "c": "0.334", "d": "0.004", "e": "0.003"}
    costs = [cost(october(1), amount, model=name, quantity=Decimal(amount) * 1000) for name, amount in amounts.items()]
    table = drivers(budget(), costs, AS_OF, AS_OF)[0]
    assert table.others is not None
    assert [row.shown for row in table.rows] == [Decimal("0.34"), Decimal("0.34"), Decimal("0.33")]
    assert table.others.shown == 0
    assert [row.shown_percent for row in table.rows] == [Decimal(33), Decimal(33), Decimal(33)]
    assert table.others.shown_percent == Decimal(1)
    tokens = drivers(budget("1000", unit="tokens"), costs, AS_OF, AS_OF)[0]
    assert [row.shown for row in tokens.rows] == [Decimal(336), Decimal(335), Decimal(334)]


def test_cents_are_those_of_a_statement() -> None:
    """A statement deals cents to every model before it folds the small ones; so does a mail."""
    costs = [cost(october(1), f"{10 - number}.{number}37", model=str(number)) for number in range(8)]
    cents = money.round_parts([group.cost for group in by(costs, "model")])
    table = drivers(budget(), costs, AS_OF, AS_OF)[0]
    assert table.others is not None
    assert [row.shown for row in table.rows] == cents[:3]
    assert table.others.shown == money.total(cents[3:])


def test_credits_are_among_the_others() -> None:
    costs = [cost(october(1), "11", model="a"), cost(october(1), "-1", model="credit")]
    table = drivers(budget(), costs, AS_OF, AS_OF)[0]
    assert [(row.name, row.shown_percent) for row in table.rows] == [("a", Decimal(110))]
    assert table.others == Others(count=1, amount=Decimal(-1), shown=Decimal(-1), percent=Decimal(-10), shown_percent=Decimal(-10))


def test_compared_with_the_same_days_before_and_whole_days_only() -> None:
    costs = [
        cost(date(2026, 9, 1), "5", model="a"),
        cost(date(2026, 9, 4), "1000", model="a"),
        cost(october(1), "8", model="a"),
        cost(october(3), "2", model="b"),
        cost(october(4), "1", model="a"),
    ]
    table = drivers(budget(), costs, AS_OF, october(3))[0]
    assert table.compared_with == Period(date(2026, 9, 1), date(2026, 9, 4))
    assert [(row.name, row.amount, row.before, row.compared) for row in table.rows] == [
        ("a", Decimal(9), Decimal(5), Decimal(8)),
        ("b", Decimal(2), Decimal(0), Decimal(2)),
    ]


def test_no_whole_day_is_no_comparison() -> None:
    costs = [cost(date(2026, 10, 3), "5"), cost(AS_OF, "1")]
    assert drivers(budget("5", period="daily"), costs, AS_OF, october(3))[0].compared_with is None
    assert drivers(budget("5", period="daily"), costs, AS_OF, AS_OF)[0].compared_with == Period(october(3), october(4))


def test_a_shorter_month_before_is_compared_whole() -> None:
    costs = [cost(date(2026, 2, 28), "5"), cost(date(2026, 3, 30), "1")]
    table = drivers(budget(), costs, date(2026, 3, 30), date(2026, 3, 30))[0]
    assert table.compared_with == Period(date(2026, 2, 1), date(2026, 3, 1))


def test_an_operation_budget_counts_its_operation_in_its_unit() -> None:
    costs = [
        cost(october(1), "1", operation="improvement", quantity=Decimal(300)),
        cost(october(1), None, operation="improvement", quantity=Decimal(100), model="b"),
        cost(october(1), "1", operation="chat", quantity=Decimal(5000)),
    ]
    tables = drivers(budget("1000", unit="tokens", operation="improvement"), costs, AS_OF, AS_OF)
    assert [table.dimension for table in tables] == ["model", "user"]
    assert [(row.name, row.amount, row.percent) for row in tables[0].rows] == [
        ("gpt-5", Decimal(300), Decimal(75)),
        ("b", Decimal(100), Decimal(25)),
    ]


def test_the_organisation_sees_projects_and_models_but_no_users() -> None:
    costs = [cost(october(1), "1"), cost(october(1), "3", project=UNATTRIBUTED, model=None, user=None)]
    tables = drivers(budget(project=None), costs, AS_OF, AS_OF)
    assert [(table.dimension, names(table)) for table in tables] == [
        ("project", [UNATTRIBUTED, "support-portal"]),
        ("model", [None, "gpt-5"]),
    ]


def test_a_dimension_that_says_nothing_is_left_out() -> None:
    costs = [cost(october(1), "1", user=None, operation=None)]
    assert [table.dimension for table in drivers(budget(), costs, AS_OF, AS_OF)] == ["model"]
    assert drivers(budget(), [], AS_OF, AS_OF) == []
