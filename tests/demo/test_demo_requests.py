"""Requests look like life: weekdays, growth, retries before their success, hits after it."""

from datetime import date, timedelta

from usage_pipeline.demo.organisation import DIRECT, WORKLOADS, Workload
from usage_pipeline.demo.requests import CACHE_HIT, FAILURE, SUCCESS, Request, requests_of

MONDAY = date(2026, 9, 7)
BY_NAME = {workload.name: workload for workload in WORKLOADS}


def _many(workload: Workload, first: date, days: int) -> list[Request]:
    return [one for number in range(days) for one in requests_of(workload, first + timedelta(days=number), 3)]


def test_weekends_are_quiet_and_later_months_are_busier() -> None:
    chat = BY_NAME["support-chat"]
    week = [len(_many(chat, MONDAY + timedelta(days=day), 1)) for day in range(7)]
    assert max(week[5:]) < min(week[:5]) / 2
    assert len(_many(chat, date(2026, 10, 1), 28)) > len(_many(chat, date(2026, 8, 1), 28))


def test_a_retry_fails_first_and_shares_the_trace() -> None:
    requests = _many(BY_NAME["support-chat"], MONDAY, 7)
    answers = {one.trace: one for one in requests if one.status == SUCCESS}
    failures = [one for one in requests if one.status == FAILURE]
    assert failures
    for failure in failures:
        assert failure.cost == 0
        assert failure.millisecond <= answers[failure.trace].millisecond


def test_a_cache_hit_repeats_an_answer_for_nothing() -> None:
    requests = _many(BY_NAME["ask-it"], MONDAY, 7)
    answers = {one.id: one for one in requests if one.status == SUCCESS}
    hits = [one for one in requests if one.status == CACHE_HIT]
    assert hits
    for hit in hits:
        assert (hit.cost, hit.answered) == (0, answers[hit.id].meters)
        assert hit.trace != answers[hit.id].trace


def test_cut_streams_end_after_few_tokens() -> None:
    requests = [one for one in _many(BY_NAME["support-chat"], MONDAY, 7) if one.status == SUCCESS]
    assert any(one.meters["output"] <= 12 for one in requests)


def test_meters_are_disjoint_and_stay_below_every_tier() -> None:
    for workload in WORKLOADS:
        for one in _many(workload, date(2026, 10, 14), 3):
            tokens = sum(quantity for meter, quantity in one.meters.items() if meter not in {"output", "web_searches"})
            assert 0 <= tokens <= max(workload.input[1], 0) < 100_000
            assert all(quantity >= 0 for quantity in one.meters.values())


def test_only_logged_workloads_fail() -> None:
    for workload in WORKLOADS:
        if workload.route == DIRECT:
            assert all(one.status == SUCCESS for one in _many(workload, MONDAY, 2))


def test_the_runaway_agent_runs_away() -> None:
    agents = BY_NAME["agents"]
    usual, away = len(_many(agents, date(2026, 10, 13), 1)), len(_many(agents, date(2026, 10, 20), 1))
    assert away > 5 * usual
