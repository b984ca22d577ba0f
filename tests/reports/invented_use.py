"""Facts of the usage report and of the comparison, invented: any number of projects, names as bad as names get, sums made here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from invented_month import OCTOBER, ORGANISATION, SEPTEMBER, daily_rows, part, projects, status

from usage_pipeline import money
from usage_pipeline.reports.comparison_facts import Compared, ComparisonFacts, Outcome, Told, added_up, compared_of, in_order, own_budget
from usage_pipeline.reports.usage_facts import InStatement, UsageFacts
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.logged_use import (
    CONVERSATION,
    DIMENSIONS,
    PROMPT,
    RecentRequest,
    Spread,
    Used,
    UsedInHour,
    UsedOfMeter,
    UsedOnDay,
)
from usage_pipeline.tables.spans import month_span
from usage_pipeline.tables.summary import known_total

HOSTILE = (
    "<script>alert(1)</script>", '=HYPERLINK("http://x","y")', "../../../etc/passwd", "long " * 60, "🦄 party 👩\u200d👩\u200d👧 emoji",
    "עברית \u202etxet", "+1+cmd|' /C calc'!A0", "{{ 7*7 }}", "tab\there\nand there", "", "ordinary", "東京 кириллица ไทย",
)  # fmt: skip
SPAN = month_span(OCTOBER.start)
OPEN = FinalityTold(state="open", words="The figures of October 2026 are open and can still change: the bill ends early.")
FIRST = datetime(2026, 10, 3, 9, 15, tzinfo=UTC)


def used(key: str | None, seed: object, **values: Any) -> Used:
    """One line whose numbers come from `seed`."""
    requests = 20 + part(seed, "r", of=900)
    failed = part(seed, "f", of=9)
    plain: dict[str, Any] = {
        "key": key, "of": None, "members": 0 if key is None else 1, "requests": requests, "successful_requests": requests - failed,
        "failed_requests": failed, "cache_hits": 0, "priced_requests": requests - failed, "tokens": requests * 1234,
        "cost": money.multiply(requests, Decimal("0.0123457")), "credits": None, "unpriced_events": 0, "uncredited_events": 0,
        "first": FIRST, "last": FIRST + timedelta(minutes=part(seed, "m", of=90_000)),
    }  # fmt: skip
    return Used(**(plain | values))


def together(parts: Sequence[Used]) -> Used:
    """Their sums."""
    names = ("requests", "successful_requests", "failed_requests", "cache_hits", "priced_requests", "tokens", "unpriced_events")
    sums = {name: sum(getattr(one, name) for one in parts) for name in names}
    return replace(
        parts[0], **sums, key=None, of=None, members=1, cost=known_total(one.cost for one in parts), credits=None, uncredited_events=0
    )


def usage_facts(names: Sequence[str] = ("one", "two", "three"), **values: Any) -> UsageFacts:
    """Every dimension has the same lines under `names`, so that every table has the same total."""
    rest = used(None, "rest", members=1234)
    unpriced = used("no-price", "none", cost=None, priced_requests=0, unpriced_events=7)
    keyed = sorted((used(name, place) for place, name in enumerate(names) if name), key=lambda one: -(one.cost or 0))
    lines = (*keyed, unpriced, rest, used(None, "without"))
    total = together(lines)
    by = dict.fromkeys(DIMENSIONS, lines) | {
        name: tuple(replace(one, of="support-copilot") if one.key is not None else one for one in lines) for name in (CONVERSATION, PROMPT)
    }
    days = list(OCTOBER.days())
    on_days = [
        UsedOnDay(
            day=day, requests=one.requests, failed_requests=one.failed_requests, tokens=one.tokens, cost=one.cost, credits=None,
            unpriced_events=one.unpriced_events,
        )
        for day, one in zip(days, lines, strict=False)
    ]  # fmt: skip
    hours = [
        UsedInHour(weekday=place % 7, hour=(place * 5) % 24, requests=one.requests, tokens=one.tokens, cost=one.cost, credits=None)
        for place, one in enumerate(lines)
    ]
    recent = [
        RecentRequest(
            started_at=FIRST - timedelta(minutes=place), source="log", event_id=f"e{place}", project=name or "unattributed", user=name,
            operation="chat", provider="openai", model=name, status="failure" if place == 3 else "success", tokens=place,
            cost=None if place == 2 else Decimal("0.00001") * place,
        )
        for place, name in enumerate((*names, "a", "b", "c"))
    ]  # fmt: skip
    found: dict[str, Any] = {
        "span": SPAN, "days": OCTOBER, "compared": SEPTEMBER, "organisation": ORGANISATION, "project": None,
        "projects": tuple(projects()), "total": total, "before": used(None, "before", members=1), "by": by,
        "prompts_before": {(keyed[0].key or "", "support-copilot"): used(keyed[0].key, "old")},
        "meters": (
            UsedOfMeter(
                meter="input", quantity=Decimal(total.tokens), tokens=Decimal(total.tokens), cost=total.cost, unpriced_quantity=Decimal(9)
            ),
        ),
        "by_day": tuple(on_days), "by_hour": tuple(hours),
        "spread": Spread(
            conversations=90, unpriced=7, median=Decimal("0.003"), percentile_95=Decimal("0.07"), dearest=Decimal("9.5")
        ),
        "recent": tuple(recent), "statement": InStatement(cost=Decimal("99.5"), billed=Decimal("90.25")), "finality": OPEN,
        "is_draft": False,
    }  # fmt: skip
    return UsageFacts(**(found | values))


def comparison_facts(
    count: int = 14, *, is_running: bool = False, knows_before: bool = True, names: Sequence[str] = (), **values: Any
) -> ComparisonFacts:
    """`count` projects of the invented month and of one before with other amounts; the first ones are called `names`."""
    rows = daily_rows(count=count)
    known = {one.id for one in projects(count)} | {"unattributed"}
    rows = [one for one in rows if one.project in known]
    before = [replace(one, day=one.day.replace(month=9)) for one in daily_rows(count=count, models=4) if one.day.day < 31]
    before = [one for one in before if one.project in known] if knows_before else []
    ours = [Project(id=one.id, name=name) for one, name in zip(projects(count), names, strict=False)]
    ours += projects(count)[len(ours) :]
    statuses = [status(one.id, "100", Decimal(40 + 10 * place)) for place, one in enumerate(ours[:12]) if place % 2 == 0]

    def line(project: str | None) -> Compared:
        return compared_of(
            project,
            [one for one in rows if project in {None, one.project}],
            [one for one in before if project in {None, one.project}],
            OCTOBER,
            knows_before=knows_before,
            budget=own_budget(statuses, project, OCTOBER),
            outcome=Outcome(mean=Decimal(120), low=Decimal(90), high=Decimal(150), method="weekly") if is_running else None,
            grade=Grade(letter="B", measures=()),
            told=Told(batch=10, of_tokens=90, failed=3, of_requests=70),
        )

    lines = in_order(line(project) for project in sorted({one.project for one in (*rows, *before)}))
    whole = replace(line(None), causes=added_up(one.causes for one in lines))
    found: dict[str, Any] = {
        "span": SPAN, "days": OCTOBER, "compared": SEPTEMBER, "organisation": ORGANISATION, "projects": tuple(ours), "lines": lines,
        "whole": whole, "days_present": 31, "compared_present": 30 if knows_before else 0, "is_running": is_running, "finality": OPEN,
    }  # fmt: skip
    return ComparisonFacts(**(found | values))
