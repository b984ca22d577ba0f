"""The usage report: what logged requests used and cost, by all that names them, with the dearest conversations and prompts.

In: `UsageFacts`. Out: files by name. Same facts, same bytes. Raises AccountingError where a table does not sum to the total.
"""

from pathlib import Path

from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import start_of
from usage_pipeline.reports import words
from usage_pipeline.reports.formats.html import page_from
from usage_pipeline.reports.formats.pdf import pdf_of
from usage_pipeline.reports.usage_facts import UsageFacts
from usage_pipeline.reports.usage_files import NAME, csv_of, json_of, xlsx_of
from usage_pipeline.reports.usage_footing import differences
from usage_pipeline.reports.usage_page import page_of

JSON, CSV, XLSX, PDF = f"{NAME}.json", f"{NAME}.csv", f"{NAME}.xlsx", f"{NAME}.pdf"
FILES = (JSON, CSV, XLSX, PDF)


def render(facts: UsageFacts, templates: Path) -> dict[str, bytes]:
    """usage.json, .csv, .xlsx and .pdf with the CSV attached."""
    document, lines, book = json_of(facts), csv_of(facts), xlsx_of(facts)
    if found := differences(facts, document, lines, book):
        raise AccountingError(f"usage report {facts.span.name} of {facts.scope}: {'; '.join(found[:5])}")
    with words.written_in(facts.looks.locale):
        page = page_from("usage.html.j2", {"page": page_of(facts, CSV)}, templates)
    return {
        JSON: document,
        CSV: lines,
        XLSX: book,
        PDF: pdf_of(page, lines, start_of(facts.days.last), templates, CSV, facts.looks.logo),
    }
