"""`allocations`: how each shared bill line was dealt out to projects. In the lake, by day. One part a row; parts sum to the line exactly.

A line that names its project has no row here: it is that project's whole.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column

BY_USAGE = "usage"
BY_MODEL = "model"
BY_BILL = "bill"
BY_CHANNEL = "channel"
EVEN = "even"
WEIGHTED = "weighted"
BY_PROJECT_USAGE = "by_usage"
LEFT = "unattributed"

METHODS: dict[str, str] = {
    BY_USAGE: "by the shares of the usage that the line stands for: the same channel, day, model and meter",
    BY_MODEL: "by the shares of the usage of its model on that day, as none is of its meter",
    BY_BILL: "by the shares of what the channel billed for usage on that day: a tax, credit or adjustment follows the bill",
    BY_CHANNEL: "by the shares of the channel's usage of the day, as nothing nearer is known of it",
    EVEN: "evenly, by a rule of usage.yaml",
    WEIGHTED: "by the weights of a rule of usage.yaml",
    BY_PROJECT_USAGE: "by the projects' usage, by a rule of usage.yaml",
    LEFT: "no usage and no rule tells whose it is",
}


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """One project's part of one shared bill line."""

    day: date = column("UTC day", key=True)
    charge_id: str = column("The bill line (charges)", key=True)
    source: str = column("Its source", key=True)
    project: str = column("Our project id, or 'unattributed'", key=True)
    method: str = column("See METHODS")
    rule: str | None = column("The rule of usage.yaml, by its name, where one decides")
    share: Decimal = column("Its weight: usage in money or units, or the rule's weight")
    of_shares: Decimal = column("All weights together: the ratio is share / of_shares")
    amount: Decimal = column("Its part of billed_cost, in the reporting currency")
    quantity: Decimal | None = column("Its part of the line's quantity; null where the line tells none", type=QUANTITY)
    source_file: str = column("Fingerprint of the file version (ingested_files)")
    source_line: int = column("Record number in that file, from 1")


allocations = Table("allocations", Allocation)
