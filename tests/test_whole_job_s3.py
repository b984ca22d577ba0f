"""The whole job with everything in S3: the same reports to the last byte, and clear words where the store does not give its files."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from s3_server import SECRET, Bucket, Fault, Proxy, s3_server
from sample_world import CONFIG, FIRST, RANGE, SAMPLES, World, finished, new_world

from usage_pipeline.defs.sensors import new_files
from usage_pipeline.periods import day_of
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.summary import totals

LANDED = datetime(2026, 10, 3, 6, tzinfo=UTC)
TRACKER = """\
organisation: {name: Example Org}
projects: [{id: portal}]
attribution: [{field: tag.project, project: "{value}"}]
sources:
  - {name: app, kind: tracker, path: "s3://usage/logs/*.jsonl"}
  - {name: other, kind: tracker, path: "s3://usage/none/*.jsonl"}
prices: [{provider: openai, model: gpt-4o-mini, meter: output, unit_price: 0.000001}]
"""
LINE = (
    b'{"id": "%d", "started_at": "2026-10-01T12:00:00Z", "provider": "openai", "model": "gpt-4o-mini", "meters": {"output": 1000000},'
    b' "project": "portal"}\n'
)


@pytest.fixture
def server() -> Iterator[Proxy]:
    with s3_server() as proxy:
        yield proxy


@pytest.fixture
def bucket(server: Proxy) -> Bucket:
    return Bucket("usage")


def test_reports_are_those_of_local_files(bucket: Bucket, server: Proxy, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    here, told = finished(tmp_path_factory.getbasetemp())
    bucket.put({f"org/{path.relative_to(SAMPLES).as_posix()}": path.read_bytes() for path in SAMPLES.rglob("*.json")}, LANDED)
    there = new_world(tmp_path, CONFIG.read_text("utf-8").replace('path: "', 'path: "s3://usage/org/'))
    told_there = there.run(*RANGE, environment=server.environment)
    assert told["totals"] == told_there["totals"]
    assert {one["file"] for one in told_there["files"]} == {f"s3://usage/org/{one['file']}" for one in told["files"]}
    assert set(Counter(server.gets).values()) == {1}
    tables = {name: content for name, content in here.files().items() if name.endswith(".csv")}
    assert len(tables) >= 4
    assert {name: content for name, content in there.files().items() if name.endswith(".csv")} == tables


DAY = ("--from", "2026-10-01", "--to", "2026-10-01")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(403, "InvalidAccessKeyId"), "s3://usage: the store does not know the access key: check AWS_ACCESS_KEY_ID"),
        (Fault(404, "NoSuchBucket"), "s3://usage: there is no such bucket: check the path in usage.yaml"),
        (Fault(301, "PermanentRedirect", headers={"x-amz-bucket-region": "eu-west-3"}), "set USAGE_S3_REGION=eu-west-3"),
        (Fault(503, "SlowDown"), "does not list it (the store answers SlowDown (503)): run again"),
    ],
    ids=["key", "bucket", "region", "slow"],
)
def test_store_that_lets_nobody_in_does_not_stop_the_other_sources(
    server: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, words: str
) -> None:
    monkeypatch.setattr("usage_pipeline.storage.landing_s3.ATTEMPTS", 2)
    server.harm = lambda _: fault
    (tmp_path / "here.jsonl").write_bytes(LINE % 1)
    local = TRACKER.replace('"s3://usage/none/*.jsonl"', '"*.jsonl"')
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    world = new_world(tmp_path, local)
    found = world.findings(day_of(FIRST))["source_unreadable"]
    assert [(one.source, one.accepted) for one in world.database.select(ingested_files)] == [("other", 1)]
    assert totals(world.database.select(daily_costs)).cost == 1
    assert (found.blocks, found.count) == (True, 1)
    assert "app: s3://usage: " in found.words
    assert words in found.words
    assert SECRET not in found.words


def test_endpoint_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usage_pipeline.storage.landing_s3.ATTEMPTS", 2)
    gone = {"USAGE_S3_ENDPOINT": "http://user:geheim@127.0.0.1:9", "AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": SECRET}
    result = new_world(tmp_path, TRACKER).command("run", *DAY, environment=gone)
    assert result.exit_code == 3
    assert "s3://usage: http://127.0.0.1:9 cannot be reached" in result.stderr
    assert "check USAGE_S3_ENDPOINT, and that it is up" in result.stderr
    assert "geheim" not in result.output + result.stderr
    assert SECRET not in result.output + result.stderr


def test_one_object_that_fails_is_told_and_the_others_land(
    bucket: Bucket, server: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by the run; and the sensor asks for new and changed objects alone."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    world = new_world(tmp_path, TRACKER)
    assert "ingest" not in asked(world)
    bucket.put({f"logs/{number}.jsonl": LINE % number for number in range(3)}, LANDED)
    assert "ingest" in asked(world)
    server.harm = lambda request: Fault(403, "AccessDenied") if request.path.endswith("1.jsonl") else None
    result = world.command("run", *DAY, "--json", environment=server.environment)
    assert "source other: no file matches s3://usage/none/*.jsonl" in result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    assert {one["file"]: (one["state"], one["accepted"], one["rejected"]) for one in document["files"]} == {
        "s3://usage/logs/0.jsonl": ("read", 1, 0),
        "s3://usage/logs/1.jsonl": ("unreadable", 0, 1),
        "s3://usage/logs/2.jsonl": ("read", 1, 0),
    }
    assert document["rejects"] == [{"source": "app", "reason": "unreadable_file", "lines": 1}]
    assert document["totals"]["cost"] == "2"
    server.log.clear()
    assert "ingest" not in asked(world)
    bucket.put({"logs/2.jsonl": LINE % 7}, LANDED)
    assert "ingest" in asked(world)
    assert server.gets == []


def asked(world: World) -> list[str | None]:
    """The jobs that a tick of the sensor asks for."""
    with dg.DagsterInstance.ephemeral() as instance:
        answer: Any = new_files(dg.build_sensor_context(instance=instance, resources={"workplace": world.workplace}))
    return [one.job_name for one in answer.run_requests]
