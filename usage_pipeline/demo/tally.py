"""Adding up what is true while a world is written: plain sums over the requests, one day after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from usage_pipeline.demo.google_exports import GoogleRow
from usage_pipeline.demo.organisation import BILLED_CHANNELS, DIRECT, OPENAI, UNATTRIBUTED, Workload
from usage_pipeline.demo.requests import CACHE_HIT, FAILURE, Request
from usage_pipeline.demo.truth import BILLED, LOG_ESTIMATED, PROVIDER_ESTIMATED, CostTruth

NOT_TOKENS = ("web_searches",)


@dataclass(slots=True)
class Tally:
    """Sums so far. `requests_made` counts every request, `requests` those that some record tells of.

    Anthropic, Google and Azure bill usage without a number of requests: what goes there past gateway and tracker is counted nowhere.
    """

    last_day: date
    amounts: dict[tuple[date, str, str, str], Decimal] = field(default_factory=dict)
    tokens: dict[tuple[str, str, date], int] = field(default_factory=dict)
    requests_made: int = 0
    requests: int = 0
    failed_requests: int = 0
    cache_hits: int = 0
    unpriced_events: int = 0
    unpriced_tokens: int = 0

    def add(self, requests: Iterable[Request]) -> None:
        for request in requests:
            workload = request.workload
            self.requests_made += 1
            self.requests += workload.route != DIRECT or workload.channel == OPENAI
            self.failed_requests += request.status == FAILURE
            self.cache_hits += request.status == CACHE_HIT
            tokens = sum(quantity for meter, quantity in request.meters.items() if meter not in NOT_TOKENS)
            key = (workload.project or UNATTRIBUTED, workload.operation, request.day)
            self.tokens[key] = self.tokens.get(key, 0) + tokens
            if request.cost is None:
                self.unpriced_events += 1
                self.unpriced_tokens += tokens
            elif request.meters:
                self._charge(request.day, workload, request.cost)

    def add_google(self, rows: Sequence[GoogleRow], listed: Decimal, workload: Workload, day: date) -> None:
        """Google's bill differs from the sum of the requests by credits and corrections."""
        net = sum((row.net for row in rows), Decimal(0))
        if net != listed:
            self._charge(day, workload, net - listed)

    def costs(self) -> tuple[CostTruth, ...]:
        return tuple(
            CostTruth(day=day, project=project, channel=channel, basis=basis, amount=amount)
            for (day, project, channel, basis), amount in sorted(self.amounts.items())
        )

    def _charge(self, day: date, workload: Workload, amount: Decimal) -> None:
        key = (day, workload.project or UNATTRIBUTED, workload.channel, self._basis(workload.channel, day))
        self.amounts[key] = self.amounts.get(key, Decimal(0)) + amount

    def _basis(self, channel: str, day: date) -> str:
        """The highest view that exists: a bill for every provider with one, save OpenAI's last day; logs for the rest."""
        if channel == OPENAI and day == self.last_day:
            return PROVIDER_ESTIMATED
        return BILLED if channel in BILLED_CHANNELS else LOG_ESTIMATED
