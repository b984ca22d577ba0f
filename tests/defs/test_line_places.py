"""A line's place is told of the version that was read: also of a log that has grown, or a file that was moved; not of another content."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sample_world import World, new_world

from usage_pipeline.defs.places import places_of
from usage_pipeline.storage.places import Place
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files

CONFIG = """\
organisation: {name: Example Org, finance: [finance@example.org]}
projects: [{id: portal, owners: [ana@example.org]}]
sources: [{name: bill, kind: openai_costs_csv, path: "bill/*"}]
"""
CONTENT = b'id,note\n1,"a\nb"\n2,c\n'


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.csv", CONTENT, Place(2, 4)),
        ("a.csv", CONTENT + b"3,d\n", Place(2, 4)),
        ("moved.csv", CONTENT, Place(2, 4)),
        ("a.csv", b"id,note\n1,a\n2,c\n", Place(2)),
        ("other.csv", b"", Place(2)),
    ],
    ids=["as it was", "grown", "moved", "changed", "gone"],
)
def test_the_version_that_was_read(tmp_path: Path, name: str, content: bytes, place: Place) -> None:
    world: World = new_world(tmp_path, CONFIG)
    folder = world.config.parent / "bill"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    print_, now = hashlib.sha256(CONTENT).hexdigest(), datetime(2026, 10, 2, tzinfo=UTC)
    row = IngestedFile(
        source="bill", uri=str(folder / "a.csv"), fingerprint=print_, kind="openai_costs_csv", size_bytes=len(CONTENT), modified_at=now,
        lines=2, accepted=2, duplicates=0, rejected=0, state="read", ingested_at=now,
    )  # fmt: skip
    world.database.upsert(ingested_files, [row])
    record = ("bill", print_, 2)
    assert places_of(world.workplace, {record}) == {record: place}
