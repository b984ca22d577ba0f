"""Reports of a real home on their way: real SMTP, SES and S3 on loopback, refusals, a kill, previews, and what is due and does not go."""

import email
import email.policy
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import closing_world
import dagster as dg
import pytest
from delivery_world import BEFORE, DUE, FINANCE, STATEMENT, at, delivering, without_variables, write
from mail_sink import MailSink, mail_sink
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from s3_server import ACCOUNT, PARTITION, SECRET, moto_port
from sample_world import World

from usage_pipeline.defs.deliver import deliver, has_work, late_of
from usage_pipeline.defs.deliver_plan import Asked
from usage_pipeline.storage.delivery_ledger import ledger, revive
from usage_pipeline.tables.report_deliveries import DEAD, RETRYING, SENT, WITHDRAWN, ReportDelivery
from usage_pipeline.tables.spans import span_named

SEPTEMBER = Asked(span=span_named("2026-09"))
TO_S3 = (
    "{name: bucket, report: statement, formats: [pdf, json], when: 1st business day, to: [finance@example.org], attach_up_to_mb: 0,"
    ' s3: "s3://reports/ai", link: "https://files.example.org/reports"}'
)
KILLED = """\
import os, sys
sys.path.insert(0, sys.argv[1])
from delivery_world import at, DUE
from pathlib import Path
from sample_world import World
from usage_pipeline.defs.deliver import deliver
from usage_pipeline.storage import delivery_ledger
from usage_pipeline.storage.home import Home
delivery_ledger.mark_sent = lambda *_, **__: os.kill(os.getpid(), 9)
deliver(at(World(Home(Path(sys.argv[2])), Path(sys.argv[3])), DUE))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return closing_world.made(tmp_path_factory.getbasetemp())


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    without_variables(monkeypatch)
    with mail_sink() as opened:
        for name, value in opened.environment.items():
            monkeypatch.setenv(name, value)
        yield opened


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the S3 server that the environment names; its one bucket keeps versions."""
    endpoint = f"http://127.0.0.1:{moto_port()}"
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"AWS_ACCESS_KEY_ID": "sender", "AWS_SECRET_ACCESS_KEY": SECRET, "USAGE_S3_ENDPOINT": endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("USAGE_S3_REGION", "us-east-1")
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="reports")
    client.put_bucket_versioning(Bucket="reports", VersioningConfiguration={"Status": "Enabled"})
    yield client
    s3_backends[ACCOUNT][PARTITION].reset()


def begun(made: World, folder: Path, *entries: str) -> World:
    """A home whose deliveries were seen the day before."""
    world = delivering(made, folder, *entries)
    assert deliver(at(world, BEFORE)).sent.out == ()
    return world


def rows(world: World) -> list[ReportDelivery]:
    return ledger(world.database)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def test_due_goes_out_once_with_its_files(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, STATEMENT)
    assert deliver(at(world, "2026-10-01T06:59")).sent.out == ()
    assert has_work(at(world, DUE), at(world, DUE).now())
    deliver(at(world, DUE))
    deliver(at(world, "2026-10-02T07:05"))
    ((people, message),) = sink.received
    assert people == [FINANCE]
    assert message["Subject"] == "Statement September 2026, Example Org: 37.50 USD, grade A, not closed"
    (row,) = rows(world)
    assert (row.state, row.attempts, row.channel, row.message) == (SENT, 1, "smtp", None)
    assert (message["Message-ID"], message["X-Usage-Key"]) == (row.message_id, row.delivery_id)
    attached = {one.get_filename(): one for one in message.iter_attachments()}
    assert list(attached) == [f"statement-2026-09-organisation-draft.{ending}" for ending in ("pdf", "csv", "xlsx")]
    for name, part in attached.items():
        content = part.get_payload(decode=True)
        file = world.home.reports / "2026-09" / "organisation" / f"statement.{name.rpartition('.')[2]}"
        assert content == file.read_bytes()
        assert hashlib.sha256(file.read_bytes()).hexdigest() in body(message, "plain")
    assert attached["statement-2026-09-organisation-draft.csv"].get_content_type() == "text/csv"
    assert "August 2026 has no data to compare with" in body(message, "html")
    assert late_of(at(world, DUE), at(world, DUE).now()) == []
    assert not has_work(at(world, DUE), at(world, DUE).now())


def test_what_was_due_before_it_began_is_not_made_up_for(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = delivering(made, tmp_path, STATEMENT)
    late = at(world, "2026-10-20T12:00")
    done = deliver(late)
    assert [one.wanted.span.name for one in done.plan.missed] == ["2026-08", "2026-09"]
    assert (done.sent.out, sink.received, late_of(late, late.now())) == ((), [], [])
    asked = deliver(late, ["finance"], SEPTEMBER)
    assert [one.period for one in asked.sent.out] == ["2026-09"]
    assert deliver(late, ["finance"], SEPTEMBER).sent.out == ()
    again = deliver(late, ["finance"], Asked(span=SEPTEMBER.span, again=True))
    assert "Sent once more, because somebody asked for it." in body(sink.received[-1][1], "plain")
    assert len({one.message_id for one in (*asked.sent.out, *again.sent.out)}) == len(sink.received) == 2


def test_later_means_the_same_message_later(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, STATEMENT)
    sink.refused.add(FINANCE)
    done = deliver(at(world, DUE))
    assert "451 greylisted" in done.sent.failed[0]
    (before,) = rows(world)
    assert (before.state, before.attempts) == (RETRYING, 1)
    ((told, why),) = late_of(at(world, DUE), at(world, DUE).now())
    assert told == "finance: statement of September 2026 for the organisation"
    assert "tried again from 2026-10-01 07:06 UTC" in why
    sink.refused.clear()
    assert deliver(at(world, DUE)).sent.out == (), "not before its time"
    deliver(at(world, "2026-10-01T07:20"))
    (after,) = rows(world)
    assert (after.state, after.attempts, after.message_id) == (SENT, 2, before.message_id)
    assert [message["Message-ID"] for _, message in sink.received] == [before.message_id]


def test_a_dead_letter_is_told_until_it_is_mended(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, STATEMENT)
    sink.refused.add(FINANCE)
    sink.refusal = "550 no such user"
    deliver(at(world, DUE))
    deliver(at(world, "2026-10-01T09:00"))
    (row,) = rows(world)
    assert (row.state, row.attempts) == (DEAD, 1)
    ((_, why),) = late_of(at(world, DUE), at(world, DUE).now())
    assert why.startswith("refused for good: ")
    assert why.endswith("550 no such user); check the addresses, and whether the server lets this sender send; mend it, then "
                        "`usage-pipeline send --dead`")  # fmt: skip
    write(world.config, [STATEMENT.replace(FINANCE, "ana@example.org")])
    deliver(at(world, "2026-10-01T10:00"))
    assert sink.told == [("ana@example.org", row.subject)], "other people are another delivery"
    assert {one.recipients: one.state for one in rows(world)} == {FINANCE: WITHDRAWN, "ana@example.org": SENT}


def test_dead_ones_are_tried_again_when_asked(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, STATEMENT)
    sink.refused.add(FINANCE)
    sink.refusal = "550 no such user"
    deliver(at(world, DUE))
    sink.refused.clear()
    assert revive(world.database) == 1
    deliver(at(world, DUE))
    assert [one.state for one in rows(world)] == [SENT]


def test_files_in_s3_are_linked(made: World, tmp_path: Path, sink: MailSink, bucket: Any) -> None:
    world = begun(made, tmp_path, TO_S3)
    done = deliver(at(world, DUE))
    assert done.sent.uploaded == 2
    (row,) = rows(world)
    files = {one["name"]: one for one in json.loads(row.files)}
    version = f"2026-09/organisation/draft-{row.content_hash[:12]}"
    assert [one["key"] for one in files.values()] == [f"{version}/statement.pdf", f"{version}/statement.json"]
    for one in files.values():
        found = bucket.get_object(Bucket="reports", Key=f"ai/{one['key']}", ChecksumMode="ENABLED")
        assert hashlib.sha256(found["Body"].read()).hexdigest() == one["sha256"] == found["Metadata"]["sha256"]
        assert found["VersionId"] == one["version"]
        assert found["ContentType"] == {"pdf": "application/pdf", "json": "application/json"}[one["name"].rpartition(".")[2]]
    message = sink.received[0][1]
    assert list(message.iter_attachments()) == []
    assert f'href="https://files.example.org/reports/{version}/statement.pdf"' in body(message, "html")
    deliver(at(world, "2026-10-02T07:00"), ["bucket"], Asked(span=SEPTEMBER.span, again=True))
    assert len(bucket.list_object_versions(Bucket="reports")["Versions"]) == 2, "the same again is no second object"


def test_only_uploaded(made: World, tmp_path: Path, sink: MailSink, bucket: Any) -> None:
    world = begun(made, tmp_path, '{name: up, report: statement, formats: [csv], when: day 1, s3: "s3://nowhere/x"}')
    done = deliver(at(world, DUE))
    assert "there is no such bucket: check s3 of the delivery in usage.yaml" in done.sent.failed[0]
    assert [one.state for one in rows(world)] == [RETRYING], "a bucket that is mended gets it"
    bucket.create_bucket(Bucket="nowhere")
    deliver(at(world, "2026-10-01T08:00"))
    (row,) = rows(world)
    assert (row.state, row.channel, row.receipt, row.message_id) == (SENT, "s3", "1 files in s3://nowhere/x", None)
    assert bucket.list_objects_v2(Bucket="nowhere")["KeyCount"] == 1
    assert sink.received == []


def test_by_ses_with_its_attachment(made: World, tmp_path: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    without_variables(monkeypatch)
    backend = ses_backends[ACCOUNT]["eu-west-1"]
    backend.reset()
    backend.verify_email_identity("ai-cost@example.org")
    variables = {"SES_REGION": "eu-west-1", "SES_ENDPOINT": f"http://127.0.0.1:{moto_port()}", "MAIL_FROM": "AI <ai-cost@example.org>"}
    for name, value in variables.items():
        monkeypatch.setenv(f"USAGE_{name}", value)
    world = begun(made, tmp_path, STATEMENT)
    deliver(at(world, DUE))
    (sent,) = backend.sent_messages
    message = email.message_from_string(sent.raw_data, policy=email.policy.default)
    assert [one.get_content_type() for one in message.iter_attachments()][:2] == ["application/pdf", "text/csv"]
    pdf = next(message.iter_attachments())
    assert pdf.get_payload(decode=True) == (world.home.reports / "2026-09" / "organisation" / "statement.pdf").read_bytes()
    (row,) = rows(world)
    assert (row.channel, row.receipt) == ("ses", f"accepted by SES in eu-west-1 as {sent.id}")
    backend.reset()


def test_killed_between_sending_and_marking(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, STATEMENT)
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-c", KILLED, str(tests), str(world.home.root), str(world.config)]
    assert subprocess.run(command, env=dict(os.environ), check=False, cwd=tests.parent).returncode == -9
    assert len(sink.received) == 1
    assert deliver(at(world, "2026-10-01T07:10")).sent.out == (), "the claim holds for ten minutes"
    deliver(at(world, "2026-10-01T07:16"))
    first, second = [message for _, message in sink.received]
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    assert [one.state for one in rows(world)] == [SENT]


def test_a_file_that_changes_underneath_goes_to_nobody(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, STATEMENT)
    sink.refused.add(FINANCE)
    deliver(at(world, DUE))
    pdf = world.home.reports / "2026-09" / "organisation" / "statement.pdf"
    pdf.write_bytes(pdf.read_bytes() + b"\n")
    sink.refused.clear()
    done = deliver(at(world, "2026-10-01T07:20"))
    assert "reports/2026-09/organisation/statement.pdf was written anew after this was due" in done.sent.failed[0]
    ((_, why),) = late_of(at(world, DUE), at(world, DUE).now())
    assert why == ("statement.pdf is not the file that was written: `usage-pipeline run --from 2026-09-01 --to 2026-09-30` "
                   "writes it again")  # fmt: skip
    assert sink.received == []


def test_everybody_gets_their_own(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, "{name: own, report: statement, scope: all_projects, when: day 1, to: owners}")
    done = deliver(at(world, DUE))
    ((people, message),) = sink.received
    assert people == ["ana@example.org"]
    assert str(message["Subject"]).startswith("Statement September 2026, Portal: 30.00 USD")
    assert "37.50" not in message.as_string()
    assert [(one.wanted.scope, one.why) for one in done.plan.stuck] == [
        ("projects/chat", "it has nobody to go to: give the project owners in usage.yaml")
    ]


def test_what_is_not_written_or_not_closed_is_told(made: World, tmp_path: Path, sink: MailSink) -> None:
    entries = [
        "{name: page, report: one_pager, when: day 1, to: [finance@example.org]}",
        "{name: closed, report: statement, when: day 1, only_closed: true, to: [finance@example.org]}",
        "{name: weekly, report: digest_week, when: thursday, to: [finance@example.org]}",
    ]
    world = begun(made, tmp_path, *entries)
    deliver(at(world, DUE))
    assert {name.partition(":")[0]: why for name, why in late_of(at(world, DUE), at(world, DUE).now())} == {
        "page": "it is not written yet: `usage-pipeline digest --month 2026-09` writes it",
        "closed": "it waits for the close: `usage-pipeline close 2026-09` says what stands against it",
        "weekly": "it is not written yet: `usage-pipeline digest --week 2026-W39` writes it",
    }
    assert world.command("digest", "--month", "2026-09").exit_code == 0
    deliver(at(world, "2026-10-01T07:30"), ["page"])
    ((_, message),) = sink.received
    assert message["Subject"] == "Summary September 2026, Example Org: 37.50 USD, grade A, not closed"
    late = {one.wanted.span.name for one in deliver(at(world, "2026-12-10T07:00")).plan.stuck}
    assert late == {"2026-10", "2026-11", "2026-W48", "2026-W49"}, "old news is no news"


def test_usage_and_comparison(made: World, tmp_path: Path, sink: MailSink) -> None:
    entries = [
        "{name: use, report: usage, scope: {project: portal}, formats: [pdf, xlsx], when: day 1, to: owners}",
        "{name: side-by-side, report: comparison, formats: [csv], when: day 1, to: [finance@example.org]}",
    ]
    world = begun(made, tmp_path, *entries)
    assert [one.why for one in deliver(at(world, DUE)).plan.stuck] == [
        "it is not written yet: `usage-pipeline report usage --month 2026-09 --project portal` writes it",
        "it is not written yet: `usage-pipeline report comparison --month 2026-09` writes it",
    ]
    for command in (("usage", "--month", "2026-09", "--project", "portal"), ("comparison", "--month", "2026-09")):
        assert world.command("report", *command).exit_code == 0
    deliver(at(world, DUE))
    assert sorted(sink.told) == [
        ("ana@example.org", "Usage report September 2026, Portal: 30.00 USD, not closed"),
        ("finance@example.org", "Comparison of projects September 2026, Example Org: 37.50 USD, grade A, not closed"),
    ]
    text = body(next(message for people, message in sink.received if people == ["ana@example.org"]), "plain")
    assert "Its cost is price times logged requests; the statement, which takes the bill where there is one, says 30.00 USD." in text


def test_a_delivery_that_is_no_more_sends_nothing(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = begun(made, tmp_path, STATEMENT)
    sink.refused.add(FINANCE)
    deliver(at(world, DUE))
    sink.refused.clear()
    write(world.config, [STATEMENT.replace("finance,", "other,")])
    deliver(at(world, "2026-10-01T08:00"))
    assert {one.name: one.state for one in rows(world)} == {"finance": WITHDRAWN, "other": SENT}


def test_job_check_and_schedule(made: World, tmp_path: Path, sink: MailSink) -> None:
    world = delivering(made, tmp_path, STATEMENT)
    result = world.job("deliver")
    assert result.success
    (told,) = result.asset_materializations_for_node("report_deliveries")
    assert {name: told.metadata[name].value for name in ("sent", "uploaded", "waiting", "dead")} == dict.fromkeys(
        ("sent", "uploaded", "waiting", "dead"), 0
    )
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.severity) == ("reports_delivered", True, dg.AssetCheckSeverity.WARN)
    schedule = next(one for one in world.definitions.schedules or () if one.name == "report_delivery")
    with dg.build_schedule_context(resources={"workplace": at(world, BEFORE)}) as context:
        answer = schedule.evaluate_tick(context)  # type: ignore[union-attr]
    assert (answer.run_requests, answer.skip_message) == ([], "no report is due")
    assert sink.received == []
