"""`tags:` of a source in usage.yaml: which labels are kept, and rules that ask for others."""

from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import load

CONFIG = """\
organisation: {name: Example Org}
projects: [{id: a}]
attribution:
  - {field: tag.project, project: a}
  - {field: tag.team, source: listed, project: a}
  - {field: tag.team, source: all, project: a}
  - {field: tag.system, source: listed, project: a}
sources:
  - {name: listed, kind: tracker, path: "logs/*.jsonl", tags: [project, team, system]}
  - {name: none, kind: tracker, path: "logs/*.jsonl", tags: []}
  - {name: all, kind: tracker, path: "other/*.jsonl"}
"""
WRONG = """\
organisation: {name: Example Org}
projects: [{id: a}]
attribution:
  - {field: tag.step, source: listed, project: a}
  - {field: tag.prompt, source: all, project: a}
  - {field: tag.prompt_id, source: all, project: a}
  - {field: tag.step, project: a}
  - {field: tag.system, project: a}
sources:
  - {name: all, kind: tracker, path: "logs/*.jsonl"}
  - name: listed
    kind: tracker
    path: "other/*.jsonl"
    tags: [project]
"""
MEND = " the rule would never hold; if it is a label, list it in the tags of source 'all', with the others that you use"
NOWHERE = """\
organisation: {name: Example Org}
projects: [{id: a}]
attribution: [{field: tag.step, project: a}]
sources:
  - {name: one, kind: tracker, path: "logs/*.jsonl", tags: [project]}
  - {name: two, kind: tracker, path: "other/*.jsonl", tags: [tag.step, project]}
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "usage.yaml"
    file.write_text(text)
    with pytest.raises(UsageConfigError) as raised:
        load(file)
    return [line.removeprefix(f"{file}:") for line in str(raised.value).splitlines()]


def test_a_source_says_which_labels_it_keeps(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(CONFIG)
    assert [one.tags for one in load(file).sources] == [("project", "team", "system"), (), None]


def test_a_rule_on_a_label_that_is_left_out_is_told_with_the_mend(tmp_path: Path) -> None:
    assert problems(tmp_path, WRONG) == [
        (
            "4: attribution[0].field: the tag 'step' is left out by the source's tags: the rule would never hold;"
            " add 'step' to the tags of source 'listed' (line 14)"
        ),
        (
            "5: attribution[1].field: what stands under a key such as 'prompt' may be a prompt or an answer, and is left out:"
            f"{MEND}: tags: [prompt, ...]"
        ),
        (
            "8: attribution[4].field: what stands under a key such as 'system' may be a prompt or an answer, and is left out:"
            f"{MEND}: tags: [system, ...]"
        ),
    ]


def test_a_rule_for_all_sources_needs_one_that_keeps_the_label(tmp_path: Path) -> None:
    assert problems(tmp_path, NOWHERE) == [
        (
            "3: attribution[0].field: the tag 'step' is left out by every source's tags: the rule would never hold;"
            " add 'step' to the tags of source 'one' (line 5)"
        ),
        "6: sources[1].tags[0]: 'tag.step' is how a rule calls it; the key itself is 'step'",
    ]


def test_a_rule_on_a_value_that_no_line_keeps_is_told(tmp_path: Path) -> None:
    sentence = "a b c d e f g h i"
    rules = [("tag.team", "x" * 257), ("tag.team", sentence), ("team", sentence), ("api_key_name", sentence), ("resource_id", "x" * 300)]
    listed = "\n".join(f'  - {{field: {field}, equals: "{value}", project: a}}' for field, value in rules)
    told = problems(
        tmp_path,
        f"organisation: {{name: Example Org}}\nprojects: [{{id: a}}]\nattribution:\n{listed}\n"
        'sources: [{name: all, kind: tracker, path: "logs/*"}]\n',
    )
    left_out = "and a longer one is left out: the rule would never hold; match by another field"
    assert told == [
        f"4: attribution[0].equals: a value is kept up to 256 characters on one line, {left_out}",
        f"6: attribution[2].equals: a value is kept up to 256 characters on one line and 8 words, {left_out}",
    ]
