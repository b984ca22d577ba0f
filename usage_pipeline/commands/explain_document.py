"""What `explain` found, as one document: JSON as it is, and what the tables for people are made of. Amounts are exact text."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import counted
from usage_pipeline.defs.explain import Explained, Lines
from usage_pipeline.defs.explain_left_out import LeftOut
from usage_pipeline.defs.places import Record
from usage_pipeline.storage.places import Place
from usage_pipeline.storage.versions import SupersededRecord
from usage_pipeline.tables.allocations import METHODS
from usage_pipeline.tables.costs import BASES, DailyCost
from usage_pipeline.tables.priced_usage import STATES
from usage_pipeline.tables.summary import Group, by, known_total

LEVELS = ("project", "day", "channel", "model", "meter")
Files = Mapping[tuple[str, str], str]
Places = Mapping[Record, Place]


def document_of(
    name: str, asked: Mapping[str, Any], found: Explained, out: LeftOut, files: Files, places: Places, most: int, currency: str
) -> dict[str, Any]:
    """At most `most` rows of each kind; what is left is counted and summed."""
    return {
        "statement": name,
        "asked": {column: _plain(value) for column, value in asked.items()},
        "currency": currency,
        "total": _amounts(found.rows) | {"basis": {basis: BASES[basis] for basis in sorted({row.basis for row in found.rows})}},
        **{f"by_{level}": _level(found.rows, level, most) for level in LEVELS if level not in asked},
        "bill": _lines(found.bill, [_bill_line(row, files, places) for row in found.bill.rows]),
        "usage": _lines(found.usage, [_usage_line(row, files, places) for row in found.usage.rows])
        | {"in_cost": money.text(found.counted), "beside_a_bill": money.text(found.beside)},
        "logs": {"count": found.logs.count, "rows": [_usage_line(row, files, places) for row in found.logs.rows]},
        "left_out": _left_out(out, places, most),
    }


def _amounts(rows: Sequence[DailyCost]) -> dict[str, Any]:
    sums = {name: known_total(getattr(row, name) for row in rows) for name in ("cost", "billed_cost", "estimated_cost", "list_cost")}
    return {
        **{name: _plain(amount) for name, amount in sums.items()},
        "requests": sum(row.requests for row in rows),
        "unpriced_events": sum(row.unpriced_events for row in rows),
        "rows": len(rows),
    }


def _level(rows: Sequence[DailyCost], dimension: str, most: int) -> dict[str, Any]:
    groups = by(rows, dimension)
    rest = groups[most:]
    shown = [{"key": _plain(one.key), **_group(one)} for one in groups[:most]]
    return {"rows": shown, "more": {"count": len(rest), "cost": _plain(known_total(one.cost for one in rest))}}


def _group(one: Group) -> dict[str, Any]:
    return {name: _plain(getattr(one, name)) for name in ("cost", "billed_cost", "estimated_cost", "requests")}


def _lines(lines: Lines, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Σ rows + more = whole; whole - elsewhere = amount."""
    more, rest = lines.more
    return {
        "amount": money.text(lines.here),
        "whole": money.text(lines.whole),
        "elsewhere": money.text(lines.elsewhere),
        "count": lines.count,
        "rows": rows,
        "more": {"count": more, "amount": money.text(rest)},
    }


def _bill_line(row: Mapping[str, Any], files: Files, places: Places) -> dict[str, Any]:
    names = (
        "charge_id",
        "source",
        "channel",
        "project",
        "provider",
        "model",
        "meter",
        "category",
        "charge_class",
        "sku",
        "invoice",
        "unit",
    )
    told = _place(row, files, places) | {"day": row["day"].isoformat()} | {name: row[name] for name in names}
    told |= {
        "amount": money.text(row["amount"]),
        "of_line": money.text(row["billed_cost"]),
        "amount_in_file": row["amount_text"],
        "quantity": None if row["quantity"] is None else counted(row["quantity"]),
        "finality": row["finality"],
        "exchange": None
        if row["original_currency"] is None
        else {name: _plain(row[name]) for name in ("original_cost", "original_currency", "exchange_rate", "exchange_day")},
        "allocation": None
        if row["method"] is None
        else {
            "method": row["method"],
            "meaning": METHODS[row["method"]],
            "rule": row["rule"],
            "share": money.text(row["share"]),
            "of_shares": money.text(row["of_shares"]),
        },
    }
    return told | _share(row) | {"given_by": None if row["method"] is not None else _rule(row)}


def _usage_line(row: Mapping[str, Any], files: Files, places: Places) -> dict[str, Any]:
    names = ("event_id", "source", "view", "channel", "project", "team", "user", "operation", "status", "provider", "model", "meter")
    rate = row["rate"]
    told = _place(row, files, places) | {"day": row["day"].isoformat()} | {name: row[name] for name in names}
    told |= {
        "model_in_file": row["model_as_given"],
        "quantity": None if row["quantity"] is None else counted(row["quantity"]),
        "amount": _plain(row["amount"]),
        "price": {
            "state": row["price_state"],
            "meaning": STATES[row["price_state"]],
            "book": row["price_book"],
            "rate_card": row["rate_card"],
            **{
                name: None if rate is None else _plain(rate[name])
                for name in ("list_unit_price", "net_unit_price", "agreement", "priced_as", "source")
            },
        },
    }
    return told | _share(row) | {"given_by": _rule(row)}


def _place(row: Mapping[str, Any], files: Files, places: Places) -> dict[str, Any]:
    """The file and where in it: `line` as an editor counts, `path` in a JSON document, `row` of a table; `record` as the lake counts."""
    file, place = files[row["source"], row["source_file"]], places[row["source"], row["source_file"], row["source_line"]]
    told = {name: getattr(place, name) for name in ("line", "path", "row", "record")}
    return {"file": file, **told, "place": place.words(file), "sha256": row["source_file"]}


def _share(row: Mapping[str, Any]) -> dict[str, Any]:
    """How much of the part that the line belongs to is in what is asked for; null where all of it is."""
    if row["of_part"] == row["here_of_part"]:
        return {"shared_out": None}
    return {"shared_out": {"here": money.text(row["here_of_part"]), "of": money.text(row["of_part"])}}


def _rule(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The rule, and whether it gives the project that the line was computed with."""
    given: dict[str, Any] | None = row["given_by"]
    if given is None:
        return None
    return given | {"as_computed": given["project"] == row.get("own_project", row["project"])}


def replaced_document(one: SupersededRecord, places: Places) -> dict[str, Any]:
    """A record that another took the place of, and where both stand."""
    was, by = (places[end] for end in one.ends)
    return {
        "source": one.source,
        "record": one.record,
        "file": one.uri,
        "line": was.line,
        "place": was.words(PurePath(one.uri).name),
        "by_file": one.by_uri,
        "by_line": by.line,
        "by_place": by.words(PurePath(one.by_uri).name),
    }


def _left_out(out: LeftOut, places: Places, most: int) -> dict[str, Any]:
    return {
        "versions": {
            "count": len(out.versions),
            "rows": [
                {
                    "source": one.source,
                    "file": one.uri,
                    "day": one.day.isoformat(),
                    "part": one.snapshot_scope,
                    "rows": one.rows,
                    "why": "left out by exclude: in usage.yaml" if one.excluded_at else "a newer file speaks of the day",
                    "since": (one.excluded_at or one.superseded_since or one.ingested_at).isoformat(),
                }
                for one in out.versions[:most]
            ],
        },
        "records": {
            "count": len(out.records),
            "rows": [replaced_document(one, places) for one in out.records[:most]],
        },
        "duplicates": {
            "count": sum(one.duplicates for one in out.duplicates),
            "rows": [{"source": one.source, "file": one.uri, "lines": one.duplicates, "state": one.state} for one in out.duplicates[:most]],
        },
        "rejected": {"count": sum(one["lines"] for one in out.rejected), "rows": [dict(one) for one in out.rejected[:most]]},
    }


def _plain(value: Any) -> Any:
    match value:
        case None:
            return None
        case Decimal():
            return money.text(value)
        case int():
            return value
        case _:
            return str(value)
