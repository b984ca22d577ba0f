"""What admin APIs are asked, and what their pages say of days: pure descriptions, no server."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from usage_pipeline.periods import Period, inclusive, start_of
from usage_pipeline.sources.apis.catalog import APIS
from usage_pipeline.sources.apis.privacy import without_personal
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.exports.openai_counts import ENDPOINTS
from usage_pipeline.storage.pull_landing import files_of
from usage_pipeline.storage.pull_plan import days_wanted, halves, stretches
from usage_pipeline.tables.api import Page, WrongAnswerError

DAYS = inclusive(date(2026, 10, 1), date(2026, 10, 3))
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def openai_bucket(day: date, *results: dict[str, Any]) -> dict[str, Any]:
    start = int(start_of(day).timestamp())
    return {"object": "bucket", "start_time": str(start), "end_time": str(start + 86400), "results": list(results)}


@pytest.mark.parametrize("kind", APIS)
def test_every_kind_that_is_pulled_is_a_snapshot_source(kind: str) -> None:
    """A newer pull of a day replaces the older only then."""
    assert SOURCES[kind].snapshot
    api = APIS[kind]
    assert api.url.startswith("https://")
    assert len({endpoint.name for endpoint in api.endpoints}) == len(api.endpoints)
    assert {names.what for names in api.names} >= {"api_keys"}


def test_each_usage_endpoint_says_what_its_results_call_themselves() -> None:
    assert {endpoint.result_object for endpoint in APIS["openai_usage"].endpoints} == {endpoint.result for endpoint in ENDPOINTS}
    needing = {endpoint.result for endpoint in ENDPOINTS if endpoint.needs_model}
    assert {endpoint.result_object for endpoint in APIS["openai_usage"].endpoints if endpoint.grouped} == needing


@pytest.mark.parametrize("kind", APIS)
def test_limit_counts_days_and_the_token_goes_with_the_same_question(kind: str) -> None:
    api = APIS[kind]
    for endpoint in api.endpoints:
        first = api.question(endpoint, DAYS, None)
        assert dict(first)["limit"] == "3"
        assert dict(api.question(endpoint, Period(DAYS.start, date(2027, 10, 1)), None))["limit"] == str(endpoint.buckets_max)
        assert api.question(endpoint, DAYS, "page_x=") == [*first, ("page", "page_x=")]
        brackets = "[]" if api.provider == "Anthropic" else ""
        assert [value for name, value in first if name == f"group_by{brackets}"] == list(endpoint.group_by)


def test_documents_of_the_same_bucket_are_the_same_and_say_how_they_were_asked() -> None:
    api = APIS["openai_usage"]
    bucket = openai_bucket(DAYS.start, {"model": "gpt-5", "user_id": "user-1"})
    document = api.document(api.endpoints[0], bucket)
    assert document == api.document(api.endpoints[0], dict(bucket))
    assert document["data"] == [{"result_object": "organization.usage.completions.result", **bucket}]
    assert document["group_by"] == ["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"]
    assert api.document(api.endpoints[1], openai_bucket(DAYS.start)) != api.document(api.endpoints[2], openai_bucket(DAYS.start))


def test_times_of_anthropic_may_be_of_any_zone_and_must_have_one() -> None:
    api = APIS["anthropic_cost"]
    bucket = {"starting_at": "2026-10-01T02:00:00+02:00", "ending_at": "2026-10-02T00:00:00.000Z", "results": []}
    covered = api.coverage(
        api.endpoints[0], [api.page_of({"data": [bucket], "has_more": False})], Period(DAYS.start, date(2026, 10, 2)), NOW
    )
    assert (list(covered.days), covered.faults) == ([DAYS.start], {})
    with pytest.raises(WrongAnswerError, match="no zone"):
        api.page_of({"data": [bucket | {"starting_at": "2026-10-01T00:00:00"}], "has_more": False})


def test_every_day_asked_for_has_a_bucket_or_a_fault() -> None:
    api = APIS["openai_costs"]
    pages = [
        Page((openai_bucket(date(2026, 9, 30)), openai_bucket(date(2026, 10, 1))), "x"),
        Page(
            (openai_bucket(date(2026, 10, 2)), openai_bucket(date(2026, 10, 2), {"line_item": "x"}), openai_bucket(date(2026, 10, 9))), None
        ),
    ]
    covered = api.coverage(api.endpoints[0], pages, DAYS, NOW)
    assert list(covered.days) == [date(2026, 10, 1)]
    assert covered.faults == {
        date(2026, 10, 2): "the pages have it twice, with other numbers: it changed while it was pulled",
        date(2026, 10, 3): "the pages have no bucket for it",
    }


def test_null_in_some_results_is_a_meaning_and_not_a_missing_grouping() -> None:
    api = APIS["openai_costs"]
    bucket = openai_bucket(DAYS.start, {"line_item": None}, {"line_item": "gpt-5, input"})
    assert api.coverage(api.endpoints[0], [Page((bucket,), None)], Period(DAYS.start, date(2026, 10, 2)), NOW).faults == {}


def test_personal_data_is_taken_out_and_all_else_stays() -> None:
    value = {
        "user_id": "user-1",
        "user_email": "ana@example.org",
        "amount": {"value": "0E-6176", "currency": "usd"},
        "owner": {"type": "user", "user": {"id": "user-1", "name": "Ana"}},
        "list": [1, None, True, "key of ana@example.org", "line @ item"],
    }
    assert without_personal(value) == {
        "user_id": "user-1",
        "amount": {"value": "0E-6176", "currency": "usd"},
        "owner": {"type": "user"},
        "list": [1, None, True, None, "line @ item"],
    }


def test_stretches_of_neighbours() -> None:
    days = [date(2026, 10, number) for number in (1, 2, 3, 4, 7, 9, 10)]
    found = [(one.start.day, one.last.day) for one in stretches(days, 3)]
    assert found == [(1, 3), (4, 4), (7, 7), (9, 10)]
    assert list(stretches([], 3)) == []
    assert halves(inclusive(days[0], days[2])) == (inclusive(days[0], days[0]), inclusive(days[1], days[2]))


def test_days_wanted_knows_no_day_ahead_and_none_twice() -> None:
    run = inclusive(date(2026, 11, 19), date(2026, 12, 1))
    assert days_wanted(run, NOW, 3, 60, lambda _day: (False, None)) == [date(2026, 11, number) for number in (18, 19, 20, 21)]
    assert days_wanted(run, NOW, 3, 60, lambda _day: (True, NOW)) == []


def test_a_folder_with_signs_of_patterns_is_taken_as_it_is(tmp_path: Any) -> None:
    assert files_of(tmp_path / "a[1]*", "bill").startswith(f"{tmp_path}/a[[]1][*]/bill/")
