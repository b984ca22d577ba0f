"""Cost of no project, and who may have caused it: evidence for whoever writes the missing rule. Nothing is ever assigned by it."""

from dataclasses import dataclass
from decimal import Decimal

KEY, HOUR, DAY, MODEL, MONTH, CHANNEL = "key", "hour", "day", "model", "month", "channel"
LEVELS: dict[str, str] = {
    KEY: "used the same key",
    HOUR: "used the same model and region within the same hours",
    DAY: "used the same model of the same channel on the same days",
    MODEL: "used the same model on the same days, through another channel",
    MONTH: "used the same model of the same channel on other days of the month",
    CHANNEL: "used other models of the same channel on the same days",
}
"""What speaks for a project, the strongest first: of each day, channel and model the first that finds anybody counts alone."""

STRONG = frozenset({KEY, HOUR, DAY})
"""Levels that are reason enough to propose a rule, for somebody to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """A project that may have caused some of it: `amount` is what its part would be by its share of the logged usage at that level.

    `own_cost` of `all_cost` is that share. `rule` is the line for `attribution` in usage.yaml, null where nothing on the lines tells.
    """

    project: str
    level: str
    amount: Decimal
    own_cost: Decimal
    all_cost: Decimal
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """Cost of no project: `amount` = the claimants' amounts + `nobody`, exactly. `owners` look after it."""

    amount: Decimal
    nobody: Decimal
    claimants: tuple[Claimant, ...]
    owners: tuple[str, ...]
