"""A line of what `usage-pipeline price` is asked: an object of JSON in, a usage event out, or what is wrong with it in words."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from usage_pipeline import money
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.resolve import BATCH, PROCESSING
from usage_pipeline.prices.wide import FRACTIONAL
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.rates import REASONING
from usage_pipeline.tables.usage_events import LOG_VIEW, SUCCESS

COLUMN_CONTEXT = ("service_tier", "speed")
FIELDS = frozenset({"id", "provider", "model", "at", "context", "meters"})
EXAMPLES = {"provider": "openai", "model": "gpt-4.1", "context": '{"processing": "batch"}', "meters": '{"input": 1200}'}
COLUMN_OF_METER = {name: name for name in METER_NAMES} | {
    REASONING: "reasoning_tokens",
    "reasoning_tokens": "reasoning_tokens",
    REQUESTS: "request_count",
}
SINCE, UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""What a moment lies between: another is a slip of the pen, or milliseconds read as seconds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input, read and checked; `more` is context and `unknown_meters` quantities that events have no column for.

    `is_contradictory`: it measured something of no request at all.
    """

    id: Any
    number: int
    event: dict[str, Any]
    more: tuple[tuple[str, str], ...]
    unknown_meters: dict[str, str]
    is_contradictory: bool


def read_lines(numbered: Iterable[tuple[int, Mapping[str, Any]]], problems: Iterable[tuple[int, str]] = ()) -> list[Line]:
    """Lines with their numbers, as `quote` takes them. Raises UsageConfigError that lists what is wrong, `problems` included."""
    read: list[Line] = []
    found = list(problems)
    for number, line in numbered:
        try:
            read.append(_line(line, number))
        except ValueError as error:
            found.append((number, str(error)))
    if found:
        raise UsageConfigError("\n".join(f"line {number}: {problem}" for number, problem in sorted(found)))
    return read


def _line(line: Mapping[str, Any], number: int) -> Line:
    """Raises ValueError that says what is wrong with the line."""
    unknown = sorted(set(line) - FIELDS)
    if unknown:
        raise ValueError(f"unknown field {', '.join(unknown)}; a line has {', '.join(sorted(FIELDS))}")
    _check_text(line)
    provider, model = _name(line, "provider"), _name(line, "model")
    context = {name: value for name, value in _mapping(line, "context").items() if value is not None}
    for name, value in context.items():
        if not isinstance(value, str):
            raise ValueError(f'context {name} is a text such as "batch", not {value!r}')  # noqa: TRY004
    quantities = {str(meter): _quantity(meter, value) for meter, value in _mapping(line, "meters").items()}
    event = {
        "event_id": str(number),
        "source": "quote",
        "view": LOG_VIEW,
        "started_at": _moment(line.get("at")),
        "status": SUCCESS,
        "channel": provider or "",
        "provider": line.get("provider"),
        "model": model,
        "is_batch": context.get(PROCESSING) == BATCH or None,
        **{name: context.get(name) for name in COLUMN_CONTEXT},
        "request_count": 1,
        **{COLUMN_OF_METER[meter]: quantity for meter, quantity in quantities.items() if meter in COLUMN_OF_METER},
        "source_file": "",
        "source_line": number,
    }
    own = {*COLUMN_CONTEXT} | ({PROCESSING} if context.get(PROCESSING) == BATCH else set())
    more = tuple(sorted((name, value) for name, value in context.items() if name not in own))
    strange = {meter: money.text(Decimal(quantity)) for meter, quantity in quantities.items() if meter not in COLUMN_OF_METER and quantity}
    is_contradictory = quantities.get(REQUESTS) == 0 and any(quantities.values())
    return Line(line.get("id"), number, event, more, strange, is_contradictory)


def _check_text(line: Mapping[str, Any]) -> None:
    try:
        json.dumps(line, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise ValueError(f"{half!r} is half a character: write the character itself, or both halves of its \\u escape") from None


def _name(line: Mapping[str, Any], field: str) -> str | None:
    value = line.get(field)
    if value is not None and not isinstance(value, str):
        raise ValueError(f'{field} is a text such as "{EXAMPLES[field]}", not {value!r}')
    return value


def _mapping(line: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = line.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{field} is an object such as {EXAMPLES[field]}, not {value!r}")  # noqa: TRY004
    return value


def _quantity(meter: str, value: Any) -> int | Decimal | None:
    """Whole, save seconds of audio and of meters that we do not know, which have at most 6 decimals."""
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"meter {meter}: {value!r} is not a number") from None
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= 10**12:
        raise ValueError(f"meter {meter}: {value!r} is not a quantity")
    is_whole = meter in COLUMN_OF_METER and meter != FRACTIONAL
    decimals = -int(number.normalize().as_tuple().exponent)
    if decimals > (0 if is_whole else 6):
        raise ValueError(f"meter {meter}: {value!r} has too many decimals")
    return int(number) if is_whole else number


def _moment(at: Any) -> datetime:
    if not isinstance(at, str):
        raise ValueError("at is missing: when the request was made, such as '2026-10-02T11:20:00Z'")  # noqa: TRY004
    try:
        moment = datetime.fromisoformat(at)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except ValueError:
        raise ValueError(f"at: {at!r} is not a moment: write it as '2026-10-02T11:20:00Z'") from None
    except OverflowError:
        moment = datetime.max.replace(tzinfo=UTC)
    if not SINCE <= moment < UNTIL:
        raise ValueError(f"at: {at!r} is no moment of such a request: give one from {SINCE.year} to {UNTIL.year - 1}")
    return moment
