"""An invented month: 14 projects, four providers, bills for the first days and estimates after, credits, gaps in price and project.

No clock and no random module: every number comes from a hash of what it stands for.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline.money import multiply, percent
from usage_pipeline.periods import ONE_DAY, Period, month_of
from usage_pipeline.reports.snapshot import Accounting, Snapshot, statement_of
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, PROVIDER_ESTIMATED, UNPRICED, DailyCost, MonthlyCost
from usage_pipeline.tables.unpriced import Unpriced

OCTOBER = month_of(date(2026, 10, 1))
SEPTEMBER = month_of(date(2026, 9, 1))
ORGANISATION = Organisation(name="Meridian Labs", currency="USD", finance=("finance@example.org",))
MODELS = (
    ("claude-opus-4-5", "anthropic", "5.00", "0.50", "25.00"),
    ("claude-sonnet-4-5", "anthropic", "3.00", "0.30", "15.00"),
    ("claude-haiku-4-5", "anthropic", "1.00", "0.10", "5.00"),
    ("gpt-5.1", "openai", "1.25", "0.125", "10.00"),
    ("gpt-5-mini", "openai", "0.25", "0.025", "2.00"),
    ("text-embedding-3-large", "openai", "0.13", "0", "0"),
    ("gemini-2.5-pro", "google", "1.25", "0.31", "10.00"),
    ("gemini-2.5-flash", "google", "0.30", "0.075", "2.50"),
    ("amazon.nova-pro-v1:0", "aws", "0.80", "0.20", "3.20"),
    ("meta.llama3-3-70b-instruct-v1:0", "aws", "0.72", "0", "0.72"),
)
CHANNELS = {"anthropic": "anthropic", "openai": "openai", "google": "google.vertex", "aws": "aws.bedrock"}
NAMES = (
    ("support-copilot", "Support copilot", "customer-support", 95), ("contract-review", "Contract review", "legal", 42),
    ("search-rag", "Search answers", "platform", 61), ("invoice-extraction", "Invoice extraction", "finance-operations", 34),
    ("sales-assistant", "Sales assistant", "revenue", 26), ("code-review-bot", "Code review bot", "engineering", 73),
    ("churn-insights", "Churn insights", "data-science", 11), ("translation-hub", "Translation hub", "localisation", 22),
    ("hr-onboarding", "HR onboarding", "people", 5), ("risk-screening", "Risk screening", "compliance", 19),
    ("marketing-drafts", "Marketing drafts", "marketing", 9), ("voice-transcripts", "Voice transcripts", "customer-support", 16),
    ("data-labelling", "Data labelling", "data-science", 29), ("sandbox", "Sandbox", "engineering", 3),
)  # fmt: skip
OPERATIONS = ("chat", "prompt_run", "agent_generation", "improvement", "preview", "batch", None)
USERS = ("u-4821", "u-0193", "u-7730", "u-2214", "u-9057", "u-6342", "u-1188", "u-3569", "u-5501", "u-8876", "u-1402", "u-7001")
BLANK: dict[str, Any] = {
    "project": "one", "team": None, "user": None, "channel": "openai", "provider": "openai", "model": "gpt-5.1", "api_type": "text",
    "operation": None, "status": "success", "meter": "input", "quantity": Decimal(0), "requests": 0, "list_cost": None,
    "estimated_cost": None, "billed_cost": None, "cost": None, "basis": LOG_ESTIMATED, "unpriced_quantity": Decimal(0),
    "unpriced_events": 0, "unpriced_reason": None, "day": OCTOBER.start,
}  # fmt: skip


def row(**values: Any) -> DailyCost:
    """A daily row that is blank but for `values`."""
    return DailyCost(**(BLANK | values))


def part(*what: object, of: int) -> int:
    """A whole number below `of`, always the same for the same `what`."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, what)).encode()).digest()[:6], "big") % of


def projects(count: int = 14) -> list[Project]:
    found = []
    for number in range(count):
        slug, name, team, _ = NAMES[number % len(NAMES)]
        again = number // len(NAMES)
        found.append(
            Project(
                id=f"{slug}-{again + 1:02d}" if again else slug,
                name=f"{name} {again + 1}" if again else name,
                team=team,
                cost_center=f"CC-{4100 + number * 7}",
            )
        )
    return found


def daily_rows(
    month: Period = OCTOBER, count: int = 14, models: int = 5, billed_until: int = 21, days: int | None = None
) -> list[DailyCost]:
    """The month's rows: `count` projects with `models` models each; days up to `billed_until` are billed for two providers."""
    rows: list[DailyCost] = []
    for number, project in enumerate(projects(count)):
        weight = NAMES[number % len(NAMES)][3]
        chosen = sorted(MODELS, key=lambda model: part(project.id, model[0], of=10**6))[:models]
        for model in chosen:
            for day in list(month.days())[:days]:
                rows += _day_of(project, model, day, weight, billed_until)
    return rows + _oddities(month, days or month.days_count)


def _day_of(project: Project, model: tuple[str, str, str, str, str], day: date, weight: int, billed_until: int) -> list[DailyCost]:
    name, provider, *prices = model
    quiet = 3 if day.weekday() > 4 else 10
    operation = OPERATIONS[part(project.id, name, "o", of=len(OPERATIONS))]
    requests = weight * quiet * (20 + part(project.id, name, day, of=30)) // 100 + 1
    tokens = requests * (900 + part(project.id, name, "t", of=9000))
    cached = tokens * part(project.id, name, "c", of=60) // 100 if prices[1] != "0" else 0
    output = tokens * (5 + part(project.id, name, "out", of=30)) // 100 if prices[2] != "0" else 0
    basis = BILLED if provider in {"openai", "anthropic"} and day.day <= billed_until else PROVIDER_ESTIMATED
    common = {
        "day": day, "project": project.id, "team": project.team, "channel": CHANNELS[provider], "provider": provider, "model": name,
        "api_type": "embedding" if "embedding" in name else "text", "operation": operation, "basis": basis,
        "user": None if operation is None else USERS[part(project.id, name, "u", of=len(USERS))],
    }  # fmt: skip
    zero = Decimal(0)
    rows = [row(**common, meter="requests", quantity=Decimal(requests), requests=requests, estimated_cost=zero, list_cost=zero, cost=zero)]
    for meter, quantity, price in zip(("input", "cache_read", "output"), (tokens - cached, cached, output), prices, strict=True):
        if quantity:
            estimated = multiply(quantity, Decimal(price).scaleb(-6))
            billed = estimated + multiply(part(meter, day, of=9), Decimal("0.0000137")) if basis == BILLED else None
            cost = billed if billed is not None else estimated
            rows.append(
                row(
                    **common,
                    meter=meter,
                    quantity=Decimal(quantity),
                    list_cost=estimated,
                    estimated_cost=estimated,
                    billed_cost=billed,
                    cost=cost,
                )
            )
    failed = part(project.id, name, day, "f", of=4)
    if failed:
        rows.append(
            row(
                **common | {"basis": LOG_ESTIMATED},
                status="failure",
                meter="requests",
                quantity=Decimal(failed),
                requests=failed,
                cost=zero,
            )
        )
    return rows


def _oddities(month: Period, days: int) -> list[DailyCost]:
    """What a real month has too: a shared charge, a credit, an unknown model, answers from the cache."""
    first, middle = month.start, month.start + ONE_DAY * min(11, days - 1)
    unknown = {
        "day": middle, "project": "sandbox", "team": "engineering", "provider": "openai", "model": "gpt-next-preview",
        "operation": "chat", "user": "u-4821", "basis": UNPRICED, "unpriced_reason": "unresolved_model",
    }  # fmt: skip
    return [
        row(day=middle, project="unattributed", channel="openai", provider="openai", model=None, meter="unmapped", api_type=None,
            billed_cost=Decimal("37.4081937"), cost=Decimal("37.4081937"), basis=BILLED),
        row(day=first, project="unattributed", channel="anthropic", provider="anthropic", model="claude-sonnet-4-5", meter="input",
            quantity=Decimal(1_200_000), billed_cost=Decimal("3.6"), cost=Decimal("3.6"), basis=BILLED),
        row(day=middle, project="support-copilot", team="customer-support", model=None, meter="unmapped", api_type=None,
            billed_cost=Decimal(-25), cost=Decimal(-25), basis=BILLED),
        row(**unknown, meter="requests", quantity=Decimal(42), requests=42, unpriced_events=42),
        row(**unknown, meter="input", quantity=Decimal(318_400), unpriced_quantity=Decimal(318_400)),
        row(**unknown, meter="output", quantity=Decimal(40_210), unpriced_quantity=Decimal(40_210)),
        row(day=middle, project="search-rag", team="platform", status="cache_hit", meter="requests", quantity=Decimal(310), requests=310,
            operation="chat", user="u-0193", estimated_cost=Decimal(0), cost=Decimal(0)),
    ]  # fmt: skip


def agreed(rows: Sequence[DailyCost]) -> list[DailyCost]:
    """The same month where one model has a fifth off its list price and another a markup of a tenth: the list price is what is higher or
    lower, so that every cost stays.
    """
    factors = {"claude-sonnet-4-5": Decimal("1.25"), "gpt-5.1": Decimal("0.9")}
    return [
        replace(one, list_cost=multiply(1, one.list_cost * factors[one.model])) if one.list_cost and one.model in factors else one
        for one in rows
    ]


def credited(rows: Sequence[DailyCost]) -> list[DailyCost]:
    """The same month with a credit schedule: two and a half a request in chat, one in any other operation, none without an operation."""
    return [
        replace(one, credits=one.requests * (Decimal("2.5") if one.operation == "chat" else Decimal(1)))
        if one.meter == "requests" and one.status == "success" and one.operation and one.cost is not None
        else replace(one, uncredited_events=one.unpriced_events)
        for one in rows
    ]


HINT = (
    "add an alias to usage.yaml: aliases: - {name: gpt-next-preview, provider: openai, model: gpt-5.1} (the catalog's model that it is;"
    " usage-pipeline prices show gpt-5.1 lists them)"
)


def explain(one: Unpriced) -> Unpriced:
    """What the price room would say of it."""
    return replace(one, low=Decimal("0.0119512"), high=Decimal("71.886"), range_if="if it was a model of OpenAI", hint=HINT)


def advice() -> list[Advice]:
    """Ten proposals for two projects."""
    smaller = (
        "Use claude-haiku-4-5 of the same family for 8,120 chat requests. It assumes the same tokens; a smaller model may answer worse, so"
        " try it on a part first."
    )
    told = (
        ("cheaper_model", "claude-haiku-4-5", smaller),
        ("batch", "batch", "Send 3,040 requests that nobody waits for as a batch, at half the price: answers come within a day."),
        ("cache", "62 %", "Read 62 % of the input from the cache, as the best day did. It needs prompts that begin alike."),
    )
    found = []
    for number in range(10):
        kind, proposal, text = told[number % 3]
        cost = Decimal(60 - 5 * number) + Decimal("0.1234567")
        share = Decimal(70 - 6 * number)
        would = multiply(1, cost * (100 - share) / 100)
        found.append(
            Advice(
                project=("code-review-bot", "support-copilot")[number % 2], provider="anthropic", model="claude-sonnet-4-5", kind=kind,
                proposal=proposal, requests=None if kind == "cache" else 8120, tokens=41_000_000, cost=cost, would_cost=would,
                saving=cost - would, percent=percent(cost - would, cost), words=text,
            )
        )  # fmt: skip
    return found


def monthly_rows(rows: Sequence[DailyCost]) -> list[MonthlyCost]:
    """A month before, made of a month's rows."""
    found = []
    for one in rows:
        values = {name: getattr(one, name) for name in BLANK if name != "day"}
        share = Decimal(70 + part(one.project, "before", of=50)) / 100
        cost = None if one.cost is None else multiply(1, one.cost * share)
        found.append(MonthlyCost(**values | {"month": SEPTEMBER.start, "days_count": 30, "cost": cost}))
    return found


def status(project: str | None, limit: str, spent: Decimal, **values: Any) -> BudgetStatus:
    """A budget's state in the month's last day, blank but for `values`."""
    known: dict[str, Any] = {
        "budget_id": f"{project or 'organisation'}/monthly/USD", "scope": "organisation" if project is None else "project",
        "project": project, "period": "monthly", "unit": "USD", "operation": None,
        "period_start": OCTOBER.start, "period_end": OCTOBER.end, "as_of": OCTOBER.last,
        "limit": Decimal(limit), "spent": spent, "percent": percent(spent, Decimal(limit)), "remaining": Decimal(limit) - spent,
        "forecast": spent, "crossing_date": None, "threshold": None, "level": None, "days_with_data": 31, "estimated_share": Decimal(30),
    }  # fmt: skip
    return BudgetStatus(**(known | values))


def statuses(rows: Sequence[DailyCost]) -> list[BudgetStatus]:
    """One monthly budget for the organisation and most projects; a daily and a token budget beside."""
    spent: dict[str, Decimal] = {}
    for one in rows:
        spent[one.project] = spent.get(one.project, Decimal(0)) + (one.cost or Decimal(0))
    whole = sum(spent.values(), Decimal(0))
    limit = (whole * Decimal("1.06") / 100).quantize(Decimal(1)) * 100
    found = [status(None, str(limit), whole, threshold=Decimal(90), level="warning")]
    for number, (project, cost) in enumerate(sorted(spent.items())):
        if project == "unattributed" or number % 5 == 4:
            continue
        limit = (cost * (80 + part(project, "b", of=60)) / 100).quantize(Decimal(1)) or Decimal(1)
        over = cost > limit
        found.append(
            status(project, str(limit), cost, threshold=Decimal(100) if over else None, level="critical" if over else None,
                   crossing_date=date(2026, 10, 27) if over else None)
        )  # fmt: skip
    day = date(2026, 10, 15)
    found.append(
        status("support-copilot", "40", Decimal("46.12"), budget_id="support-copilot/daily/USD", period="daily", period_start=day,
               period_end=day + ONE_DAY, as_of=day)
    )  # fmt: skip
    found.append(
        status("support-copilot", "20000000", Decimal(11873400), budget_id="support-copilot/monthly/tokens/improvement", unit="tokens",
               operation="improvement")
    )  # fmt: skip
    return found


INPUTS = [
    (f"landing/{source}/2026-10-{number:02d}.{kind}", hashlib.sha256(f"{source}{number}".encode()).hexdigest())
    for source, kind in (("openai-bill", "json"), ("claude-bill", "json"), ("gateway", "jsonl.gz"))
    for number in range(1, 32)
]


def snapshot(scope: str = "organisation", *, count: int = 14, models: int = 5, **values: Any) -> Snapshot:
    """The invented month's statement."""
    rows = values.pop("daily", None)
    rows = daily_rows(count=count, models=models) if rows is None else rows
    known: dict[str, Any] = {
        "daily": rows, "previous": monthly_rows(rows), "statuses": statuses(rows), "projects": projects(count),
        "organisation": ORGANISATION, "inputs": INPUTS, "price_book": "genai-prices 0.2.3 + usage.yaml 3f9a1c", "finality": "provisional",
        "accounting": Accounting(read=184_211, accepted=181_977, duplicates=2_190, rejected=44),
    }  # fmt: skip
    return statement_of(values.pop("month", OCTOBER), scope, **(known | values))
