"""Any value of ours as JSON can hold it: money as a decimal string, days in ISO 8601, tuples as lists."""

from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money


def plain(value: Any) -> Any:
    match value:
        case Decimal():
            return money.text(value)
        case date():
            return value.isoformat()
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _:
            return value
