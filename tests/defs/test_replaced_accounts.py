"""Files of several accounts in one source: the newer takes the older's money out of the count, which is told and keeps the month open."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_world import DAYS, World

from usage_pipeline.commands.run import EXIT_FINDINGS
from usage_pipeline.defs.replaced_accounts import Account, is_gone
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.summary import totals

HEAD = "organisation: {name: Example Org, currency: USD}\nprojects: [{id: portal, name: Portal}]\nsources:\n"
MOMENT = datetime(2026, 11, 2, 9, tzinfo=UTC)
CSV_HEADER = "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,organization_id"
FIRST, SECOND, THIRD = 1790812800, 1790899200, 1790985600


def page(*lines: tuple[str, str | None, str]) -> str:
    """A costs page of October 1st, (organisation, project, amount) a line; without lines an empty bucket."""
    results = [
        {
            "object": "organization.costs.result",
            "amount": {"value": amount, "currency": "usd"},
            "line_item": "gpt-5.6-terra, input",
            "project_id": project,
            "organization_id": organisation,
        }
        for organisation, project, amount in lines
    ]
    return json.dumps({"object": "page", "data": [{"object": "bucket", "start_time": FIRST, "end_time": SECOND, "results": results}]})


def export(*lines: tuple[int, str, str]) -> str:
    """A dashboard's cost export: (start, project, amount) a line; grouped by nothing where the project is ''."""
    rows = [
        f"{start},{start + 86400},,,{amount},usd,{'web search tool calls' if project else ''},{project},org-A"
        for start, project, amount in lines
    ]
    return "\n".join([CSV_HEADER, *rows]) + "\n"


def usage(project: str, tokens: int) -> str:
    result = {
        "object": "organization.usage.completions.result",
        "model": "gpt-5.6-terra",
        "project_id": project,
        "input_tokens": tokens,
        "output_tokens": 1,
        "num_model_requests": 1,
    }
    return json.dumps({"object": "page", "data": [{"object": "bucket", "start_time": FIRST, "end_time": SECOND, "results": [result]}]})


class Job:
    """A folder of one source; each file that lands is newer than those before."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.landed = folder, 0
        (folder / "in").mkdir()
        self.config = folder / "usage.yaml"
        self.config.write_text(f'{HEAD}  - {{name: openai, kind: {kind}, path: "in/*"}}\n')

    def land(self, name: str, text: str) -> None:
        self.landed += 1
        path = self.folder / "in" / name
        path.write_text(text)
        moment = (MOMENT + timedelta(minutes=self.landed)).timestamp()
        os.utime(path, (moment, moment))

    def run(self) -> tuple[Decimal, dict[str, Any] | None, int]:
        """The billed cost of October's first days, the finding if there is one, and the exit code that `run` has with such findings."""
        world = World(Home(self.folder / "home"), self.config)
        found = world.findings(DAYS)
        told = found.get("replaced_accounts")
        billed = totals(world.database.select(daily_costs)).billed_cost
        return billed, None if told is None else asdict(told), EXIT_FINDINGS if any(one.blocks for one in found.values()) else 0


def test_the_bills_of_two_organisations_in_one_source(tmp_path: Path) -> None:
    job = Job(tmp_path, "openai_costs")
    job.land("a.json", page(("org-A", "proj_a", "12.5"), ("org-A", None, "0.25")))
    job.land("b.json", page(("org-B", "proj_b", "7")))
    billed, told, code = job.run()
    assert (billed, code) == (Decimal(7), 3)
    assert told is not None
    assert (told["blocks"], told["count"], Decimal(told["amount"])) == (True, 1, Decimal("12.75"))
    assert "openai, 2026-10-01: b.json replaced a.json; 12.75 billed to org-A, proj_a: left out of the count" in told["words"]
    assert "give each account (or each partial export) a source of its own" in told["words"]
    job.land("empty.json", page())
    billed, told, code = job.run()
    assert (billed, code) == (Decimal(0), 3)
    assert told is not None
    assert Decimal(told["amount"]) == Decimal("19.75")
    job.land("all.json", page(("org-A", "proj_a", "12.5"), ("org-A", None, "0.25"), ("org-B", "proj_b", "7")))
    billed, told, _ = job.run()
    assert (billed, told) == (Decimal("19.75"), None)


def test_exports_made_project_by_project(tmp_path: Path) -> None:
    job = Job(tmp_path, "openai_costs_csv")
    job.land("cost.csv", export((FIRST, "proj_a", "1.5"), (SECOND, "proj_a", "2.5")))
    job.land("cost (1).csv", export((FIRST, "proj_b", "4"), (SECOND, "proj_b", "8")))
    billed, told, code = job.run()
    assert (billed, code) == (Decimal(12), 3)
    assert told is not None
    assert (told["count"], Decimal(told["amount"])) == (2, Decimal(4))
    assert "openai, 2026-10-02: cost (1).csv replaced cost.csv; 2.5 billed to proj_a: left out of the count" in told["words"]


def test_an_export_that_is_not_grouped_after_one_that_is(tmp_path: Path) -> None:
    job = Job(tmp_path, "openai_costs_csv")
    job.land("grouped.csv", export((FIRST, "proj_a", "1.5"), (FIRST, "proj_b", "4")))
    job.land("total.csv", export((FIRST, "", "5.5")))
    billed, told, code = job.run()
    assert (billed, code) == (Decimal("5.5"), 3)
    assert told is not None
    assert Decimal(told["amount"]) == Decimal("5.5")
    assert "total.csv replaced grouped.csv; 5.5 billed to proj_a, proj_b: count without their account, if at all" in told["words"]


def test_usage_of_two_projects_in_two_files(tmp_path: Path) -> None:
    job = Job(tmp_path, "openai_usage")
    job.land("a.json", usage("proj_a", 100))
    job.land("b.json", usage("proj_b", 200))
    _, told, code = job.run()
    assert code == 3
    assert told is not None
    assert (told["count"], told["amount"]) == (1, None)
    assert "b.json replaced a.json; 1 usage record of proj_a: left out of the count" in told["words"]


def test_a_restated_bill_of_the_same_accounts_is_no_finding(tmp_path: Path) -> None:
    job = Job(tmp_path, "openai_costs")
    job.land("first.json", page(("org-A", "proj_a", "12.5"), ("org-A", "proj_free", "0")))
    job.land("second.json", page(("org-A", "proj_a", "11"), ("org-A", "proj_new", "3")))
    billed, told, code = job.run()
    assert (billed, told, code) == (Decimal(14), None, 0)


@pytest.mark.parametrize(
    ("account", "now", "gone"),
    [
        (("org-A", "p"), [("org-A", "p"), ("org-A", "q")], False),
        (("org-A", "p"), [(None, "p")], False),
        ((None, "p"), [("org-A", "p")], False),
        (("org-A", None), [("org-A", "p")], False),
        (("org-A", "p"), [("org-A", None)], True),
        (("org-A", None), [("org-B", None)], True),
        (("org-A", None), [], True),
        ((None, None), [], False),
        ((None, None), [("org-A", "p")], False),
    ],
)
def test_what_is_gone(account: tuple[str | None, str | None], now: list[tuple[str | None, str | None]], *, gone: bool) -> None:
    assert is_gone(Account(*account), [Account(*one) for one in now]) is gone
