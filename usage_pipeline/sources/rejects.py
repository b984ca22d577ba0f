"""Why a record is not accepted: the first reason that holds (codes of rejected_lines.REASONS), null where all is well."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from usage_pipeline.errors import ContractError
from usage_pipeline.sources.cells import is_negative
from usage_pipeline.tables.rejected_lines import REASONS

EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Times outside are mistakes of a unit or of an empty field; whether a time is too far in the future, the reader knows."""

Check = tuple[str, ir.BooleanValue]
"""A reason code and when it holds."""


def first_reason(*checks: Check) -> ir.StringValue:
    """The code of the first check that holds. A check that is null does not hold.

    Raises ContractError for a code that rejected_lines.REASONS does not explain.
    """
    unknown = sorted({code for code, _ in checks} - set(REASONS))
    if unknown:
        raise ContractError(f"rejected_lines: no words for the reasons {unknown}")
    return ibis.cases(*((holds, code) for code, holds in checks), else_=ibis.null("string"))


def time_checks(text: ir.StringValue, time: ir.TimestampValue) -> tuple[Check, ...]:
    """No time, none that parses, or one that cannot be."""
    return (
        ("missing_time", text.isnull()),
        ("bad_time", time.isnull()),
        ("time_out_of_range", (time < ibis.literal(EARLIEST)) | (time >= ibis.literal(LATEST))),
    )


def quantity_checks(pairs: Sequence[tuple[ir.StringValue, ir.NumericValue]]) -> tuple[Check, ...]:
    """A cell with text but no number, for any of the (text, number) pairs; below zero is told apart."""
    unread = reduce(or_, (text.notnull() & number.isnull() for text, number in pairs))
    negative = reduce(or_, (number.isnull() & is_negative(text) for text, number in pairs))
    return (("negative_quantity", unread & negative), ("bad_number", unread))


def amount_checks(text: ir.StringValue, amount: ir.DecimalValue, currency: ir.StringValue) -> tuple[Check, ...]:
    """No amount, none that is a number, or no currency to it."""
    return (
        ("missing_amount", text.isnull()),
        ("bad_amount", amount.isnull()),
        ("missing_currency", currency.isnull()),
    )
