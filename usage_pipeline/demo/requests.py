"""The requests themselves, each drawn one by one. In: a workload, a day, a seed. Out: its requests with their exact cost.

A day's draw depends on the seed, the workload and the day alone, so the same day is the same in every world.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.demo.organisation import DIRECT, Workload
from usage_pipeline.demo.prices import unit_price

SUCCESS, FAILURE, CACHE_HIT = "success", "failure", "cache_hit"

_WEEKDAYS = (100, 108, 112, 109, 92, 34, 28)
"""Percent of a plain day, Monday to Sunday."""
_GROWTH_FROM = date(2026, 8, 1)
_GROWTH_DAYS = 300
"""Usage grows by a day's worth in this many days."""
_RUNAWAY_FACTOR = 8
_RETRY_PERCENT = 2
_CACHE_BLOCK = 128
_MILLISECONDS = 86_400_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it happened. `meters` holds what the provider charges for (empty for failures and gateway cache hits).

    `answered` holds the tokens that the gateway's own cache gave instead of the provider. `amounts` is the cost per meter, None for
    a model that the catalog does not know.
    """

    workload: Workload
    day: date
    millisecond: int
    duration: int
    id: str
    trace: str
    user: str
    status: str
    meters: dict[str, int]
    answered: dict[str, int]
    reasoning: int
    amounts: dict[str, Decimal] | None

    @property
    def hour(self) -> int:
        return self.millisecond // 3_600_000

    @property
    def cost(self) -> Decimal | None:
        return None if self.amounts is None else sum(self.amounts.values(), Decimal(0))


def requests_of(workload: Workload, day: date, seed: int) -> Iterator[Request]:
    """The requests that `workload` made on `day`, in no order. A retry is a failure and then a success of the same trace."""
    draw = random.Random(f"{seed} {workload.name} {day}")
    for _ in range(_count(workload, day, draw)):
        request = _success(workload, day, draw)
        if workload.route != DIRECT and draw.random() * 100 < _RETRY_PERCENT:
            yield _failure(request, draw)
        yield request
        if draw.random() * 100 < workload.cache_hit_percent:
            yield _cache_hit(request, draw)


def _count(workload: Workload, day: date, draw: random.Random) -> int:
    if day < workload.since:
        return 0
    grown = _GROWTH_DAYS + max((day - _GROWTH_FROM).days, 0)
    count = workload.daily * _WEEKDAYS[day.weekday()] * grown * draw.randint(88, 112) // (100 * _GROWTH_DAYS * 100)
    if workload.runaway and workload.runaway[0] <= day <= workload.runaway[1]:
        return count * _RUNAWAY_FACTOR
    return max(count, 1)


def _success(workload: Workload, day: date, draw: random.Random) -> Request:
    meters = _meters(workload, draw)
    output = meters.get("output", 0)
    return Request(
        workload=workload,
        day=day,
        millisecond=_time_of_day(draw),
        duration=300 + output * 9 + draw.randint(0, 700),
        id=f"{draw.getrandbits(116):029x}",
        trace=f"{draw.getrandbits(128):032x}",
        user=f"user_{workload.project or 'guest'}_{int(workload.users * draw.random() ** 2):02d}",
        status=SUCCESS,
        meters=meters,
        answered={},
        reasoning=output * workload.reasoning_percent * draw.randint(50, 100) // 10_000,
        amounts=_amounts(workload, day, meters),
    )


def _meters(workload: Workload, draw: random.Random) -> dict[str, int]:
    total = _between(workload.input, draw)
    meters = {"input": total}
    if draw.random() * 100 < workload.cached_percent:
        _move(meters, "cache_read", total * draw.randint(30, 75) // 100)
    if draw.random() * 100 < workload.cache_write_percent:
        _move(meters, "cache_write", total * draw.randint(5, 20) // 100)
    if draw.random() * 100 < workload.cache_write_1h_percent:
        _move(meters, "cache_write_1h", total * draw.randint(2, 5) // 100)
    if workload.output[1]:
        cut = draw.random() * 100 < workload.cut_percent
        meters["output"] = draw.randint(1, 12) if cut else _between(workload.output, draw)
    if draw.random() * 100 < workload.web_search_percent:
        meters["web_searches"] = draw.randint(1, 3)
    return meters


def _move(meters: dict[str, int], meter: str, quantity: int) -> None:
    """Take whole cache blocks out of the input."""
    moved = min(quantity // _CACHE_BLOCK * _CACHE_BLOCK, meters["input"])
    if moved:
        meters["input"] -= moved
        meters[meter] = moved


def _between(bounds: tuple[int, int], draw: random.Random) -> int:
    """Small ones are more frequent than large ones, as in life."""
    low, high = bounds
    return low + int((high - low) * draw.random() ** 2.2)


def _time_of_day(draw: random.Random) -> int:
    """Mostly office hours (UTC), some at any time."""
    if draw.random() < 0.8:  # noqa: PLR2004 - the share of office hours
        return int(draw.triangular(6.5, 18.5, 13) * 3_600_000)
    return draw.randrange(_MILLISECONDS)


def _amounts(workload: Workload, day: date, meters: dict[str, int]) -> dict[str, Decimal] | None:
    amounts = {}
    for meter, quantity in meters.items():
        price = unit_price(workload.provider, workload.model, meter, day, workload.context)
        if price is None:
            return None
        amounts[meter] = quantity * price
    return amounts


def _failure(request: Request, draw: random.Random) -> Request:
    """The attempt before: nothing came back, nothing is charged."""
    started = max(request.millisecond - draw.randint(800, 4000), 0)
    return _beside(request, draw, status=FAILURE, millisecond=started, duration=draw.randint(20, 700), trace=request.trace, answered={})


def _cache_hit(request: Request, draw: random.Random) -> Request:
    """The same question a little later, answered by the gateway's own cache."""
    later = min(request.millisecond + draw.randint(5_000, 3_600_000), _MILLISECONDS - 1)
    trace = f"{draw.getrandbits(128):032x}"
    return _beside(request, draw, status=CACHE_HIT, millisecond=later, duration=4, trace=trace, answered=request.meters)


def _beside(
    request: Request, draw: random.Random, *, status: str, millisecond: int, duration: int, trace: str, answered: dict[str, int]
) -> Request:
    return Request(
        workload=request.workload,
        day=request.day,
        millisecond=millisecond,
        duration=duration,
        id=request.id if status == CACHE_HIT else f"{draw.getrandbits(116):029x}",
        trace=trace,
        user=request.user,
        status=status,
        meters={},
        answered=answered,
        reasoning=0,
        amounts={},
    )
