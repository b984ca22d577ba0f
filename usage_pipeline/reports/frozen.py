"""The facts behind a month's statements as files, and back: what a closed month keeps, and what its statements are made of again.

Rows as Parquet (zstd), in the order of their key; everything else as canonical JSON. Amounts are exact in both.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from usage_pipeline.periods import Period
from usage_pipeline.reports.facts import Facts
from usage_pipeline.reports.frozen_looks import looks_document, looks_from
from usage_pipeline.reports.frozen_more import compared_from, more_document, reconciled_from, wallets_from
from usage_pipeline.reports.plain import plain
from usage_pipeline.reports.snapshot import Accounting, Approval
from usage_pipeline.tables.advice import advice
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.claimants import Claimant, Unclaimed
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import daily_costs, monthly_costs
from usage_pipeline.tables.exchange_used import exchange_used
from usage_pipeline.tables.grades import Grade, Measure
from usage_pipeline.tables.request_limits import LimitViolation, Violations
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.shared_used import shared_used
from usage_pipeline.tables.unpriced import Unpriced

TABLES = "tables"
DAILY = f"{TABLES}/daily_costs.parquet"
PREVIOUS = f"{TABLES}/previous_month.parquet"
COMPARED = f"{TABLES}/compared_days.parquet"
"""Rows of the month before of the days that this month has had; where that is all of them, there is none."""
STATUSES = f"{TABLES}/budget_status.parquet"
ADVICE = f"{TABLES}/advice.parquet"
EXCHANGE = f"{TABLES}/exchange_used.parquet"
SHARED = f"{TABLES}/shared_used.parquet"
CHARGES = f"{TABLES}/charges.parquet"
ALLOCATIONS = f"{TABLES}/allocations.parquet"
STATEMENT = f"{TABLES}/statement.json"
JOURNAL = f"{TABLES}/journal.parquet"

Row = TypeVar("Row")


def files_of(facts: Facts) -> dict[str, bytes]:
    """Everything the statements need, by name."""
    return {
        DAILY: parquet_of(daily_costs, facts.daily),
        PREVIOUS: parquet_of(monthly_costs, facts.previous),
        STATUSES: parquet_of(budget_status, facts.statuses),
        ADVICE: parquet_of(advice, facts.advice),
        EXCHANGE: parquet_of(exchange_used, facts.exchange),
        SHARED: parquet_of(shared_used, facts.shared),
        STATEMENT: canonical(_statement(facts)),
        **({} if facts.compared is None else {COMPARED: parquet_of(monthly_costs, facts.compared.rows)}),
        **{name: parquet_bytes(rows) for name, rows in ((CHARGES, facts.charges), (ALLOCATIONS, facts.allocations)) if rows is not None},
    }


def facts_from(files: Mapping[str, bytes]) -> Facts:
    """The facts that `files_of` wrote down."""
    told: dict[str, Any] = json.loads(files[STATEMENT])
    approved = told["approval"]
    return Facts(
        month=Period(date.fromisoformat(told["month"][0]), date.fromisoformat(told["month"][1])),
        revision=told["revision"],
        finalities=dict(told["finalities"]),
        approval=approved and Approval(by=approved["by"], at=datetime.fromisoformat(approved["at"]), note=approved["note"]),
        organisation=Organisation(**told["organisation"] | {"finance": tuple(told["organisation"]["finance"])}),
        projects=tuple(Project(**one | {"owners": tuple(one["owners"])}) for one in told["projects"]),
        daily=rows_of(daily_costs, files[DAILY]),
        previous=rows_of(monthly_costs, files[PREVIOUS]),
        statuses=rows_of(budget_status, files[STATUSES]),
        unpriced=tuple(_unpriced(one) for one in told["unpriced"]),
        advice=rows_of(advice, files[ADVICE]),
        inputs=tuple((name, sha256) for name, sha256 in told["inputs"]),
        price_book=told["price_book"],
        accounting=Accounting(**told["accounting"]),
        exchange=rows_of(exchange_used, files[EXCHANGE]) if EXCHANGE in files else (),
        shared=rows_of(shared_used, files[SHARED]) if SHARED in files else (),
        charges=pq.read_table(io.BytesIO(files[CHARGES])) if CHARGES in files else None,
        allocations=pq.read_table(io.BytesIO(files[ALLOCATIONS])) if ALLOCATIONS in files else None,
        grades={scope: _grade(one) for scope, one in told.get("grades", [])},
        violations={scope: _violations(one) for scope, one in told.get("limit_violations", [])},
        unclaimed=_unclaimed(told.get("unclaimed")),
        compared=compared_from(told, rows_of(monthly_costs, files[COMPARED]) if COMPARED in files else ()),
        wallets=wallets_from(told),
        reconciled=reconciled_from(told),
        looks=looks_from(told.get("looks")),
    )


def parquet_of(table: Table[Row], rows: Sequence[Row]) -> bytes:
    """The rows, sorted by key, nulls first."""
    ordered = sorted(rows, key=lambda row: [_rank(getattr(row, name)) for name in table.key])
    return parquet_bytes(table.arrow(ordered))


def parquet_bytes(rows: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue()


def rows_of(table: Table[Row], content: bytes) -> tuple[Row, ...]:
    """The rows; columns that a newer version added are null, or what the table says they are without a value."""
    return tuple(table.row(**record) for record in pq.read_table(io.BytesIO(content)).to_pylist())


def canonical(document: Mapping[str, Any]) -> bytes:
    """One document, one text: keys sorted, indented, UTF-8."""
    return (json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()


def _statement(facts: Facts) -> dict[str, Any]:
    approved = facts.approval
    return {
        "month": [facts.month.start.isoformat(), facts.month.end.isoformat()],
        "revision": facts.revision,
        "finalities": list(facts.finalities.items()),
        "approval": approved and {"by": approved.by, "at": approved.at.isoformat(), "note": approved.note},
        "organisation": asdict(facts.organisation),
        "projects": [asdict(one) for one in facts.projects],
        "unpriced": [plain(asdict(one)) for one in facts.unpriced],
        "inputs": facts.inputs,
        "price_book": facts.price_book,
        "accounting": asdict(facts.accounting),
        "unclaimed": facts.unclaimed and plain(asdict(facts.unclaimed)),
        "grades": [(scope, plain(asdict(one))) for scope, one in facts.grades.items()],
        **({"limit_violations": [(scope, plain(asdict(one))) for scope, one in facts.violations.items()]} if facts.violations else {}),
        **more_document(facts),
        **looks_document(facts.looks),
    }


def _unpriced(told: dict[str, Any]) -> Unpriced:
    amounts = {name: None if told[name] is None else Decimal(told[name]) for name in ("tokens", "low", "high")}
    quantities = tuple((meter, Decimal(quantity)) for meter, quantity in told["quantities"])
    return Unpriced(**told | amounts | {"quantities": quantities, "day": date.fromisoformat(told["day"])})


def _grade(told: dict[str, Any]) -> Grade:
    amounts = [{name: None if one[name] is None else Decimal(one[name]) for name in ("percent", "amount")} for one in told["measures"]]
    measures = (Measure(**one | exact) for one, exact in zip(told["measures"], amounts, strict=True))
    return Grade(letter=told["letter"], measures=tuple(measures))


def _violations(told: dict[str, Any]) -> Violations:
    return Violations(**told | {"worst": tuple(_violation(one) for one in told["worst"])})


def _violation(told: dict[str, Any]) -> LimitViolation:
    amounts = {name: Decimal(told[name]) for name in ("amount", "limit")}
    when = {"day": date.fromisoformat(told["day"]), "started_at": datetime.fromisoformat(told["started_at"])}
    return LimitViolation(**told | amounts | when)


def _unclaimed(told: dict[str, Any] | None) -> Unclaimed | None:
    if told is None:
        return None
    amounts = ("amount", "own_cost", "all_cost")
    claimants = tuple(Claimant(**one | {name: Decimal(one[name]) for name in amounts}) for one in told["claimants"])
    whole = {name: Decimal(told[name]) for name in ("amount", "nobody")}
    return Unclaimed(**whole, claimants=claimants, owners=tuple(told["owners"]))


def _rank(value: Any) -> tuple[bool, str]:
    return value is not None, "" if value is None else str(value)
