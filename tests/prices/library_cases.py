"""Usage that a catalog's rules decide: cases at every date, time of day, tier and context that any of its models names.

In: the providers of a catalog, a seed. Out: the same cases each time. Runs under older versions of the library too.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any

from library_answers import AROUND, OURS, REASONING_KEY, REQUESTS_KEY, UNITS, amounts

from usage_pipeline.prices.resolve import provider_id_of
from usage_pipeline.prices.wide import INPUT_METERS

FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2027, 12, 31)
UNKNOWN_CONTEXTS: tuple[dict[str, str], ...] = (
    {"service_tier": "nonsense"},
    {"speed": "slow"},
    {"processing": "overnight"},
    {"search_type": "slow"},
    {"service_tier": "default"},
    {"service_tier": "flex"},
    {"processing": "batch"},
    {"processing": "batch", "speed": "fast"},
)
FALLBACKS_EACH = 40


@dataclass(frozen=True, slots=True)
class Case:
    """One request. `context` in the library's words, `meters` disjoint and in ours, `reasoning_tokens` among them."""

    kind: str
    provider: str
    model: str
    at: datetime
    context: Mapping[str, str]
    meters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Where the prices of a model may change, and which of our meters they are for: with a price of their own, and all that have one.

    `has_fees`: a price for each request or for reasoning, which no meter of ours is.
    """

    provider: str
    references: list[str]
    days: list[date]
    times: list[time]
    tiers: list[int]
    contexts: list[dict[str, str]]
    own_meters: list[str]
    meters: list[str]
    has_fees: bool


def cases_of(providers: Sequence[Any], seed: int) -> list[Case]:
    dice = random.Random(seed)  # noqa: S311
    return [
        case for provider in providers for model in provider.models for case in _of_model(dice, facts_of(provider, model, providers))
    ] + [
        *_of_fallbacks(dice, providers),
        *_of_strangers(dice, providers),
    ]


def facts_of(provider: Any, model: Any, providers: Sequence[Any]) -> Facts:
    conditions = [one.constraint for one in _entries(model) if one.constraint is not None]
    prices = [(key, price) for one in price_sets(model) for key, price in vars(one).items() if price is not None]
    priced = {unit.usage_key for unit in UNITS.values() if unit.price_key in dict(prices)}
    return Facts(
        provider=provider.id,
        references=references_of(provider, model, providers),
        days=sorted({one.start_date for one in conditions if hasattr(one, "start_date")}),
        times=sorted({at for one in conditions if hasattr(one, "start_time") for at in (one.start_time, one.end_time)}),
        tiers=sorted({tier.start for _, price in prices if not isinstance(price, Decimal) for tier in price.tiers}),
        contexts=_contexts(model),
        own_meters=[name for name, unit in OURS.items() if unit.usage_key in priced],
        meters=[name for name, keys in AROUND.items() if priced & set(keys)],
        has_fees=bool(priced & {REQUESTS_KEY, REASONING_KEY}),
    )


def price_sets(model: Any) -> list[Any]:
    """Every set of prices of a model: standard, dated, by time of day, variants."""
    return [*([] if isinstance(model.prices, list) else [model.prices]), *(one.prices for one in _entries(model))]


def references_of(provider: Any, model: Any, providers: Sequence[Any]) -> list[str]:
    """Texts that the library's matcher takes for this model: its own id, unless an earlier entry of the provider takes that."""
    texts = dict.fromkeys([model.id, *_texts(model.match)])
    return [text for text in texts if provider.find_model(text, all_providers=list(providers)) is model]


def unit_prices(model: Any) -> dict[str, list[Decimal]]:
    """Each price of the model as the catalog has it, by price key."""
    return {key: amounts(price) for one in price_sets(model) for key, price in vars(one).items() if price is not None}


def _entries(model: Any) -> list[Any]:
    return [*(model.prices if isinstance(model.prices, list) else []), *(getattr(model, "price_variants", None) or [])]


def _texts(clause: Any) -> Iterator[str]:
    for value in vars(clause).values():
        if isinstance(value, str):
            yield value
        else:
            for one in value:
                yield from _texts(one)


def _contexts(model: Any) -> list[dict[str, str]]:
    """Standard, what each variant asks for, and all combinations of their words."""
    words: dict[str, set[str]] = {}
    for variant in getattr(model, "price_variants", None) or []:
        for name, value in variant.when.items():
            words.setdefault(name, set()).add(value)
    choices = product(*([None, *sorted(words[name])] for name in sorted(words)))
    return [{name: value for name, value in zip(sorted(words), choice, strict=True) if value is not None} for choice in choices]


def _of_model(dice: random.Random, facts: Facts) -> Iterator[Case]:
    def case(kind: str, *, at: datetime | None = None, context: Mapping[str, str] | None = None, meters: Mapping[str, Any]) -> Case:
        words = dice.choice(facts.contexts) if context is None else context
        return Case(kind, facts.provider, dice.choice(facts.references), at or _moment(dice, facts), words, meters)

    some = partial(_meters, dice, facts.meters)
    inside = [name for name in facts.meters if name not in facts.own_meters]
    for name in (*facts.own_meters, *dice.sample(inside, min(len(inside), 2))):
        yield case("meter", meters={name: _quantity(dice, name)})
    yield from (case("day", at=at, meters=some()) for at in _around_days(facts.days))
    yield from (case("time", at=at, meters=some()) for at in _around_times(dice, facts))
    for start, step, context in product(facts.tiers, (-1, 0, 1), [*facts.contexts, *facts.contexts]):
        yield case("tier", context=context, meters=_with_total(dice, some(), start + step))
    for context in (*facts.contexts, dice.choice(UNKNOWN_CONTEXTS)):
        yield from (case("context", context=context, meters=some()) for _ in range(2))
    yield from (case("random", meters=some()) for _ in range(22 if facts.has_fees else 2))
    yield case("other meters", meters=_meters(dice, [*facts.meters, *dice.sample(sorted(OURS), 2)]))
    if dice.random() < 0.5:
        yield case("contradiction", meters=_contradictory(dice, some()))


def _of_fallbacks(dice: random.Random, providers: Sequence[Any]) -> Iterator[Case]:
    """One provider's models, asked for at another that sells them too: the library gives their prices without their variants."""
    by_id = {provider.id: provider for provider in providers}
    sales = [(one, by_id[name]) for one in providers for name in one.fallback_model_providers or [] if name in by_id]
    for seller, owner in sales:
        for model in dice.sample(owner.models, min(FALLBACKS_EACH, len(owner.models))):
            facts = facts_of(owner, model, providers)
            context, at = dice.choice([*facts.contexts, *UNKNOWN_CONTEXTS]), _moment(dice, facts)
            yield Case("fallback", seller.id, model.id, at, context, _meters(dice, facts.meters))


def _of_strangers(dice: random.Random, providers: Sequence[Any]) -> Iterator[Case]:
    """Models and providers that no catalog has, and models asked for at other providers than theirs.

    Not 'mistralai/m' at mistral: a model text that repeats its own provider is read without it by us alone (prices/resolve.py).
    """
    sold = [(provider, model) for provider in providers for model in provider.models]
    for provider, model in dice.sample(sold, 300):
        facts = facts_of(provider, model, providers)
        meters = _meters(dice, facts.meters)
        elsewhere = dice.choice([one for one in providers if provider_id_of(model.id.partition("/")[0]) != one.id]).id
        for seller, name in (("nobody", model.id), (provider.id, f"zzz-{model.id}-9"), (elsewhere, model.id)):
            yield Case("stranger", seller, name, _moment(dice, facts), {}, meters)


def _around_days(days: Iterable[date]) -> Iterator[datetime]:
    for day in days:
        midnight = datetime.combine(day, time(), tzinfo=UTC)
        yield from (midnight + step for step in (-timedelta(days=1), -timedelta(microseconds=1), timedelta(0), timedelta(days=1)))


def _around_times(dice: random.Random, facts: Facts) -> Iterator[datetime]:
    steps = (-timedelta(seconds=1), -timedelta(microseconds=1), timedelta(0), timedelta(seconds=1))
    for at, step in product(facts.times, steps):
        for _ in range(4):
            yield datetime.combine(_day(dice, facts), at.replace(tzinfo=at.tzinfo or UTC)).astimezone(UTC) + step


def _moment(dice: random.Random, facts: Facts) -> datetime:
    return datetime.combine(_day(dice, facts), time(), tzinfo=UTC) + timedelta(microseconds=dice.randrange(86_400_000_000))


def _day(dice: random.Random, facts: Facts) -> date:
    if facts.days and dice.random() < 0.6:
        return dice.choice(facts.days) + timedelta(days=dice.choice([-1, 0, 1, dice.randrange(400)]))
    return FIRST_DAY + timedelta(days=dice.randrange((LAST_DAY - FIRST_DAY).days + 1))


def _meters(dice: random.Random, names: Sequence[str]) -> dict[str, Any]:
    """Quantities of about half of the meters, and of how many output tokens were spent on reasoning."""
    quantities = {name: _quantity(dice, name) for name in names if dice.random() < 0.5} or {"input": 0}
    if quantities.get("output") and dice.random() < 0.5:
        quantities["reasoning_tokens"] = dice.randrange(quantities["output"] + 1)
    return quantities


def _quantity(dice: random.Random, name: str) -> int | Decimal:
    if name == "audio_seconds":
        return Decimal(dice.choice([dice.randrange(1, 12_000_000), dice.randrange(1, 4_000_000_000)])).scaleb(-6)
    return dice.choice([0, 1, dice.randrange(100), dice.randrange(5000), dice.randrange(200_000)])


def _with_total(dice: random.Random, meters: dict[str, Any], total: int) -> dict[str, Any]:
    """The meters with exactly `total` tokens of input, cached ones included."""
    kept = {name: quantity for name, quantity in meters.items() if name not in INPUT_METERS}
    rest = total
    for name in [name for name in INPUT_METERS if name in meters and name != "input"]:
        kept[name] = dice.randrange(rest + 1)
        rest -= kept[name]
    return kept | {"input": rest}


def _contradictory(dice: random.Random, meters: dict[str, Any]) -> dict[str, Any]:
    """A part that is more than its whole: uncached input below 0 is what 'more cached than all' becomes in disjoint meters."""
    match dice.randrange(3):
        case 0:
            return meters | {"input": -1 - dice.randrange(2000)}
        case 1:
            return meters | {"reasoning_tokens": meters.get("output", 0) + 1 + dice.randrange(50)}
        case _:
            return {}
