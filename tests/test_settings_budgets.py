"""Budgets, limits on one request and grace in usage.yaml: values, ids, and each mistake with its line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Settings, load
from usage_pipeline.tables.budgets import Raise
from usage_pipeline.tables.request_limits import Grace, RequestLimit

BASE = """\
organisation: {name: Example Org}
projects: [{id: portal, client: Acme}, {id: search, client: Acme}]
sources: [{name: app, kind: tracker, path: 'logs/*.jsonl'}]
"""


def settings(folder: Path, text: str) -> Settings:
    config = folder / "usage.yaml"
    config.write_text(BASE + text)
    return load(config)


def test_budgets_of_every_scope_have_ids_of_their_own(tmp_path: Path) -> None:
    text = """\
budgets:
  - {team: support, period: monthly, limit: 900, unit: USD}
  - {user: u_17, period: daily, limit: 5}
  - {client: Acme, period: yearly, limit: 12000}
  - {model: gpt-5, channel: openai, operation: chat, period: monthly, limit: 300}
  - {project: portal, from: 2026-10-01, to: 2026-12-31, limit: 2000}
  - {project: portal, period: monthly, limit: 9, unit: credits, valid_to: 2026-11-01}
  - {project: portal, period: monthly, limit: 10, unit: credits, valid_from: 2026-11-01, rollover: true, why: agreed,
     raises: [{limit: 12.5, from: 2026-11-10, to: 2026-11-20, why: launch}]}
"""
    budgets = settings(tmp_path, text).budgets
    assert [one.budget_id for one in budgets] == [
        "teams/support:monthly:USD",
        "users/u_17:daily:USD",
        "clients/Acme:yearly:USD",
        "organisation:monthly:USD:chat:model=gpt-5:channel=openai",
        "projects/portal:2026-10-01..2026-12-31:USD",
        "projects/portal:monthly:credits",
        "projects/portal:monthly:credits",
    ]
    assert budgets[2].projects == ("portal", "search")
    assert (budgets[4].period, budgets[4].first_day, budgets[4].last_day) == ("fixed", date(2026, 10, 1), date(2026, 12, 31))
    last = budgets[-1]
    assert (last.rollover, last.why, last.raises) == (
        True, "agreed", (Raise(limit=Decimal("12.5"), first_day=date(2026, 11, 10), last_day=date(2026, 11, 20), why="launch"),),
    )  # fmt: skip


def test_limits_on_one_request_and_grace(tmp_path: Path) -> None:
    found = settings(
        tmp_path, "request_limits: [{project: portal, operation: chat, max_tokens: 8000, max_cost: 0.50}]\ngrace: {percent: 10}\n"
    )
    assert found.request_limits == (RequestLimit(project="portal", operation="chat", max_tokens=8000, max_cost=Decimal("0.50"), line=4),)
    assert found.grace == Grace(percent=Decimal(10))
    assert found.numbers_fingerprint == settings(tmp_path, "").numbers_fingerprint


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "budgets: [{limit: 5}]",
            "budgets[0]: period is missing: daily, weekly, monthly or yearly; or give the days of a fixed span: from and to",
        ),
        (
            "budgets: [{period: daily, from: 2026-10-01, to: 2026-10-02, limit: 5}]",
            "budgets[0]: a budget has a period, or from and to (a fixed span), not both",
        ),
        ("budgets: [{from: 2026-10-03, to: 2026-10-02, limit: 5}]", "budgets[0]: to 2026-10-02 lies before from 2026-10-03"),
        (
            "budgets: [{from: 2026-10-01, to: 2026-10-02, limit: 5, rollover: true}]",
            "budgets[0]: rollover: a fixed span has no period before it",
        ),
        (
            "budgets: [{team: a, user: b, period: daily, limit: 5}]",
            "budgets[0]: a budget is for one team or user, not both; operation, model and channel narrow it",
        ),
        (
            "budgets: [{project: portl, period: daily, limit: 5}]",
            "budgets[0].project: no project 'portl' is declared; did you mean 'portal'?",
        ),
        ("budgets: [{client: Acne, period: daily, limit: 5}]", "budgets[0].client: no project has the client 'Acne'; did you mean 'Acme'?"),
        ("budgets: [{period: daily, limit: 1.5, unit: requests}]", "budgets[0]: limit 1.5: requests are whole"),
        (
            "budgets: [{period: daily, limit: 5, raises: [{limit: 5, from: 2026-10-01, to: 2026-10-02}]}]",
            "budgets[0]: a raise to 5 is none: the limit is 5; for a lower one give versions with valid_from",
        ),
        (
            "budgets: [{period: daily, limit: 5, raises: [{limit: 6, from: 2026-10-02, to: 2026-10-01}]}]",
            "budgets[0].raises[0]: to 2026-10-01 lies before from 2026-10-02",
        ),
        (
            "budgets: [{period: daily, limit: 5, raises: [{limit: 6, frm: 2026-10-02, to: 2026-10-03}]}]",
            "budgets[0].raises[0].frm: unknown key; did you mean 'from'?",
        ),
        (
            "budgets: [{period: daily, limit: 5}, {period: daily, limit: 6, valid_from: 2026-10-01}]",
            "budgets[1]: same period, unit and operation as the budget of the same scope on line 4, valid at the same time",
        ),
        ("request_limits: [{project: portal}]", "request_limits[0]: a limit on one request says max_tokens, max_cost or both"),
        ("request_limits: [{max_tokens: 0.5}]", "request_limits[0].max_tokens: 0.5 is no whole number"),
        (
            "request_limits: [{max_tokens: 5}, {max_cost: 5}]",
            "request_limits[1]: holds for the same usage at the same time as the limit on line 4: give them dates apart",
        ),
        ("grace: {}", "grace: grace says hours, percent or both, such as {hours: 24}; leave it out for none"),
    ],
)
def test_each_mistake_has_its_line_and_mend(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageConfigError) as caught:
        settings(tmp_path, text + "\n")
    assert [line.partition("usage.yaml:4: ")[2] for line in str(caught.value).splitlines() if problem in line] == [problem], caught.value
