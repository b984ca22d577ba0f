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
