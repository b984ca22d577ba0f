"""`reports:` of usage.yaml: how statements look. Each mistake is named with its line, and says what is meant."""

from pathlib import Path

import pytest

from usage_pipeline.defs.looks import looks_of
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Settings, load
from usage_pipeline.tables.looks import PLAIN, Looks

SMALL = "organisation: {name: Example Org}\nprojects:\n  - {id: portal}\nsources: []\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + (40).to_bytes(4, "big") + (20).to_bytes(4, "big")


def loaded(folder: Path, reports: str) -> Settings:
    (folder / "usage.yaml").write_text(SMALL + reports, encoding="utf-8")
    return load(folder / "usage.yaml", ())


def test_without_it_statements_look_as_ever(tmp_path: Path):
    assert looks_of(loaded(tmp_path, "")) == PLAIN
    assert looks_of(loaded(tmp_path, "reports: {}\n")) == PLAIN


def test_every_key(tmp_path: Path):
    (tmp_path / "logo.svg").write_bytes(SVG)
    text = "reports: {locale: de-DE, paper: letter, colour: '#7A1F3D', logo: logo.svg, excel_bom: false}\n"
    settings = loaded(tmp_path, text)
    assert settings.looks == Looks(locale="de_DE", paper="Letter", colour="#7a1f3d", excel_bom=False)
    logo = looks_of(settings).logo
    assert logo is not None
    assert (logo.kind, logo.content) == ("svg", SVG)


def test_it_decides_no_number(tmp_path: Path):
    plain = loaded(tmp_path, "")
    other = loaded(tmp_path, "reports: {paper: letter}\n")
    assert plain.numbers_fingerprint == other.numbers_fingerprint
    assert plain.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ("locale: xx_QQ", "'xx_QQ' is no locale that is known: a language and a country, such as de_DE, en_US or fr_CH"),
        ("locale: ../../etc", "is no locale that is known"),
        ("paper: a5", "'a5' is no paper: a4 or letter"),
        ("colour: red", "'red' is no colour: # and six digits"),
        ("colour: '#ffd54f'", "#ffd54f is too light beside white: a contrast of 1.4, and 4.5 is needed"),
        ("logo: https://example.org/logo.png", "is an address; the logo is a local file"),
        ("logo: file:///etc/logo.png", "is an address; the logo is a local file"),
        ("logo: logo.gif", "'logo.gif' is no .png or .svg file"),
        ("excel_bom: maybe", "'maybe' is neither true nor false"),
        ("font: Arial", "font"),
    ],
    ids=["locale", "path as locale", "paper", "colour", "contrast", "address", "file address", "kind", "flag", "unknown key"],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, reports: str, said: str):
    with pytest.raises(UsageConfigError) as raised:
        loaded(tmp_path, f"reports:\n  {reports}\n")
    assert said in str(raised.value)
    assert "usage.yaml:6: reports." in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "logo.png cannot be read (No such file or directory): put the file there"),
        (b"GIF89a", "logo.png is neither a PNG nor an SVG"),
        (PNG[:20], "logo.png is no whole PNG"),
        (PNG[:16] + (9_000).to_bytes(4, "big") * 2, "logo.png is 9,000 by 9,000 points, and a logo at most 4,000"),
        (PNG + b"\0" * 500_000, "logo.png has 500,024 bytes, and a logo at most 500,000"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "is no SVG"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG, "declares a document type or entities"),
    ],
    ids=["missing", "no picture", "cut off", "too many points", "too large", "another root", "entities"],
)
def test_a_logo_that_cannot_be_used_is_told_with_the_mend(tmp_path: Path, content: bytes | None, said: str):
    if content is not None:
        (tmp_path / "logo.png").write_bytes(content)
    settings = loaded(tmp_path, "reports: {logo: logo.png}\n")
    with pytest.raises(UsageConfigError) as raised:
        looks_of(settings)
    assert said in str(raised.value)
