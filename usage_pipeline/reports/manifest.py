"""The manifest of a closed revision: what it is made of and what it says, each with its hash. Its own hash stands in the database.

In: values. Out: canonical JSON, and back. Whoever has the manifest's hash can tell whether anything of the revision was changed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.errors import UsageError
from usage_pipeline.reports.frozen import canonical
from usage_pipeline.tables.inputs import Input, input_from
from usage_pipeline.tables.price_books import PriceBookAdoption

USAGE_YAML = "usage.yaml"
PRICES = "prices"
RATES = "exchange_rates"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`files`: name → (bytes, SHA-256) of everything else in the folder. `findings`: what was known and stood, in words.

    `versions`: of what computed and rendered it. `hash_key`: tells the key of hashes from another, without telling it.
    """

    month: str
    revision: int
    closed_at: datetime
    approved_by: str
    note: str | None
    currency: str
    totals: Mapping[str, Decimal]
    inputs: Sequence[Input]
    settings: str
    books: Sequence[PriceBookAdoption]
    findings: Sequence[Mapping[str, Any]]
    finality: Mapping[str, Any]
    versions: Mapping[str, str]
    hash_key: str | None
    files: Mapping[str, tuple[int, str]]


def bytes_of(manifest: Manifest) -> bytes:
    """As the file has it."""
    return canonical(
        {
            "format": FORMAT,
            "month": manifest.month,
            "revision": manifest.revision,
            "finality": "closed",
            "closed_at": manifest.closed_at.isoformat(),
            "approved_by": manifest.approved_by,
            "note": manifest.note,
            "currency": manifest.currency,
            "totals": {name: money.text(amount) for name, amount in manifest.totals.items()},
            "inputs": [one.document() for one in manifest.inputs],
            "settings_fingerprint": manifest.settings,
            "price_books": [_book(one) for one in manifest.books],
            "findings": list(manifest.findings),
            "before_the_close": dict(manifest.finality),
            "versions": dict(manifest.versions),
            "hash_key": manifest.hash_key,
            "files": [{"name": name, "size_bytes": size, "sha256": sha256} for name, (size, sha256) in sorted(manifest.files.items())],
        }
    )


def manifest_from(content: bytes, place: str) -> Manifest:
    """Raises UsageError where it is no manifest of a format that is known here."""
    try:
        told: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise UsageError(f"{place} is no manifest ({error}): restore it from a backup") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise UsageError(f"{place} is no manifest of format {FORMAT}: restore it from a backup, or use a newer version of usage-pipeline")
    return Manifest(
        month=told["month"],
        revision=told["revision"],
        closed_at=datetime.fromisoformat(told["closed_at"]),
        approved_by=told["approved_by"],
        note=told["note"],
        currency=told["currency"],
        totals={name: Decimal(text) for name, text in told["totals"].items()},
        inputs=[input_from(one) for one in told["inputs"]],
        settings=told["settings_fingerprint"],
        books=[_book_from(one) for one in told["price_books"]],
        findings=told["findings"],
        finality=told["before_the_close"],
        versions=told["versions"],
        hash_key=told["hash_key"],
        files={one["name"]: (one["size_bytes"], one["sha256"]) for one in told["files"]},
    )


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _book(one: PriceBookAdoption) -> dict[str, Any]:
    return {
        "adoption_id": one.adoption_id,
        "version": one.version,
        "content_hash": one.content_hash,
        "adopted_at": one.adopted_at.isoformat(),
        "valid_from": one.valid_from and one.valid_from.isoformat(),
        "models_count": one.models_count,
        "rate_cards_count": one.rate_cards_count,
        "rates_count": one.rates_count,
        "note": one.note,
    }


def _book_from(told: dict[str, Any]) -> PriceBookAdoption:
    moment = datetime.fromisoformat(told["adopted_at"])
    first = told["valid_from"] and date.fromisoformat(told["valid_from"])
    return PriceBookAdoption(**told | {"adopted_at": moment, "valid_from": first})
