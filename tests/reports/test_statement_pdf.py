"""statement.pdf: the exact totals are in it, fonts and CSV too, nothing is fetched, names are only names, the same bytes always."""

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from invented_month import OCTOBER, ORGANISATION, daily_rows, projects, row, snapshot, status
from pypdf import PdfReader
from weasyprint.urls import FatalURLFetchingError

from usage_pipeline.periods import ONE_DAY
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.pdf import pdf_key, pdf_of
from usage_pipeline.reports.render import render
from usage_pipeline.reports.snapshot import Snapshot

MOMENT = datetime(2026, 10, 31, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>", "{{7*7}}", "{% raw %}", '=HYPERLINK("http://x")', "مشروع الدعم الفني", "שלום עולם", "x" * 140, "&amp;\"'>",
    "a\u202egnp.exe", "line\nbreak\ttab", "<img src='http://127.0.0.1:9/x'>", "</title><link rel=attachment href=file:///etc/passwd>",
)  # fmt: skip


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_control_totals_are_printed_to_the_last_digit(
    organisation: Snapshot, organisation_files: dict[str, bytes], project: Snapshot, project_files: dict[str, bytes]
):
    for one, files in ((organisation, organisation_files), (project, project_files)):
        printed = text_of(files["statement.pdf"])
        assert differences(files["statement.json"], files["statement.csv"], one, printed, workbook=files["statement.xlsx"]) == []


def test_it_says_how_sure_each_number_is(organisation_files: dict[str, bytes]):
    printed = " ".join(text_of(organisation_files["statement.pdf"]).split())
    for words in (
        "Billed by the provider", "$656.19", "Estimated", "$869.95", "42 requests", "Unattributed", "$41.01", "$1,526.14", "Provisional",
        "ST-2026-10-ORG-1", "31 of 31 days have data", "the catalog does not know this model", "genai-prices 0.2.3",
        "184,211 read = 181,977 accepted + 2,190 duplicate + 44 rejected", "+15.3% from September",
    ):  # fmt: skip
        assert words in printed


def test_fonts_are_embedded_and_only_ours(organisation_files: dict[str, bytes]):
    names = set()
    for page in PdfReader(io.BytesIO(organisation_files["statement.pdf"])).pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            names.add(str(descriptor["/FontName"]))
    assert names
    assert all("Inter" in name for name in names)


def test_archival_accessible_and_with_its_data(project_files: dict[str, bytes]):
    reader = PdfReader(io.BytesIO(project_files["statement.pdf"]))
    catalog = reader.trailer["/Root"]
    metadata = catalog["/Metadata"].get_object().get_data()
    assert b"pdfaid:part" in metadata
    assert metadata.count(b"pdfuaid:part=") == 1
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"] == True  # noqa: E712 — pypdf's own boolean
    assert "/OutputIntents" in catalog
    assert reader.attachments["statement.csv"] == [project_files["statement.csv"]]


def test_a_project_takes_two_pages_an_empty_month_one(project_files: dict[str, bytes], templates: Path):
    empty = render(snapshot(daily=[], statuses=[], previous=None, inputs=[]), templates)
    nothing = snapshot("sandbox", daily=[row(project="other", cost=Decimal(1))], statuses=[])
    assert len(PdfReader(io.BytesIO(project_files["statement.pdf"])).pages) == 2
    for files in (empty, render(nothing, templates)):
        assert len(PdfReader(io.BytesIO(files["statement.pdf"])).pages) == 1
        assert "Nothing to report" in text_of(files["statement.pdf"])


def busy_project() -> Snapshot:
    """Three models, twelve users (one with a long id), six meters, three budgets over their limit."""
    users = [f"user_support-portal_{number:02}" for number in range(11)] + ["user-C3ScSkqi9p4D2AkZG6QVq9VC"]
    meters = ("input", "output", "cache_read", "cache_write_5m", "web_searches", "requests")
    rows = [
        replace(one, user=users[place % 12], meter=meters[place % 6], requests=0)
        for place, one in enumerate(daily_rows(count=1, models=3))
        if one.project == "support-copilot"
    ]
    budget = status("support-copilot", "40", Decimal(46), crossing_date=OCTOBER.last)
    tokens = replace(budget, budget_id="tokens", unit="tokens", operation="improvement")
    daily = replace(budget, budget_id="daily", period="daily", period_start=OCTOBER.start, period_end=OCTOBER.start + ONE_DAY)
    names = [(f"landing/anthropic/cost_2026-10_page{number}.json", "0" * 64) for number in range(9)]
    return snapshot("support-copilot", daily=rows, statuses=[budget, tokens, daily], inputs=names, finality="open")


def test_a_busy_project_takes_two_pages_and_a_long_id_one_line(templates: Path):
    pages = PdfReader(io.BytesIO(render(busy_project(), templates)["statement.pdf"])).pages
    assert len(pages) == 2
    lines = pages[1].extract_text().splitlines()
    assert any("user-C3ScSkq…G6QVq9VC" in line for line in lines)
    assert any("How to read this statement" in line for line in lines)


def hostile_snapshot(scope: str = "organisation") -> Snapshot:
    names = {project.id: name for project, name in zip(projects(12), HOSTILE, strict=True)}
    rows = [
        replace(one, project=name, team=name, user=name, operation=name, model=name)
        for one in daily_rows(count=12, models=1, days=3)
        if (name := names.get(one.project))
    ]
    return snapshot(
        scope,
        daily=rows,
        projects=[replace(one, id=names[one.id], name=names[one.id], client=names[one.id]) for one in projects(12)],
        statuses=[status(name, "100", Decimal(93), budget_id=name) for name in HOSTILE],
        organisation=replace(ORGANISATION, name="<b>Ørg & Søn</b>"),
        inputs=[("<img src=file:///etc/passwd>", "0" * 64)],
        price_book="<x>",
    )


def test_hostile_names_are_only_text(templates: Path):
    one = hostile_snapshot()
    files = render(one, templates)
    page = html_of(one, templates)
    assert "<script" not in page
    assert "<img" not in page
    assert "{{7*7}}" in page
    printed = text_of(files["statement.pdf"])
    assert "<script>alert(1)</script>" in printed
    assert list(PdfReader(io.BytesIO(files["statement.pdf"])).attachments) == ["statement.csv"]
    assert differences(files["statement.json"], files["statement.csv"], one, printed, workbook=files["statement.xlsx"]) == []
    assert "\u202e" not in page


def test_hostile_project_page(templates: Path):
    files = render(hostile_snapshot(HOSTILE[0]), templates)
    assert "<script>alert(1)</script>" in text_of(files["statement.pdf"])


@pytest.mark.parametrize(
    "markup",
    [
        "<img src='http://127.0.0.1:9/x.png'>", "<link rel=stylesheet href='http://127.0.0.1:9/x.css'>", "<img src='file:///etc/hostname'>",
        "<img src='data:image/png;base64,AAAA'>", "<link rel=attachment href='file:///etc/hostname'>",
        "<img src='asset:../pyproject.toml'>",
        "<style>@import url(http://127.0.0.1:9/x.css)</style>", "<p style='background:url(ftp://127.0.0.1/x)'>x</p>",
    ],
)  # fmt: skip
def test_nothing_is_fetched(markup: str, templates: Path):
    with pytest.raises(FatalURLFetchingError, match="blocked"):
        pdf_of(f"<html lang=en><title>x</title>{markup}", b"", MOMENT, templates)


RENDER = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from invented_month import daily_rows, snapshot
from usage_pipeline.reports.render import render
for name, content in render(snapshot("support-copilot", daily=daily_rows()), Path(sys.argv[2])).items():
    print(name, hashlib.sha256(content).hexdigest())
"""


def test_same_bytes_in_another_process_with_another_seed_and_zone(project_files: dict[str, bytes], templates: Path):
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    command = [sys.executable, "-c", RENDER, str(Path(__file__).parent), str(templates)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert dict(zip(told[::2], told[1::2], strict=True)) == {
        name: hashlib.sha256(content).hexdigest() for name, content in project_files.items()
    }


def test_same_bytes_twice_in_one_process(project: Snapshot, project_files: dict[str, bytes], templates: Path):
    assert render(project, templates) == project_files


def test_the_key_follows_what_the_pdf_depends_on(templates: Path, tmp_path: Path):
    key = pdf_key("<p>a</p>", b"lines", templates)
    assert key == pdf_key("<p>a</p>", b"lines", templates)
    assert len({key, pdf_key("<p>b</p>", b"lines", templates), pdf_key("<p>a</p>", b"other", templates)}) == 3
    (tmp_path / "fonts").mkdir()
    (tmp_path / "statement.css").write_text("p { color: red }")
    assert pdf_key("<p>a</p>", b"lines", tmp_path) != key
