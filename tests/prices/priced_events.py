"""Usage events from a few words."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from usage_pipeline.tables.usage_events import usage_events

Price = Callable[..., list[dict[str, Any]]]
"""Events as dictionaries (and a book, if not the catalog's own) to priced rows, in the same order."""


def event(provider: str | None, model: str | None, *, at: str = "2026-11-20T12:00:00", **columns: Any) -> dict[str, Any]:
    """A successful request of the log view; `at` is UTC."""
    return {
        "event_id": "",
        "source": "test",
        "view": "log",
        "started_at": datetime.fromisoformat(at).replace(tzinfo=UTC),
        "status": "success",
        "channel": provider or "unknown",
        "provider": provider,
        "model": model,
        "request_count": 1,
        "source_file": "f",
        **columns,
    }


def events_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    numbered = [{**row, "source_line": number} for number, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=usage_events.schema.to_pyarrow())
