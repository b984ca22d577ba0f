"""What logs tell of use, summed: what the usage report is made of. Between rooms only; never stored. Exact."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline import money

DIMENSIONS = ("project", "operation", "type", "model", "provider", "user", "team", "client", "status")
"""What use is told by, each whole."""
CONVERSATION, PROMPT = "conversation", "prompt"
TOP = (CONVERSATION, PROMPT)
"""What only the dearest are told of, the others together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What the logged requests of one key used, and what that costs at our rates.

    `of` is what else names the key: a model's provider, the project of a conversation or prompt. `members` counts the keys that are told
    together (0: requests without any key). `tokens` are those of `successful_requests`; `priced_requests` are those of them with a price,
    even if only a part of them has one. `cost` and `credits` are null where none is known, which is not 0: unpriced events are in no sum.
    """

    key: str | None
    of: str | None
    members: int
    requests: int
    successful_requests: int
    failed_requests: int
    cache_hits: int
    priced_requests: int
    tokens: int
    cost: Decimal | None
    credits: Decimal | None
    unpriced_events: int
    uncredited_events: int
    first: datetime | None
    last: datetime | None

    @property
    def known_cost(self) -> Decimal | None:
        """The cost; null where all that is known of it are requests that cost nothing, beside others without a price."""
        return self.cost if self.cost or not self.unpriced_events else None

    @property
    def cost_each(self) -> Decimal | None:
        """What a successful request with a price costs on average, 15 decimals."""
        if self.cost is None or not self.priced_requests:
            return None
        return money.in_proportion(self.cost, Decimal(1), Decimal(self.priced_requests))

    @property
    def tokens_each(self) -> Decimal | None:
        """The tokens of a successful request on average, 15 decimals."""
        if not self.successful_requests:
            return None
        return money.in_proportion(Decimal(self.tokens), Decimal(1), Decimal(self.successful_requests))


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedOfMeter:
    """Units of one meter; those of successful requests are `tokens` where it counts tokens, else 0."""

    meter: str
    quantity: Decimal
    tokens: Decimal
    cost: Decimal | None
    unpriced_quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedInHour:
    """One hour of the day (0 to 23, UTC) of one day of the week (0 is Monday), over all days of the span."""

    weekday: int
    hour: int
    requests: int
    tokens: int
    cost: Decimal | None
    credits: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedOnDay:
    """One day that has logs."""

    day: date
    requests: int
    failed_requests: int
    tokens: int
    cost: Decimal | None
    credits: Decimal | None
    unpriced_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How cost is spread over the conversations that are wholly priced: nearest rank, so each is what one of them cost."""

    conversations: int
    unpriced: int
    median: Decimal
    percentile_95: Decimal
    dearest: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRequest:
    """One request, as it is logged."""

    started_at: datetime
    source: str
    event_id: str
    project: str
    user: str | None
    operation: str | None
    provider: str | None
    model: str | None
    status: str
    tokens: int
    cost: Decimal | None


def is_rest(one: Used) -> bool:
    """Whether it stands for all others."""
    return one.key is None and one.members > 0


def is_without(one: Used) -> bool:
    """Whether it stands for the requests that have no such key."""
    return one.key is None and one.members == 0
