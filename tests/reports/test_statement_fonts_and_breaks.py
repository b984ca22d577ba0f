"""Every font of a statement is ours and embedded, tables leave no orphan row, a stack's colours differ in grey, bridges have the looks."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from invented_month import OCTOBER, advice, daily_rows, explain, snapshot
from pypdf import PdfReader

from usage_pipeline.reports import charts, closing
from usage_pipeline.reports.advice_lines import MOST
from usage_pipeline.reports.bridge_files import BRIDGE_CSV, BRIDGE_PDF, Bridge, files_of
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.formats.pdf import pdf_of
from usage_pipeline.tables.bridge import LATE_USAGE, BridgePart
from usage_pipeline.tables.claimants import KEY, Claimant, Unclaimed
from usage_pipeline.tables.configuration import Organisation
from usage_pipeline.tables.looks import LETTER, PLAIN, Logo, Looks

MOMENT = datetime(2026, 10, 31, tzinfo=UTC)
LOGO = Logo(content=b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>', kind="svg")


@pytest.fixture(scope="module")
def reader(templates: Path) -> PdfReader:
    claim = Claimant(project="sandbox", level=KEY, amount=Decimal(3), own_cost=Decimal(8), all_cost=Decimal(9), rule="- {a: b}")
    unclaimed = Unclaimed(amount=Decimal("41.0081937"), nobody=Decimal("38.0081937"), claimants=(claim,), owners=())
    one = snapshot(count=6, models=2, advice=advice(), explain=explain, unclaimed=unclaimed)
    return PdfReader(io.BytesIO(pdf_of(html_of(one, templates), b"x", MOMENT, templates)))


def test_all_fonts_are_ours(reader: PdfReader):
    fonts = {font["/BaseFont"] for page in reader.pages for font in _fonts(page)}
    assert {name.partition("+")[2].partition("-")[0] for name in fonts} == {"Inter"}


def _fonts(page: object) -> list[dict[str, str]]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]


def test_no_row_of_advice_stands_alone(reader: PdfReader):
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    rows = [sum(page.count(end) for end in ("on a part first.", "within a day.", "begin alike.")) for page in pages]
    assert sum(rows) == MOST
    assert 1 not in rows


def test_colours_beside_each_other_differ_in_grey():
    greys = [_grey(colour) for colour in (*charts.COLOURS, charts.OTHER_COLOUR)]
    assert all(abs(one - other) >= 30 for one, other in pairwise(greys))
    assert len({round(grey / 8) for grey in greys}) == len(greys)


def _grey(colour: str) -> float:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_long_control_totals_print_every_projects_cost(templates: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(closing, "CONTROL_MOST", 4)
    one = snapshot(daily=daily_rows(count=5, models=1, days=1), statuses=[])
    told = closing.closing_of(one)
    assert [line.name for line in told.control] == ["Total"]
    assert [second is None for _, second in told.control_pairs] == [False] * (len(one.by_project) // 2) + [True] * (len(one.by_project) % 2)
    pages = PdfReader(io.BytesIO(pdf_of(html_of(one, templates), b"x", MOMENT, templates))).pages
    printed = "\n".join(page.extract_text() for page in pages)
    assert differences(json_of(one), csv_of(one), one, printed) == []


def bridge(looks: Looks) -> Bridge:
    part = BridgePart(
        cause=LATE_USAGE, project="portal", day=OCTOBER.start, channel="openai", provider="openai", model="gpt-5.1", meter="input",
        category="Usage", is_billed=True, quantity=Decimal(1000), amount=Decimal("1234.5"),
        effective=Decimal("1234.5"), contracted=Decimal("1234.5"), listed=Decimal("1234.5"),
    )  # fmt: skip
    return Bridge(
        month=OCTOBER, revision=2, before=Decimal(1), after=Decimal("1235.5"), organisation=Organisation(name="Example"), projects=(),
        parts=[part], closed_at=MOMENT, approved_by="Ana", note=None, looks=looks,
    )  # fmt: skip


def test_a_bridge_has_the_looks_of_reports(templates: Path):
    told = files_of(bridge(Looks(locale="de_DE", paper=LETTER, colour="#7a1fa2", logo=LOGO, excel_bom=False)), templates)
    page = PdfReader(io.BytesIO(told[BRIDGE_PDF])).pages[0]
    assert (page.mediabox.width, page.mediabox.height) == (612, 792)
    assert "1.234,50" in page.extract_text()
    assert "Oktober 2026" in page.extract_text()
    assert told[BRIDGE_CSV].startswith(b"period,")
    plain = files_of(bridge(PLAIN), templates)
    assert plain[BRIDGE_CSV] == b"\xef\xbb\xbf" + told[BRIDGE_CSV]
    assert "$1,234.50" in PdfReader(io.BytesIO(plain[BRIDGE_PDF])).pages[0].extract_text()
    assert files_of(replace(bridge(PLAIN)), templates) == plain
