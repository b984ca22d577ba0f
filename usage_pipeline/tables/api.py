"""The contract between an admin API's description (`sources/apis/`) and what asks it (`storage/pull.py`). Descriptions do no I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from usage_pipeline.periods import Period

Parameters = list[tuple[str, str]]
"""A query, in order; a name may stand more than once."""

Bucket = dict[str, Any]
"""A bucket of a page as parsed, numbers as their text: {<start and end>, "results": [{...}]}."""


class WrongAnswerError(ValueError):
    """An answer that is not what the API documents; its text says what is wrong, without any of the answer's content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One report of an API, asked by UTC days.

    `group_by` goes with every question. `grouped` is the column that is null in all results only if that was ignored; None where null
    has a meaning. `buckets_max` is what one page may hold: `limit` counts days, not rows. `result_object` is what a result calls itself.
    """

    name: str
    path: str
    group_by: tuple[str, ...]
    grouped: str | None
    buckets_max: int
    result_object: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its buckets, and the token of the page after it, None for the last."""

    buckets: tuple[Bucket, ...]
    next_page: str | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What pages say of the days asked for: each day's one bucket, or in words what is wrong with it. Every day is in one of them."""

    days: Mapping[date, Bucket]
    faults: Mapping[date, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NameList:
    """A list of things with ids and names, pulled once a day.

    `path` has '{parent}' where the list is asked for each active entry of the list `parent`, whose id becomes `parent_field`; an entry's
    own field of that name serves where there is no such list. `after` is the parameter that asks for what comes after an id.
    """

    what: str
    path: str
    after: str
    parameters: tuple[tuple[str, str], ...] = ()
    parent: str | None = None
    parent_field: str | None = None


@dataclass(frozen=True, slots=True)
class NamePage:
    """One page of a list of names: entries with nothing but what is kept, and the id after which the next page begins."""

    entries: tuple[dict[str, str | None], ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One provider's admin API, as far as one kind of source needs it.

    `span` says which time a bucket is about. `document` is what lands of a bucket: a page of its own, without personal data.
    After `burst_requests` at once, one request each `seconds_apart` is sent; a day is not asked for again within `polled_seconds`.
    """

    provider: str
    url: str
    key_variable: str
    key_kind: str
    endpoints: tuple[Endpoint, ...]
    names: tuple[NameList, ...]
    headers: Callable[[str], dict[str, str]]
    question: Callable[[Endpoint, Period, str | None], Parameters]
    page_of: Callable[[Any], Page]
    coverage: Callable[[Endpoint, Sequence[Page], Period, datetime], Coverage]
    document: Callable[[Endpoint, Bucket], dict[str, Any]]
    name_page: Callable[[NameList, Any, str | None], NamePage]
    burst_requests: int
    seconds_apart: int
    polled_seconds: int
