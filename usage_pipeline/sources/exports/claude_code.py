"""Claude Code usage report (GET /v1/organizations/usage_report/claude_code, one UTC day a call) → usage events, one per actor and model.

What the developers' tool used, as Anthropic estimates it: a view of one usage beside others, so it is read as a log. For a customer of
the API the same tokens are in the messages usage report and on the bill; where either is read they give the amount, and these rows split
it by person. What a subscription includes (customer_type 'subscription') is in none of them: its seats are paid apart, its tokens cost
nothing (status 'included'). estimated_cost, in cents, is noted as reported_cost.

`cache_creation` does not say for how long; it is taken as 5 minutes, which is how Anthropic reckons its estimate. A person is the keyed
hash of the address (USAGE_HASH_KEY). A newer pull replaces what it says of an actor. Without the key persons cannot be told apart: then
a day must be one file, so call with limit=1000. An actor who used no model that day is set aside.
https://platform.claude.com/docs/en/api/admin/usage_report
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import days_covered, lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import TEXT_MAP, json_object
from usage_pipeline.tables.personal import ID_KEY, pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import INCLUDED, LOG_VIEW, SUCCESS, usage_events

METERS = {"input": "input", "output": "output", "cache_read": "cache_read", "cache_write": "cache_creation"}
"""Our meters and their names in `tokens`."""

OBJECTS = f"array<{TEXT_MAP}>"
CENTS = -2
SUBSCRIPTION = "subscription"

LABELS = ("customer_type", "subscription_type", "terminal_type", "is_remote", "organization_id")
FIELDS = {
    "date": "date",
    "address": "actor.email_address",
    "key_name": "actor.api_key_name",
    **{name: name for name in LABELS},
    "models": "model_breakdown",
}


def to_events(records: ir.Table) -> ir.Table:
    """One event per model of a record; a record that is not accepted is one row."""
    rows = staged(_read(lines_of(records)))
    judged = staged(rows.mutate(reject=_reject(rows)))
    count = ibis.ifelse(judged.reject.isnull(), judged.used.length(), 1)
    placed = staged(judged.mutate(place=ibis.range(count).unnest()))
    used = staged(placed.mutate(one=ibis.ifelse(placed.reject.isnull(), placed.used[placed.place], ibis.null(TEXT_MAP))))
    told = staged(used.mutate(model=used.one.get("model"), tokens=_object(used.one, "tokens"), cost=_object(used.one, "estimated_cost")))
    reported = ibis.ifelse(told.cost.get("currency") == "USD", decimal(told.cost.get("amount"), shift=CENTS), ibis.null("decimal(38, 15)"))
    costed = staged(told.mutate(reported=reported))
    events = costed.select(
        "source_file",
        "source_line",
        "reject",
        event_id=natural_key(costed.date, costed.id_user, costed.id_key, *(costed[name] for name in LABELS), costed.model),
        view=constant(LOG_VIEW),
        started_at=costed.started_at,
        ended_at=costed.started_at + ibis.interval(days=1),
        user=costed.user,
        feature=constant("claude_code"),
        operation=constant("claude_code"),
        api_type=constant("text"),
        status=ibis.ifelse(costed.customer_type == SUBSCRIPTION, INCLUDED, SUCCESS),
        channel=constant("anthropic"),
        provider=constant("anthropic"),
        model=costed.model,
        api_key_name=costed.key,
        reported_cost=costed.reported,
        reported_cost_basis=ibis.ifelse(costed.reported.notnull(), "provider_estimated", ibis.null("string")),
        tags=json_object(**{name: costed[name] for name in LABELS}),
        snapshot_scope=costed.scope,
        **{meter: whole_number(costed.tokens.get(name)) for meter, name in METERS.items()},
    )
    return numbered(staged(events), "event_id")


def _read(lines: ir.Table) -> ir.Table:
    return lines.mutate(
        started_at=iso_time(lines.date),
        user=pseudonym(lines.address),
        key=pseudonym(lines.key_name),
        id_user=pseudonym(lines.address, ID_KEY),
        id_key=pseudonym(lines.key_name, ID_KEY),
        scope=_actor(lines),
        used=lines.models.try_cast("json").try_cast(OBJECTS),
    )


def _actor(records: ir.Table) -> ir.StringValue:
    """What a newer pull replaces: the actor. All persons together where they cannot be told apart."""
    return ibis.coalesce(pseudonym(records.key_name, ID_KEY), pseudonym(records.address, ID_KEY), "")


def _reject(rows: ir.Table) -> ir.StringValue:
    """Why the record is not accepted, or else the first reason that one of its models gives."""
    of_record = first_reason(
        *time_checks(rows.date, rows.started_at),
        ("unexpected_document", rows.used.isnull()),
        ("no_usage", rows.used.length() == 0),
    )
    of_models = rows.used.map(_reason).filter(lambda reason: reason.notnull())
    return of_record.coalesce(of_models[0])


def _reason(one: ir.MapValue) -> ir.StringValue:
    tokens, amount = _object(one, "tokens"), _object(one, "estimated_cost").get("amount")
    return first_reason(
        ("missing_model", one.get("model").isnull()),
        ("missing_usage", tokens.get("input").isnull() | tokens.get("output").isnull()),
        *quantity_checks([(tokens.get(name), whole_number(tokens.get(name))) for name in METERS.values()]),
        ("bad_amount", amount.notnull() & decimal(amount, shift=CENTS).isnull()),
    )


def _object(one: ir.MapValue, name: str) -> ir.MapValue:
    """What lies under `name`, itself an object."""
    return one.get(name).try_cast("json").try_cast(TEXT_MAP)


def covered(records: ir.Table) -> ir.Table:
    """The day of each actor; and of all persons together, whom a pull without the key of hashes may have told of."""
    start = iso_time(records.date)
    return days_covered(records, start, _actor(records)).union(days_covered(records, start, ibis.literal(""))).distinct()


SOURCE = Source(
    kind="claude_code",
    title="Claude Code usage report",
    documentation="https://platform.claude.com/docs/en/api/admin/usage_report",
    format=Format.ROWS,
    listed="data",
    channel="anthropic",
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    snapshot=True,
    covered=covered,
    explodes=True,
)
