"""Bill lines for several days, such as a month's row of Google's cost table or a yearly fee, as one line a day. In: bill lines of any
days. Out: the lines of some days.

A line is split evenly over its days, to the last digit: its parts sum to the line; only a purchase stays whole. Whoever asks for one
day or for a year, in whatever order, gets the same parts, as each is worked out from the whole line.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.sources.records import staged
from usage_pipeline.tables.charges import charges, days_spanned

AMOUNTS = ("quantity", "list_cost", "billed_cost", "effective_cost")
"""What is split; all else of a line, its amount as text too, is the same on every part."""

PURCHASE = "Purchase"
"""Stays whole on its first day: it is on the invoice of that month, and no usage is estimated beside it."""

DAYS, PLACES, PLACE, SHARE, LEFT = "days_spanned", "day_places", "day_place", "share_of_", "left_of_"


def spread(lines: ir.Table, days: Period) -> ir.Table:
    """The rows for `days` of `lines`, which may have started earlier: lines of one day as they are, and the parts of longer ones.

    A part's charge_id is the line's with '@' and the part's day.
    """
    spanned = ibis.ifelse(lines.category == PURCHASE, 1, days_spanned(lines.period_start, lines.period_end))
    counted = staged(lines.mutate(**{DAYS: spanned.cast("int64")}))
    first, end = ibis.literal(days.start, "date"), ibis.literal(days.end, "date")
    day = counted.period_start.date()
    plain = counted.filter(counted[DAYS] == 1, day >= first, day < end)
    long = counted.filter(counted[DAYS] > 1)
    return charges.conform(plain.drop(DAYS)).union(charges.conform(_parts(long, days)))


def _parts(lines: ir.Table, days: Period) -> ir.Table:
    """The parts for `days` of lines that span several. A line is divided once, whatever the number of its parts."""
    first_day, count = lines.period_start.date(), lines[DAYS]
    shares = {name: money.even_shares(lines[name], count) for name in AMOUNTS}
    before = ibis.literal(days.start, "date").delta(first_day, unit="day")
    until = ibis.literal(days.end, "date").delta(first_day, unit="day")
    divided = staged(
        lines.mutate(
            **{PLACES: ibis.range(ibis.greatest(before, 0), ibis.least(until, count))},
            **{SHARE + name: share for name, (share, _) in shares.items()},
            **{LEFT + name: left for name, (_, left) in shares.items()},
        )
    )
    each = staged(divided.mutate(**{PLACE: divided[PLACES].unnest().cast("int64")}))
    place = each[PLACE]
    start = each.period_start + place.as_interval("D")
    end = ibis.ifelse(place == each[DAYS] - 1, each.period_end, start + ibis.interval(days=1))
    parts = each.mutate(
        charge_id=each.charge_id + "@" + start.strftime("%Y-%m-%d"),
        period_start=start,
        period_end=end,
        **{name: money.even_part(each[SHARE + name], each[LEFT + name], place) for name in AMOUNTS},
    )
    return parts.select(*charges.names)
