"""Usage in buckets shorter than a day: pages stand side by side, each bucket replaces itself, a day and its hours never add up."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from usage_pipeline.periods import Period
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.ingested_files import ingested_days
from usage_pipeline.tables.usage_events import usage_events

MIDNIGHT = datetime(2026, 10, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
HOURS = [100 + hour for hour in range(24)]
"""Input tokens of each hour: 2,676 a day."""

KINDS = ("openai_usage", "openai_usage_csv", "anthropic_usage")
Bucket = tuple[datetime, datetime, int | None]


def openai_page(buckets: list[Bucket]) -> str:
    result = {"object": "organization.usage.completions.result", "model": "gpt-5.6-terra", "output_tokens": 0, "num_model_requests": 1}
    data = [
        {
            "object": "bucket",
            "start_time": int(start.timestamp()),
            "end_time": int(end.timestamp()),
            "results": [] if tokens is None else [{**result, "input_tokens": tokens}],
        }
        for start, end, tokens in buckets
    ]
    return json.dumps({"object": "page", "data": data})


def openai_csv(buckets: list[Bucket]) -> str:
    lines = ["start_time,end_time,start_time_iso,end_time_iso,num_model_requests,model,input_tokens,output_tokens"]
    for start, end, tokens in buckets:
        rest = ",,," if tokens is None else f"1.0,gpt-5.6-terra,{tokens}.0,0.0"
        lines.append(f"{int(start.timestamp())},{int(end.timestamp())},{start.isoformat()},{end.isoformat()},{rest}")
    return "\n".join(lines) + "\n"


def anthropic_page(buckets: list[Bucket]) -> str:
    result = {"model": "claude-opus-5", "output_tokens": 0, "service_tier": "standard"}
    data = [
        {
            "starting_at": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "ending_at": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "results": [] if tokens is None else [{**result, "uncached_input_tokens": tokens}],
        }
        for start, end, tokens in buckets
    ]
    return json.dumps({"data": data, "has_more": False, "next_page": None})


WRITERS = {"openai_usage": openai_page, "openai_usage_csv": openai_csv, "anthropic_usage": anthropic_page}


def hourly(*tokens: int | None, first: int = 0, width: timedelta = timedelta(hours=1)) -> list[Bucket]:
    start = MIDNIGHT + first * width
    return [(start + at * width, start + (at + 1) * width, one) for at, one in enumerate(tokens)]


class Pages:
    """Pages of one source that land one after the other."""

    def __init__(self, kind: str, lake: Lake, database: Database, folder: Path) -> None:
        self.kind, self.lake, self.database, self.folder, self.landed = kind, lake, database, folder, 0

    def land(self, buckets: list[Bucket]) -> None:
        self.landed += 1
        path = self.folder / f"page{self.landed}.txt"
        path.write_text(WRITERS[self.kind](buckets))
        moment = NOW + timedelta(minutes=self.landed)
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        place: dict[str, Any] = {
            "lake": self.lake,
            "database": self.database,
            "engine": self.lake.engine,
            "stage": self.folder.parent / "stage",
        }
        files = ingest("usage", SOURCES[self.kind], f"{self.folder}/*.txt", now=moment, **place)
        assert [one.rejected for one in files] == [0] * len(files)

    def tokens(self) -> int:
        rows = landed_rows(usage_events, OCTOBER, lake=self.lake, database=self.database).to_pyarrow().to_pylist()
        assert len({row["event_id"] for row in rows}) == len(rows)
        return sum(row["input"] for row in rows)


@pytest.fixture(params=KINDS)
def pages(request: pytest.FixtureRequest, lake: Lake, database: Database, tmp_path: Path) -> Pages:
    folder = tmp_path / "pages"
    folder.mkdir()
    return Pages(request.param, lake, database, folder)


def test_two_pages_of_24_hours_sum_to_all_and_each_hour_replaces_itself(pages: Pages) -> None:
    pages.land(hourly(*HOURS[:12]))
    pages.land(hourly(*HOURS[12:], first=12))
    assert pages.tokens() == sum(HOURS) == 2676
    spoken = pages.database.select(ingested_days)
    assert sorted(one.snapshot_scope.split(" > ", 1)[1] for one in spoken) == [f"3600 s > {hour:02}:00:00" for hour in range(24)]
    pages.land(hourly(1000, None, first=11))  # 11:00 restated, 12:00 empty by now
    assert pages.tokens() == 2676 - HOURS[11] + 1000 - HOURS[12]


def test_a_day_as_one_and_the_same_day_by_the_hour_replace_each_other(pages: Pages) -> None:
    day = timedelta(days=1)
    pages.land(hourly(5000, 700, width=day))
    pages.land(hourly(*HOURS[:12]))
    pages.land(hourly(*HOURS[12:], first=12))
    assert pages.tokens() == 2676 + 700
    pages.land(hourly(5001, width=day))
    assert pages.tokens() == 5001 + 700
    pages.land(hourly(*[1] * 1440, width=timedelta(minutes=1)))
    assert pages.tokens() == 1440 + 700
