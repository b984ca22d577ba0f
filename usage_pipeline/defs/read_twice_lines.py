"""The lines of bills whose sums do not agree: the engine's sums of them, and whether two tell of the same (see costs/told_alike.py).

Asked for only where two tellers of one channel share a day and are of accounts that are not apart; corrections and credits are left out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from usage_pipeline.costs.read_twice import ACCOUNTS, Pair, Teller, spelling
from usage_pipeline.costs.told_alike import METERED, PLACES, SKU, LineSum, Told, alike
from usage_pipeline.defs.read_twice_exports import TELLER
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.meters import UNMAPPED

NAMES = (SKU, *METERED, *ACCOUNTS, *PLACES)
AS_WRITTEN = (SKU, *METERED)
"""Of these names, other letters are other names."""


class Lines:
    """`wholes` are the bill lines of channels with several sources, `exports` those of sources with several exports; None for none."""

    def __init__(self, lake: Lake, wholes: ir.Table | None, exports: ir.Table | None) -> None:
        self.lake = lake
        self.tables = [] if wholes is None else [wholes.mutate(export=ibis.literal(""), share=ibis.literal(""))]
        self.tables += [] if exports is None else [exports]

    def alike(self, channel: str, pairs: Sequence[Pair]) -> Collection[Pair]:
        """Those of these pairs that tell of the same lines."""
        told = self._told(channel, sorted({one for pair in pairs for one in pair}))
        return [
            (first, second)
            for first, second in pairs
            if first in told and second in told and alike(told[first], told[second], one_source=first.source == second.source)
        ]

    def _told(self, channel: str, tellers: Sequence[Teller]) -> dict[Teller, Told]:
        lines: dict[Teller, list[LineSum]] = defaultdict(list)
        spelled: dict[str, str] = {}
        wanted = ibis.memtable([(channel, *one) for one in tellers], schema=ibis.schema(TELLER))
        for table in self.tables:
            rows = table.filter(
                table.charge_class.isnull() & (table.category != "Credit") & (table.billed_cost >= 0) & (table.channel == channel)
            )
            rows = rows.semi_join(wanted, list(TELLER))
            grouped = rows.group_by(*TELLER, "day", *NAMES).agg(
                quantity=rows.quantity.sum(), is_counted=rows.quantity.notnull().all(), amount=rows.billed_cost.sum()
            )
            for row in self.lake.engine.to_pyarrow(grouped).to_pylist():
                lines[Teller(row["source"], row["export"], row["share"])].append(_line(row, spelled))
        return {teller: Told(several, ACCOUNTS) for teller, several in lines.items()}


def _line(row: Mapping[str, Any], spelled: dict[str, str]) -> LineSum:
    names = {name: row[name] for name in NAMES if row[name]}
    for name in names.keys() - set(AS_WRITTEN):
        if names[name] not in spelled:
            spelled[names[name]] = names[name].casefold() if name in PLACES else spelling(names[name])
        names[name] = spelled[names[name]]
    if names.get("meter") == UNMAPPED:
        del names["meter"]  # lines of any sort
    quantity = row["quantity"] if row["is_counted"] else None
    return LineSum(day=row["day"], names=names, quantity=quantity, amount=row["amount"])
