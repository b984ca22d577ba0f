"""`shared_used`: what each project bears of shared bill lines, by method and rule: `allocations` summed. For statements; never stored."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class SharedUsed:
    """One project's part of the lines that were dealt out in one way."""

    project: str = column("Our project id, or 'unattributed'", key=True)
    method: str = column("See allocations.METHODS", key=True)
    rule: str | None = column("The rule of usage.yaml, where one decides", key=True)
    lines: int = column("Bill lines, each of which may be other projects' too")
    amount: Decimal = column("Its part, in the reporting currency")


shared_used = Table("shared_used", SharedUsed)
