"""Fewer hours than were told before took a day's place: told, and the month stays open."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

from sample_world import World

from usage_pipeline.defs.replaced_hours import PartDay, part_days
from usage_pipeline.periods import day_of
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.ingested_files import IngestedDay

DAY = date(2026, 10, 1)
MIDNIGHT = 1790812800
COMPLETIONS = "organization.usage.completions.result"


def word(scope: str, minute: int, rows: int = 1) -> IngestedDay:
    moment = datetime(2026, 11, 1, 9, minute, tzinfo=UTC)
    return IngestedDay(source="usage", fingerprint=f"{minute}", day=DAY, snapshot_scope=scope, rows=rows, modified_at=moment)


def hours(first: int, end: int, minute: int) -> list[IngestedDay]:
    return [word(f"{COMPLETIONS} > 3600 s > {hour:02}:00:00", minute) for hour in range(first, end)]


def test_fewer_hours_than_the_day_they_replaced() -> None:
    assert part_days([word(COMPLETIONS, 1), *hours(0, 12, 2)]) == [PartDay("usage", DAY, 12 * 3600, 24 * 3600)]
    assert PartDay("usage", DAY, 12 * 3600 + 60, 24 * 3600).words == "usage, 2026-10-01: 12 h 1 min of the day took the place of 24 h"


def test_whole_days_hours_alone_and_other_deliveries_are_none() -> None:
    assert part_days([word(COMPLETIONS, 1), *hours(0, 12, 2), *hours(12, 24, 3)]) == []
    assert part_days([*hours(0, 12, 1), *hours(3, 5, 2)]) == []
    assert part_days([*hours(0, 12, 1), word(COMPLETIONS, 2)]) == []
    assert part_days([word(COMPLETIONS, 1, rows=0), *hours(0, 12, 2)]) == []
    assert part_days([word("account > one > part_1", 1), word("account > two > part_1", 2)]) == []


def test_a_page_of_twelve_hours_after_a_day_blocks(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    result = {"object": COMPLETIONS, "model": "gpt-5.6-terra", "input_tokens": 5, "output_tokens": 1, "num_model_requests": 1}
    for minute, (name, width, count) in enumerate((("day.json", 86400, 1), ("hours.json", 3600, 12))):
        data = [
            {"object": "bucket", "start_time": MIDNIGHT + at * width, "end_time": MIDNIGHT + (at + 1) * width, "results": [result]}
            for at in range(count)
        ]
        path = tmp_path / "in" / name
        path.write_text(json.dumps({"object": "page", "data": data}))
        moment = datetime(2026, 11, 2, 9, minute, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
    config = tmp_path / "usage.yaml"
    config.write_text(
        "organisation: {name: Example Org, currency: USD}\nprojects: [{id: portal, name: Portal}]\n"
        'sources:\n  - {name: usage, kind: openai_usage, path: "in/*"}\n'
    )
    found = World(Home(tmp_path / "home"), config).findings(day_of(date(2026, 10, 1)))["replaced_hours"]
    assert (found.blocks, found.count) == (True, 1)
    assert found.words.startswith("usage, 2026-10-01: 12 h of the day took the place of 24 h. ")
