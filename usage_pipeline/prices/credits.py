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
import pyarrow as pa

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
    ruled = priced.drop("credit_rule", "credits").mutate(credit_rule_number=_number(priced, rules))
    rated = ruled.left_join(_rates(rules), "credit_rule_number")
    return rated.mutate(credits=_credits(rated)).select(*priced.columns)


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


def _number(row: ir.Table, rules: Sequence[CreditRule]) -> ir.IntegerValue:
    """The place in `rules` of the one that counts; null where none is for the row."""
    return ibis.cases(*((_is_for(row, case), case.number) for case in _in_order(rules))).cast("int64")


def _rates(rules: Sequence[CreditRule]) -> ir.Table:
    """What each rule gives, to be joined: so that which rule counts is found out once a row, not once for each use of it."""
    rows = [
        {
            "credit_rule_number": number,
            "credit_rule": words_of(rule),
            "rate": rule.credits,
            "whole": int(rule.credits),
            "fraction": money.total([rule.credits, Decimal(-int(rule.credits))]),
            "by_currency": rule.per == PER_CURRENCY_UNIT,
        }
        for number, rule in enumerate(rules)
    ]
    names = {"credit_rule_number": "int64", "credit_rule": "string", "by_currency": "boolean"}
    types = names | {"rate": MONEY, "whole": "int64", "fraction": MONEY}
    return ibis.memtable(pa.Table.from_pylist(rows, schema=ibis.schema(types).to_pyarrow()))


def _credits(row: ir.Table) -> ir.DecimalValue:
    unknown, nothing = ibis.null(MONEY), ibis.literal(0, MONEY)
    return ibis.cases(
        (row.rate.isnull(), unknown),
        (row.status != SUCCESS, nothing),
        (row.by_currency, money.product(row.net_cost, row.whole, row.fraction)),
        (row.request_count >= 0, money.times(row.request_count, row.rate)),
        else_=unknown,
    ).cast(MONEY)


def _midnight(day: date) -> ir.TimestampScalar:
    return ibis.literal(datetime.combine(day, time(), UTC), TIMESTAMP)
