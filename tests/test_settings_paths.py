"""Where files lie, as usage.yaml says it: places that are not read are told with their line, all at once."""

from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import load

CONFIG = """\
organisation: {name: Example Org}
projects: []
sources:
  - {name: one, kind: tracker, path: "gs://bucket/*.jsonl"}
  - {name: two, kind: tracker, path: "s3://"}
  - {name: three, kind: tracker, path: "s3://bucket"}
  - {name: four, kind: tracker, path: "s3://buck*/x"}
  - {name: five, kind: tracker, path: "S3://bucket/x"}
  - {name: six, kind: tracker, path: "s3://bucket/x/*.jsonl"}
  - {name: seven, kind: tracker, path: "logs/*.jsonl"}
"""


def test_places_that_are_not_read_are_told_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(CONFIG)
    with pytest.raises(UsageConfigError) as raised:
        load(file)
    lines = str(raised.value).splitlines()
    assert [line.split(": ")[0].rsplit(":", 1)[1] for line in lines] == ["4", "5", "6", "7", "8"]
    assert "gs:// is not read: give a local folder or s3://bucket/prefix/*" in lines[0]
    assert "'s3://bucket': write s3://bucket/prefix/*.json, with the bucket's full name" in lines[2]
    assert "S3:// is not read" in lines[4]


EXCLUDE = """\
organisation: {name: Example Org}
projects: []
sources:
  - {name: one, kind: focus, path: "bills/*.csv", exclude: ["bills/old.csv", "../other/*.csv", /far/x.csv]}
  - {name: two, kind: focus, path: "s3://bucket/x/*.csv", exclude: ["s3://bucket/x/old-*.csv"]}
  - {name: three, kind: openai_costs, api: {}, exclude: ["costs/day=2026-10-01/*"]}
  - {name: four, kind: focus, path: "bills/*.csv", exclude: null}
"""
WRONG_EXCLUDE = """\
organisation: {name: Example Org}
projects: []
sources:
  - {name: one, kind: focus, path: "bills/*.csv", exclude: bills/old.csv}
  - {name: two, kind: focus, path: "bills/*.csv", exclude: ["s3://bucket/old.csv", ""]}
  - name: three
    kind: focus
    path: "s3://bucket/x/*.csv"
    exclude:
      - "s3://bucket/x/fine.csv"
      - old.csv
      - gs://bucket/x
      - s3://buck*/x
"""


def test_what_is_excluded_is_written_as_paths_are(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(EXCLUDE)
    settings = load(file, landing=tmp_path / "home" / "landing")
    assert [one.exclude for one in settings.sources] == [
        (f"{tmp_path}/bills/old.csv", f"{tmp_path.parent}/other/*.csv", "/far/x.csv"),
        ("s3://bucket/x/old-*.csv",),
        (f"{tmp_path}/home/landing/three/costs/day=2026-10-01/*",),
        (),
    ]


def test_what_can_exclude_nothing_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(WRONG_EXCLUDE)
    with pytest.raises(UsageConfigError) as raised:
        load(file)
    told = [line.removeprefix(f"{file}:") for line in str(raised.value).splitlines()]
    assert [line.split(": ", 2)[:2] for line in told] == [
        ["4", "sources[0].exclude"],
        ["5", "sources[1].exclude[0]"],
        ["5", "sources[1].exclude[1]"],
        ["11", "sources[2].exclude[1]"],
        ["12", "sources[2].exclude[2]"],
        ["13", "sources[2].exclude[3]"],
    ]
    assert "a list is needed here, such as [one, another]" in told[0]
    assert "'s3://bucket/old.csv' matches no file of a source whose files lie in a folder" in told[1]
    assert "it is empty" in told[2]
    assert "'old.csv' matches no file of a source in S3: write s3://bucket/prefix/name" in told[3]
    assert "gs:// is not read" in told[4]
    assert "with the bucket's full name" in told[5]
