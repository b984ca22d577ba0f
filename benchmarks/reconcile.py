"""How much of the money of known mistakes is found under its true cause: a confusion table. `python -m benchmarks.reconcile`."""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import ibis

from benchmarks import reconcile_rows as rows
from benchmarks import reconcile_world as made
from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.defs.reconciliations import Facts, reconciled_of
from usage_pipeline.periods import Period
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import build_book
from usage_pipeline.storage.engine import connect
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.usage_events import usage_events

Confusion = dict[tuple[str, str], Decimal]
"""Money by (true cause, found cause)."""
NOTHING = "nothing"
OWN = ("adjustment", "credit", "tax")


def explained(world: made.World, folder: Path, *, days: int) -> Reconciled:
    """The world's rows priced and reconciled by the pipeline."""
    engine = connect(folder)
    period = Period(made.FIRST_DAY, made.FIRST_DAY + timedelta(days=days))
    events = ibis.memtable(usage_events.arrow(rows.events_of(world)))
    book = build_book(made.AGREEMENTS, made.ALIASES)
    keys = book.resolve(engine.to_pyarrow(keys_of(events, book.scopes)))
    tables = [ibis.memtable(rows) for rows in (keys.resolutions, keys.rate_cards, keys.rates)]
    priced = price_events(events, *tables, price_book=book.version, scopes=book.scopes)
    facts = Facts(
        priced=ibis.memtable(engine.to_pyarrow(priced)),
        rates=tables[2],
        bills=ibis.memtable(charges.arrow(rows.charges_of(world))),
        spans=[(period, book)],
        others=[],
        logged=frozenset(stream.channel for stream in made.STREAMS),
        now=made.now(days),
    )
    return reconciled_of(engine, facts, period)


def confusion(world: made.World, found: Reconciled) -> tuple[Confusion, list[str]]:
    """True beside found causes, cell by cell and step by step: equal causes first, then what is left of both in proportion."""
    told: dict[object, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in found.causes:
        told[(row.day, row.channel, row.project, row.model, row.meter), row.step][row.cause] += row.amount
    truth = _without_models(world)
    table: Confusion = defaultdict(Decimal)
    wrong = []
    for key in truth.keys() | told.keys():
        true, have = dict(truth.get(key, {})), dict(told.get(key, {}))
        parts = _matched(true, have)
        for pair, amount in parts.items():
            table[pair] += amount
        off = {pair: amount for pair, amount in parts.items() if pair[0] != pair[1] and amount > Decimal("0.01")}
        if off:
            wrong.append((max(off.values()), f"{key}: true {_plain(truth.get(key, {}))} found {_plain(told.get(key, {}))}"))
    return table, [words for _, words in sorted(wrong, key=lambda one: -one[0])]


def _plain(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {cause: f"{amount:.4f}" for cause, amount in amounts.items()}


def _without_models(world: made.World) -> dict[object, dict[str, Decimal]]:
    """The truth in the cells of the table: lines that are no usage name no model."""
    found: dict[object, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for ((day, channel, project, model, meter), step), causes in made.truth_of(world).items():
        for cause, amount in causes.items():
            found[(day, channel, project, None if meter == "unmapped" else model, meter), step][cause] += amount
    return found


def _matched(true: dict[str, Decimal], have: dict[str, Decimal]) -> Confusion:
    table: Confusion = defaultdict(Decimal)
    for cause in list(true):
        if cause in have and true[cause] * have[cause] > 0:
            same = min(abs(true[cause]), abs(have[cause]))
            sign = 1 if true[cause] > 0 else -1
            table[cause, cause] += same
            true[cause] -= sign * same
            have[cause] -= sign * same
    left, other = ({cause: abs(amount) for cause, amount in one.items() if amount} for one in (true, have))
    for cause, amount in left.items():
        rest = amount
        for found, there in list(other.items()):
            part = min(rest, there)
            table[cause, found] += part
            other[found] -= part
            rest -= part
        table[cause, NOTHING] += rest
    for found, there in other.items():
        table[NOTHING, found] += there
    return table


def figures(table: Confusion) -> tuple[Decimal, Decimal]:
    """(money under its true cause, money of all true causes)."""
    return sum((amount for (true, found), amount in table.items() if true == found), Decimal(0)), sum(
        (amount for (true, _), amount in table.items() if true != NOTHING), Decimal(0)
    )


def show(table: Confusion) -> None:
    causes = [*sorted({one for pair in table for one in pair} - {NOTHING}), NOTHING]
    print(f"{'true, down':>12} " + " ".join(f"{cause[:10]:>10}" for cause in causes) + "    right")
    for true in causes:
        cells = [table.get((true, found), Decimal(0)) for found in causes]
        if any(cells):
            right = f"{100 * table.get((true, true), Decimal(0)) / sum(cells):>6.1f} %" if true != NOTHING else ""
            print(f"{true:>12} " + " ".join(f"{cell:>10.2f}" if cell else f"{'·':>10}" for cell in cells) + f" {right}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--worlds", type=int, default=1, help="so many worlds, with seeds one after another")
    parser.add_argument("--each", type=int, default=3, help="mistakes of each kind")
    parser.add_argument("--wrong", type=int, default=0, help="show so many of the dearest that are under another cause")
    asked = parser.parse_args()
    whole: Confusion = defaultdict(Decimal)
    for seed in range(asked.seed, asked.seed + asked.worlds):
        world = made.make(seed, each=asked.each)
        start = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            found = explained(world, Path(folder), days=made.DAYS_COUNT)
        table, wrong = confusion(world, found)
        right, all_money = figures(table)
        difference = sum((row.difference for row in found.cells), Decimal(0))
        causes = sum((row.amount for row in found.causes), Decimal(0))
        print(
            f"seed {seed}: {len(world.views['log']):,} requests, {len(found.cells):,} cells, {len(found.causes):,} causes,"
            f" {perf_counter() - start:.1f} s; under its true cause {right:.2f} of {all_money:.2f} = {100 * right / all_money:.2f} %;"
            f" causes {causes} = difference {difference}: {causes == difference}"
        )
        for words in wrong[: asked.wrong]:
            print("  ", words)
        for pair, amount in table.items():
            whole[pair] += amount
    show(whole)
    right, all_money = figures(whole)
    own = {pair: amount for pair, amount in whole.items() if pair[0] not in OWN}
    print(
        f"\nmoney under its true cause: {100 * right / all_money:.2f} % of {all_money:.2f} USD; accounted for: 100 % (the sums are checked)"
    )
    right, all_money = figures(own)
    print(f"without {', '.join(OWN)}, which are lines of their own: {100 * right / all_money:.2f} % of {all_money:.2f} USD")


if __name__ == "__main__":
    main()
