"""usage.yaml → the values that rooms take. Everything wrong with it is told at once."""

import hashlib
import json
import os
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from glob import escape
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from usage_pipeline.errors import Problem, UsageConfigError
from usage_pipeline.settings.consistency import contradictions, suggestion
from usage_pipeline.settings.document import Document, content_of, document_of
from usage_pipeline.settings.environment import user_folder
from usage_pipeline.settings.load_alerts import alert_policy
from usage_pipeline.settings.load_book import journal_accounts, shared_costs
from usage_pipeline.settings.load_budgets import budgets_of, grace_of, request_limits_of
from usage_pipeline.settings.load_channels import channels, routing
from usage_pipeline.settings.load_deliveries import delivery_rules
from usage_pipeline.settings.load_wallets import wallets_of
from usage_pipeline.settings.shape import AgreementShape, ApiShape, RuleShape, SourceShape, VolumeTierShape
from usage_pipeline.settings.usage_file import UsageFile
from usage_pipeline.sources.apis.catalog import APIS
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.pull_landing import files_of
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.anomalies import AnomalyRules
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.channels import ChannelSpec, Route
from usage_pipeline.tables.configuration import (
    LIST,
    MONTH,
    Agreement,
    Alias,
    ApiSpec,
    AttributionRule,
    CreditRule,
    Limits,
    Organisation,
    Project,
    SourceSpec,
    VolumeTier,
)
from usage_pipeline.tables.delivery_rules import DeliveryRule
from usage_pipeline.tables.looks import Looks
from usage_pipeline.tables.request_limits import Grace, RequestLimit
from usage_pipeline.tables.shared_costs import JournalAccounts, SharedCostRule
from usage_pipeline.tables.wallets import Wallet

REMOTE = "s3://"
OF_NO_NUMBER = frozenset(
    {
        "organisation",
        "projects",
        "limits",
        "journal",
        "reports",
        "unattributed",
        "budgets",
        "request_limits",
        "wallets",
        "grace",
        "holidays",
        "anomalies",
        "channels",
        "routing",
        "alerts",
        "deliveries",
    }
)
"""Sections that decide no day's costs, save the currency, and the projects' ids and teams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What usage.yaml says. `fingerprint` changes with what it says, not with comments, layout or where it lies; `numbers_fingerprint`
    with what decides a day's costs alone: not with budgets, limits, accounts of the ledger, or what projects are called and by whom read.
    """

    organisation: Organisation
    projects: tuple[Project, ...]
    budgets: tuple[Budget, ...]
    request_limits: tuple[RequestLimit, ...]
    wallets: tuple[Wallet, ...]
    grace: Grace | None
    attribution: tuple[AttributionRule, ...]
    sources: tuple[SourceSpec, ...]
    agreements: tuple[Agreement, ...]
    aliases: tuple[Alias, ...]
    credits: tuple[CreditRule, ...]
    shared_costs: tuple[SharedCostRule, ...]
    exchange_rates: Path | None
    looks: Looks
    logo: Path | None
    journal: JournalAccounts | None
    limits: Limits
    holidays: frozenset[date]
    anomalies: AnomalyRules
    channels: tuple[ChannelSpec, ...]
    routing: tuple[Route, ...]
    alerts: AlertPolicy
    deliveries: tuple[DeliveryRule, ...]
    unattributed_owners: tuple[str, ...]
    file: Path
    fingerprint: str
    numbers_fingerprint: str


def load(config: Path, kinds: Collection[str] = tuple(SOURCES), *, landing: Path | None = None) -> Settings:
    """Read and check `config`; paths in it are relative to its folder. `kinds` are the kinds of source that may be named.

    `landing` is the home's landing zone, where the files of pulled sources lie; without it they have no path.
    Raises UsageConfigError whose text has a line `file:line: field: message` for every problem.
    """
    content, problem = content_of(config)
    if problem:
        raise UsageConfigError(str(problem))
    return _loaded(content, config, Path.cwd(), user_folder(), tuple(kinds), landing)


@lru_cache(maxsize=8)
def _loaded(content: bytes, config: Path, _folder: Path, _home: str | None, kinds: tuple[str, ...], landing: Path | None) -> Settings:
    """Parsed once a process while the file says the same: every step asks for it. Paths in it start from `_folder` or `_home`."""
    return settings_of(document_of(config, content), config, kinds, landing=landing)


def settings_of(document: Document, config: Path, kinds: Collection[str] = tuple(SOURCES), *, landing: Path | None = None) -> Settings:
    """The same of a document that was read before, and may have been changed since."""
    problems = document.problems
    if document.content is not None:
        problems = [*problems, *contradictions(document, kinds, tuple(APIS))]
        try:
            shaped = UsageFile.model_validate(document.content)
        except ValidationError as error:
            problems += [_problem(document, one) for one in error.errors(include_url=False)]
    if problems:
        raise UsageConfigError("\n".join(map(str, sorted(problems, key=lambda one: one.line or 0))))
    return _settings(shaped, document, config.absolute(), landing)


def _settings(shaped: UsageFile, document: Document, config: Path, landing: Path | None) -> Settings:
    organisation = shaped.organisation
    return Settings(
        organisation=Organisation(name=organisation.name, currency=organisation.currency, finance=tuple(organisation.finance)),
        projects=tuple(
            Project(
                id=one.id,
                name=one.name or one.id,
                client=one.client,
                team=one.team,
                cost_center=one.cost_center,
                owners=tuple(one.owners),
            )
            for one in shaped.projects
        ),
        budgets=budgets_of(shaped),
        request_limits=request_limits_of(shaped, document),
        wallets=wallets_of(shaped, document, config.parent),
        grace=grace_of(shaped),
        attribution=tuple(_rule(one) for one in shaped.attribution),
        sources=tuple(_source(one, config.parent, landing) for one in shaped.sources),
        agreements=tuple(_agreement(one, document.line_of(("prices", number))) for number, one in enumerate(shaped.prices)),
        aliases=tuple(Alias(**one.model_dump(), line=document.line_of(("aliases", number))) for number, one in enumerate(shaped.aliases)),
        credits=tuple(
            CreditRule(**one.model_dump(), line=document.line_of(("credits", number))) for number, one in enumerate(shaped.credits)
        ),
        shared_costs=shared_costs(shaped, document),
        exchange_rates=None if shaped.currencies is None else Path(_absolute(shaped.currencies.rates, config.parent)),
        looks=Looks(**shaped.reports.model_dump(exclude={"logo"})),
        logo=None if shaped.reports.logo is None else Path(_absolute(shaped.reports.logo, config.parent)),
        journal=journal_accounts(shaped.journal),
        limits=Limits(**shaped.limits.model_dump()),
        holidays=frozenset(shaped.holidays),
        anomalies=AnomalyRules(**shaped.anomalies.model_dump()),
        channels=channels(shaped, document),
        routing=routing(shaped, document),
        alerts=alert_policy(shaped.alerts),
        deliveries=delivery_rules(shaped, document),
        unattributed_owners=tuple(shaped.unattributed.owners) or tuple(organisation.finance),
        file=config,
        fingerprint=_hash(document.content),
        numbers_fingerprint=_hash(of_numbers(document.content or {})),
    )


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def of_numbers(content: Mapping[str, Any]) -> dict[str, Any]:
    """What of the file decides a day's costs."""
    kept = {name: value for name, value in content.items() if name not in OF_NO_NUMBER}
    currency = (content.get("organisation") or {}).get("currency")
    projects = [[one.get("id"), one.get("team")] for one in content.get("projects") or []]
    return kept | {"currency": currency, "projects": projects}


def _rule(shape: RuleShape) -> AttributionRule:
    any_value = "equals" not in shape.model_fields_set
    return AttributionRule(field=shape.field, project=shape.project, source=shape.source, equals=shape.equals, any_value=any_value)


def _agreement(shape: AgreementShape, line: int | None) -> Agreement:
    given = shape.model_dump(exclude={"markup_percent", "tiers", "per", "other_meters", "discount_percent"})
    return Agreement(
        **given,
        discount_percent=_discount(shape),
        tiers=tuple(
            VolumeTier(above=tier.above, unit_price=tier.unit_price, discount_percent=_discount(tier)) for tier in shape.tiers or ()
        ),
        per=shape.per or MONTH,
        other_meters=shape.other_meters or LIST,
        line=line,
    )


def _discount(shape: AgreementShape | VolumeTierShape) -> Decimal | None:
    """A markup is a negative discount."""
    return shape.discount_percent if shape.markup_percent is None else -shape.markup_percent


def _source(shape: SourceShape, folder: Path, landing: Path | None) -> SourceSpec:
    tags = None if shape.tags is None else tuple(shape.tags)
    if shape.api is None:
        exclude = tuple(_absolute(one, folder) for one in shape.exclude)
        return SourceSpec(name=shape.name, kind=shape.kind, path=_absolute(shape.path or "", folder), exclude=exclude, tags=tags)
    path = files_of(landing, shape.name) if landing else ""
    landed = Path(escape(str(landing / shape.name))) if landing else folder
    exclude = tuple(_absolute(one, landed) for one in shape.exclude)
    return SourceSpec(name=shape.name, kind=shape.kind, path=path, api=_api(shape.api, shape.kind), exclude=exclude, tags=tags)


def _api(shape: ApiShape, kind: str) -> ApiSpec:
    known = APIS[kind]
    return ApiSpec(url=shape.url or known.url, key=shape.key or known.key_variable, days=shape.days)


def _absolute(path: str, folder: Path) -> str:
    """A glob under `folder`, absolute; s3:// as it is."""
    return path if path.startswith(REMOTE) else os.path.normpath(folder / Path(path).expanduser())


def _problem(document: Document, error: ErrorDetails) -> Problem:
    """One of pydantic's errors in our words, with its line."""
    place, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        known = [one.alias or name for name, one in _section_at(place[:-1]).model_fields.items()]
        hint = suggestion(str(place[-1]), known) or f"; known here are {', '.join(known)}"
        return document.problem(place, f"unknown key{hint}")
    if kind == "literal_error":
        return document.problem(place, f"{error['input']!r} is none of {error['ctx']['expected']}")
    words = {
        "missing": "it is missing",
        "list_type": "a list is needed here, such as [one, another]",
        "model_type": "a mapping of keys to values is needed here",
    }
    return document.problem(place, words.get(kind, error["msg"]))


def _section_at(place: tuple[str | int, ...]) -> type[BaseModel]:
    """The shape that describes `place`."""
    section: type[BaseModel] = UsageFile
    for step in place:
        if isinstance(step, str):
            section = _shape_in(section.model_fields[step].annotation)
    return section


def _shape_in(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation
    return _shape_in(typing.get_args(annotation)[0])
