"""The sections for the book, as values."""

from usage_pipeline.settings.document import Document
from usage_pipeline.settings.shape_book import JournalShape, SharedCostShape
from usage_pipeline.settings.usage_file import UsageFile
from usage_pipeline.tables.shared_costs import OVER_DAY, JournalAccounts, SharedCostRule


def shared_costs(shaped: UsageFile, document: Document) -> tuple[SharedCostRule, ...]:
    """The rules of `allocation:`. Who bears the cost, where none is named: every declared project."""
    everybody = [project.id for project in shaped.projects]
    return tuple(_rule(one, everybody, document.line_of(("allocation", number))) for number, one in enumerate(shaped.allocation))


def _rule(shape: SharedCostShape, everybody: list[str], line: int | None) -> SharedCostRule:
    weights = tuple(sorted((shape.weights or {}).items()))
    bearing = [project for project, _ in weights] or shape.projects or everybody
    return SharedCostRule(
        name=shape.name,
        lines=tuple((field, tuple(values)) for field, values in shape.lines.items()),
        method=shape.method,
        projects=tuple(sorted(set(bearing))),
        weights=weights,
        channels=tuple(shape.channels or ()),
        over=shape.over or OVER_DAY,
        valid_from=shape.valid_from,
        valid_to=shape.valid_to,
        line=line,
    )


def journal_accounts(shape: JournalShape | None) -> JournalAccounts | None:
    return None if shape is None else JournalAccounts(**shape.model_dump())
