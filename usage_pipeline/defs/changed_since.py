"""Whether usage.yaml, price books or exchange rates that changed after a close would change the closed month's numbers, and by how much.

First what decided them is compared with what the close froze: that costs nothing. Only where it is another, the month is computed once
more of its frozen inputs, in a folder of its own; the answer is kept beside the closed month until something changes again.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from usage_pipeline import money
from usage_pipeline.defs.books import adoption_of
from usage_pipeline.defs.changed_settings import changed_settings
from usage_pipeline.defs.closed import Closed, folder_of
from usage_pipeline.defs.closed_facts import frozen_folder
from usage_pipeline.defs.finding import Finding, first_of
from usage_pipeline.defs.inputs import locate
from usage_pipeline.defs.replay import Ingredients, replayed
from usage_pipeline.defs.versions import versions
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.reports.frozen import DAILY, EXCHANGE, rows_of
from usage_pipeline.reports.manifest import USAGE_YAML, Manifest, manifest_from
from usage_pipeline.settings.document import read_document
from usage_pipeline.storage.closed_folder import MANIFEST, hash_of
from usage_pipeline.storage.exchange_rates import read_exchange_rates
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.exchange_used import ExchangeUsed, exchange_used
from usage_pipeline.tables.price_books import PriceBookAdoption

CHANGED = "changed_for_closed"
KEPT = ".changed-since"
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How the month's numbers would be others: cost before and after, and what moves between projects; None where nobody can say."""

    before: Decimal
    after: Decimal
    moved: Decimal
    rows: int


def changed_finding(workplace: Workplace, closed: Closed) -> Finding | None:
    """What changed since the close, where the closed month's numbers would be others with it (blocks), or nobody can tell any more."""
    folder = folder_of(workplace.home, closed.month).of(closed.revision.revision)
    if closed.is_draft or hash_of(folder / MANIFEST) != closed.revision.manifest_hash:
        return None
    manifest = manifest_from((folder / MANIFEST).read_bytes(), str(folder / MANIFEST))
    what = what_changed(workplace, closed, folder, manifest)
    if not what:
        return None
    effect = _kept(workplace, closed, folder, manifest, what)
    if effect is None:
        amount, told = None, "by how much cannot be said, as inputs are missing: `usage-pipeline verify` names them"
    elif effect.rows:
        amount = max(effect.moved, abs(effect.after - effect.before))
        told = f"computed with it, its cost would be {money.text(effect.after)} instead of {money.text(effect.before)}"
        told += f", {money.text(effect.moved)} of it elsewhere, in {effect.rows:,} rows"
    else:
        return None
    month = closed.month
    words = (
        f"{closed.words}; what decides its costs was changed since: {first_of(what, SHOWN)}. Nothing of it counts there: {told}."
        f" To take it in: `usage-pipeline run --from {month.start} --to {month.last} --revise`, then `usage-pipeline close {closed.name}"
        f" --approve NAME` makes revision {closed.revision.revision + 1}; with --plan after --revise, what that would touch is shown first."
        " To leave the month as it is, give what changed a valid_from after it, or change it back."
    )
    return Finding(code=CHANGED, blocks=effect is not None, count=len(what), amount=amount, words=words)


def changes_of(workplace: Workplace, closed: Closed) -> list[str]:
    """What changed since the close, in words, whether or not any number would be another."""
    folder = frozen_folder(workplace.home, closed)
    return what_changed(workplace, closed, folder, manifest_from((folder / MANIFEST).read_bytes(), str(folder / MANIFEST)))


def what_changed(workplace: Workplace, closed: Closed, folder: Path, manifest: Manifest) -> list[str]:
    """What decided the month's costs and is another now, in words; whether any number would be another is not asked yet."""
    settings = workplace.settings()
    now, then = read_document(settings.file), read_document(folder / USAGE_YAML)
    return [
        *changed_settings(then, now, closed.month),
        *changed_books(closed.month, manifest.books, workplace.books().adoptions()),
        *changed_rates(settings.organisation.currency, settings.exchange_rates, _exchange(folder)),
    ]


def changed_books(month: Period, then: Sequence[PriceBookAdoption], now: Sequence[PriceBookAdoption]) -> list[str]:
    """The days of the month that another price book prices now than when it was closed."""
    days: dict[tuple[str, str], list[str]] = defaultdict(list)
    for day in month.days():
        was, is_now = adoption_of(day, then), adoption_of(day, now)
        if was.content_hash != is_now.content_hash:
            days[is_now.version, was.version].append(day.isoformat())
    return [f"price book {new} instead of {old} from {told[0]} to {told[-1]}" for (new, old), told in days.items()]


def _exchange(folder: Path) -> Sequence[ExchangeUsed]:
    path = folder / EXCHANGE
    return rows_of(exchange_used, path.read_bytes()) if path.is_file() else ()


def changed_rates(currency: str, path: Path | None, used: Sequence[ExchangeUsed]) -> list[str]:
    """The rates that bills were converted by and that the file says otherwise now; days that were added to it change nothing."""
    if not used:
        return []
    rates = read_exchange_rates(path)
    found: dict[str, None] = {}
    for one in used:
        rate = rates.rate(one.currency, currency, one.day)
        if rate is None:
            found[f"no exchange rate of {one.currency} on {one.day} any more, {money.text(one.rate)} was used"] = None
        elif rate.value != one.rate:
            found[f"exchange rate of {one.currency} on {one.day} {money.text(rate.value)} instead of {money.text(one.rate)}"] = None
    return list(found)


def _kept(workplace: Workplace, closed: Closed, folder: Path, manifest: Manifest, what: Sequence[str]) -> Effect | None:
    """The effect, as it was worked out before of the same changes, else worked out now."""
    settings = workplace.settings()
    decided = [closed.revision.manifest_hash, settings.numbers_fingerprint, *what, *sorted(versions().items())]
    key = hashlib.sha256(json.dumps(decided).encode()).hexdigest()
    path = folder.parent / KEPT
    if path.is_file():
        told = json.loads(path.read_bytes())
        if told["key"] == key:
            return Effect(**{name: Decimal(told[name]) for name in ("before", "after", "moved")}, rows=told["rows"])
    found = _effect(workplace, closed, folder, manifest)
    if found is not None:
        amounts = {name: money.text(getattr(found, name)) for name in ("before", "after", "moved")}
        temporary = path.with_name(f"{KEPT}.writing")
        temporary.write_text(json.dumps({"key": key, **amounts, "rows": found.rows}))
        temporary.replace(path)
    return found


def _effect(workplace: Workplace, closed: Closed, folder: Path, manifest: Manifest) -> Effect | None:
    settings = workplace.settings()
    with TemporaryDirectory(dir=workplace.home.scratch, prefix="changed-", ignore_cleanup_errors=True) as place:
        places, gone = locate(workplace, manifest.inputs, Path(place))
        if gone:
            return None
        rates = settings.exchange_rates
        given = Ingredients(
            month=closed.month,
            inputs=manifest.inputs,
            places=places,
            configuration=settings.file.read_text("utf-8"),
            books=workplace.books().adoptions(),
            catalogs=workplace.home.prices,
            rates=rates if rates and rates.is_file() else None,
            at=workplace.now(),
            hashed_ids=workplace.home.hashed_ids,
        )
        after = replayed(given, Path(place))
    return effect_of(rows_of(daily_costs, (folder / DAILY).read_bytes()), after)


def effect_of(before: Sequence[DailyCost], after: Sequence[DailyCost]) -> Effect:
    """Both sums, what the projects that gain gain (or those that lose lose, if that is more), and how many rows differ."""
    projects: dict[str, list[Decimal | None]] = defaultdict(list)
    for row in after:
        projects[row.project].append(row.cost)
    for row in before:
        projects[row.project].append(None if row.cost is None else -row.cost)
    differences = [money.total(amounts) for amounts in projects.values()]
    gains, losses = (money.total([one for one in differences if (one > 0) is is_gain]) for is_gain in (True, False))
    sums = [money.total([row.cost for row in rows]) for rows in (before, after)]
    return Effect(before=sums[0], after=sums[1], moved=min(gains, -losses), rows=len(set(after) ^ set(before)))
