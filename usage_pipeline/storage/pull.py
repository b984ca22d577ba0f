"""An admin API → the landing zone: the days asked for, each complete or not at all, and the lists of names.

A question covers a stretch of days; its pages are followed to the end, and together they must have each day exactly once. What is wrong
with one day (or keeps it from being answered) leaves out that day alone, and is told.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from usage_pipeline.periods import Period
from usage_pipeline.storage.pull_http import Client, Pace, Patience, PullError
from usage_pipeline.storage.pull_landing import Asked, PullLanding
from usage_pipeline.storage.pull_names import pull_names
from usage_pipeline.storage.pull_plan import days_wanted, halves, stretches
from usage_pipeline.tables.api import Api, Coverage, Endpoint, Page

ROUNDS = 3
"""How often a stretch is pulled while its pages do not fit together."""

ATTEMPTS_OF_PARTS = 2
"""How often a part of a stretch is asked for that failed as a whole."""

STRETCHES_IN_VAIN = 2
"""Stretches of an endpoint without any answer after which its others are not tried."""

_KEY = re.compile(r"[!-~]+")

Progress = Callable[[int, int], None]
"""Told after each endpoint: endpoints and lists done, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One source's circumstances. `now` is the wall clock, for what lands; `clock` and `sleep` are for waiting.

    `key` is None where the variable `key_name` is not set: then that is what every day wanted fails with.
    """

    source: str
    api: Api
    url: str
    key: str | None = field(repr=False)
    key_name: str
    landing: Path
    again_days: int
    now: Callable[[], datetime]
    patience: Patience = field(default_factory=Patience)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class Pulled:
    """What a pull did: days (of an endpoint) asked for, those that were news, and in words what failed, by endpoint and day."""

    asked: int = 0
    landed: int = 0
    failures: dict[tuple[str, date], str] = field(default_factory=dict)


def pull(call: Pull, days: Period, *, with_names: bool = True, progress: Progress | None = None) -> Pulled:
    """Pull what is missing of `days`, re-read the last `again_days`, list names once a day. Nothing that a server does is raised."""
    pace = Pace(call.api.burst_requests, call.api.seconds_apart, call.clock, call.sleep)
    headers = call.api.headers(call.key if call.key and _KEY.fullmatch(call.key) else "")
    refused = f"{call.key_name} must hold {call.api.key_kind}"
    client = Client(headers, refused=refused, pace=pace, patience=call.patience, clock=call.clock, sleep=call.sleep)
    job = _Job(call, client)
    if call.key is None:
        job.final = f"the variable {call.key_name} is not set; it must hold {call.api.key_kind}"
    elif not _KEY.fullmatch(call.key):
        job.final = f"the variable {call.key_name} holds blanks or signs that no key has; it must hold {call.api.key_kind}"
    lists = call.api.names if with_names else ()
    steps = len(call.api.endpoints) + len(lists)
    try:
        for number, endpoint in enumerate(call.api.endpoints, 1):
            job.endpoint(endpoint, days)
            if progress:
                progress(number, steps)
        job.names(with_names=with_names)
        if progress:
            progress(steps, steps)
    finally:
        client.close()
        job.landing.remember(job.asked, call.now())
    return job.done


class _Job:
    """A pull under way. `final` says why nothing more is asked, once that is so."""

    def __init__(self, call: Pull, client: Client) -> None:
        self.call = call
        self.client = client
        self.landing = PullLanding(call.landing, call.source)
        self.known = self.landing.asked()
        self.done = Pulled()
        self.asked: list[Asked] = []
        self.final: str | None = None

    def endpoint(self, endpoint: Endpoint, days: Period) -> None:
        call = self.call
        wanted = days_wanted(days, call.now(), call.again_days, call.api.polled_seconds, lambda day: self._known(endpoint, day))
        self.done.asked += len(wanted)
        in_vain = 0
        for stretch in stretches(wanted, endpoint.buckets_max):
            if in_vain >= STRETCHES_IN_VAIN:
                self._failed(endpoint, stretch.days(), f"not asked for: {in_vain} questions about other days had no answer")
            else:
                in_vain = 0 if self._stretch(endpoint, stretch) else in_vain + 1

    def _known(self, endpoint: Endpoint, day: date) -> tuple[bool, datetime | None]:
        before = self.known.get((endpoint.name, day))
        return self.landing.has(endpoint.name, day), before.answered_at if before else None

    def _stretch(self, endpoint: Endpoint, days: Period, attempts: int | None = None) -> bool:
        """Pull and land `days`; whether there was any answer. One day that the server cannot tell does not take its neighbours along."""
        if self.final:
            self._failed(endpoint, days.days(), self.final)
            return False
        pulled_at = self.call.now()
        try:
            covered = self._covered(endpoint, days, attempts)
        except PullError as error:
            if error.may_split and days.days_count > 1:
                answered = [self._stretch(endpoint, half, ATTEMPTS_OF_PARTS) for half in halves(days)]
                return any(answered)
            self._failed(endpoint, days.days(), self._words(error))
            return False
        for day, bucket in covered.days.items():
            self.done.landed += self.landing.land(endpoint.name, day, self.call.api.document(endpoint, bucket), pulled_at)
            self.asked.append(Asked(endpoint=endpoint.name, day=day, asked_at=pulled_at, answered_at=pulled_at, failure=None))
        for day, words in covered.faults.items():
            self._failed(endpoint, [day], words)
        return True

    def _covered(self, endpoint: Endpoint, days: Period, attempts: int | None) -> Coverage:
        """Each of `days` with its bucket or its fault; pages that do not fit together are pulled again. The running day may lack."""
        wait = self.call.patience.first_wait
        for number in range(1, ROUNDS + 1):
            now = self.call.now()
            covered = self.call.api.coverage(endpoint, self._pages(endpoint, days, attempts), days, now)
            faults = {day: words for day, words in covered.faults.items() if day != now.date()}
            if not faults or number == ROUNDS:
                break
            self.call.sleep(wait)
            wait *= 2
        return Coverage(covered.days, faults)

    def _pages(self, endpoint: Endpoint, days: Period, attempts: int | None) -> list[Page]:
        """The pages to the end. Raises PullError where they never end: a token comes again, or there are more pages than days."""
        api, pages = self.call.api, list[Page]()
        token: str | None = None
        tokens: set[str] = set()
        while True:
            pages.append(
                self.client.ask(self.call.url + endpoint.path, api.question(endpoint, days, token), api.page_of, attempts=attempts)
            )
            token = pages[-1].next_page
            if token is None:
                return pages
            if token in tokens:
                raise PullError("its pages go in a circle: has_more with a next_page that was followed already", may_split=True)
            if len(pages) > days.days_count:
                raise PullError(f"its pages do not end: {len(pages)} of them for {days.days_count} days, and has_more", may_split=True)
            tokens.add(token)

    def names(self, *, with_names: bool) -> None:
        """The lists of names of today, as far as they have not landed."""
        today = self.call.now()
        for names in self.call.api.names if with_names else ():
            if self.landing.has_names(names.what, today.date()):
                continue
            failure = self.final
            if failure is None:
                try:
                    pull_names(names, self.call.api, self.call.url, self.client, self.landing, today)
                except PullError as error:
                    failure = self._words(error)
            answered_at = None if failure else today
            name = f"names/{names.what}"
            self.asked.append(Asked(endpoint=name, day=today.date(), asked_at=today, answered_at=answered_at, failure=failure))
            if failure:
                self.done.failures[name, today.date()] = failure

    def _words(self, error: PullError) -> str:
        if error.is_final:
            self.final = str(error)
        return str(error)

    def _failed(self, endpoint: Endpoint, days: Iterable[date], words: str) -> None:
        now = self.call.now()
        for day in days:
            self.done.failures[endpoint.name, day] = words
            self.asked.append(Asked(endpoint=endpoint.name, day=day, asked_at=now, answered_at=None, failure=words))
