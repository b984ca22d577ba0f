"""Anthropic's admin API: cost report, messages usage report, and the names of workspaces and keys.

Times are RFC 3339; arrays are in brackets, `group_by[]=a&group_by[]=b`. Grouped by all that a report offers but `speed`, which needs the
header of a beta. Polled once a minute at most, but for pages in a row; https://platform.claude.com/docs/en/build-with-claude/usage-cost-api
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from usage_pipeline.periods import Period
from usage_pipeline.sources.apis.buckets import coverage, document, page_of
from usage_pipeline.sources.apis.names import name_page
from usage_pipeline.tables.api import Api, Bucket, Endpoint, NameList, Parameters, WrongAnswerError

PAGE_DAYS = 31
VERSION = "2023-06-01"


def headers(key: str) -> dict[str, str]:
    return {"x-api-key": key, "anthropic-version": VERSION, "Accept": "application/json"}


def question(endpoint: Endpoint, days: Period, page: str | None) -> Parameters:
    """[start, end) by day. The token of a page goes with the same parameters as the first."""
    return [
        ("starting_at", f"{days.start}T00:00:00Z"),
        ("ending_at", f"{days.end}T00:00:00Z"),
        ("bucket_width", "1d"),
        *(("group_by[]", name) for name in endpoint.group_by),
        ("limit", str(min(days.days_count, endpoint.buckets_max))),
        *([("page", page)] if page else []),
    ]


def span(bucket: Bucket) -> tuple[datetime, datetime]:
    try:
        start, end = (datetime.fromisoformat(bucket[name]) for name in ("starting_at", "ending_at"))
    except (KeyError, TypeError, ValueError):
        raise WrongAnswerError("a bucket does not say from when until when it is") from None
    if start.tzinfo is None or end.tzinfo is None:
        raise WrongAnswerError("the times of a bucket have no zone")
    return start.astimezone(UTC), end.astimezone(UTC)


COST_ENDPOINTS = (
    Endpoint(
        name="cost_report",
        path="/organizations/cost_report",
        group_by=("workspace_id", "description"),
        grouped="description",
        buckets_max=PAGE_DAYS,
    ),
)

USAGE_ENDPOINTS = (
    Endpoint(
        name="usage_report_messages",
        path="/organizations/usage_report/messages",
        group_by=(
            "account_id",
            "api_key_id",
            "context_window",
            "inference_geo",
            "model",
            "service_account_id",
            "service_tier",
            "workspace_id",
        ),
        grouped="model",
        buckets_max=PAGE_DAYS,
    ),
)

NAMES = (
    NameList(
        what="workspaces",
        path="/organizations/workspaces",
        after="after_id",
        parameters=(("limit", "1000"), ("include_archived", "true")),
    ),
    NameList(
        what="api_keys",
        path="/organizations/api_keys",
        after="after_id",
        parameters=(("limit", "1000"),),
        parent_field="workspace_id",
    ),
)


def _api(endpoints: Sequence[Endpoint]) -> Api:
    return Api(
        provider="Anthropic",
        url="https://api.anthropic.com/v1",
        key_variable="ANTHROPIC_ADMIN_KEY",
        key_kind="an admin key of the organisation (sk-ant-admin…), made by an admin; a workspace's key does not open these reports",
        endpoints=tuple(endpoints),
        names=NAMES,
        headers=headers,
        question=question,
        page_of=partial(page_of, span=span),
        coverage=partial(coverage, span=span),
        document=document,
        name_page=name_page,
        burst_requests=30,
        seconds_apart=60,
        polled_seconds=60,
    )


COST = _api(COST_ENDPOINTS)
USAGE = _api(USAGE_ENDPOINTS)
