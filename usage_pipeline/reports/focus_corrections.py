"""The parts of a bridge as FOCUS 1.2 rows: what an earlier revision said otherwise, as charges of ChargeClass Correction.

Billed in the month in which the new revision was closed, for the day that each is about: the rows of the month stay as they were issued.
An estimate is no billed cost. Each of the four costs of the earlier revision's files, billed (or estimated) rows of these added, is that of
the later one's. In: the parts. Out: corrections.csv. Raises AccountingError where a row breaks a rule of ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import ONE_DAY, Period, month_name, month_of, start_of
from usage_pipeline.reports.focus_checks import violations
from usage_pipeline.reports.focus_columns import V1_2, columns_of
from usage_pipeline.reports.focus_names import service_of, sku_meter_of
from usage_pipeline.reports.focus_rows import BILLED, ESTIMATED, Line, row_of
from usage_pipeline.reports.formats.focus import csv_of_rows, rows_from
from usage_pipeline.tables.bridge import CAUSES, BridgePart

VERSION = V1_2


def corrections_of(parts: Sequence[BridgePart], month: Period, revision: int, closed_on: date, currency: str) -> bytes:
    """`revision` of `month` was closed on that day; `parts` lead to it from the one before."""
    now = month_of(closed_on)
    name = month_name(month)
    apart = [one for part in parts for one in _priceable(part)]
    lines = [_line(part, f"{name}/r{revision - 1}", f"{name}/r{revision}/{place}") for place, part in enumerate(apart, 1)]
    content = csv_of_rows((row_of(line, now, currency) for line in lines), VERSION)
    wrong = violations(columns_of(VERSION), rows_from(content), VERSION)
    if wrong:
        raise AccountingError(f"the corrections of {name}, revision {revision}, are no valid FOCUS rows: {wrong[0]}")
    return content


def _priceable(part: BridgePart) -> list[BridgePart]:
    """A price is never negative: where list went up and what is paid down, or the other way round, list has a row of its own."""
    if part.contracted * part.listed >= 0:
        return [part]
    by_itself = replace(part, amount=money.ZERO, effective=money.ZERO, contracted=money.ZERO, quantity=None)
    return [replace(part, listed=money.ZERO), by_itself]


def _line(part: BridgePart, corrected: str, place: str) -> Line:
    """A part has no prices but its own; how much more of a meter it is, is what was consumed."""
    amount = part.amount
    return Line(
        channel=part.channel,
        provider=part.provider,
        model=part.model,
        meter=part.meter,
        category=part.category,
        start=start_of(part.day),
        end=start_of(part.day + ONE_DAY),
        project=part.project,
        billed=amount if part.is_billed else money.ZERO,
        effective=part.effective,
        contracted=part.contracted,
        listed=part.listed,
        quantity=part.quantity,
        more={
            "ChargeClass": "Correction",
            "ChargeDescription": f"{CAUSES[part.cause][0]}: {part.model or service_of(part.channel).name}, {sku_meter_of(part.meter)}",
            "x_Cause": part.cause,
            "x_CorrectionOf": corrected,
            "x_CostBasis": BILLED if part.is_billed else ESTIMATED,
            "x_EstimatedCost": None if part.is_billed else amount,
            "x_SourceLineId": place,
        },
    )
