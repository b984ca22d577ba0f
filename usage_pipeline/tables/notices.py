"""A notice: what is told to people and programs that read no mail (chats, pagers, text messages, webhooks). Each channel renders it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

RULES = ("budget_threshold", "forecast", "anomaly", "unpriced", "stale_source", "reconciliation_gap", "wallet_low", "request_limit")
"""What an alert can be about."""

TEST = "test"
"""The rule of a message that somebody sends to see that it arrives."""

OPEN, RESOLVED = "open", "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where more is: a web address, or a file's place in the home, which is told as text."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell, in words and in figures.

    `key` names the notice for good: the delivery's id, the same at every retry, by which a receiver knows what it has had. `rule` is
    one of RULES or TEST, `level` one of budgets.LEVELS, `state` OPEN or RESOLVED. `scope` is 'organisation' or '<kind>s/<id>', such as
    'projects/support-portal'; `project` is that project's id, None where it is about none. `subject` says it all in one line, `text`
    in some more. `facts` are named figures as exact decimals in text (money.text), days in ISO form or words; None is unknown.
    `occurred_at` is when it was found (UTC), `as_of` the day judged.
    """

    key: str
    rule: str
    level: str
    scope: str
    project: str | None
    subject: str
    text: str
    occurred_at: datetime
    as_of: date
    state: str = OPEN
    facts: Mapping[str, str | None] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
