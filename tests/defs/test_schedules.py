"""Each schedule at its ticks: which range it asks for, at month ends, year starts, leap days and before there is anything to ask for."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest

from usage_pipeline.defs.definitions import definitions_of
from usage_pipeline.defs.partitions import RANGE_END, RANGE_START


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    folder = tmp_path_factory.mktemp("schedules")
    return definitions_of(folder, folder / "usage.yaml")


def tick(definitions: dg.Definitions, name: str, moment: datetime) -> dg.RunRequest:
    """The one run that the schedule asks for at `moment`."""
    schedule = next(one for one in definitions.schedules or () if one.name == name)
    with dg.build_schedule_context(scheduled_execution_time=moment, repository_def=definitions.get_repository_def()) as context:
        answer = schedule.evaluate_tick(context)  # type: ignore[union-attr]
    assert answer.run_requests is not None
    (request,) = answer.run_requests
    return request


def asked(request: dg.RunRequest) -> tuple[str, str]:
    return request.tags[RANGE_START], request.tags[RANGE_END]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 10, 15), "2026-10-08", "2026-10-14"),
        (date(2026, 11, 1), "2026-10-25", "2026-10-31"),
        (date(2027, 1, 1), "2026-12-25", "2026-12-31"),
        (date(2028, 3, 1), "2028-02-23", "2028-02-29"),
        (date(2024, 1, 3), "2024-01-01", "2024-01-02"),
    ],
)
def test_every_morning_the_last_seven_days(definitions: dg.Definitions, day: date, first: str, last: str) -> None:
    request = tick(definitions, "daily_run", datetime(day.year, day.month, day.day, 4, 30, tzinfo=UTC))
    assert asked(request) == (first, last)
    assert request.tags["launched_by"] == "schedule"


@pytest.mark.parametrize("hour", [0, 6, 12, 18])
@pytest.mark.parametrize(
    ("day", "first"),
    [(date(2026, 10, 15), "2026-10-14"), (date(2026, 11, 1), "2026-10-31"), (date(2027, 1, 1), "2026-12-31")],
)
def test_every_six_hours_yesterday_and_today_are_judged_as_of_today(definitions: dg.Definitions, day: date, first: str, hour: int) -> None:
    request = tick(definitions, "budget_check", datetime(day.year, day.month, day.day, hour, tzinfo=UTC))
    assert asked(request) == (first, day.isoformat())
    assert request.run_config == {"ops": {"alerts": {"config": {"as_of": day.isoformat()}}}}


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 10, 15), "2026-10-01", "2026-10-01"),
        (date(2026, 10, 31), "2026-10-01", "2026-10-01"),
        (date(2026, 11, 1), "2026-10-01", "2026-10-01"),  # the day before is the 31st of October
        (date(2026, 11, 2), "2026-10-01", "2026-11-01"),
        (date(2026, 11, 5), "2026-10-01", "2026-11-01"),
        (date(2026, 11, 6), "2026-11-01", "2026-11-01"),
        (date(2027, 1, 1), "2026-12-01", "2026-12-01"),
        (date(2027, 1, 2), "2026-12-01", "2027-01-01"),
        (date(2027, 3, 1), "2027-02-01", "2027-02-01"),
        (date(2024, 1, 2), "2024-01-01", "2024-01-01"),
    ],
)
def test_the_running_month_and_at_its_start_the_one_before(definitions: dg.Definitions, day: date, first: str, last: str) -> None:
    assert asked(tick(definitions, "monthly_statement", datetime(day.year, day.month, day.day, 6, tzinfo=UTC))) == (first, last)


@pytest.mark.parametrize(
    ("name", "day", "periods"),
    [
        ("daily_digest", date(2026, 10, 3), ["2026-10-02", "2026-10"]),
        ("daily_digest", date(2026, 11, 1), ["2026-10-31", "2026-10"]),
        ("daily_digest", date(2027, 1, 1), ["2026-12-31", "2026-12"]),
        ("weekly_digest", date(2026, 10, 12), ["2026-W41"]),
        ("weekly_digest", date(2027, 1, 4), ["2026-W53"]),
    ],
)
def test_digests_of_what_is_over(definitions: dg.Definitions, name: str, day: date, periods: list[str]) -> None:
    request = tick(definitions, name, datetime(day.year, day.month, day.day, 5, tzinfo=UTC))
    assert request.run_config == {"ops": {"digest": {"config": {"periods": periods}}}}


@pytest.mark.parametrize("name", ["daily_run", "budget_check", "monthly_statement", "daily_digest"])
def test_a_tick_has_a_key_of_its_own(definitions: dg.Definitions, name: str) -> None:
    moments = [datetime(2026, 10, 15, 6, tzinfo=UTC) + timedelta(hours=6 * step) for step in range(4)]
    keys = [tick(definitions, name, moment).run_key for moment in [*moments, moments[0]]]
    assert len(set(keys)) == len(moments)
    assert keys[-1] == keys[0]


def test_the_tick_is_read_in_utc(definitions: dg.Definitions) -> None:
    """The first of November in Auckland is still the last of October in UTC."""
    auckland = timezone(timedelta(hours=13))
    request = tick(definitions, "daily_run", datetime(2026, 11, 1, 4, 30, tzinfo=auckland))
    assert asked(request) == ("2026-10-24", "2026-10-30")


def test_asked_ranges_are_partitions(definitions: dg.Definitions) -> None:
    """What a tick asks for exists by then, the day of the tick included."""
    moment = datetime(2026, 11, 1, 6, tzinfo=UTC)
    assets = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    for name, asset in (("budget_check", "daily_costs"), ("daily_run", "daily_costs"), ("monthly_statement", "monthly_costs")):
        calendar = assets[asset].partitions_def
        assert calendar is not None
        keys = calendar.get_partition_keys(current_time=moment)
        assert set(asked(tick(definitions, name, moment))) <= set(keys)


def test_the_data_folder_is_not_touched_by_a_tick(tmp_path: Path) -> None:
    loaded = definitions_of(tmp_path / "home", tmp_path / "usage.yaml")
    tick(loaded, "daily_run", datetime(2026, 10, 15, 4, 30, tzinfo=UTC))
    assert list(tmp_path.iterdir()) == []
