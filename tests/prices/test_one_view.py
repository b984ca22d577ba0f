"""Usage that both the provider and a log tell of counts once."""

from datetime import UTC, datetime
from typing import Any

import ibis
import pytest
from priced_events import event, events_table

from usage_pipeline.prices.one_view import one_view


def counted(engine: Any, *rows: dict[str, Any], names: dict[str, str] | None = None) -> list[int]:
    """The source lines that count; `names` are the catalog's ids of the models' texts."""
    events = ibis.memtable(events_table(rows))
    named = events.mutate(model_id=events.model.cases(*(names or {"none": "none"}).items(), else_=ibis.null("string")))
    return sorted(engine.to_pyarrow(one_view(named))["source_line"].to_pylist())


def provided(*words: str, **columns: Any) -> dict[str, Any]:
    return event(*words, view="provider", request_count=9, **columns)


def test_the_logs_count_where_the_provider_says_nothing(price_engine: Any) -> None:
    assert counted(price_engine, event("openai", "gpt-4o"), event("openai", "gpt-4o")) == [0, 1]


def test_the_provider_counts_where_it_says_anything(price_engine: Any) -> None:
    rows = [event("openai", "gpt-4o", project="a"), provided("openai", "gpt-4o", project="b"), event("openai", "gpt-4o")]
    assert counted(price_engine, *rows) == [1]


def test_two_texts_of_one_model_are_one_model(price_engine: Any) -> None:
    rows = [event("openai", "gpt-4o"), provided("openai", "gpt-4o-2024-08-06")]
    assert counted(price_engine, *rows, names={"gpt-4o": "gpt-4o", "gpt-4o-2024-08-06": "gpt-4o"}) == [1]
    assert counted(price_engine, *rows) == [0, 1], "models that the catalog does not know go by their text"


@pytest.mark.parametrize(
    "other",
    [
        {"words": ("azure.openai", "gpt-4o"), "at": "2026-11-20T12:00:00"},
        {"words": ("openai", "gpt-4.1"), "at": "2026-11-20T12:00:00"},
        {"words": ("openai", "gpt-4o"), "at": "2026-11-21T00:00:00"},
        {"words": ("openai", None), "at": "2026-11-20T12:00:00"},
    ],
    ids=["channel", "model", "day", "no model"],
)
def test_another_channel_model_or_day_is_other_usage(price_engine: Any, other: dict[str, Any]) -> None:
    assert counted(price_engine, event("openai", "gpt-4o"), provided(*other["words"], at=other["at"])) == [0, 1]


def test_usage_without_any_model_is_a_model_of_its_own(price_engine: Any) -> None:
    assert counted(price_engine, event("openai", None), provided("openai", None)) == [1]


def test_what_nobody_pays_for_does_not_count(price_engine: Any) -> None:
    rows = [event("openai", "gpt-4o", status=status) for status in ("success", "failure", "cache_hit")]
    assert counted(price_engine, *rows) == [0]


def test_rows_stay_as_they_were(price_engine: Any) -> None:
    events = ibis.memtable(events_table([event("openai", "gpt-4o", input=7)]))
    (row,) = price_engine.to_pyarrow(one_view(events, model="model")).to_pylist()
    assert (row["input"], row["started_at"]) == (7, datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert set(row) == set(events.columns)
