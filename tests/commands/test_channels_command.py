"""`usage-pipeline channels`: what is there, what is missing, and a test message that a real receiver gets."""

import json
from pathlib import Path

import pytest
from hook_receiver import PATH, Reply, receiving
from sample_world import usage_pipeline

CONFIG = """\
organisation: {name: Example Org}
projects: [{id: portal}]
sources: [{name: bill, kind: openai_costs, path: a}]
channels:
  - {name: ops, kind: slack, url: OPS_URL}
  - {name: pager, kind: webhook, url: PAGER_URL, secret: PAGER_SECRET}
routing:
  - {levels: [critical], projects: [portal, organisation], channels: [ops, pager]}
  - {channels: [ops]}
"""
VARIABLES = {"PAGER_SECRET": "0123456789abcdef", "USAGE_SES_REGION": "eu-west-1"}


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    (tmp_path / "usage.yaml").write_text(CONFIG)
    return ["channels", "--home", str(tmp_path / "home"), "--config", str(tmp_path / "usage.yaml")]


def test_what_is_there_and_what_is_missing(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPS_URL", "PAGER_URL"):
        monkeypatch.delenv(name, raising=False)
    shown = usage_pipeline(*asked, environment=VARIABLES)
    assert shown.exit_code == 0
    assert "mail: ses in eu-west-1" in shown.stdout
    assert "levels critical; projects portal, organisation | everything" in shown.stdout
    assert "OPS_URL: it is not set, and channel 'ops' has it as its url" in " ".join(shown.stderr.split())
    document = json.loads(usage_pipeline(*asked, "--json", environment=VARIABLES).stdout)
    assert document["mail"] == "ses in eu-west-1"
    assert [(one["name"], one["kind"], one["variables"]) for one in document["channels"]] == [
        ("ops", "slack", ["OPS_URL"]),
        ("pager", "webhook", ["PAGER_URL", "PAGER_SECRET"]),
    ]
    assert document["channels"][1]["problem"] == "environment: PAGER_URL: it is not set, and channel 'pager' has it as its url"
    assert document["channels"][1]["hears"] == [{"levels": ["critical"], "rules": [], "projects": ["portal", "organisation"]}]
    assert document["tests"] == []


def test_a_test_message_arrives(asked: list[str]) -> None:
    with receiving() as ops, receiving() as pager:
        pager.replies = [Reply(), Reply(410, f"gone {PATH}")]
        variables = {"OPS_URL": ops.url, "PAGER_URL": pager.url, "PAGER_SECRET": VARIABLES["PAGER_SECRET"]}
        good = usage_pipeline(*asked, "--test", "ops", "--test", "pager", environment=variables)
        assert (good.exit_code, good.stderr) == (0, "")
        assert good.stdout.splitlines()[-2:] == ["ops: accepted (200)", "pager: accepted (200)"]
        bad = usage_pipeline(*asked, "--test", "pager", "--json", environment=variables)
    assert bad.exit_code == 1
    (answer,) = json.loads(bad.stdout)["tests"]
    assert answer["delivered"] is False
    assert "channel 'pager' (PAGER_URL) answered 410: gone …; check that the address still holds" in answer["answer"]
    assert ops.received[0].document["text"] == "Info: Test: AI cost alerts of Example Org reach this channel"
    first, second = (post.document for post in pager.received)
    assert (first["rule"], first["project"]) == ("test", None)
    assert first["id"] != second["id"]


def test_a_channel_that_is_none(asked: list[str], tmp_path: Path) -> None:
    answer = usage_pipeline(*asked, "--test", "opps")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.endswith("--test opps: there is no such channel; those of " + f"{tmp_path}/usage.yaml are ops, pager\n")


def test_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "usage.yaml").write_text(CONFIG.split("channels:", maxsplit=1)[0])
    shown = usage_pipeline("channels", "--home", str(tmp_path), "--config", str(tmp_path / "usage.yaml"))
    assert (shown.exit_code, shown.stdout) == (0, "mail: outbox\nchannels: none in usage.yaml\n")
