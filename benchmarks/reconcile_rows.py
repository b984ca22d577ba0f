"""The views of a generated month as the pipeline's table rows: events of the logs and the provider's buckets, and the bill's lines."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks.reconcile_prices import LONG_FROM
from benchmarks.reconcile_world import BILL, COUNT, LOG, WITHOUT_QUANTITY, CellKey, Entry, Stream, World, cell_of, unit_price
from usage_pipeline.tables.charges import Charge, charges
from usage_pipeline.tables.usage_events import UsageEvent, usage_events


def events_of(world: World) -> list[UsageEvent]:
    """The logs' requests, and the provider's buckets by day, project, model and processing."""
    events = [_event(entry.id, LOG, entry, dict(entry.meters), 1) for entry in world.views[LOG].values()]
    buckets: dict[tuple[date, Stream, str], list[Entry]] = defaultdict(list)
    for entry in world.views[COUNT].values():
        buckets[entry.day, entry.stream, entry.processing].append(entry)
    for (day, stream, processing), entries in buckets.items():
        meters: dict[str, int] = defaultdict(int)
        for entry in entries:
            for meter, count in entry.meters:
                meters[meter] += count
        start = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
        bucket = replace(entries[0], started=start, ended=start + timedelta(days=1))
        count = len(entries) if stream.channel == "openai" else None
        events.append(_event(f"{day}-{stream.model}-{stream.project}-{processing}", "provider", bucket, dict(meters), count))
    return events


_NOTHING: dict[str, Any] = dict.fromkeys(usage_events.names)


def _event(key: str, view: str, entry: Entry, meters: dict[str, int], count: int | None) -> UsageEvent:
    stream, is_batch = entry.stream, entry.processing == "batch"
    told: dict[str, Any] = {
        "event_id": key,
        "source": "gateway" if view == LOG else f"{stream.channel}-usage",
        "view": view,
        "started_at": entry.started,
        "ended_at": entry.ended,
        "project": stream.project,
        "status": "success",
        "channel": stream.channel,
        "provider": stream.provider,
        "model": stream.named or stream.model,
        "is_batch": is_batch,
        "request_count": count,
        "source_file": "made",
        "source_line": 1,
        **meters,
    }
    return UsageEvent(**{**_NOTHING, **told})


def charges_of(world: World) -> list[Charge]:
    """The bill's lines: by cell, processing and unit price. What rounding makes of a line is noted in the truth now."""
    lines: dict[tuple[CellKey, str, str, Decimal], tuple[Stream, int]] = {}
    for entry in world.views[BILL].values():
        for meter, count in entry.meters:
            key = (cell_of(entry, meter), entry.processing, _text(entry, meter), unit_price(entry, meter, BILL))
            lines[key] = (entry.stream, lines.get(key, (entry.stream, 0))[1] + count)
    found: list[Charge] = []
    misprints = dict(world.misprints)
    for number, ((cell, processing, text, price), (stream, quantity)) in enumerate(sorted(lines.items(), key=lambda one: one[0])):
        amount = quantity * price + misprints.pop(cell, Decimal(0))
        places = world.rounded.get((stream.channel, "*"))
        if places is not None:
            printed = amount.quantize(Decimal(1).scaleb(-places))
            if printed != amount:
                world.notes[f"rounding {number}", "bill"].append((cell, "rounding", printed - amount))
            amount = printed
        silent = stream.channel in WITHOUT_QUANTITY
        charge = _charge(str(number), cell, stream.provider, amount, None if silent else Decimal(quantity), processing, "Usage")
        found.append(replace(charge, sku=text))
    for cell, amount in misprints.items():
        raise ValueError(f"{cell}: {amount} is on no line")
    for number, (cell, cause, amount) in enumerate(world.extras):
        found.append(_charge(f"extra-{number}", cell, None, amount, None, "standard", cause.capitalize()))
    return found


def _text(entry: Entry, meter: str) -> str:
    """What a bill calls it: a line has one price."""
    is_long = not entry.base and entry.total > LONG_FROM.get(entry.stream.model, 10**12)
    return f"{entry.stream.model} {meter}{' long context' if is_long else ''}"


_BLANK: dict[str, Any] = dict.fromkeys(charges.names)


def _charge(
    key: str, cell: CellKey, provider: str | None, amount: Decimal, quantity: Decimal | None, processing: str, category: str
) -> Charge:
    day, channel, project, model, meter = cell
    told: dict[str, Any] = {
        "charge_id": key,
        "source": f"{channel}-bill",
        "channel": channel,
        "provider": provider,
        "project": project,
        "names_project": True,
        "category": category,
        "period_start": datetime.combine(day, datetime.min.time(), tzinfo=UTC),
        "meter": meter,
        "model": None if category != "Usage" else model,
        "service_tier": None if processing == "standard" else processing,
        "quantity": quantity,
        "billed_cost": amount,
        "currency": "USD",
        "amount_text": str(amount),
        "finality": "provisional",
        "source_file": "made",
        "source_line": 1,
    }
    return Charge(**{**_BLANK, **told})
