"""Privacy at the door, by canary: what people write, their addresses and their raw keys are nowhere in the home, whatever the source."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from planting import ADDRESS, MARK, PROMPT, RAW_KEY, WAYS, planted, texts_of

from usage_pipeline.errors import UsageError
from usage_pipeline.periods import Period
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.ingest import ingest, landed_rejects, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.landing import Landing
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.schema import TIMESTAMP
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAYS = Period(date(2015, 1, 1), date(2027, 1, 1))
SAMPLES = Path(__file__).parents[1] / "sources" / "samples"
KEY = "a key of more than sixteen characters"


class House:
    """A home, and what is read into it."""

    def __init__(self, folder: Path, hash_key: str | None) -> None:
        self.home = folder / "home"
        self.landing = folder / "landing"
        self.landing.mkdir()
        self.engine = connect(self.home / "scratch", hash_key=hash_key)
        self.lake = Lake(self.home / "lake", self.engine)
        self.database = Database(f"sqlite:///{self.home / 'usage.db'}")
        self.database.migrate()

    def read(self, name: str, source: Source) -> dict[str, int]:
        place: dict[str, Any] = {"lake": self.lake, "database": self.database, "engine": self.engine, "stage": self.home / "scratch" / "s"}
        files = ingest(name, source, f"{self.landing}/{name}/*", now=NOW, **place)
        assert all(one.lines == one.accepted + one.duplicates + one.rejected for one in files)
        self.files = files
        return {part: sum(getattr(one, part) for one in files) for part in ("lines", "accepted", "rejected")}

    def told(self) -> Iterator[tuple[str, str]]:
        """Everything in the home as text: file, and what it holds."""
        for file in sorted(self.home.rglob("*")):
            if file.is_file():
                for text in texts_of(file):
                    yield str(file.relative_to(self.home)), text
        with closing(sqlite3.connect(self.home / "usage.db")) as database:
            yield "usage.db", "\n".join(database.iterdump())

    def leaks(self) -> list[str]:
        found = []
        for name, text in self.told():
            place = text.casefold().find(MARK)
            if place >= 0:
                found.append(f"{name}: {text[max(0, place - 120) : place + 80]}")
        return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path, KEY)
    yield opened
    opened.database.close()


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.kind)
def test_no_canary_gets_into_the_home(source: Source, house: House) -> None:
    """All ways in at once: what an ingest costs is to be put together, not to be run."""
    folder = house.landing / "planted"
    folder.mkdir()
    for path in sorted((SAMPLES / source.kind / "input").iterdir()):
        for way in WAYS:
            (folder / f"{way}_{path.name}").write_bytes(planted(path, source, way))
    assert any(MARK in text.casefold() for file in folder.iterdir() for text in texts_of(file))
    numbers = house.read("planted", source)
    accepted = {way: sum(one.accepted for one in house.files if Path(one.uri).name.startswith(way)) for way in WAYS}
    assert numbers["lines"] > 0
    assert accepted["names"] > 0
    assert accepted["texts"] > 0
    assert house.leaks() == []


def to_events(records: ir.Table) -> ir.Table:
    """A source that hides nothing: what is left to the guard behind it."""
    return records.select(
        "source_file",
        "source_line",
        reject=ibis.ifelse(records.at.isnull(), "missing_time", ibis.null("string")),
        event_id=records.id,
        view=ibis.literal("log"),
        started_at=records.at.try_cast(TIMESTAMP),
        status=ibis.literal("success"),
        channel=records.word,
        api_key=records.word,
        principal=records.word,
        conversation=records.word,
        tags=records.tags,
        request_tags=ibis.array([records.word, ibis.literal("a:b")]),
    )


OPEN = Source(
    kind="open",
    title="",
    documentation="",
    format=Format.JSON_LINES,
    table=usage_events,
    fields={name: name for name in ("id", "at", "word", "tags")},
    to_rows=to_events,
)


def lines(*texts: str) -> str:
    return "\n".join(
        json.dumps(
            {"id": f"{text}-{number}", "at": "2026-10-01" if number else None, "word": text, "tags": {text: "x", "y": text, "z": "ok"}}
        )
        for text in texts
        for number in range(2)
    )


@pytest.mark.parametrize("hash_key", [KEY, None], ids=["keyed", "dropped"])
def test_the_guard_behind_the_sources_lets_nothing_through(tmp_path: Path, hash_key: str | None) -> None:
    house = House(tmp_path, hash_key)
    (house.landing / "logs").mkdir()
    (house.landing / "logs" / "a.jsonl").write_text(lines(ADDRESS, RAW_KEY, f"Ana <{ADDRESS}>", f"Bearer {RAW_KEY}", "harmless"))
    assert house.read("logs", OPEN) == {"lines": 10, "accepted": 5, "rejected": 5}
    assert house.leaks() == []
    rows = landed_rows(usage_events, DAYS, lake=house.lake, database=house.database).to_pyarrow().to_pylist()
    assert len({row["event_id"] for row in rows}) == 5
    found = sorted(str(row["api_key"]) for row in rows)
    if hash_key is None:
        assert found == ["None", "None", "None", "None", "harmless"]
    else:
        assert [text[:7] for text in found] == ["harmles", "key-" + found[1][4:7], "key-" + found[1][4:7], "person-", "person-"]
        assert found[1] == found[2]
        assert found[3] == found[4]
    (plain,) = [row for row in rows if row["event_id"] == "harmless-1"]
    assert (plain["conversation"], plain["tags"], plain["request_tags"]) == (
        "harmless",
        '{"harmless":"x","y":"harmless","z":"ok"}',
        ["harmless", "a:b"],
    )
    rejected = landed_rejects(DAYS, lake=house.lake, database=house.database).to_pyarrow().to_pylist()
    assert any("harmless" in str(row["text"]) for row in rejected)
    house.database.close()


@pytest.mark.parametrize("hash_key", [KEY, None], ids=["keyed", "plain"])
def test_names_of_files_tell_nobody_and_are_known_again(tmp_path: Path, hash_key: str | None) -> None:
    house = House(tmp_path, hash_key)
    folder = house.landing / "logs" / f"of {ADDRESS}"
    folder.mkdir(parents=True)
    for number, name in enumerate((f"{ADDRESS}.jsonl", f"export_{RAW_KEY}.jsonl", f"{ADDRESS}-2.jsonl", "plain.jsonl")):
        (folder / name).write_text(json.dumps({"id": f"{number}", "at": "2026-10-01", "word": "x"}) + "\n{broken\n")
    (folder / f"link {ADDRESS}.jsonl").symlink_to(f"link {ADDRESS}.jsonl")
    landing = Landing(hash_key=hash_key)
    place: dict[str, Any] = {"lake": house.lake, "database": house.database, "engine": house.engine, "stage": house.home / "scratch" / "s"}
    for expected in ([(2, 1, 1, "read")] * 4 + [(1, 0, 1, "unreadable")], []):
        files = ingest("logs", OPEN, f"{house.landing}/logs/*/*", now=NOW, landing=landing, **place)
        assert sorted(((one.lines, one.accepted, one.rejected, one.state) for one in files), reverse=True) == expected
    assert house.leaks() == []
    uris = {one.uri for one in house.database.select(ingested_files)}
    assert len(uris) == 5
    assert all("/of person-" in uri for uri in uris)
    house.database.close()


def test_an_error_of_the_engine_quotes_no_line(house: House) -> None:
    (house.landing / "logs").mkdir()
    (house.landing / "logs" / "a.jsonl").write_text(json.dumps({"id": "1", "at": PROMPT, "word": "x"}))
    careless = Source(**{**vars(OPEN), "to_rows": lambda records: to_events(records.mutate(at=records.at.cast(TIMESTAMP).cast("string")))})
    with pytest.raises(UsageError) as raised:
        house.read("logs", careless)
    assert MARK not in str(raised.value).casefold()
    assert str(raised.value).startswith("logs: the engine stopped while reading ")
    assert raised.value.__suppress_context__
    assert house.leaks() == []
