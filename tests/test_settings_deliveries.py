"""`deliveries:` of usage.yaml: what it becomes, that it decides no numbers, and what is said where it is wrong."""

from datetime import time
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import load
from usage_pipeline.tables.delivery_rules import AFTER_CLOSE, BUSINESS_DAY, ON_CLOSE, REPORTS, WEEKDAY, DeliveryRule, When

START = """\
organisation: {name: Example Org}
projects: [{id: portal}, {id: chat}]
sources: [{name: bill, kind: openai_costs, path: a}]
"""
DELIVERIES = """\
deliveries:
  - name: finance
    report: statement
    formats: [pdf, xlsx]
    when: 1st Business Day
    at: "06:30"
    time_zone: Europe/Berlin
    to: [finance@example.org]
    s3: s3://reports/ai/
    link: https://files.example.org/x
    attach_up_to_mb: 3
    only_closed: true
  - {name: own, report: statement, scope: all_projects, when: on close, to: owners}
  - {name: portal, report: usage, scope: {project: portal}, when: day 5 after close, s3: s3://reports}
  - {name: weekly, report: digest_week, when: friday, to: finance}
"""


def told(tmp_path: Path, entry: str) -> str:
    file = tmp_path / "usage.yaml"
    file.write_text(f"{START}deliveries:\n  - {entry}\n", "utf-8")
    with pytest.raises(UsageConfigError) as raised:
        load(file)
    return str(raised.value).removeprefix(f"{file}:5: ")


def test_they_become_values(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(START + DELIVERIES)
    finance, own, portal, weekly = load(file).deliveries
    assert finance == DeliveryRule(
        name="finance", report="statement", scope="organisation", formats=("pdf", "xlsx"), when=When(kind=BUSINESS_DAY, number=1),
        words="1st Business Day", at=time(6, 30), time_zone="Europe/Berlin", to=("finance@example.org",), s3="s3://reports/ai",
        link="https://files.example.org/x/", attach_bytes=3_000_000, only_closed=True, line=5,
    )  # fmt: skip
    assert (own.scope, own.when, own.at, own.to, own.only_closed, own.formats) == (
        "all_projects", When(kind=ON_CLOSE), None, ("owners",), True, ("pdf",),
    )  # fmt: skip
    assert (portal.scope, portal.when, portal.at, portal.to) == ("projects/portal", When(kind=AFTER_CLOSE, number=5), time(7), ())
    assert (weekly.when, weekly.to, weekly.attach_bytes) == (When(kind=WEEKDAY, number=4), ("finance",), 8_000_000)


def test_they_decide_no_numbers(tmp_path: Path) -> None:
    file, without = tmp_path / "usage.yaml", tmp_path / "without.yaml"
    file.write_text(START + DELIVERIES)
    without.write_text(START)
    assert load(file).numbers_fingerprint == load(without).numbers_fingerprint
    assert load(without).deliveries == ()


def test_every_report_has_the_file_of_its_figures() -> None:
    assert [one.name for one in REPORTS.values() if one.summary not in one.all_names] == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{name: a, report: statemnt, when: day 1, to: finance}", "deliveries[0]: 'statemnt' is none of the reports statement, digest_day"),
        ("{name: a, report: digest_day, when: monday, to: finance}", "deliveries[0]: digest_day is of a day: its time is 'daily'"),
        ("{name: a, report: statement, when: noon, to: finance}", "deliveries[0].when: 'noon' is no time to deliver: '1st business day'"),
        ("{name: a, report: statement, when: day 32, to: finance}", "deliveries[0].when: 'day 32': the number goes from 1 to 31"),
        ("{name: a, report: statement, when: day 1, at: 7, to: finance}", "deliveries[0].at: '7' is no time of day, such as '07:00'"),
        ("{name: a, report: statement, when: day 1, time_zone: Mars, to: finance}", "deliveries[0].time_zone: 'Mars' is no time zone"),
        ("{name: a, report: statement, when: day 1}", "deliveries[0]: it goes nowhere: give to (addresses, owners or finance), s3"),
        ("{name: a, report: statement, when: day 1, to: owners}", "deliveries[0]: the organisation has no owners: give addresses, or"),
        ("{name: a, report: statement, when: day 1, to: [ana]}", "deliveries[0].to: 'ana' is no mail address, such as ana@example.org"),
        ("{name: a, report: statement, when: day 1, to: ana}", "deliveries[0].to: 'ana' is neither a list of addresses, such as"),
        ("{name: a, report: statement, when: day 1, s3: bucket/x}", "deliveries[0].s3: 'bucket/x' is no folder of a bucket: write s3://"),
        ("{name: a, report: statement, when: day 1, s3: 's3://b/../x'}", "deliveries[0].s3: 's3://b/../x' is no folder of a bucket"),
        ("{name: a, report: statement, when: day 1, to: finance, link: 'http://x'}", "deliveries[0].link: 'http://x' is no address to"),
        ("{name: a, report: digest_day, when: daily, to: finance, formats: [xlsx]}", "deliveries[0]: digest_day has no xlsx: its formats"),
        ("{name: a, report: digest_week, when: friday, to: owners, scope: all_projects}", "deliveries[0]: digest_week is of the whole"),
        ("{name: a, report: statement, when: day 1, to: finance, scope: {project: portl}}", "deliveries[0].scope: no project 'portl' is"),
        ("{name: a, report: statement, when: day 1, to: finance, attach_up_to_mb: 41}", "deliveries[0].attach_up_to_mb: '41' is no whole"),
        ("{name: a, report: digest_day, when: daily, to: finance, only_closed: true}", "deliveries[0]: only months are closed, and"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, entry: str, words: str) -> None:
    assert told(tmp_path, entry).startswith(words)


def test_a_name_is_declared_once(tmp_path: Path) -> None:
    entry = "{name: a, report: statement, when: day 1, to: finance}"
    assert told(tmp_path, f"{entry}\n  - {entry}").endswith(":6: deliveries[1].name: 'a' is declared twice; the first is on line 5")
