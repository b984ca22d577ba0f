"""A newer export of the same days replaces the older; who spoke of a day, who counts and since when is told."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from crash_world import SOURCES

from usage_pipeline.periods import Period, day_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rows, touched_days
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.versions import versions
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedFile

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
FIRST, SECOND, THIRD = (date(2026, 10, day) for day in (1, 2, 3))


class Exports:
    """Exports of one source that land one after the other."""

    def __init__(self, lake: Lake, database: Database, folder: Path) -> None:
        self.lake, self.database, self.folder = lake, database, folder
        (folder / "landing").mkdir()
        self.landed = 0

    def land(self, name: str, days: dict[str, dict[str, str]]) -> list[IngestedFile]:
        """{'01': {'charge id': 'amount'}} as a page of that day, ingested an hour after the one before."""
        buckets = [
            {"day": f"2026-10-{day}", "results": [{"id": key, "amount": one} for key, one in rows.items()]} for day, rows in days.items()
        ]
        path = self.folder / "landing" / name
        path.write_text(json.dumps({"data": buckets}))
        self.landed += 1
        moment = NOW + timedelta(hours=self.landed)
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        place: dict[str, Any] = {"lake": self.lake, "database": self.database, "engine": self.lake.engine, "stage": self.folder / "stage"}
        return ingest("costs", SOURCES["costs"], f"{self.folder}/landing/*", now=moment, **place)

    def amounts(self, days: Period = OCTOBER) -> dict[str, Decimal]:
        rows = landed_rows(charges, days, lake=self.lake, database=self.database).to_pyarrow().to_pylist()
        assert len({row["charge_id"] for row in rows}) == len(rows)
        return {row["charge_id"]: row["billed_cost"] for row in rows}


@pytest.fixture
def exports(lake: Lake, database: Database, tmp_path: Path) -> Exports:
    return Exports(lake, database, tmp_path)


def test_a_newer_export_of_the_month_replaces_day_by_day(exports: Exports, database: Database) -> None:
    exports.land("first", {"01": {"a": "1", "b": "2"}, "02": {"c": "3"}, "03": {"d": "4"}})
    newer = exports.land("second", {"01": {"a": "1.5"}, "03": {}})
    assert exports.amounts() == {"a": Decimal("1.5"), "c": Decimal(3)}  # of the 2nd it does not speak; the 3rd it says is empty
    assert touched_days(newer, database=database) == {FIRST, THIRD}
    told = [(one.day.day, Path(one.uri).name, one.rows, one.counts) for one in versions(OCTOBER, {"costs"}, database=database)]
    assert told == [
        (1, "first", 2, False),
        (1, "second", 1, True),
        (2, "first", 1, True),
        (3, "first", 1, False),
        (3, "second", 0, True),
    ]
    replaced = [one for one in versions(day_of(FIRST), {"costs"}, database=database) if not one.counts]
    assert [(one.superseded_since, one.ingested_at) for one in replaced] == [(NOW + timedelta(hours=2), NOW + timedelta(hours=1))]


def test_an_export_in_parts_counts_as_a_whole(exports: Exports) -> None:
    exports.land("part-1", {"01": {"a": "1"}})
    exports.land("part-2", {"02": {"b": "2"}})
    assert exports.amounts() == {"a": Decimal(1), "b": Decimal(2)}
    exports.land("part-1", {"01": {"a": "1.25", "x": "9"}})
    exports.land("part-2", {"02": {}, "03": {"c": "3"}})
    assert exports.amounts() == {"a": Decimal("1.25"), "x": Decimal(9), "c": Decimal(3)}


def test_every_file_of_an_append_source_counts(exports: Exports, database: Database) -> None:
    exports.land("first", {"01": {"a": "1"}})
    exports.land("second", {"01": {"a": "2"}})
    assert [one.counts for one in versions(OCTOBER, set(), database=database)] == [True, True]
    assert [one.counts for one in versions(OCTOBER, {"costs"}, database=database, source="costs")] == [False, True]
    assert versions(OCTOBER, {"costs"}, database=database, source="other") == []
