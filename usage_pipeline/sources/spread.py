"""Bill lines for several days, such as a month's row of Google's cost table or a yearly fee, as one line a day. In: bill lines of any
days. Out: the lines of some days.

A line is split evenly over its days, to the last digit: its parts sum to the line. Whoever asks for one day or for a year, in whatever
order, gets the same parts, as each is worked out from the whole line.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.sources.records import staged
from usage_pipeline.tables.charges import charges, days_spanned

AMOUNTS = ("quantity", "list_cost", "billed_cost", "effective_cost")
"""What is split; all else of a line, its amount as text too, is the same on every part."""

DAYS, PLACE = "days_spanned", "day_place"


def spread(lines: ir.Table, days: Period) -> ir.Table:
    """The rows for `days` of `lines`, which may have started earlier: lines of one day as they are, and the parts of longer ones.

    A part's charge_id is the line's with '@' and the part's day.
    """
    counted = staged(lines.mutate(**{DAYS: days_spanned(lines.period_start, lines.period_end)}))
    first, end = ibis.literal(days.start, "date"), ibis.literal(days.end, "date")
    day = counted.period_start.date()
    plain = counted.filter(counted[DAYS] == 1, day >= first, day < end)
    long = counted.filter(counted[DAYS] > 1)
    return charges.conform(plain.drop(DAYS)).union(charges.conform(_parts(long, days).drop(DAYS, PLACE)))


def _parts(lines: ir.Table, days: Period) -> ir.Table:
    """The parts for `days` of lines that span several."""
    first_day = lines.period_start.date()
    before = ibis.literal(days.start, "date").delta(first_day, unit="day")
    until = ibis.literal(days.end, "date").delta(first_day, unit="day")
    places = ibis.range(ibis.greatest(before, 0), ibis.least(until, lines[DAYS]))
    each = staged(lines.mutate(**{PLACE: places.unnest().cast("int64")}))
    count, place = each[DAYS], each[PLACE]
    start = each.period_start + place.as_interval("D")
    end = ibis.ifelse(place == count - 1, each.period_end, start + ibis.interval(days=1))
    return each.mutate(
        charge_id=each.charge_id + "@" + start.strftime("%Y-%m-%d"),
        period_start=start,
        period_end=end,
        **{name: money.even_part(each[name], count, place) for name in AMOUNTS},
    )
