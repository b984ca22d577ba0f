"""The comparison across projects over a month: cost, change and its causes, budgets, unit costs and quality, side by side.

In: `ComparisonFacts`. Out: files by name. Same facts, same bytes. Raises AccountingError where projects do not sum to the organisation.
"""

from pathlib import Path

from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import start_of
from usage_pipeline.reports import words
from usage_pipeline.reports.comparison_facts import ComparisonFacts
from usage_pipeline.reports.comparison_files import NAME, csv_of, json_of, xlsx_of
from usage_pipeline.reports.comparison_footing import differences
from usage_pipeline.reports.comparison_page import page_of
from usage_pipeline.reports.formats.html import page_from
from usage_pipeline.reports.formats.pdf import pdf_of

JSON, CSV, XLSX, PDF = f"{NAME}.json", f"{NAME}.csv", f"{NAME}.xlsx", f"{NAME}.pdf"
FILES = (JSON, CSV, XLSX, PDF)


def render(facts: ComparisonFacts, templates: Path) -> dict[str, bytes]:
    """comparison.json, .csv, .xlsx and .pdf with the CSV attached."""
    document, lines, book = json_of(facts), csv_of(facts), xlsx_of(facts)
    if found := differences(facts, document, lines, book):
        raise AccountingError(f"comparison {facts.span.name}: {'; '.join(found[:5])}")
    with words.written_in(facts.looks.locale):
        page = page_from("comparison.html.j2", {"page": page_of(facts, CSV)}, templates)
    return {
        JSON: document,
        CSV: lines,
        XLSX: book,
        PDF: pdf_of(page, lines, start_of(facts.days.last), templates, CSV, facts.looks.logo),
    }
