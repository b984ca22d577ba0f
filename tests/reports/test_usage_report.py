"""The usage report: its files say the same, its tables sum, its page is archival, and no name does harm."""

import csv
import io
import json
import re
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from invented_use import HOSTILE, usage_facts, used

from usage_pipeline.errors import AccountingError
from usage_pipeline.reports import usage
from usage_pipeline.reports.formats.guards import unguarded
from usage_pipeline.reports.formats.xlsx_read import sheets_in
from usage_pipeline.reports.heat import SHADES, shade
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.reports.usage_files import csv_of, json_of, xlsx_of
from usage_pipeline.reports.usage_footing import differences
from usage_pipeline.reports.usage_page import page_of
from usage_pipeline.reports.usage_tables import table_of
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.logged_use import CONVERSATION, DIMENSIONS, PROMPT, TOP
from usage_pipeline.tables.looks import LETTER, Looks
from usage_pipeline.tables.spans import range_span

NAMES = (*DIMENSIONS, *TOP)


@pytest.fixture(scope="module")
def hostile() -> UsageFacts:
    return usage_facts(HOSTILE)


@pytest.fixture(scope="module")
def files(hostile: UsageFacts, templates: Path) -> dict[str, bytes]:
    return usage.render(hostile, templates)


@pytest.fixture(scope="module")
def lines(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["usage.csv"].decode("utf-8-sig"), newline="")))


def text_of(files: dict[str, bytes], folder: Path) -> str:
    """The words of the PDF."""
    (folder / "usage.pdf").write_bytes(files["usage.pdf"])
    return subprocess.run(["pdftotext", str(folder / "usage.pdf"), "-"], capture_output=True, text=True, check=True).stdout


def test_every_table_of_the_csv_sums_to_the_total(hostile: UsageFacts, lines: list[dict[str, str]]) -> None:
    total = hostile.total
    for name in NAMES:
        rows = [line for line in lines if line["table"] == name]
        assert sum(Decimal(line["cost"]) for line in rows if line["cost"]) == total.cost
        assert sum(int(line["requests"]) for line in rows) == total.requests
        assert [line["row"] for line in rows][-2:] == ["others", "without"]


def test_hostile_names_stay_words(files: dict[str, bytes], lines: list[dict[str, str]], tmp_path: Path) -> None:
    document = json.loads(files["usage.json"])
    asked = {name for name in HOSTILE if name}
    assert {one["key"] for one in document["by_user"]} >= asked
    users = [line["key"] for line in lines if line["table"] == "user"]
    assert {unguarded(field) for field in users} >= asked
    assert [field for field in users if field[:1] in "=+-@\t" and field] == []
    sheets = sheets_in(files["usage.xlsx"])
    assert {row[1] for row in sheets["By user"][1:]} >= asked
    assert b"<f>" not in files["usage.xlsx"], "no formula"
    text = text_of(files, tmp_path)
    assert "<script>alert(1)</script>" in text
    assert "{{ 7*7 }}" in text


def test_the_page_is_archival_and_holds_its_csv(files: dict[str, bytes], tmp_path: Path) -> None:
    assert tuple(files) == usage.FILES
    path = tmp_path / "usage.pdf"
    path.write_bytes(files["usage.pdf"])
    metadata = subprocess.run(["pdfinfo", "-meta", str(path)], capture_output=True, text=True, check=True).stdout
    assert 'pdfuaid:part="1"' in metadata
    assert re.search(r"pdfaid:part(=\"|>)3", metadata)
    subprocess.run(["pdfdetach", "-saveall", "-o", str(tmp_path), str(path)], check=True)
    assert (tmp_path / "usage.csv").read_bytes() == files["usage.csv"]


def test_the_same_facts_give_the_same_bytes(templates: Path) -> None:
    assert usage.render(usage_facts(), templates) == usage.render(usage_facts(), templates)


@pytest.mark.parametrize("name", NAMES)
def test_printed_cents_add_up(hostile: UsageFacts, name: str) -> None:
    table = table_of(hostile, name)
    shown = [Decimal(line.cost.replace("$", "").replace(",", "")) for line in table.lines if line.cost != "unpriced"]
    assert sum(shown) == Decimal(table.total.cost.replace("$", "").replace(",", ""))
    assert table.lines[-1].label != "Total"


def test_what_has_no_price_is_unpriced_and_not_nothing(hostile: UsageFacts) -> None:
    (line,) = [line for line in table_of(hostile, "model").lines if line.label == "no-price"]
    assert (line.cost, line.percent, line.each) == ("unpriced", "–", "–")
    whole = usage_facts(total=replace(hostile.total, cost=None, priced_requests=0), by=dict.fromkeys(NAMES, ()), meters=())
    assert page_of(whole, "usage.csv")["total"] == "unpriced"


def test_a_line_too_little_is_found(hostile: UsageFacts, templates: Path) -> None:
    """In any table, by whoever looks; nothing is rendered then."""
    for name in ("project", "status", CONVERSATION):
        wrong = replace(hostile, by={**hostile.by, name: hostile.by[name][1:]})
        assert differences(wrong, json_of(wrong), csv_of(wrong), xlsx_of(wrong)) != []
    with pytest.raises(AccountingError, match="usage report 2026-10 of organisation: cost by project"):
        usage.render(replace(hostile, by={**hostile.by, "project": hostile.by["project"][1:]}), templates)


@pytest.mark.parametrize(("before", "after"), [(b"0.4567909", b"0.4567908"), (b"organisation,user", b"organisation,team")])
def test_a_changed_csv_is_found(hostile: UsageFacts, before: bytes, after: bytes) -> None:
    lines = csv_of(hostile)
    assert before in lines
    assert differences(hostile, json_of(hostile), lines.replace(before, after, 1), xlsx_of(hostile)) != []


def test_the_cost_is_held_against_the_statement(hostile: UsageFacts) -> None:
    page = page_of(hostile, "usage.csv")
    assert "The statement of the same days says $99.50, $90.25 of it billed" in page["relation"]
    assert page["kpis"][3] == ("Unpriced", "7 requests", "cost unknown: in no total")


def test_prompts_tell_the_month_before(hostile: UsageFacts) -> None:
    first, second = table_of(hostile, PROMPT).lines[:2]
    assert (first.before != "–", second.before, second.moved) == (True, "–", "new")
    assert {line.of for line in table_of(hostile, CONVERSATION).lines if line.of} == {"Support copilot"}


def test_a_project_and_a_range_have_their_own_names() -> None:
    days = range_span(hostile_first := usage_facts().days.start, hostile_first.replace(day=14))
    one = usage_facts(span=days, project=Project(id="p-1", name="<b>One</b>"))
    page = page_of(one, "usage.csv")
    assert (one.scope, page["number"], page["heading"]) == ("projects/p-1", "US-2026-10-01_2026-10-14-p-1", "<b>One</b>")


def test_it_is_written_as_the_organisation_writes(templates: Path) -> None:
    one = usage_facts(looks=Looks(locale="de_DE", paper=LETTER, colour="#14213a"))
    page = usage.render(one, templates)["usage.pdf"]
    assert page_of(one, "x")["own_style"].startswith("@page{size:letter")
    assert page.startswith(b"%PDF")


def test_nothing_logged_is_said(templates: Path, tmp_path: Path) -> None:
    nothing = used(None, "x", requests=0, successful_requests=0, failed_requests=0, priced_requests=0, tokens=0, cost=None, first=None)
    empty = usage_facts(total=nothing, by=dict.fromkeys(NAMES, ()), meters=(), by_day=(), by_hour=(), recent=(), spread=None)
    assert "No logged requests" in text_of(usage.render(empty, templates), tmp_path)


def test_shades_rise_with_requests() -> None:
    assert [shade(count, 60) for count in (0, 1, 10, 11, 59, 60)] == [SHADES[place] for place in (0, 1, 1, 2, 6, 6)]
