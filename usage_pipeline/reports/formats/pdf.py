"""statement.pdf: PDF/A-3a and PDF/UA-1 in one file, with the CSV attached and Inter embedded. Same HTML, same bytes, on any day.

WeasyPrint 70. Nothing is ever fetched but files of the template folder: http, file, data and ftp addresses stop the rendering.
"""

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import weasyprint
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from usage_pipeline.reports.formats.letters import letter_fonts, needs_letters
from usage_pipeline.reports.looks_page import SCHEME, logo_address
from usage_pipeline.tables.looks import PNG, SVG, Logo

STYLE = "statement.css"
LETTERS_STYLE = "letters.css"
"""More fonts, for pages with letters that the text's own lacks."""
LOGO_TYPES = {PNG: "image/png", SVG: "image/svg+xml"}
VARIANT = "pdf/a-3a"

PDFUA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
"""WeasyPrint writes one identification; this one goes into the same rdf:RDF, with the schema that PDF/A asks for."""


class AssetFetcher(URLFetcher):  # type: ignore[misc]
    """Gives out files of the template folder under `asset:`, and the one logo; refuses everything else, which stops the rendering."""

    def __init__(self, folder: Path, logo: Logo | None = None) -> None:
        super().__init__(allowed_protocols=set(), allow_redirects=False, fail_on_errors=True)
        self.folder, self.logo = folder.resolve(), logo

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        if self.logo is not None and url == logo_address(self.logo):
            return URLFetcherResponse(url, self.logo.content, {"Content-Type": LOGO_TYPES[self.logo.kind]})
        if url.startswith(SCHEME):
            path = (self.folder / url.removeprefix(SCHEME).lstrip("/")).resolve()
            if path.is_relative_to(self.folder) and path.is_file():
                kind = "font/ttf" if path.suffix == ".ttf" else "application/octet-stream"
                return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind})
        raise FatalURLFetchingError(f"blocked: {url[:80]}")


def pdf_of(
    html: str, attached_csv: bytes, moment: datetime, templates: Path, attachment: str = "statement.csv", logo: Logo | None = None
) -> bytes:
    """`html` laid out, with `attached_csv` inside under the name `attachment`; `moment` dates the attachment (never the clock).

    `logo` is what `html` calls by `logo_address`, which tells its content: so `pdf_key` need not have it.
    """
    fetcher, styles, fonts = _assets(templates, with_letters=needs_letters(html, templates))
    attached = Attachment(
        string=attached_csv,
        name=attachment,
        description="The rows behind this page" if attachment != "statement.csv" else "The rows behind this statement",
        created=moment,
        modified=moment,
        relationship="Data",
    )
    content: bytes = HTML(string=html, base_url=SCHEME, url_fetcher=AssetFetcher(templates, logo) if logo else fetcher).write_pdf(
        stylesheets=styles,
        font_config=fonts,
        attachments=[attached],
        pdf_variant=VARIANT,
        pdf_identifier=hashlib.sha256(html.encode() + attached_csv).digest()[:16],
        finisher=_identify,
    )
    return content


def pdf_key(html: str, attached_csv: bytes, templates: Path) -> str:
    """What the PDF's bytes depend on, hashed: page, attachment, style, fonts and WeasyPrint's version. Equal key, equal PDF."""
    assets = _assets_hash(templates, with_letters=needs_letters(html, templates))
    return hashlib.sha256(b"\0".join((html.encode(), attached_csv, assets))).hexdigest()


@lru_cache(maxsize=4)
def _assets_hash(templates: Path, *, with_letters: bool) -> bytes:
    digest = hashlib.sha256(weasyprint.__version__.encode())
    letters = (templates / LETTERS_STYLE, *letter_fonts(templates)) if with_letters else ()
    for path in (templates / STYLE, *sorted((templates / "fonts").glob("*.ttf")), *letters):
        digest.update(path.read_bytes())
    return digest.digest()


@lru_cache(maxsize=4)
def _assets(templates: Path, *, with_letters: bool) -> tuple[AssetFetcher, list[CSS], FontConfiguration]:
    """Styles and fonts, read once a process."""
    fetcher, fonts = AssetFetcher(templates), FontConfiguration()
    texts = [(templates / name).read_text(encoding="utf-8") for name in ((STYLE, LETTERS_STYLE) if with_letters else (STYLE,))]
    return fetcher, [CSS(string=text, font_config=fonts, base_url=SCHEME, url_fetcher=fetcher) for text in texts], fonts


def _identify(_document: Any, pdf: Any) -> None:
    """Add the PDF/UA identification to the metadata WeasyPrint wrote."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    metadata.stream[0] = metadata.stream[0].replace(b"</rdf:RDF>", PDFUA + b"</rdf:RDF>", 1)
