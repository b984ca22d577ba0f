"""Top drivers by hand: three a dimension, shares of the budget's spending, compared with the same days of the period before."""

from datetime import date
from decimal import Decimal

from alert_samples import budget, cost

from usage_pipeline.alerts.drivers import Driver, Drivers, drivers
from usage_pipeline.periods import Period
from usage_pipeline.tables.costs import UNATTRIBUTED

AS_OF = date(2026, 10, 4)


def october(day: int) -> date:
    return date(2026, 10, day)


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
            Driver(name="a", amount=Decimal(6), percent=Decimal(60), before=None, compared=None),
            Driver(name="b", amount=Decimal(2), percent=Decimal(20), before=None, compared=None),
            Driver(name="c", amount=Decimal(1), percent=Decimal(10), before=None, compared=None),
        ),
        others_count=1,
        compared_with=None,
    )
    assert (names(operation), names(user)) == (["chat", None], [None, "u"])


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
