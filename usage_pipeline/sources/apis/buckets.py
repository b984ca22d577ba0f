"""Pages of daily buckets, as both providers give them: what a page is, and whether pages cover the days asked for, each exactly once.

https://platform.openai.com/docs/api-reference/usage, https://platform.claude.com/docs/en/api/admin/usage_report/retrieve_messages
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from usage_pipeline.periods import ONE_DAY, Period, start_of
from usage_pipeline.sources.apis.privacy import without_personal
from usage_pipeline.tables.api import Bucket, Coverage, Endpoint, Page, WrongAnswerError

Span = Callable[[Bucket], tuple[datetime, datetime]]
"""From when until when a bucket is. Raises WrongAnswerError where it does not say so."""


def page_of(document: Any, *, span: Span) -> Page:
    """An answer as a page. Raises WrongAnswerError where it is none, or says that there is more and not where."""
    buckets = document.get("data") if isinstance(document, dict) else None
    if not isinstance(buckets, list) or not all(map(_is_bucket, buckets)):
        raise WrongAnswerError("the answer is no page of buckets")
    if document.get("has_more") not in {True, False, None}:
        raise WrongAnswerError("the answer does not say whether there is more")
    token = document.get("next_page")
    if document.get("has_more") and not (isinstance(token, str) and token):
        raise WrongAnswerError("the answer says that there is more, and not where")
    for bucket in buckets:
        span(bucket)
    return Page(tuple(buckets), token if document.get("has_more") else None)


def _is_bucket(bucket: Any) -> bool:
    results = bucket.get("results") if isinstance(bucket, dict) else None
    return isinstance(results, list) and all(isinstance(result, dict) for result in results)


def coverage(endpoint: Endpoint, pages: Sequence[Page], days: Period, now: datetime, *, span: Span) -> Coverage:
    """What the pages, in order, say of each of `days`. Buckets of other days are nobody's fault and left out.

    A day has exactly one bucket, from its midnight to the next; that of the day which still runs at `now` may end earlier.
    """
    told: dict[date, list[Bucket]] = defaultdict(list)
    faults: dict[date, str] = {}
    for page in pages:
        for bucket in page.buckets:
            start, end = span(bucket)
            day = start.date()
            whole = end == start_of(day) + ONE_DAY or (start_of(day) <= now < start_of(day) + ONE_DAY and start < end <= now + ONE_DAY)
            if start != start_of(day) or not whole:
                faults[day] = f"a bucket from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} is no UTC day"
            told[day].append(bucket)
    for day in days.days():
        fault = _fault(endpoint, told[day])
        if fault:
            faults.setdefault(day, fault)
    return Coverage(
        days={day: told[day][0] for day in days.days() if day not in faults},
        faults={day: words for day, words in faults.items() if day in days},
    )


def _fault(endpoint: Endpoint, buckets: list[Bucket]) -> str | None:
    if not buckets:
        return "the pages have no bucket for it"
    if len(buckets) > 1:
        same = all(bucket == buckets[0] for bucket in buckets)
        return "the pages have it twice" + ("" if same else ", with other numbers: it changed while it was pulled")
    results = buckets[0]["results"]
    if endpoint.grouped and results and all(result.get(endpoint.grouped) is None for result in results):
        return f"no result names its {endpoint.grouped}: the API left group_by unheard"
    return None


def document(endpoint: Endpoint, bucket: Bucket) -> dict[str, Any]:
    """What lands of one day: a page with this one bucket, without personal data. The same bucket always gives the same document."""
    named = {"result_object": endpoint.result_object} if endpoint.result_object else {}
    return {
        "object": "page",
        "endpoint": endpoint.name,
        "group_by": list(endpoint.group_by),
        "data": [{**named, **without_personal(bucket)}],
        "has_more": False,
        "next_page": None,
    }
