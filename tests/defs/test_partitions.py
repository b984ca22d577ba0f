"""Days and months as Dagster runs ask for them, and as we read them back."""

from datetime import UTC, date, datetime

import dagster as dg
import pytest
from sample_world import execute

from usage_pipeline.defs.partitions import (
    DAILY,
    DAYS_OF_MONTH,
    FIRST_DAY,
    MONTHLY,
    ONE_RUN,
    RANGE_END,
    RANGE_START,
    asked_days,
    daily_tags,
    days_of,
    month_keys,
    monthly_tags,
    months_of,
)
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period, inclusive, month_of


def test_today_is_a_partition_and_tomorrow_is_none() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert DAILY.get_partition_keys(current_time=noon)[-1] == "2026-11-21"
    assert MONTHLY.get_partition_keys(current_time=noon)[-1] == "2026-11-01"
    assert DAILY.get_partition_keys(current_time=noon)[0] == MONTHLY.get_partition_keys(current_time=noon)[0] == FIRST_DAY.isoformat()


def test_days_are_those_of_utc_whole_and_without_gaps() -> None:
    window = DAILY.time_window_for_partition_key("2026-10-25")  # clocks change in Europe
    assert (window.start, window.end) == (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (inclusive(date(2026, 10, 1), date(2026, 10, 31)), "2026-10-01", "2026-10-01"),
        (inclusive(date(2026, 12, 31), date(2027, 1, 1)), "2026-12-01", "2027-01-01"),
        (inclusive(date(2024, 2, 29), date(2024, 2, 29)), "2024-02-01", "2024-02-01"),
    ],
)
def test_tags_of_months(days: Period, first: str, last: str) -> None:
    assert monthly_tags(days) == {RANGE_START: first, RANGE_END: last}


def test_tags_of_days_are_inclusive() -> None:
    assert daily_tags(Period(date(2026, 10, 1), date(2026, 11, 1))) == {RANGE_START: "2026-10-01", RANGE_END: "2026-10-31"}


def test_days_before_the_first_are_refused_in_words() -> None:
    with pytest.raises(UsageConfigError, match="2023-12-31 lies before the first day of this pipeline, 2024-01-01: ask for later days"):
        daily_tags(inclusive(date(2023, 12, 31), date(2024, 1, 2)))


def test_keys_of_months() -> None:
    assert month_keys(inclusive(date(2026, 12, 31), date(2027, 2, 1))) == ["2026-12-01", "2027-01-01", "2027-02-01"]


@dg.asset(partitions_def=DAILY, backfill_policy=ONE_RUN)
def day_asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    days = days_of(context)
    return dg.MaterializeResult(metadata={"first": str(days.start), "last": str(days.last)})


@dg.asset(partitions_def=MONTHLY, backfill_policy=ONE_RUN, deps=[dg.AssetDep(day_asset, partition_mapping=DAYS_OF_MONTH)])
def month_asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"months": ", ".join(str(month.start) for month in months_of(context))})


@dg.asset_check(asset=day_asset)
def day_check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    days = asked_days(context)
    return dg.AssetCheckResult(passed=True, metadata={"days": "all" if days is None else f"{days.start} {days.last}"})


@pytest.fixture(scope="module")
def small_graph() -> dg.Definitions:
    return dg.Definitions(
        assets=[day_asset, month_asset],
        asset_checks=[day_check],
        executor=dg.in_process_executor,
        jobs=[
            dg.define_asset_job("days", selection=[day_asset]),
            dg.define_asset_job("months", selection=[month_asset]),
            dg.define_asset_job("check", selection=dg.AssetSelection.checks(day_check)),
        ],
    )


def told(result: dg.ExecuteInProcessResult, name: str) -> set[str]:
    """What the run's materializations say under `name`."""
    return {str(event.materialization.metadata[name].value) for event in result.get_asset_materialization_events()}


def test_a_range_is_read_back_whole(small_graph: dg.Definitions) -> None:
    result = execute(small_graph, "days", tags=daily_tags(inclusive(date(2026, 10, 30), date(2026, 11, 2))))
    assert (told(result, "first"), told(result, "last")) == ({"2026-10-30"}, {"2026-11-02"})
    (check,) = result.get_asset_check_evaluations()
    assert check.metadata["days"].value == "2026-10-30 2026-11-02"


def test_a_single_day_as_a_button_in_the_ui_asks_for_it(small_graph: dg.Definitions) -> None:
    result = execute(small_graph, "days", tags={"dagster/partition": "2026-10-30"})
    assert (told(result, "first"), told(result, "last")) == ({"2026-10-30"}, {"2026-10-30"})
    (check,) = result.get_asset_check_evaluations()
    assert check.metadata["days"].value == "2026-10-30 2026-10-30"


def test_a_range_of_months(small_graph: dg.Definitions) -> None:
    result = execute(small_graph, "months", tags=monthly_tags(inclusive(date(2025, 12, 31), date(2026, 2, 1))))
    assert told(result, "months") == {"2025-12-01, 2026-01-01, 2026-02-01"}


def test_a_check_alone_asks_for_no_days(small_graph: dg.Definitions) -> None:
    (check,) = execute(small_graph, "check", tags={}).get_asset_check_evaluations()
    assert check.metadata["days"].value == "all"


def test_months_stand_on_their_days() -> None:
    subset = DAYS_OF_MONTH.get_upstream_mapped_partitions_result_for_partitions(
        downstream_partitions_subset=MONTHLY.empty_subset().with_partition_keys(["2026-02-01"]),
        downstream_partitions_def=MONTHLY,
        upstream_partitions_def=DAILY,
        current_time=datetime(2026, 11, 21, tzinfo=UTC),
    ).partitions_subset
    keys = sorted(subset.get_partition_keys())
    assert (keys[0], keys[-1], len(keys)) == ("2026-02-01", "2026-02-28", 28)
    assert month_of(date(2026, 2, 14)).days_count == 28
