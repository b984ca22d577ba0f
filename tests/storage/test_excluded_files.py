"""Files that `exclude` names: not read, and out of the count with all that they replaced back in it; and in again without it."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from crash_world import SOURCES

from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words, excludes, overruled
from usage_pipeline.storage.ingest import ingest, landed_rows, touched_days
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.versions import versions
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.computed_days import ComputedDay, reason_of
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'usage.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.migrate()
    yield opened
    opened.close()


class House:
    """One source; each reading an hour after the one before."""

    def __init__(self, lake: Lake, database: Database, folder: Path, kind: str = "costs") -> None:
        self.lake, self.database, self.folder, self.kind = lake, database, folder, kind
        self.hours = 0
        (folder / "landing").mkdir()

    def land(self, name: str, content: str | dict[str, dict[str, str]]) -> None:
        """{'01': {'charge id': 'amount'}} as a page of that day, or a text; newer than those before."""
        if not isinstance(content, str):
            buckets = [
                {"day": f"2026-10-{day}", "results": [{"id": key, "amount": one} for key, one in rows.items()]}
                for day, rows in content.items()
            ]
            content = json.dumps({"data": buckets})
        path = self.folder / "landing" / name
        path.write_text(content)
        self.hours += 1
        os.utime(path, ((NOW + timedelta(hours=self.hours)).timestamp(),) * 2)

    def read(self, *exclude: str) -> list[str]:
        """The names of the files that were read."""
        self.hours += 1
        return [Path(one.uri).name for one in self.ingest(*exclude)]

    def ingest(self, *exclude: str) -> list[IngestedFile]:
        place: dict[str, Any] = {"lake": self.lake, "database": self.database, "engine": self.lake.engine, "stage": self.folder / "stage"}
        patterns = [f"{self.folder}/landing/{one}" for one in exclude]
        return ingest("costs", SOURCES[self.kind], f"{self.folder}/landing/*", now=self.now, exclude=patterns, **place)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(hours=self.hours)

    def amounts(self) -> dict[str, Decimal]:
        rows = landed_rows(charges, OCTOBER, lake=self.lake, database=self.database).to_pyarrow().to_pylist()
        assert len({row["charge_id"] for row in rows}) == len(rows)
        return {row["charge_id"]: row["billed_cost"] for row in rows}

    def told(self) -> list[tuple[int, str, bool, bool]]:
        """Day, file, whether it counts and whether it is left out."""
        found = versions(OCTOBER, {"costs"}, database=self.database)
        return [(one.day.day, Path(one.uri).name, one.counts, one.excluded_at is not None) for one in found]

    def marked(self) -> dict[str, bool]:
        return {Path(row.uri).name: row.excluded_at is not None for row in self.database.select(ingested_files)}


@pytest.fixture
def house(lake: Lake, ledger: Database, tmp_path: Path) -> House:
    return House(lake, ledger, tmp_path)


def test_a_file_that_was_read_is_left_out_and_let_in_again(house: House) -> None:
    house.land("good", {"01": {"a": "1", "b": "2"}, "02": {"c": "3"}})
    house.land("wrong", {"01": {"a": "100"}})
    assert house.read() == ["good", "wrong"]
    assert house.amounts() == {"a": Decimal(100), "c": Decimal(3)}

    assert house.read("wron?") == []
    assert house.amounts() == {"a": Decimal(1), "b": Decimal(2), "c": Decimal(3)}
    assert house.told() == [(1, "good", True, False), (1, "wrong", False, True), (2, "good", True, False)]
    out_since = house.now

    (house.folder / "landing" / "wrong").unlink()  # the landing is pruned: nothing changes
    assert house.read("wron?") == []
    assert house.marked() == {"good": False, "wrong": True}
    (row,) = (one for one in house.database.select(ingested_files) if one.excluded_at)
    assert (row.excluded_at, row.changed_at, row.readmitted_at) == (out_since, out_since, None)
    assert touched_days([row], database=house.database) == {FIRST}

    assert house.read() == [], "nothing is read anew"
    assert house.amounts() == {"a": Decimal(100), "c": Decimal(3)}
    (row,) = (one for one in house.database.select(ingested_files) if one.readmitted_at)
    assert (row.excluded_at, row.changed_at) == (None, house.now)


def test_what_is_left_out_before_it_is_read_is_not_read_until_the_pattern_goes(house: House) -> None:
    house.land("good", {"01": {"a": "1"}})
    house.land("other", {"01": {"a": "2"}, "02": {"x": "5"}})
    assert house.read("o*") == ["good"]
    assert house.amounts() == {"a": Decimal(1)}
    assert house.marked() == {"good": False}
    assert house.read() == ["other"]
    assert house.amounts() == {"a": Decimal(2), "x": Decimal(5)}


def test_what_a_file_became_while_it_was_left_out_is_read_afterwards(house: House) -> None:
    house.land("bill", {"01": {"a": "1"}})
    house.read()
    house.land("bill", {"01": {"a": "1.5"}})
    assert house.read("bill") == []
    assert house.amounts() == {}
    assert house.read() == ["bill"]
    assert house.amounts() == {"a": Decimal("1.5")}


def test_content_that_another_file_holds_counts_on_as_old_as_that_one_is(house: House) -> None:
    house.land("october", {"01": {"a": "1"}})
    house.read()
    house.land("corrected", {"01": {"a": "2"}})
    house.read()
    house.land("again", {"01": {"a": "1"}})
    house.read()
    assert house.amounts() == {"a": Decimal(1)}, "the oldest content came back, and is the newest word"
    house.read("again")
    assert house.amounts() == {"a": Decimal(2)}, "its first file is older than the correction"
    house.read("corrected")
    assert house.amounts() == {"a": Decimal(1)}
    house.read("october", "corrected")
    assert house.amounts() == {"a": Decimal(1)}
    assert [(name, counts) for _, name, counts, _ in house.told()] == [("corrected", False), ("again", True)]
    house.read("october", "corrected", "again")
    assert house.amounts() == {}
    assert counted_words(house.database) == []


def test_a_file_that_came_again_under_another_name_is_not_left_out_with_the_first(house: House) -> None:
    house.land("wrong", {"01": {"a": "1"}})
    house.read()
    house.read("wrong")
    assert house.amounts() == {}
    house.land("right", {"01": {"a": "1"}})
    assert house.read("wrong") == ["right"]
    assert house.amounts() == {"a": Decimal(1)}
    assert house.marked() == {"wrong": True, "right": False}


def log_line(key: str) -> str:
    return json.dumps({"id": key, "at": "2026-10-01T09:00:00Z", "input": "1"}) + "\n"


class Log(House):
    def lines(self) -> list[str]:
        rows = landed_rows(usage_events, OCTOBER, lake=self.lake, database=self.database).to_pyarrow().to_pylist()
        return sorted(row["event_id"] for row in rows)

    def overruled(self, *exclude: str) -> tuple[list[str], list[str]]:
        is_out = excludes([f"{self.folder}/landing/{one}" for one in exclude])
        counted, left = overruled(self.database.select(ingested_files), is_out)
        return [Path(uri).name for uri in counted], [Path(uri).name for uri in left]


@pytest.fixture
def log(lake: Lake, ledger: Database, tmp_path: Path) -> Log:
    """Two files, the second with a line of the first, and one that does not read."""
    log = Log(lake, ledger, tmp_path, "log")
    log.land("app", log_line("r1") + log_line("r2"))
    log.land("more", log_line("r2") + log_line("r3"))
    log.land("broken", "no line\n")
    log.read()
    return log


def test_a_log_is_not_taken_apart_and_its_next_files_are_not_read(log: Log) -> None:
    log.land("app2", log_line("r4"))
    assert log.read("app*", "broken") == []
    assert log.lines() == ["r1", "r2", "r3"]
    assert log.marked() == {"app": False, "more": False, "broken": True}, "what gave no row can go"
    assert log.overruled("app*", "broken") == (["app"], [])


def test_a_log_goes_as_a_whole_and_comes_back(log: Log) -> None:
    assert log.read("*") == []
    assert (log.lines(), log.overruled("*")) == ([], ([], []))
    assert log.marked() == {"app": True, "more": True, "broken": True}
    assert {one.excluded_at is not None for one in versions(OCTOBER, set(), database=log.database)} == {True}
    log.read()
    assert (log.lines(), log.overruled()) == (["r1", "r2", "r3"], ([], []))


def test_a_log_that_is_left_out_does_not_come_back_beside_files_that_took_its_place(log: Log) -> None:
    log.read("*")
    log.land("anew", log_line("r1") + log_line("r5"))
    assert log.read("app", "more", "broken") == ["anew"]
    assert log.lines() == ["r1", "r5"]
    assert log.read() == []
    assert (log.lines(), log.overruled()) == (["r1", "r5"], ([], ["app", "more"]))
    log.read("*")
    assert log.lines() == []
    log.read()
    assert (log.lines(), log.overruled()) == (["r1", "r5"], ([], ["app", "more"])), "as it was before the last pattern"


def test_what_a_pattern_names_is_not_let_in_beside_files_that_went_before(log: Log) -> None:
    log.read("app", "more", "broken")
    log.land("anew", log_line("r5"))
    assert log.read("app", "more", "broken") == ["anew"]
    log.read("*")
    assert log.lines() == []
    assert log.read("anew") == []
    assert (log.lines(), log.overruled("anew")) == ([], ([], ["app", "more"])), "all stay out"
    log.read("app", "more")
    assert log.lines() == ["r5"], "those that went last come back alone"


def test_files_that_went_together_do_not_come_back_in_part(log: Log) -> None:
    log.read("*")
    assert log.read("more") == []
    assert (log.lines(), log.overruled("more")) == ([], ([], ["app"]))


def test_patterns_are_those_of_paths() -> None:
    is_out = excludes(["/landing/aws/**/*-0000[3-9].csv", "s3://bills/2026/*/old.csv", "/landing/ana@example.org.csv"], "key")
    assert is_out("/landing/aws/data/BILLING_PERIOD=2026-10/cur-00003.csv")
    assert not is_out("/landing/aws/data/cur-00002.csv")
    assert is_out("s3://bills/2026/10/old.csv")
    assert not is_out("s3://bills/2026/10/11/old.csv")
    assert is_out("/landing/ana@example.org.csv")
    assert not is_out("/landing/eva@example.org.csv")
    assert not excludes(())("/landing/any")


def test_a_file_with_a_name_in_it_is_left_out_after_it_is_gone(house: House) -> None:
    house.land("ana@example.org.csv", {"01": {"a": "1"}})
    house.read()
    (house.folder / "landing" / "ana@example.org.csv").unlink()
    house.read("ana@example.org.csv")
    assert house.amounts() == {}


def test_the_ledger_of_computed_days_says_why() -> None:
    before = ComputedDay(day=FIRST, run_id="r", computed_at=NOW, because="", settings="s", price_book="b")

    def file(name: str, **more: datetime) -> IngestedFile:
        common: dict[str, Any] = {"size_bytes": 1, "lines": 1, "accepted": 1, "duplicates": 0, "rejected": 0, "state": "read"}
        times = {"modified_at": NOW, "ingested_at": NOW - timedelta(hours=2)} | more
        return IngestedFile(source="bill", uri=f"in/{name}", fingerprint=name, kind="k", **common, **times)

    later = NOW + timedelta(hours=1)
    files = [file("a.csv", excluded_at=later), file("b.csv", readmitted_at=later), file("c.csv"), file("d.csv", ingested_at=later)]
    assert reason_of(before, files, "s", "b") == "new: bill d.csv; excluded: bill a.csv; no longer excluded: bill b.csv"
    both = file("e.csv", ingested_at=later, excluded_at=later)
    assert reason_of(before, [both], "s", "b") == "excluded: bill e.csv"
    assert reason_of(before, [file("f.csv", excluded_at=NOW - timedelta(hours=1))], "s", "b").startswith("asked for")
