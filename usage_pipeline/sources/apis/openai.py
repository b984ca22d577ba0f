"""OpenAI's organization API: costs, the ten usage endpoints, and the names of projects and keys.

Days are unix seconds; arrays are the bare repeated form, `group_by=a&group_by=b`. Grouped by all that an endpoint offers, so that null
means 'none' and never 'not grouped'. Needs an admin key of the organisation; https://platform.openai.com/docs/api-reference/usage
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from usage_pipeline.periods import Period, start_of
from usage_pipeline.sources.apis.buckets import coverage, document, page_of
from usage_pipeline.sources.apis.names import name_page
from usage_pipeline.tables.api import Api, Bucket, Endpoint, NameList, Parameters, WrongAnswerError

COSTS_PAGE_DAYS, USAGE_PAGE_DAYS = 180, 31
WHO = ("project_id", "user_id", "api_key_id", "model")


def headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}


def question(endpoint: Endpoint, days: Period, page: str | None) -> Parameters:
    """[start, end) by day. The token of a page goes with the same parameters as the first."""
    return [
        ("start_time", str(int(start_of(days.start).timestamp()))),
        ("end_time", str(int(start_of(days.end).timestamp()))),
        ("bucket_width", "1d"),
        *(("group_by", name) for name in endpoint.group_by),
        ("limit", str(min(days.days_count, endpoint.buckets_max))),
        *([("page", page)] if page else []),
    ]


def span(bucket: Bucket) -> tuple[datetime, datetime]:
    try:
        return datetime.fromtimestamp(int(bucket["start_time"]), UTC), datetime.fromtimestamp(int(bucket["end_time"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise WrongAnswerError("a bucket does not say from when until when it is") from None


def _usage(name: str, *group_by: str, grouped: str | None = "model", result: str | None = None) -> Endpoint:
    return Endpoint(
        name=name,
        path=f"/organization/usage/{name}",
        group_by=group_by,
        grouped=grouped,
        buckets_max=USAGE_PAGE_DAYS,
        result_object=f"organization.usage.{result or name}.result",
    )


COSTS_ENDPOINTS = (
    Endpoint(
        name="costs",
        path="/organization/costs",
        group_by=("project_id", "line_item", "api_key_id"),
        grouped="line_item",
        buckets_max=COSTS_PAGE_DAYS,
    ),
)

USAGE_ENDPOINTS = (
    _usage("completions", *WHO, "batch", "service_tier"),
    _usage("embeddings", *WHO),
    _usage("moderations", *WHO),
    _usage("images", *WHO, "size", "source"),
    _usage("audio_speeches", *WHO),
    _usage("audio_transcriptions", *WHO),
    _usage("vector_stores", "project_id", grouped=None),
    _usage("code_interpreter_sessions", "project_id", grouped=None),
    _usage("file_search_calls", "project_id", "user_id", "api_key_id", "vector_store_id", grouped=None, result="file_searches"),
    _usage("web_search_calls", *WHO, "context_level", grouped=None, result="web_searches"),
)

NAMES = (
    NameList(what="projects", path="/organization/projects", after="after", parameters=(("limit", "100"), ("include_archived", "true"))),
    NameList(
        what="api_keys",
        path="/organization/projects/{parent}/api_keys",
        after="after",
        parameters=(("limit", "100"),),
        parent="projects",
        parent_field="project_id",
    ),
)


def _api(endpoints: Sequence[Endpoint]) -> Api:
    return Api(
        provider="OpenAI",
        url="https://api.openai.com/v1",
        key_variable="OPENAI_ADMIN_KEY",
        key_kind="an admin key of the organisation (sk-admin-…), made by one of its owners; a project's key does not open these reports",
        endpoints=tuple(endpoints),
        names=NAMES,
        headers=headers,
        question=question,
        page_of=partial(page_of, span=span),
        coverage=partial(coverage, span=span),
        document=document,
        name_page=name_page,
        burst_requests=600,
        seconds_apart=1,
        polled_seconds=60,
    )


COSTS = _api(COSTS_ENDPOINTS)
USAGE = _api(USAGE_ENDPOINTS)
