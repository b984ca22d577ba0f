"""Names in any script are printed from shipped fonts, or visibly marked: never blank, and never in a font of the machine."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from invented_month import daily_rows, projects, snapshot
from pypdf import PdfReader

from usage_pipeline.reports.formats.html import html_of
from usage_pipeline.reports.formats.letters import needs_letters, printable
from usage_pipeline.reports.formats.pdf import pdf_key
from usage_pipeline.reports.render import render
from usage_pipeline.reports.snapshot import Snapshot

NAMES = ("支持门户", "지원 포털", "カスタマー", "مشروع الدعم", "שלום", "🚀 rocket", "繁體", "ไทย")


@pytest.fixture(scope="module")
def foreign() -> Snapshot:
    ids = {project.id: name for project, name in zip(projects(8), NAMES, strict=True)}
    rows = [
        replace(row, project=ids[row.project], user=ids[row.project]) for row in daily_rows(count=8, models=1, days=3) if row.project in ids
    ]
    named = [replace(one, id=ids[one.id], name=ids[one.id]) for one in projects(8)]
    return snapshot(daily=rows, projects=named, statuses=[])


@pytest.fixture(scope="module")
def printed(foreign: Snapshot, templates: Path) -> PdfReader:
    return PdfReader(io.BytesIO(render(foreign, templates)["statement.pdf"]))


def test_names_of_other_scripts_are_in_the_text(printed: PdfReader):
    text = "\n".join(page.extract_text() for page in printed.pages)
    for name in ("支持门户", "지원 포털", "カスタマー", "🚀", "繁體"):
        assert name in text
    assert "[U+0E44 U+0E17 U+0E22]" in text, "a script that no shipped font has is visible all the same"


def test_every_font_is_a_shipped_one_and_embedded(printed: PdfReader):
    names = set()
    for page in printed.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            names.add(str(descriptor["/FontName"]).partition("+")[2])
    assert all(name.startswith(("Inter", "Letters-")) for name in names), names
    assert {name.split("-")[1] for name in names if name.startswith("Letters-")} == {"Han", "Hangul", "Arabic", "Hebrew", "Emoji"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ørg & Søn", "Ørg & Søn"),
        ("支持", "支持"),
        ("ไ", "[U+0E44]"),
        ("a ไทย b", "a [U+0E44 U+0E17 U+0E22] b"),
        ("ไทยไทย", "[U+0E44 U+0E17 U+0E22 U+0E44 +2]"),
        ("❤️ \u200d", "❤️ \u200d"),
    ],
    ids=["latin", "han", "one", "among others", "many", "invisible"],
)
def test_what_no_font_has_is_shown_as_its_code_points(name: str, shown: str, templates: Path):
    assert printable(name, templates) == shown


def test_a_page_without_such_letters_is_set_as_ever(organisation: Snapshot, templates: Path, tmp_path: Path):
    page = html_of(organisation, templates)
    assert not needs_letters(page, templates)
    (tmp_path / "fonts" / "letters").mkdir(parents=True)
    (tmp_path / "statement.css").write_bytes((templates / "statement.css").read_bytes())
    for path in (templates / "fonts").glob("*.ttf"):
        (tmp_path / "fonts" / path.name).write_bytes(path.read_bytes())
    assert pdf_key(page, b"", tmp_path) == pdf_key(page, b"", templates), "the other fonts are no part of it"


def test_licence_and_origin_stand_beside_the_fonts(templates: Path):
    told = (templates / "fonts" / "letters" / "OFL-Noto.txt").read_text(encoding="utf-8")
    for words in (
        "SIL OPEN FONT LICENSE Version 1.1",
        "Noto Sans SC",
        "Noto Sans KR",
        "Noto Sans Arabic",
        "Noto Sans Hebrew",
        "Noto Emoji",
    ):
        assert words in told
