"""Landing → shards: every version of a file is read once, every line is accounted for, and only what the ledger names counts."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import Period, day_of, inclusive
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.logs import litellm
from usage_pipeline.storage import ingest as ingest_module
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, landed_rejects, landed_rows, touched_days
from usage_pipeline.storage.ingest_batch import Batch, Numbers, _check
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.versions import versions
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_days, ingested_files
from usage_pipeline.tables.rejected_lines import REASONS
from usage_pipeline.tables.schema import TIMESTAMP
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
OCTOBER = Period(FIRST, date(2026, 11, 1))
BROKEN = Path(__file__).parent / "broken"

Run = Callable[..., list[IngestedFile]]


def to_events(records: ir.Table) -> ir.Table:
    """A log of {"id", "at", "tokens"}."""
    return records.select(
        "source_file",
        "source_line",
        reject=ibis.ifelse(records.id.isnull(), "missing_id", ibis.null("string")),
        event_id=records.id,
        view=ibis.literal("log"),
        started_at=records.at.try_cast(TIMESTAMP),
        status=ibis.literal("success"),
        channel=ibis.literal("openai"),
        input=records.tokens.try_cast("int64"),
    )


LOG = Source(
    kind="log",
    title="Log",
    documentation="",
    format=Format.JSON_LINES,
    table=usage_events,
    fields={"id": "id", "at": "at", "tokens": "tokens"},
    to_rows=to_events,
)


def to_charges(records: ir.Table) -> ir.Table:
    """Pages of {"day", "results": [{"id", "amount"}]}."""
    return records.select(
        "source_file",
        "source_line",
        reject=ibis.ifelse(records.amount == "bad", "bad_amount", ibis.null("string")),
        charge_id=records.id,
        channel=ibis.literal("openai"),
        names_project=ibis.literal(value=False),
        category=ibis.literal("Usage"),
        period_start=records.start.try_cast(TIMESTAMP),
        meter=ibis.literal("input"),
        billed_cost=records.amount.try_cast("decimal(38,15)"),
        currency=ibis.literal("USD"),
        amount_text=records.amount,
        finality=ibis.literal("final"),
        snapshot_scope=ibis.literal(""),
    )


def covered(records: ir.Table) -> ir.Table:
    return records.select("source_file", day=records.start.try_cast("date"), snapshot_scope=ibis.literal("")).distinct()


BILL = Source(
    kind="bill",
    title="Bill",
    documentation="",
    format=Format.BUCKET_PAGES,
    table=charges,
    fields={"start": "bucket.day", "id": "result.id", "amount": "result.amount"},
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def run(lake: Lake, database: Database, landing: Path, tmp_path: Path) -> Run:
    def run_it(source: Source = LOG, name: str = "logs", *, now: datetime = NOW, **more: Any) -> list[IngestedFile]:
        return ingest(
            name,
            source,
            f"{landing}/**/*",
            lake=lake,
            database=database,
            engine=lake.engine,
            stage=tmp_path / "stage",
            now=now,
            **more,
        )

    return run_it


def put(path: Path, content: str, minute: int = 0) -> Path:
    path.write_text(content)
    time = (NOW + timedelta(minutes=minute)).timestamp()
    os.utime(path, (time, time))
    return path


def line(name: str | None, at: str = "2026-10-01T12:00:00", tokens: int = 1) -> str:
    return json.dumps({"id": name, "at": at, "tokens": tokens}) + "\n"


def page(**days: dict[str, str]) -> str:
    """day='2026-10-01' as d01={"charge id": "amount"}."""
    return json.dumps(
        {
            "data": [
                {"day": f"2026-10-{name[1:]}", "results": [{"id": id_, "amount": amount} for id_, amount in results.items()]}
                for name, results in days.items()
            ]
        }
    )


def numbers(files: list[IngestedFile]) -> list[tuple[str, int, int, int, int, str]]:
    return [(Path(one.uri).name, one.lines, one.accepted, one.duplicates, one.rejected, one.state) for one in files]


def events(lake: Lake, database: Database, days: Period = OCTOBER) -> list[tuple[str, int]]:
    rows = landed_rows(usage_events, days, lake=lake, database=database)
    usage_events.check(rows)
    return sorted((row["event_id"], row["input"]) for row in rows.to_pyarrow().to_pylist())


def bill(lake: Lake, database: Database, days: Period = OCTOBER) -> dict[str, Decimal]:
    rows = landed_rows(charges, days, lake=lake, database=database)
    charges.check(rows)
    listed = rows.to_pyarrow().to_pylist()
    assert len({row["charge_id"] for row in listed}) == len(listed)
    return {row["charge_id"]: row["billed_cost"] for row in listed}


def test_lines_are_accepted_rejected_or_duplicates(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", line("1") + line("2", "2026-10-02T00:00:00") + line(None) + "torn\n" + line("1", tokens=9), 0)
    put(landing / "b", line("2", "2026-10-02T23:59:59.999", tokens=9) + line("3"), 1)
    read = run()
    assert numbers(read) == [("a", 5, 2, 1, 2, "read"), ("b", 2, 1, 1, 0, "read")]
    assert events(lake, database) == [("1", 1), ("2", 1), ("3", 1)]
    assert events(lake, database, day_of(SECOND)) == [("2", 1)]
    assert touched_days(read, database=database) == {FIRST, SECOND}
    assert database.select(ingested_files) == read


def test_the_same_again_opens_nothing(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    file = put(landing / "a", line("1"))
    run()
    times = file.stat()
    file.write_text(line("x"))  # other content behind the same size and time: it is not looked at
    os.utime(file, ns=(times.st_mtime_ns, times.st_mtime_ns))
    assert run() == []
    assert events(lake, database) == [("1", 1)]


def test_copy_adds_nothing(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", line("1") + line(None))
    put(landing / "b", line("1") + line(None), 1)
    assert numbers(run()) == [("a", 2, 1, 0, 1, "read"), ("b", 2, 0, 2, 0, "copy")]
    put(landing / "c", line("1") + line(None), 2)
    assert numbers(run()) == [("c", 2, 0, 2, 0, "copy")]
    assert run() == []
    assert events(lake, database) == [("1", 1)]
    assert landed_rejects(day_of(NOW.date()), lake=lake, database=database).count().to_pyarrow().as_py() == 1


def test_content_of_another_source_is_no_copy(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", line("1"))
    run(name="one")
    assert numbers(run(name="two")) == [("a", 1, 1, 0, 0, "read")]
    assert events(lake, database) == [("1", 1), ("1", 1)]


def test_file_that_grew_gives_its_new_lines(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", line("1"))
    run()
    put(landing / "a", line("1") + line("2"), 1)
    assert numbers(run()) == [("a", 2, 1, 1, 0, "read")]
    assert events(lake, database) == [("1", 1), ("2", 1)]


def test_file_with_a_new_time_alone_is_read_no_more(run: Run, landing: Path, database: Database) -> None:
    put(landing / "a", line("1"))
    run()
    put(landing / "a", line("1"), 5)
    assert run() == []
    (row,) = database.select(ingested_files)
    assert row.modified_at == NOW + timedelta(minutes=5)
    assert row.accepted == 1


def test_many_small_files_are_few_parts(run: Run, landing: Path, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        put(landing / f"{number:02}", line(str(number % 30), tokens=number), number)
    monkeypatch.setattr(ingest_module, "BATCH_FILES", 25)
    told: list[tuple[int, int, int]] = []
    read = run(progress=lambda *given: told.append(given))
    assert told == [(25, 40, 25), (40, 40, 40)]
    assert [one.accepted for one in read] == [1] * 30 + [0] * 10
    assert len(lake.parts("usage_shards")) == 2
    assert events(lake, database) == sorted((str(number), number) for number in range(30))


def test_shards_that_the_ledger_does_not_name_do_not_count(
    run: Run, landing: Path, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(landing / "a", line("1") + line(None))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "_enter", die)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert len(lake.parts("usage_shards")) == 1
    assert events(lake, database) == []
    assert landed_rejects(day_of(NOW.date()), lake=lake, database=database).count().to_pyarrow().as_py() == 0
    put(landing / "b", line("1", tokens=7) + line("2"), -1)
    assert numbers(run()) == [("b", 2, 2, 0, 0, "read"), ("a", 2, 0, 1, 1, "read")]
    assert events(lake, database) == [("1", 7), ("2", 1)]


def test_ingest_after_a_crash_counts_nothing_of_what_it_left(
    run: Run, landing: Path, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(landing / "a", line("1"))
    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "_enter", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run()
    run()
    assert len(lake.parts("usage_shards")) == 2
    assert events(lake, database) == [("1", 1)]


@pytest.mark.parametrize("step", ["_sorted_out", "_read", "_enter"])
def test_two_ingests_side_by_side_count_once(
    run: Run, landing: Path, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """One comes between the other's listing and its next step."""
    put(landing / "a", line("1"))
    put(landing / "b", line("2"), 1)
    undisturbed = getattr(ingest_module, step)

    def overtaken(*given: Any) -> Any:
        monkeypatch.setattr(ingest_module, step, undisturbed)
        (landing / "b").rename(landing.parent / "away")
        assert numbers(run()) == [("a", 1, 1, 0, 0, "read")]
        (landing.parent / "away").rename(landing / "b")
        return undisturbed(*given)

    monkeypatch.setattr(ingest_module, step, overtaken)
    assert numbers(run()) == [("b", 1, 1, 0, 0, "read")]
    assert events(lake, database) == [("1", 1), ("2", 1)]


def test_two_ingests_of_different_files_with_one_key_count_it_once(
    run: Run, landing: Path, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(landing / "a", line("1", tokens=3) + line("2"))
    enter = ingest_module._enter

    def overtaken(*given: Any) -> set[str] | None:
        monkeypatch.setattr(ingest_module, "_enter", enter)
        (landing / "a").rename(landing.parent / "away")
        put(landing / "b", line("1", tokens=4) + line("3"), 1)
        assert numbers(run()) == [("b", 2, 2, 0, 0, "read")]
        (landing.parent / "away").rename(landing / "a")
        return enter(*given)

    monkeypatch.setattr(ingest_module, "_enter", overtaken)
    assert numbers(run()) == [("a", 2, 1, 1, 0, "read")]
    assert events(lake, database) == [("1", 4), ("2", 1), ("3", 1)]


def test_newest_file_speaks_for_a_day(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", page(d01={"1": "1.5", "2": "2"}, d02={"3": "3"}), 0)
    put(landing / "b", page(d02={"4": "4"}, d03={}), 1)
    assert numbers(run(BILL, "bill")) == [("a", 3, 3, 0, 0, "read"), ("b", 1, 1, 0, 0, "read")]
    assert bill(lake, database) == {"1": Decimal("1.5"), "2": Decimal(2), "4": Decimal(4)}
    put(landing / "c", page(d01={}), 2)
    (row,) = run(BILL, "bill")
    assert (row.lines, row.state) == (0, "read")
    assert touched_days([row], database=database) == {FIRST}
    assert bill(lake, database) == {"4": Decimal(4)}


def test_older_file_that_comes_later_changes_nothing(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "new", page(d01={"1": "2"}), 5)
    run(BILL, "bill")
    put(landing / "old", page(d01={"1": "1"}, d02={"2": "7"}), 1)
    run(BILL, "bill")
    assert bill(lake, database) == {"1": Decimal(2), "2": Decimal(7)}


def test_older_content_that_lands_again_is_the_newest_word(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", page(d01={"1": "1"}), 0)
    put(landing / "b", page(d01={"1": "2"}), 1)
    run(BILL, "bill")
    put(landing / "c", page(d01={"1": "1"}), 2)
    assert numbers(run(BILL, "bill")) == [("c", 1, 0, 1, 0, "copy")]
    assert bill(lake, database) == {"1": Decimal(1)}


def test_a_touch_of_an_older_file_is_no_newer_word(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", page(d01={"1": "1"}), 0)
    put(landing / "b", page(d01={"1": "2"}), 1)
    run(BILL, "bill")
    put(landing / "a", page(d01={"1": "1"}), 2)
    assert run(BILL, "bill") == []
    assert bill(lake, database) == {"1": Decimal(2)}
    look = {Path(row.uri).name: row.modified_at for row in database.select(ingested_files)}
    assert look == {"a": NOW + timedelta(minutes=2), "b": NOW + timedelta(minutes=1)}, "not opened again"
    put(landing / "c", page(d01={"1": "3"}), 1)
    run(BILL, "bill", now=NOW + timedelta(hours=1))
    assert bill(lake, database) == {"1": Decimal(3)}, "of two files of one time the one that was read later"


def test_a_file_that_goes_back_to_what_it_held_is_the_newest_word(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    for minute, amount in enumerate(("1", "2")):
        put(landing / "a", page(d01={"1": amount}), minute)
        run(BILL, "bill", now=NOW + timedelta(minutes=minute))
    put(landing / "a", page(d01={"1": "1"}), 2)
    back = run(BILL, "bill", now=NOW + timedelta(hours=1))
    assert numbers(back) == [("a", 1, 0, 1, 0, "copy")]
    assert touched_days(back, database=database) == {FIRST}
    assert bill(lake, database) == {"1": Decimal(1)}
    assert [row.state for row in database.select(ingested_files)] == ["read", "read"]
    told = versions(OCTOBER, {"bill"}, database=database)
    assert [(one.counts, one.superseded_since) for one in told] == [(False, NOW + timedelta(hours=1)), (True, None)]
    put(landing / "a", page(d01={"1": "1"}), 3)
    assert run(BILL, "bill") == []


@pytest.mark.parametrize("names", [("one", "two"), ("two", "one")])
def test_of_files_of_one_time_the_later_read_counts(
    run: Run, landing: Path, lake: Lake, database: Database, names: tuple[str, str]
) -> None:
    amounts = {"one": "1", "two": "2"}
    for hour, name in enumerate(names):
        put(landing / name, page(d01={"1": amounts[name]}), 0)
        run(BILL, "bill", now=NOW + timedelta(hours=hour))
    assert bill(lake, database) == {"1": Decimal(amounts[names[1]])}


def test_rejected_pull_erases_no_day(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", page(d01={"1": "1"}), 0)
    put(landing / "b", page(d01={"2": "bad"}), 1)
    put(landing / "c", '{"error": "no"}', 2)
    assert numbers(run(BILL, "bill"))[1:] == [("b", 1, 0, 0, 1, "read"), ("c", 1, 0, 0, 1, "read")]
    assert bill(lake, database) == {"1": Decimal(1)}


def test_same_key_twice_in_a_snapshot_file_is_a_duplicate(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    content = {"data": [{"day": "2026-10-01", "results": [{"id": "1", "amount": "5"}, {"id": "1", "amount": "6"}]}]}
    put(landing / "a", json.dumps(content), 0)
    put(landing / "b", page(d02={"1": "7"}), 1)
    assert numbers(run(BILL, "bill")) == [("a", 2, 1, 1, 0, "read"), ("b", 1, 1, 0, 0, "read")]
    assert bill(lake, database, day_of(FIRST)) == {"1": Decimal(5)}


def test_future_is_rejected_by_the_readers_clock(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", line("1", "2026-11-22T08:59:00") + line("2", "2026-11-22T09:01:00"))
    assert numbers(run()) == [("a", 2, 1, 0, 1, "read")]
    (reject,) = landed_rejects(day_of(NOW.date()), lake=lake, database=database).to_pyarrow().to_pylist()
    assert reject["reason"] == "time_out_of_range"
    assert json.loads(reject["text"]) == {"id": "2", "at": "2026-11-22T09:01:00", "tokens": "1"}
    assert (reject["source"], reject["source_line"], reject["uri"]) == ("logs", 2, str(landing / "a"))


def test_unreadable_file_is_told_once_and_tried_again(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    put(landing / "a", line("1"))
    loop = Path("/proc/self/mem")  # listed as a regular file, and reading its start fails
    (landing / "b").symlink_to(loop)
    assert numbers(run()) == [("a", 1, 1, 0, 0, "read"), ("b", 1, 0, 0, 1, "unreadable")]
    (reject,) = landed_rejects(day_of(NOW.date()), lake=lake, database=database).to_pyarrow().to_pylist()
    assert (reject["reason"], reject["source_line"], reject["uri"]) == ("unreadable_file", 0, str(landing / "b"))
    (landing / "b").unlink()
    put(landing / "b", line("2"), 1)
    assert numbers(run()) == [("b", 1, 1, 0, 0, "read")]
    assert events(lake, database) == [("1", 1), ("2", 1)]


def test_file_that_vanishes_after_it_was_hashed_is_unreadable(
    run: Run, landing: Path, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(landing / "a", line("1"))
    gone = put(landing / "b", line("2"), 1)
    write = ingest_module.write_batch

    def vanish(*given: Any, **more: Any) -> Any:
        gone.unlink(missing_ok=True)
        return write(*given, **more)

    monkeypatch.setattr(ingest_module, "write_batch", vanish)
    assert numbers(run()) == [("a", 1, 1, 0, 0, "read"), ("b", 1, 0, 0, 1, "unreadable")]
    assert events(lake, database) == [("1", 1)]


@pytest.mark.parametrize("wrong", [lambda rows: rows.limit(1), lambda rows: rows.union(rows)])
def test_line_that_a_source_loses_or_doubles_stops_everything(run: Run, landing: Path, database: Database, wrong: Any) -> None:
    put(landing / "a", line("1") + line("2"))
    source = Source(
        kind="log",
        title="",
        documentation="",
        format=LOG.format,
        table=usage_events,
        fields=LOG.fields,
        to_rows=lambda records: wrong(to_events(records)),
    )
    with pytest.raises(AccountingError, match="one row a record"):
        run(source)
    assert database.select(ingested_files) == []


def test_nothing_landed_is_nothing(run: Run, lake: Lake, database: Database) -> None:
    assert run() == []
    assert events(lake, database) == []
    assert bill(lake, database) == {}


def test_days_of_the_ledger(run: Run, landing: Path, database: Database) -> None:
    put(landing / "a", line("1") + line("2") + line("3", "2026-10-02"))
    (row,) = run()
    days = [(one.day, one.snapshot_scope, one.rows, one.fingerprint) for one in database.select(ingested_days)]
    assert days == [(FIRST, "", 2, row.fingerprint), (SECOND, "", 1, row.fingerprint)]


def test_intermediate_files_are_taken_away(run: Run, landing: Path, tmp_path: Path) -> None:
    put(landing / "a", line("1"))
    run()
    assert list((tmp_path / "stage").iterdir()) == []


def test_ledger_on_postgresql(lake: Lake, landing: Path, postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    database.migrate()

    def run_it() -> list[IngestedFile]:
        where = f"{landing}/*"
        return ingest("bill", BILL, where, lake=lake, database=database, engine=lake.engine, stage=tmp_path / "stage", now=NOW)

    put(landing / "a", page(d01={"1": "1"}), 0)
    put(landing / "b", page(d01={"1": "2"}, d02={}), 1)
    assert numbers(run_it()) == [("a", 1, 1, 0, 0, "read"), ("b", 1, 1, 0, 0, "read")]
    put(landing / "c", page(d01={"1": "1"}), 2)
    assert numbers(run_it()) == [("c", 1, 0, 1, 0, "copy")]
    assert run_it() == []
    assert bill(lake, database) == {"1": Decimal(1)}
    database.close()


EXPECTED_REASONS = {
    "date_1970.json": ["time_out_of_range", "time_out_of_range", "bad_time", "missing_time", "time_out_of_range"],
    "error.json": ["missing_id"],
    "error_page.json": ["not_json"] * 3,
    "latin_1.json": ["bad_encoding"],
    "long.json": ["line_too_long"],
    "missing_model.json": ["missing_model"],
    "negative_tokens.json": ["negative_quantity"],
    "torn.jsonl": ["not_json", "not_an_object", "missing_id", "bad_number"],
    "truncated.json.gz": ["truncated_file"],
}
EXPECTED_NUMBERS = [
    ("blank.json", 0, 0, 0, 0, "empty"),
    ("date_1970.json", 5, 0, 0, 5, "read"),
    ("empty.json", 0, 0, 0, 0, "empty"),
    ("error.json", 1, 0, 0, 1, "read"),
    ("error_page.json", 3, 0, 0, 3, "read"),
    ("latin_1.json", 2, 1, 0, 1, "read"),
    ("long.json", 3, 2, 0, 1, "read"),
    ("missing_model.json", 2, 1, 0, 1, "read"),
    ("negative_tokens.json", 2, 1, 0, 1, "read"),
    ("not_compressed.json.gz", 1, 1, 0, 0, "read"),
    ("torn.jsonl", 6, 1, 1, 4, "read"),
    ("truncated.json.gz", 21, 20, 0, 1, "read"),
    ("utf_16.json", 1, 1, 0, 0, "read"),
]


def test_broken_folder(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    for file in BROKEN.iterdir():
        shutil.copy(file, landing)
    whole = json.loads((landing / "not_compressed.json.gz").read_text())
    lines = [json.dumps(whole | {"id": f"long-{size}", "messages": "x" * size}) for size in (10_000_000, 40_000_000, 1)]
    (landing / "long.json").write_text("\n".join(lines))
    read = run(litellm.SOURCE, "gateway")
    assert sorted(numbers(read)) == EXPECTED_NUMBERS
    rejects = landed_rejects(day_of(NOW.date()), lake=lake, database=database).to_pyarrow().to_pylist()
    reasons: dict[str, list[str]] = {}
    for row in sorted(rejects, key=lambda row: (row["uri"], row["source_line"])):
        reasons.setdefault(Path(row["uri"]).name, []).append(row["reason"])
    assert reasons == EXPECTED_REASONS
    assert {reason for group in reasons.values() for reason in group} <= set(REASONS)
    texts = " ".join(row["text"] or "" for row in rejects)
    assert "secret" not in texts
    assert "ana@" not in texts
    assert '"prompt_tokens":"-5"' in texts
    rows = landed_rows(usage_events, inclusive(FIRST, NOW.date()), lake=lake, database=database)
    assert rows.count().to_pyarrow().as_py() == sum(one.accepted for one in read)
    assert run(litellm.SOURCE, "gateway") == []


@pytest.mark.parametrize("start", [9_999_999_999_999, -9_999_999_999_999])
def test_start_beyond_the_calendar_is_a_rejected_line_and_stops_nothing(
    run: Run, landing: Path, lake: Lake, database: Database, start: int
) -> None:
    good = json.loads((BROKEN / "not_compressed.json.gz").read_text())
    far = good | {"id": "far", "startTime": start, "endTime": start}
    (landing / "log.jsonl").write_text(json.dumps(good) + "\n" + json.dumps(far))
    assert numbers(run(litellm.SOURCE, "gateway")) == [("log.jsonl", 2, 1, 0, 1, "read")]
    (reject,) = landed_rejects(day_of(NOW.date()), lake=lake, database=database).to_pyarrow().to_pylist()
    assert (reject["reason"], reject["source_line"]) == ("time_out_of_range", 2)


def test_money_of_another_currency_is_kept_in_its_own(lake: Lake, database: Database, tmp_path: Path) -> None:
    page = '{"data": [{"start_time": 1790812800, "end_time": 1790899200, "results": [%s]}]}'
    result = '{"amount": {"value": "1.5", "currency": "%s"}, "line_item": "gpt-4o, input", "project_id": "p"}'
    (tmp_path / "costs.json").write_text(page % ", ".join(result % currency for currency in ("usd", "eur")))
    read = ingest(
        "bill",
        SOURCES["openai_costs"],
        str(tmp_path / "*.json"),
        lake=lake,
        database=database,
        engine=lake.engine,
        stage=tmp_path / "stage",
        now=NOW,
    )
    assert [(one.lines, one.accepted, one.rejected) for one in read] == [(2, 2, 0)]
    rows = landed_rows(charges, day_of(date(2026, 10, 1)), lake=lake, database=database)
    assert sorted(lake.engine.to_pyarrow(rows.select("currency"))["currency"].to_pylist()) == ["EUR", "USD"]


def test_one_row_that_is_rejected_rejects_its_record(run: Run, landing: Path, lake: Lake, database: Database) -> None:
    def to_two(records: ir.Table) -> ir.Table:
        """The second row of a record starts at 'later', which may be to come."""
        rows = to_events(records)
        later = to_events(records.mutate(at=records.later))
        return rows.union(later.mutate(event_id=later.event_id + "-later"))

    fields = {**LOG.fields, "later": "later"}
    source = replace(LOG, fields=fields, to_rows=to_two, explodes=True)
    days = {"1": "2026-10-02T00:00:00", "2": "2027-10-02T00:00:00"}
    put(
        landing / "a", "\n".join(json.dumps({"id": one, "at": "2026-10-01T00:00:00", "later": at, "tokens": 1}) for one, at in days.items())
    )
    assert numbers(run(source)) == [("a", 2, 1, 0, 1, "read")]
    assert events(lake, database) == [("1", 1), ("1-later", 1)]


def test_numbers_below_nothing_stop_everything(lake: Lake) -> None:
    batch = Batch("logs", LOG, [("f", "/a")], "part", NOW, "USD")
    with pytest.raises(AccountingError, match=r"/a: 8 lines, but 0 accepted [+] -1 duplicates [+] 9 rejected"):
        _check(batch, {"f": Numbers(lines=8, duplicates=-1, rejected=9)}, {}, 0)
