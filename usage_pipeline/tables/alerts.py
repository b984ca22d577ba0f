"""`alerts` and `deliveries`: what was found worth telling, and what was told to whom. In the database, append-only."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One threshold of one budget, crossed in one period: recorded once."""

    alert_id: str = column("Hash of rule, budget, period and threshold", key=True)
    rule: str = column("'budget_threshold'")
    budget_id: str = column("Budget.budget_id")
    project: str | None = column("Project id, null for the organisation")
    period_start: date = column("First day of the budget's period")
    threshold: Decimal = column("Percent crossed")
    level: str = column("'info', 'warning' or 'critical'")
    percent: Decimal = column("Percent spent when found")
    spent: Decimal = column("Spent when found, in the budget's unit")
    limit: Decimal = column("The limit then")
    unit: str = column("'USD' or 'tokens'")
    as_of: date = column("The day it was judged on")
    found_at: datetime = column("When it was found (UTC)")
    state: str = column("'sent', 'held' (a mail to this project went out in the last 24 h) or 'covered' (told in another mail)")


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
    """One message to its recipients: the same message is never sent twice."""

    delivery_id: str = column("Message key: hash of what it is about and to whom", key=True)
    kind: str = column("'alert' or 'statement'")
    project: str | None = column("Project id, null for the organisation")
    level: str | None = column("Highest level it tells of")
    recipients: str = column("Addresses, comma separated")
    subject: str = column("Subject line")
    channel: str = column("'outbox' or 'smtp'")
    about: str = column("alert_ids or statement it tells of, comma separated")
    as_of: date = column("The day it was judged on")
    sent_at: datetime = column("When it went out (UTC)")
    receipt: str = column("File name in the outbox, or what the server answered")


alerts = Table("alerts", Alert)
deliveries = Table("deliveries", Delivery)
