"""`deliveries:` as values."""

from usage_pipeline.settings.document import Document
from usage_pipeline.settings.shape_deliveries import DeliveryShape
from usage_pipeline.settings.usage_file import UsageFile
from usage_pipeline.tables.delivery_rules import MORNING, OF_THE_CLOSE, ON_CLOSE, DeliveryRule

MEGABYTE = 1_000_000


def delivery_rules(shaped: UsageFile, document: Document) -> tuple[DeliveryRule, ...]:
    return tuple(
        _rule(one, str(_told(document, number)), document.line_of(("deliveries", number))) for number, one in enumerate(shaped.deliveries)
    )


def _rule(shape: DeliveryShape, words: str, line: int | None) -> DeliveryRule:
    return DeliveryRule(
        name=shape.name,
        report=shape.report,
        scope=shape.scope,
        formats=tuple(shape.formats),
        when=shape.when,
        words=words,
        at=shape.at or (None if shape.when.kind == ON_CLOSE else MORNING),
        time_zone=shape.time_zone,
        to=tuple(dict.fromkeys(shape.to or ())),
        s3=shape.s3,
        link=shape.link,
        attach_bytes=shape.attach_up_to_mb * MEGABYTE,
        only_closed=shape.only_closed or shape.when.kind in OF_THE_CLOSE,
        line=line,
    )


def _told(document: Document, number: int) -> str:
    """When, in the words of the file."""
    content = document.content if isinstance(document.content, dict) else {}
    return " ".join(str(content["deliveries"][number]["when"]).split())
