"""Credits beside dollars: priced usage and the credit rules of usage.yaml in, the same rows with their credits out.

One rule counts for an event, the first that is for it in this order: rules that name a project before those that name none; among
them those that name an operation first, then a model (the text as the usage has it before the catalog's id), then a provider (as the
usage has it before the channel). So one that names only a project wins over one that names operation, model and provider. All names
match exactly.

`per: request` gives its credits for each request; `per: currency` for each unit of net cost (our rates after agreements), whatever a
bill says later. Failed requests and answers from the gateway's cache get 0. Unknown is null: a source that counts no requests, usage
without a rate.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import NamedTuple

import ibis
import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.money import MONEY
from usage_pipeline.tables.configuration import PER_CURRENCY_UNIT, CreditRule
from usage_pipeline.tables.schema import TIMESTAMP
from usage_pipeline.tables.usage_events import SUCCESS

MODELS = ("model", "model_id")
PROVIDERS = ("provider", "channel")


def with_credits(priced: ir.Table, rules: Sequence[CreditRule]) -> ir.Table:
    """`priced_usage` with `credit_rule` and `credits` by `rules`; both null where no rule is for the event.

    `credits` are exact; where a rate per unit of currency needs more than 15 decimals, half-even at 15. A rule that is for the event
    while its credits are null means that they are unknown. Runs where the engine's time zone is UTC.
    """
    if not rules:
        return priced.mutate(credit_rule=ibis.null("string"), credits=ibis.null(MONEY))
    number = ibis.cases(*((_is_for(priced, case), case.number) for case in _in_order(rules)))
    ruled = priced.mutate(_number=number.cast("int64"))
    rated = ruled.mutate(_rate=ruled["_number"].cases(*((place, _literal(rule.credits)) for place, rule in enumerate(rules))))
    words = rated["_number"].cases(*((place, words_of(rule)) for place, rule in enumerate(rules)))
    return rated.mutate(credit_rule=words, credits=_credits(rated, rules)).drop("_number", "_rate")


def words_of(rule: CreditRule) -> str:
    """`5 a request: operation chat, from 2026-10-01`, as priced rows name the rule."""
    unit = "unit of net cost" if rule.per == PER_CURRENCY_UNIT else "request"
    names = [f"{name} {value}" for name in ("project", "operation", "model", "provider") if (value := getattr(rule, name)) is not None]
    days = [f"{word} {day}" for word, day in (("from", rule.valid_from), ("before", rule.valid_to)) if day is not None]
    told = ", ".join([*names, *days])
    return f"{money.text(rule.credits)} a {unit}" + (f": {told}" if told else "")


class _Case(NamedTuple):
    """One way in which a rule can be for an event: the columns that have the rule's model and provider, None where it names none."""

    number: int
    rule: CreditRule
    model: str | None
    provider: str | None


def _in_order(rules: Sequence[CreditRule]) -> list[_Case]:
    """The order that the module's text gives. Rules of one place in it never are for the same event: the settings refuse such."""
    cases = [
        _Case(number, rule, model, provider)
        for number, rule in enumerate(rules)
        for model in (MODELS if rule.model is not None else (None,))
        for provider in (PROVIDERS if rule.provider is not None else (None,))
    ]
    return sorted(cases, key=_place)


def _place(case: _Case) -> tuple[bool, bool, int, int]:
    models, providers = (*MODELS, None), (*PROVIDERS, None)
    return (case.rule.project is None, case.rule.operation is None, models.index(case.model), providers.index(case.provider))


def _is_for(row: ir.Table, case: _Case) -> ir.BooleanValue:
    rule = case.rule
    tests = [row[name] == value for name in ("project", "operation") if (value := getattr(rule, name)) is not None]
    if case.model is not None:
        tests.append(row[case.model] == rule.model)
    if case.provider is not None:
        tests.append(row[case.provider] == rule.provider)
    if rule.valid_from is not None:
        tests.append(row.started_at >= _midnight(rule.valid_from))
    if rule.valid_to is not None:
        tests.append(row.started_at < _midnight(rule.valid_to))
    return reduce(and_, tests, ibis.literal(True))  # noqa: FBT003


def _credits(row: ir.Table, rules: Sequence[CreditRule]) -> ir.DecimalValue:
    by_currency = [number for number, rule in enumerate(rules) if rule.per == PER_CURRENCY_UNIT]
    count = row.request_count
    per_request = ibis.ifelse(count >= 0, money.times(count, row["_rate"]), ibis.null(MONEY))
    charged = (
        ibis.ifelse(row["_number"].isin(by_currency), money.product(row.net_cost, row["_rate"]), per_request)
        if by_currency
        else per_request
    )
    return ibis.cases((row["_number"].isnull(), ibis.null(MONEY)), (row.status != SUCCESS, ibis.literal(0, MONEY)), else_=charged).cast(
        MONEY
    )


def _midnight(day: date) -> ir.TimestampScalar:
    return ibis.literal(datetime.combine(day, time(), UTC), TIMESTAMP)


def _literal(credits_each: Decimal) -> ir.DecimalScalar:
    return ibis.literal(credits_each, MONEY)
