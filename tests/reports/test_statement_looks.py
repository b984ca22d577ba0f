"""Locale, paper, colour and logo: the same numbers, otherwise written; plain statements stay byte for byte what they are."""

import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from invented_month import OCTOBER, snapshot
from pypdf import PdfReader
from weasyprint.urls import FatalURLFetchingError

from usage_pipeline.reports import words
from usage_pipeline.reports.footing import differences
from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.formats.pdf import AssetFetcher
from usage_pipeline.reports.frozen_looks import looks_document, looks_from
from usage_pipeline.reports.render import render
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.looks import LETTER, PLAIN, Logo, Looks

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40" fill="#7a1f3d"/></svg>'
LOGO = Logo(content=SVG, kind="svg")
GERMAN = Looks(locale="de_DE", paper=LETTER, colour="#7a1f3d", logo=LOGO, excel_bom=False)


@pytest.fixture(scope="module")
def german(october: list[DailyCost]) -> Snapshot:
    return replace(snapshot("sandbox", daily=october), looks=GERMAN)


@pytest.fixture(scope="module")
def files(german: Snapshot, templates: Path) -> dict[str, bytes]:
    return render(german, templates)


@pytest.mark.parametrize(
    ("locale", "amount", "percent", "count", "day", "period"),
    [
        (None, "−$1,234.50", "12.3%", "12,345", "31 October 2026", "1–31 October 2026"),
        ("de_DE", "−1.234,50\xa0$", "12,3\xa0%", "12.345", "31. Oktober 2026", "1. Oktober 2026 – 31. Oktober 2026"),
        ("fr_CH", "−1\u202f234,50\xa0$US", "12,3%", "12\u202f345", "31 octobre 2026", "1 octobre 2026 – 31 octobre 2026"),
        ("en_US", "−$1,234.50", "12.3%", "12,345", "October 31, 2026", "October 1, 2026 – October 31, 2026"),
        ("hi_IN", "−$1,234.50", "12.3%", "12,345", "31 अक्टूबर 2026", "1 अक्टूबर 2026 – 31 अक्टूबर 2026"),
    ],
)
def test_numbers_and_dates_as_the_locale_writes_them(locale: str, amount: str, percent: str, count: str, day: str, period: str):
    with words.written_in(locale):
        assert words.amount(Decimal("-1234.5"), "USD") == amount
        assert words.percent(Decimal("12.34")) == percent
        assert words.count(12345) == count
        assert words.day_text(date(2026, 10, 31)) == day
        assert words.period_text(OCTOBER) == period
    assert words.amount(Decimal("1234.5"), "USD") == "$1,234.50", "outside all is as before"


def test_groups_of_digits_are_the_locales_own():
    with words.written_in("hi_IN"):
        assert words.number(Decimal(12345678)) == "1,23,45,678"
    with words.written_in("de_CH"):
        assert words.number(Decimal("1234567.5"), 2) == "1’234’567.50"


def test_machines_read_the_same_whatever_the_locale(german: Snapshot, files: dict[str, bytes]):
    plain = replace(german, looks=PLAIN)
    assert files["statement.json"] == json_of(plain)
    assert b"\xef\xbb\xbf" + files["statement.csv"] == csv_of(plain)


def test_all_files_foot(german: Snapshot, files: dict[str, bytes]):
    reader = PdfReader(io.BytesIO(files["statement.pdf"]))
    printed = "\n".join(page.extract_text() for page in reader.pages)
    assert differences(files["statement.json"], files["statement.csv"], german, printed, workbook=files["statement.xlsx"]) == []
    assert "Oktober 2026" in printed
    assert "12,86" in printed
    assert [round(float(one)) for one in reader.pages[0].mediabox[2:]] == [612, 792]
    assert reader.attachments["statement.csv"] == [files["statement.csv"]]


def test_a_page_has_the_colour_and_the_logo_as_a_named_picture(german: Snapshot, templates: Path):
    page = html_of(german, templates)
    assert ".total{background:#7a1f3d}" in page
    assert '<img src="asset:logo-' in page
    assert 'alt="Meridian Labs"' in page
    other = replace(german, looks=replace(GERMAN, logo=Logo(content=SVG + b" ", kind="svg")))
    assert html_of(other, templates) != page, "another picture, another page, so another PDF is made"


def test_a_plain_page_has_nothing_of_it(organisation: Snapshot, templates: Path):
    page = html_of(organisation, templates)
    assert "<style>" not in page
    assert "<img" not in page


def test_only_the_logo_of_the_page_is_given_out(templates: Path):
    for fetcher in (AssetFetcher(templates), AssetFetcher(templates, LOGO)):
        with pytest.raises(FatalURLFetchingError):
            fetcher.fetch("asset:logo-0000000000000000.svg")


def test_a_logo_cannot_fetch_anything(german: Snapshot, templates: Path):
    content = SVG.replace(b"</svg>", b'<image href="file:///etc/hostname" width="9" height="9"/><use href="http://127.0.0.1:9/x#a"/></svg>')
    looks = replace(GERMAN, logo=Logo(content=content, kind="svg"))
    pdf = render(replace(german, looks=looks), templates)["statement.pdf"]
    assert list(PdfReader(io.BytesIO(pdf)).attachments) == ["statement.csv"]


def test_a_close_keeps_how_it_looked():
    assert looks_document(PLAIN) == {}
    assert looks_from(None) == PLAIN
    kept = json.loads(json.dumps(looks_document(GERMAN)))
    assert looks_from(kept["looks"]) == GERMAN
