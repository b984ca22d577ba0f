"""From a cell's text to a number or a time, checked: null where the text is not what it should be, never a guess, never an error.

Decimal text never passes through a float: '8.240000000000000000000000000000000' and '0E-6176' are exact.
"""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, QUANTITY, SCALE, SMALLEST
from usage_pipeline.tables.personal import ADDRESS
from usage_pipeline.tables.schema import TIMESTAMP
from usage_pipeline.tables.usage_events import SECONDS

WHOLE_NUMBER = r"^\d{1,18}(\.0*)?$"
"""Digits; some exports write whole numbers as '31422.0'."""

PLAIN_DECIMAL = r"^-?\d{1,22}(\.\d{0,15})?$"
"""What the engine's own cast takes without rounding."""

DECIMAL = r"^[+-]?(\d{1,40}(\.\d*)?|\.\d+)([eE][+-]?\d{1,5})?$"
WHOLE_DIGITS = 22
"""Digits before the point that money at 15 decimals has room for, with one to spare for sums."""

ZEROS = "0" * 60
"""More digits than any exponent that matters can move the point."""

EPOCH_SECONDS = r"^-?\d{1,13}(\.\d+)?$"
EMAIL = ADDRESS


def whole_number(text: ir.StringValue) -> ir.IntegerValue:
    """'4120000' or '4120000.0' as an integer; null for anything else, negative numbers too."""
    return ibis.ifelse(text.re_search(WHOLE_NUMBER), text.try_cast("int64"), ibis.null("int64"))


def is_negative(text: ir.StringValue) -> ir.BooleanValue:
    """Whether the text is a number below zero."""
    return text.re_search(r"^-\d")


def decimal(text: ir.StringValue, *, shift: int | ir.IntegerValue = 0) -> ir.DecimalValue:
    """The exact money, half-even beyond 15 decimals; null if it is no number or has more than 22 digits before the point.

    `shift` moves the point to the right: cents become dollars with -2.
    """
    if isinstance(shift, int) and shift == 0:
        return ibis.ifelse(text.re_search(PLAIN_DECIMAL), text.try_cast(MONEY), _exact_decimal(text, shift))
    return _exact_decimal(text, shift)


def half_step(text: ir.StringValue) -> ir.DecimalValue:
    """Half of the last digit that the number is written with: 0.005 of '1.25', 0.5 of '12', and of what has an exponent."""
    places = text.re_extract(r"^-?\d*\.(\d{1,14})$", 1).length().fill_null(0)
    return (ibis.literal("0.") + ibis.literal("0").repeat(places) + "5").try_cast(MONEY)


def quantity(text: ir.StringValue, *, shift: int | ir.IntegerValue = 0) -> ir.DecimalValue:
    """A quantity of a bill: decimal(38,6), null if it is no number."""
    return decimal(text, shift=shift).try_cast(QUANTITY)


def seconds(text: ir.StringValue) -> ir.DecimalValue:
    """A length of time in seconds, six decimals; null if it is no number or below zero."""
    length = decimal(text).try_cast(SECONDS)
    return ibis.ifelse(length >= 0, length, ibis.null(SECONDS))


def _exact_decimal(text: ir.StringValue, shift: int | ir.IntegerValue) -> ir.DecimalValue:
    """Digits are text until the point stands where the exponent says; only then is there a number.

    The engine's own cast rounds ties up and is wrong for exponents below its last digit ('7.2e-20' gives 0.000000000000001).
    """
    whole = text.re_extract(r"^[+-]?(\d*)", 1)
    exponent = text.re_extract(r"[eE]\+?(-?\d+)$", 1).nullif("").try_cast("int64").fill_null(0) + shift
    digits = ibis.literal(ZEROS) + whole + text.re_extract(r"\.(\d*)", 1) + ZEROS
    point = whole.length() + len(ZEROS) + exponent.clip(-len(ZEROS), len(ZEROS))
    is_number = text.re_search(DECIMAL)
    known = ibis.struct({"digits": ibis.ifelse(is_number, digits, ibis.null("string")), "point": point})
    size = bound(known, lambda number: _size(number["digits"], number["point"]))
    return ibis.ifelse(text.startswith("-"), ibis.literal(0, MONEY) - size, size).cast(MONEY)


def _size(digits: ir.StringValue, point: ir.IntegerValue) -> ir.DecimalValue:
    """The number whose digits these are, with `point` of them before the point."""
    parts = ibis.struct(
        {
            "before": digits.substr(0, point).re_replace("^0+", ""),
            "kept": digits.substr(point, SCALE),
            "rest": digits.substr(point + SCALE).re_replace("0+$", ""),
        }
    )
    return bound(parts, lambda part: _rounded(part["before"], part["kept"], part["rest"]))


def _rounded(before: ir.StringValue, kept: ir.StringValue, rest: ir.StringValue) -> ir.DecimalValue:
    """Half-even: more than half a last digit goes up, exactly half only from an odd one."""
    up = (rest > "5") | ((rest == "5") & kept.re_search("[13579]$"))
    size = (ibis.literal("0") + before + "." + kept).try_cast(MONEY) + ibis.ifelse(
        up, ibis.literal(SMALLEST, MONEY), ibis.literal(0, MONEY)
    )
    return ibis.ifelse(before.length() <= WHOLE_DIGITS, size, ibis.null(MONEY))


FAR_SECONDS = 200_000_000_000
"""About 6,300 years from 1970: outside every range that is accepted, inside what the engine can hold."""


def epoch_time(text: ir.StringValue) -> ir.TimestampValue:
    """Seconds since 1970, '1790931665.12' or '1790812800', at microseconds; null if it is no such number."""
    whole = text.re_extract(r"^(-?\d+)", 1).try_cast("int64")
    seconds = whole.clip(-FAR_SECONDS, FAR_SECONDS).as_timestamp("s")  # beyond the engine's calendar it would raise: far is out of range
    micros = text.re_extract(r"\.(\d{1,6})", 1).rpad(6, "0").try_cast("int64").as_interval("us")
    return ibis.ifelse(text.re_search(EPOCH_SECONDS), (seconds + micros).cast(TIMESTAMP), ibis.null(TIMESTAMP))


def iso_time(text: ir.StringValue) -> ir.TimestampValue:
    """An ISO 8601 date or time; without a zone it is UTC, as every provider means it. Null if it does not parse."""
    zoned = text.re_replace(r"\s*(UTC|Z)$", "+00:00")
    zoned = ibis.ifelse(zoned.re_search(r"^\d{4}-\d\d-\d\d$"), zoned + " 00:00:00", zoned)
    zoned = ibis.ifelse(zoned.re_search(r"\d\d:\d\d.*[+-]\d\d(:?\d\d)?$"), zoned, zoned + "+00:00")
    return ibis.ifelse(text.re_search(r"^\d{4}-\d\d-\d\d"), zoned.try_cast(TIMESTAMP), ibis.null(TIMESTAMP))


def bound(value: ir.Value, build: Callable[[ir.Value], ir.Value]) -> ir.Value:
    """`build` of a value that is computed once, however often `build` names it."""
    return ibis.array([value]).map(build)[0]
