"""Requests summed as a provider sums them: per account, model, tier and UTC day (Google: hour). Exports are made of these."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from usage_pipeline.demo.organisation import GEMINI, VERTEX, Account, Workload, account_of
from usage_pipeline.demo.requests import SUCCESS, Request

METERS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "web_searches")


@dataclass(frozen=True, slots=True, order=True)
class BucketKey:
    """What a provider groups by."""

    day: date
    hour: int
    account: str
    model: str
    tier: str
    is_batch: bool


@dataclass(slots=True)
class Bucket:
    """The sum of the successful requests of one key. `searching` counts those that searched the web."""

    key: BucketKey
    workload: Workload
    requests: int = 0
    searching: int = 0
    reasoning: int = 0
    quantities: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        return account_of(self.workload)

    def quantity(self, meter: str) -> int:
        return self.quantities.get(meter, 0)

    def add(self, request: Request) -> None:
        self.requests += 1
        self.searching += "web_searches" in request.meters
        self.reasoning += request.reasoning
        for meter, quantity in request.meters.items():
            self.quantities[meter] = self.quantities.get(meter, 0) + quantity
        for meter, amount in (request.amounts or {}).items():
            self.amounts[meter] = self.amounts.get(meter, Decimal(0)) + amount


def buckets_of(requests: Iterable[Request], channel: str) -> list[Bucket]:
    """The buckets of one channel, in order of their keys."""
    found: dict[BucketKey, Bucket] = {}
    for request in requests:
        workload = request.workload
        if workload.channel != channel or request.status != SUCCESS:
            continue
        hour = request.hour if channel in (VERTEX, GEMINI) else 0
        name = workload.project or "hackathon"
        key = BucketKey(request.day, hour, name, workload.model, workload.tier, workload.is_batch)
        if key not in found:
            found[key] = Bucket(key, workload)
        found[key].add(request)
    return [found[key] for key in sorted(found)]
