"""`alerts` and `deliveries`: what was found worth telling, and what was told to whom. In the database.

An alert is found once for its rule, scope, period and level, and goes through STATES. A delivery is one message: it is written in the
transaction that marks its alerts, waits with the very message in it, and is sent by whoever claims it (storage/alert_ledger.py).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column

OPEN, SENT, COVERED, ACKNOWLEDGED, SNOOZED, RESOLVED = "open", "sent", "covered", "acknowledged", "snoozed", "resolved"
STATES: dict[str, str] = {
    OPEN: "found, to be told: in a mail that is not due yet, or that nobody could get",
    SENT: "told",
    COVERED: "told in the mail of a higher level of the same",
    ACKNOWLEDGED: "somebody said that they know: told nobody again",
    SNOOZED: "told again on the day given, if it is still true then",
    RESOLVED: "its period is over, or it is no longer so",
}
UNRESOLVED = (OPEN, SENT, COVERED, ACKNOWLEDGED, SNOOZED)

PENDING, RETRYING, DEAD = "pending", "retrying", "dead"
DELIVERY_STATES: dict[str, str] = {
    PENDING: "to be sent",
    RETRYING: "tried in vain, to be sent again",
    SENT: "taken by the server, the folder or the channel",
    DEAD: "refused for good: `usage-pipeline alerts send --dead` tries again",
}
UNSENT = (PENDING, RETRYING)

ALERT_KIND, NOTICE_KIND, STATE_KIND = "alert", "notice", "state"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One thing worth telling: a rule that holds for a scope in a period, at a level. Recorded once."""

    alert_id: str = column("Hash of rule, budget or scope, period, and threshold or level", key=True)
    rule: str = column("One of notices.RULES, such as 'budget_threshold'")
    budget_id: str | None = column("Budget.budget_id; null where it is about no budget")
    project: str | None = column("Project id, null where it is about no single project")
    period_start: date = column("First day of the budget's period, or of what the rule looks at")
    threshold: Decimal | None = column("Percent crossed, of a budget_threshold")
    level: str = column("'info', 'warning' or 'critical'")
    percent: Decimal | None = column("Percent spent when found; null where it is about no budget")
    spent: Decimal | None = column("Spent when found, in the budget's unit")
    limit: Decimal | None = column("The limit then")
    unit: str | None = column("'USD', 'tokens', 'credits' or 'requests'")
    as_of: date = column("The day it was judged on")
    found_at: datetime = column("When it was found (UTC)")
    state: str = column("'open', 'sent', 'covered', 'acknowledged', 'snoozed' or 'resolved'")
    scope: str = column("'organisation', or '<kind>s/<id>' such as 'projects/search' or 'sources/app'")
    period_end: date | None = column(
        "The day after the period's last; null where it has no end, and in rows of older versions", default=None
    )
    armed_limit: Decimal | None = column("The limit for which it was found, without what rolled over; null: `limit`", default=None)
    words: str | None = column("What it says; null where the budget's figures say it", default=None)
    told: int = column("How many messages told it", default=0)
    told_at: datetime | None = column("When it was told last; null in rows of older versions", default=None)
    step: int = column("Whom it goes to: 0 owners, 1 the team, 2 finance", default=0)
    snoozed_until: date | None = column("Of a snoozed one: the day from which it is told again", default=None)
    changed_by: str | None = column("Who acknowledged or snoozed it", default=None)
    changed_at: datetime | None = column("When", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a channel says of a message it took: its name and the file name or the server's answer.

    The name is 'outbox', 'smtp' or 'ses', or that of a channel of usage.yaml. `later` are the addresses that were refused for now while
    others were accepted: the same message is still to go to them.
    """

    channel: str
    text: str
    later: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to its recipients: the same message is never another one."""

    delivery_id: str = column("Message key: hash of what it is about and to whom", key=True)
    kind: str = column("'alert' (a mail), 'notice' (on a channel of usage.yaml), 'state' (the hard stop feed) or 'statement'")
    project: str | None = column("Project id, null for the organisation and for a digest")
    level: str | None = column("Highest level it tells of")
    recipients: str = column("Addresses, comma separated; of a notice the channel's name")
    subject: str = column("Subject line")
    channel: str = column("'outbox', 'smtp' or 'ses', or a channel's name; '' until it went out")
    about: str = column("alert_ids or statement it tells of, comma separated")
    as_of: date = column("The day it was judged on")
    sent_at: datetime = column("When it went out (UTC); until then, when it was judged")
    receipt: str = column("File name in the outbox, or what the server answered; until it went out, why it did not")
    state: str = column("'pending', 'retrying', 'sent' or 'dead'", default=SENT)
    projects: str | None = column("Of a digest: the projects it tells of, one a line", default=None)
    queued_at: datetime | None = column("When it was written down to be sent (UTC)", default=None)
    attempts: int = column("How often it was tried", default=0)
    next_attempt_at: datetime | None = column("Not before then; null: at once", default=None)
    remaining: str | None = column("Addresses it is still to go to, comma separated; null: all", default=None)
    message: str | None = column("The message byte for byte, until it went out", default=None)
    claimed_by: str | None = column("The sender that is at it", default=None)
    claimed_until: datetime | None = column("Until then nobody else takes it", default=None)

    @property
    def about_projects(self) -> frozenset[str | None]:
        """The projects whose people it tells; None stands for the organisation."""
        return frozenset(self.projects.split("\n")) if self.projects else frozenset({self.project})


alerts = Table("alerts", Alert)
deliveries = Table("deliveries", Delivery)
