"""Budgets, limits on one request, and grace, as values."""

from decimal import Decimal

from usage_pipeline.settings.document import Document
from usage_pipeline.settings.shape_budgets import HOLDERS, BudgetShape
from usage_pipeline.settings.usage_file import UsageFile
from usage_pipeline.tables.budgets import CLIENT, FIXED, ORGANISATION, PROJECT, Budget, Raise, Threshold
from usage_pipeline.tables.request_limits import Grace, RequestLimit

CRITICAL_FROM, WARNING_FROM = Decimal(100), Decimal(90)


def budgets_of(shaped: UsageFile) -> tuple[Budget, ...]:
    """Every budget of the file: the organisation's, the projects', then those of the list at the top."""
    currency = shaped.organisation.currency
    clients = {project.id: project.client for project in shaped.projects}
    found = [_budget(ORGANISATION, None, one, currency) for one in shaped.organisation.budgets]
    found += [_budget(PROJECT, project.id, one, currency) for project in shaped.projects for one in project.budgets]
    for one in shaped.budgets:
        scope = next((name for name in HOLDERS if getattr(one, name) is not None), ORGANISATION)
        holder = None if scope == ORGANISATION else getattr(one, scope)
        projects = tuple(name for name, client in clients.items() if client == holder) if scope == CLIENT else ()
        found.append(_budget(scope, holder, one, currency, projects))
    return tuple(found)


def request_limits_of(shaped: UsageFile, document: Document) -> tuple[RequestLimit, ...]:
    """The limits on one request, each with its line."""
    return tuple(
        RequestLimit(**one.model_dump(), line=document.line_of(("request_limits", number)))
        for number, one in enumerate(shaped.request_limits)
    )


def grace_of(shaped: UsageFile) -> Grace | None:
    return None if shaped.grace is None else Grace(hours=shaped.grace.hours, percent=shaped.grace.percent or None)


def _budget(scope: str, holder: str | None, shape: BudgetShape, currency: str, projects: tuple[str, ...] = ()) -> Budget:
    unit = shape.unit or currency
    span = f"{shape.first_day}..{shape.last_day}"
    named = [f"{name}={value}" for name, value in (("model", shape.model), ("channel", shape.channel)) if value]
    whose = ORGANISATION if holder is None else f"{scope}s/{holder}"
    return Budget(
        budget_id=":".join([whose, shape.period or span, unit, *([shape.operation] if shape.operation else []), *named]),
        scope=scope,
        project=holder if scope == PROJECT else None,
        period=shape.period or FIXED,
        limit=shape.limit,
        unit=unit,
        operation=shape.operation,
        thresholds=tuple(Threshold(percent=percent, level=_level(percent)) for percent in shape.thresholds),
        holder=None if scope == PROJECT else holder,
        projects=projects,
        model=shape.model,
        channel=shape.channel,
        first_day=shape.first_day,
        last_day=shape.last_day,
        valid_from=shape.valid_from,
        valid_to=shape.valid_to,
        rollover=shape.rollover == "true",
        raises=tuple(Raise(**one.model_dump()) for one in shape.raises),
        why=shape.why,
    )


def _level(percent: Decimal) -> str:
    if percent >= CRITICAL_FROM:
        return "critical"
    return "warning" if percent >= WARNING_FROM else "info"
