"""A month of requests as they happened, what three views make of them, and known mistakes put into the views one after another.

The truth of a mistake is how it changes the difference between two neighbouring views: worked out here, request by request, at unit prices
asked from genai-prices. Nothing here knows how differences are explained.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from benchmarks.reconcile_prices import LONG_FROM, list_price
from usage_pipeline.tables.configuration import Agreement, Alias

FIRST_DAY, DAYS_COUNT = date(2026, 11, 1), 30
DISCOUNT_PERCENT = Decimal(8)
AGREEMENTS = (Agreement(provider="openai", discount_percent=DISCOUNT_PERCENT, valid_from=date(2026, 7, 1), source="enterprise agreement"),)
ALIASES = (Alias(name="chat-prod", model="gpt-4o-mini", provider="azure"),)
BILL, COUNT, LOG = "bill", "count", "log"
VIEWS = (BILL, COUNT, LOG)
COUNTED = ("openai", "anthropic")
"""Channels with a count of usage of the provider's own; the others have a bill and logs."""
WITHOUT_QUANTITY = ("anthropic",)

LATE_SHARE = 0.04
"""Requests just before midnight."""
MISSING_SHARE = 0.4
"""Of the newest days' requests, those that are not billed yet."""

CellKey = tuple[date, str, str, str, str]
"""(day, channel, project, model, meter)."""


@dataclass(frozen=True)
class Stream:
    """One project's use of one model."""

    channel: str
    provider: str
    model: str
    project: str
    daily: int
    input: tuple[int, int]
    output: tuple[int, int]
    cached: int = 0
    written_1h: int = 0
    batch: int = 0
    named: str | None = None


STREAMS = (
    Stream("openai", "openai", "gpt-5.6-terra", "support-portal", 60, (2_000, 60_000), (200, 4_000), cached=60),
    Stream("openai", "openai", "gpt-5-mini", "search-ranker", 90, (4_000, 90_000), (100, 900), cached=30, batch=40),
    Stream("openai", "openai", "gpt-4o-mini", "internal-chat", 50, (500, 20_000), (50, 1_500), cached=30),
    Stream("openai", "openai", "gpt-5.5", "agent-sandbox", 25, (9_000, 180_000), (300, 6_000), cached=50),
    Stream("openai", "openai", "gpt-5.6-terra", "contract-review", 30, (10_000, 120_000), (500, 5_000), batch=50),
    Stream("anthropic", "anthropic", "claude-opus-5", "support-portal", 40, (2_000, 90_000), (300, 5_000), cached=50, written_1h=30),
    Stream("anthropic", "anthropic", "claude-haiku-4-5", "voice", 90, (1_000, 40_000), (80, 1_200), cached=40, written_1h=20),
    Stream("anthropic", "anthropic", "claude-sonnet-4-5", "code-assistant", 35, (8_000, 150_000), (400, 6_000), cached=60, batch=30),
    Stream("google.vertex", "google", "gemini-2.5-pro", "search-ranker", 40, (3_000, 150_000), (300, 4_000), cached=20),
    Stream("google.vertex", "google", "gemini-2.5-flash", "marketing", 90, (800, 40_000), (60, 1_500), cached=20, batch=30),
    Stream("azure.openai", "azure", "gpt-4o-mini", "internal-chat", 70, (600, 30_000), (60, 1_200), cached=30, named="chat-prod"),
    Stream("azure.openai", "azure", "gpt-5-mini", "contract-review", 40, (2_000, 70_000), (200, 2_500), cached=30),
)


@dataclass(frozen=True)
class Entry:
    """One request as one view has it. `factor`: of its price there, where that is none of ours; `base`: priced at the base tier."""

    stream: Stream
    id: str
    started: datetime
    ended: datetime
    day: date
    meters: tuple[tuple[str, int], ...]
    processing: str
    factor: Decimal = Decimal(1)
    at_list: bool = False
    base: bool = False

    @property
    def total(self) -> int:
        return sum(count for meter, count in self.meters if meter != "output")


@dataclass
class World:
    """The three views, lines that stand on the bill alone, and the truth: amounts by cell, step and cause."""

    views: dict[str, dict[str, Entry]]
    extras: list[tuple[CellKey, str, Decimal]] = field(default_factory=list)
    misprints: dict[CellKey, Decimal] = field(default_factory=dict)
    rounded: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: dict[tuple[str, str], list[tuple[CellKey, str, Decimal]]] = field(default_factory=lambda: defaultdict(list))
    """What each request adds to the difference of each step, and why; lines of the bill alone under their own names."""
    dropped: dict[tuple[str, str], str] = field(default_factory=dict)
    """Requests that one of a step's views does not have, and why: nothing else can be wrong with these there."""
    told: list[str] = field(default_factory=list)


def now(days: int) -> datetime:
    """The morning after the last day: when it is all reconciled."""
    return datetime.combine(FIRST_DAY + timedelta(days=days), datetime.min.time(), tzinfo=UTC) + timedelta(hours=6)


def make(seed: int, *, days: int = DAYS_COUNT, size: int = 100, each: int = 3, streams: tuple[Stream, ...] = STREAMS) -> World:
    """A world with `each` mistakes of each kind; `size` in percent of the usual number of requests."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    entries = {one.id: one for stream in streams for number in range(days) for one in _requests(stream, number, draw, size)}
    world = World({view: dict(entries) for view in VIEWS})
    world.views[COUNT] = {key: replace(one, base=True) for key, one in entries.items() if one.stream.channel in COUNTED}
    for mistake in MISTAKES:
        for _ in range(each):
            mistake(world, draw, days, streams)
    return world


def _requests(stream: Stream, number: int, draw: random.Random, size: int) -> Iterable[Entry]:
    day = FIRST_DAY + timedelta(days=number)
    for place in range(max(stream.daily * size * draw.randint(70, 130) // 10_000, 3)):
        is_late = draw.random() < LATE_SHARE
        second = draw.randint(86_100, 86_390) if is_late else draw.randint(0, 85_000)
        started = datetime.combine(day, datetime.min.time(), tzinfo=UTC) + timedelta(seconds=second)
        length = draw.randint(10, 900) if is_late else draw.randint(1, 40)
        yield Entry(
            stream=stream,
            id=f"{stream.channel}-{stream.model}-{stream.project}-{number}-{place}",
            started=started,
            ended=started + timedelta(seconds=length),
            day=day,
            meters=_meters(stream, draw),
            processing="batch" if draw.random() * 100 < stream.batch else "standard",
        )


def _meters(stream: Stream, draw: random.Random) -> tuple[tuple[str, int], ...]:
    total = draw.randint(*stream.input)
    meters = {"input": total, "output": draw.randint(*stream.output)}
    if draw.random() * 100 < stream.cached:
        meters["cache_read"] = total * draw.randint(20, 70) // 100
        meters["input"] -= meters["cache_read"]
    if draw.random() * 100 < stream.written_1h:
        meters["cache_write_1h"] = total * draw.randint(2, 15) // 100
        meters["input"] -= meters["cache_write_1h"]
    return tuple((meter, count) for meter, count in meters.items() if count)


def unit_price(entry: Entry, meter: str, view: str) -> Decimal:
    """What the entry's view has for one unit: on the bill what is charged, elsewhere our price."""
    stream = entry.stream
    is_long = not entry.base and entry.total > LONG_FROM.get(stream.model, 10**12)
    price = list_price(stream.provider, stream.model, meter, entry.day, entry.processing, is_long=is_long)
    if stream.channel == "openai" and not entry.at_list:
        price -= price * DISCOUNT_PERCENT / 100
    return price * entry.factor if view == BILL else price


def cell_of(entry: Entry, meter: str) -> CellKey:
    return (entry.day, entry.stream.channel, entry.stream.project, entry.stream.model, meter)


def _costs(entries: Iterable[Entry], view: str) -> dict[CellKey, Decimal]:
    found: dict[CellKey, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for meter, count in entry.meters:
            found[cell_of(entry, meter)] += count * unit_price(entry, meter, view)
    return found


def _steps(channel: str) -> list[tuple[str, str, str]]:
    return [("bill", BILL, COUNT), ("usage", COUNT, LOG)] if channel in COUNTED else [("bill", BILL, LOG)]


def truth_of(world: World) -> dict[tuple[CellKey, str], dict[str, Decimal]]:
    """Amounts by cell and step, by cause."""
    found: dict[tuple[CellKey, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for (_, step), notes in world.notes.items():
        for cell, cause, amount in notes:
            found[cell, step][cause] += amount
    return found


def change(world: World, cause: str, ids: Iterable[str], changes: dict[str, Callable[[Entry], Entry | None]]) -> None:
    """Change (or drop) the requests `ids` in the views named, and note what that makes of the differences."""
    for one in ids:
        before = {view: _cost(world, one, view) for view in VIEWS}
        for view, alter in changes.items():
            if one in world.views[view]:
                changed = alter(world.views[view].pop(one))
                if changed is not None:
                    world.views[view][one] = changed
        after = {view: _cost(world, one, view) for view in VIEWS}
        channel = next(iter(cell for costs in (*before.values(), *after.values()) for cell in costs), (None, ""))[1]
        for step, above, below in _steps(channel):
            _note(world, one, step, cause, (before[above], before[below]), (after[above], after[below]))


def _cost(world: World, one: str, view: str) -> dict[CellKey, Decimal]:
    return _costs([world.views[view][one]] if one in world.views[view] else [], view)


Sides = tuple[dict[CellKey, Decimal], dict[CellKey, Decimal]]


def _note(world: World, one: str, step: str, cause: str, before: Sides, after: Sides) -> None:
    notes = world.notes[one, step]
    if bool(after[0]) != bool(after[1]) and (one, step) not in world.dropped:
        world.dropped[one, step] = cause
        notes[:] = [(cell, cause, amount) for cell, _, amount in notes]
    name = world.dropped.get((one, step), cause)
    for cell in {cell for side in (*before, *after) for cell in side}:
        differences = [upper.get(cell, Decimal(0)) - lower.get(cell, Decimal(0)) for upper, lower in (before, after)]
        if differences[0] != differences[1]:
            notes.append((cell, name, differences[1] - differences[0]))


def _pick(
    world: World,
    draw: random.Random,
    days: int,
    streams: Iterable[Stream],
    wanted: Callable[[Stream], bool],
    *,
    longest: int = 5,
    last: int | None = None,
) -> list[Entry]:
    """The requests of one stream on some days in a row."""
    stream = draw.choice([one for one in streams if wanted(one)])
    length = draw.randint(1, min(longest, days - 1))
    end = min(last or days - 2, days)
    start = draw.randint(0, max(end - length, 0))
    chosen = {FIRST_DAY + timedelta(days=number) for number in range(start, start + length)}
    world.told.append(f"{stream.channel} {stream.model} {stream.project} {min(chosen)} +{length}")
    return [one for one in world.views[LOG].values() if one.stream == stream and one.day in chosen]


def _some(entries: list[Entry], draw: random.Random, low: int, high: int) -> list[str]:
    share = draw.randint(low, high)
    return [one.id for one in entries if draw.random() * 100 < share]


def _drop(_: Entry) -> None:
    return None


def _unlogged(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    change(world, "unlogged", _some(_pick(world, draw, days, streams, lambda _: True), draw, 10, 100), {LOG: _drop})


def _uncounted(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    chosen = _some(_pick(world, draw, days, streams, lambda one: one.channel in COUNTED, longest=2), draw, 10, 60)
    change(world, "unlogged", chosen, {LOG: _drop, COUNT: _drop})


def _unbilled(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    last = max(days - 7, 2)
    change(world, "unbilled", _some(_pick(world, draw, days, streams, lambda _: True, last=last), draw, 10, 70), {BILL: _drop})


def _listed(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    chosen = _pick(world, draw, days, streams, lambda one: one.channel == "openai")
    change(world, "price", [one.id for one in chosen], {BILL: lambda entry: replace(entry, at_list=True)})


def _raised(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    factor = draw.choice([Decimal("0.875"), Decimal("0.9"), Decimal("1.2"), Decimal("0.85")])
    chosen = _pick(world, draw, days, streams, lambda one: one.channel != "openai")
    change(world, "price", [one.id for one in chosen], {BILL: lambda entry: replace(entry, factor=factor)})


def _long(entry: Entry) -> Entry:
    """The same conversation with a book in it."""
    return replace(entry, meters=tuple((meter, count + 300_000 if meter == "input" else count) for meter, count in entry.meters))


def _tier(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    """Requests of long context, charged and logged as such: a count of many requests does not tell their length."""
    chosen = _pick(world, draw, days, streams, lambda one: one.model in LONG_FROM, longest=3)
    ids = _some([one for one in chosen if one.processing == "standard"], draw, 10, 30)
    change(world, "tier", ids, dict.fromkeys(VIEWS, _long))


def _base_tier(world: World, draw: random.Random, _days: int, _streams: tuple[Stream, ...]) -> None:
    """Requests of long context that are charged as short ones, on all days of one stream that has any."""
    is_long = {one.id: one.stream for one in world.views[BILL].values() if one.total > LONG_FROM.get(one.stream.model, 10**12)}
    streams = sorted({stream for stream in is_long.values() if stream.channel not in COUNTED}, key=str)
    if streams:
        stream = draw.choice(streams)
        ids = [key for key, one in is_long.items() if one == stream and draw.random() < MISSING_SHARE]
        change(world, "tier", ids, {BILL: lambda entry: replace(entry, base=True)})


def _as(meter: str, other: str) -> Callable[[Entry], Entry]:
    def flip(entry: Entry) -> Entry:
        counts = dict(entry.meters)
        moved = counts.pop(meter, 0)
        if moved:
            counts[other] = counts.get(other, 0) + moved
        return replace(entry, meters=tuple(counts.items()))

    return flip


def _uncached_log(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    chosen = _pick(world, draw, days, streams, lambda one: one.cached > 0)
    change(world, "cache", [one.id for one in chosen], {LOG: _as("cache_read", "input")})


def _short_lived_log(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    chosen = _pick(world, draw, days, streams, lambda one: one.written_1h > 0)
    change(world, "cache", [one.id for one in chosen], {LOG: _as("cache_write_1h", "cache_write")})


def _uncached_bill(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    chosen = _pick(world, draw, days, streams, lambda one: one.cached > 0, longest=2)
    change(world, "cache", _some(chosen, draw, 20, 60), {BILL: _as("cache_read", "input")})


def _processed(processing: str) -> Callable[[Entry], Entry]:
    return lambda entry: replace(entry, processing=processing)


def _batch_unlogged(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    chosen = _pick(world, draw, days, streams, lambda one: one.batch > 0)
    change(world, "processing", [one.id for one in chosen if one.processing == "batch"], {LOG: _processed("standard")})


def _batch_unbilled(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    chosen = _pick(world, draw, days, streams, lambda one: one.batch > 0, longest=2)
    change(world, "processing", [one.id for one in chosen if one.processing == "batch"], {BILL: _processed("standard")})


def _midnight(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    """The provider has them on the day they ended."""
    chosen = _pick(world, draw, days, streams, lambda _: True, longest=12, last=days - 3)
    crossing = [one.id for one in chosen if one.ended.date() > one.started.date() and one.day == one.started.date()]
    change(world, "boundary", crossing, dict.fromkeys((BILL, COUNT), lambda entry: replace(entry, day=entry.ended.date())))


def _late(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    """The bill of the newest days does not have everything yet."""
    late = {FIRST_DAY + timedelta(days=days - back) for back in (1, 2)}
    stream = draw.choice([one for one in streams if one.channel in {"openai", "google.vertex"}])
    ids = [one.id for one in world.views[LOG].values() if one.stream == stream and one.day in late and draw.random() < MISSING_SHARE]
    change(world, "not_final", ids, {BILL: _drop})


def _extra(cause: str, meter: str, share: Decimal) -> Callable[[World, random.Random, int, tuple[Stream, ...]], None]:
    def add(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
        entry = draw.choice(_pick(world, draw, days, streams, lambda one: one.channel in {"google.vertex", "azure.openai"}, longest=2))
        cell = (*cell_of(entry, meter)[:4], meter)
        amount = (share * draw.randint(100, 900)).quantize(Decimal("0.01"))
        world.extras.append((cell, cause, amount))
        world.notes[f"{cause} {len(world.extras)}", "bill"].append((cell, cause, amount))

    return add


def _misprint(world: World, draw: random.Random, days: int, streams: tuple[Stream, ...]) -> None:
    """An amount that nobody can explain, on a line of the bill."""
    entry = draw.choice(_pick(world, draw, days, streams, lambda one: one.channel not in WITHOUT_QUANTITY, longest=1))
    cell = cell_of(entry, "output")
    amount = Decimal(draw.randint(137, 4_211)) / 1_000
    world.misprints[cell] = world.misprints.get(cell, Decimal(0)) + amount
    world.notes[f"misprint {len(world.misprints)}", "bill"].append((cell, "unexplained", amount))


def _rounded(world: World, draw: random.Random, _days: int, streams: tuple[Stream, ...]) -> None:
    """A channel's project whose bill has so many decimals; what that makes of each line is told when the bill is made."""
    stream = draw.choice([one for one in streams if one.channel in {"google.vertex", "azure.openai"}])
    world.rounded[stream.channel, "*"] = min(world.rounded.get((stream.channel, "*"), 9), draw.choice([2, 4]))


MISTAKES = (
    _midnight, _tier, _unlogged, _uncounted, _unbilled, _late, _base_tier, _uncached_log, _short_lived_log, _uncached_bill, _batch_unlogged,
    _batch_unbilled, _listed, _raised, _extra("credit", "unmapped", Decimal("-0.01")),
    _extra("tax", "unmapped", Decimal("0.02")), _extra("adjustment", "unmapped", Decimal("-0.015")), _misprint, _rounded,
)  # fmt: skip
"""What is dropped first and what is changed afterwards: of a request that a view does not have, nothing else can be wrong there."""
