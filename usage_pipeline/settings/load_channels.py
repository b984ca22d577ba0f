"""`channels:` and `routing:` as values."""

from usage_pipeline.settings.document import Document
from usage_pipeline.settings.shape_channels import ChannelShape, RouteShape
from usage_pipeline.settings.usage_file import UsageFile
from usage_pipeline.tables.channels import ChannelSpec, Route


def channels(shaped: UsageFile, document: Document) -> tuple[ChannelSpec, ...]:
    return tuple(_channel(one, document.line_of(("channels", number))) for number, one in enumerate(shaped.channels))


def routing(shaped: UsageFile, document: Document) -> tuple[Route, ...]:
    return tuple(_route(one, document.line_of(("routing", number))) for number, one in enumerate(shaped.routing))


def _channel(shape: ChannelShape, line: int | None) -> ChannelSpec:
    return ChannelSpec(
        name=shape.name,
        kind=shape.kind,
        url=shape.url,
        secret=shape.secret,
        secret_before=shape.secret_before,
        has_states=shape.budget_state,
        authorization=shape.authorization,
        to=shape.to,
        fields=tuple((shape.fields or {}).items()),
        is_form=shape.format == "form",
        parts=shape.parts or 1,
        line=line,
    )


def _route(shape: RouteShape, line: int | None) -> Route:
    return Route(
        channels=tuple(shape.channels),
        levels=tuple(shape.levels or ()),
        rules=tuple(shape.rules or ()),
        projects=tuple(shape.projects or ()),
        line=line,
    )
