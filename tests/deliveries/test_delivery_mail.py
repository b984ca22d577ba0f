"""The mail that brings a report: its words, hostile names, attachments that are the same bytes each time, subjects that fold well."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import pytest

from usage_pipeline.alerts.delivery_letter import letter_of, moved_words, size_words
from usage_pipeline.alerts.delivery_mail import attachment_name, compose, encoded_size, with_attachments
from usage_pipeline.alerts.parcels import packed_mail, unpacked_mail
from usage_pipeline.tables.delivery_figures import Enclosed, Figures
from usage_pipeline.tables.report_deliveries import SentFile
from usage_pipeline.tables.spans import span_named

TEMPLATES = Path(__file__).parents[2] / "reports_templates" / "mail"
NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
FIGURES = Figures(
    label="Statement", span=span_named("2026-10"), scope_name="support-portal", organisation="Example Org", currency="USD",
    cost=Decimal("1234.5649"), before=Decimal("1187.00"), before_words="September 2026", budget=(Decimal("1234.5649"), Decimal(1500)),
    grade="A", requests=4125, revision=1, replaced=None, open=("Nothing is missing.",),
)  # fmt: skip
FILE = SentFile(
    name="statement.pdf",
    path="reports/2026-10/organisation/statement.pdf",
    sha256="ab" * 32,
    size_bytes=213_400,
    is_attached=True,
    link="x",
)
ENCLOSED = Enclosed(files=(FILE,), why="You get this because you own it.", due="Delivery finance.")
HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd()|' /C calc'!A0",
    "../../etc/passwd",
    "x" * 300,
    "🦊 team",
    "שלום\u202eevil",
    "a\r\nBcc: b@c.d",
)


def mail(figures: Figures = FIGURES, enclosed: Enclosed = ENCLOSED) -> EmailMessage:
    return compose(
        letter_of(figures, enclosed), key="0f" * 32, scope="projects/support-portal", recipients=["ana@example.org"],
        sender="AI cost <ai@example.org>", templates=TEMPLATES, now=NOW, as_of=date(2026, 11, 2),
    )  # fmt: skip


def test_no_percentage_against_a_span_of_which_days_are_missing() -> None:
    gap = "of 16 of the 30 days of September 2026 nothing is known"
    told = letter_of(replace(FIGURES, before=None, before_gap=gap), ENCLOSED)
    assert told.subject == "Statement October 2026, support-portal: 1,234.56 USD, grade A, closed r1"
    assert told.cost_note == f"Not compared: {gap}"
    assert [one.value for one in told.tiles if one.label == "Change"] == ["–"]


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content())


def test_the_subject_says_it_all() -> None:
    letter = letter_of(FIGURES, ENCLOSED)
    assert letter.subject == "Statement October 2026, support-portal: 1,234.56 USD, 4 % up, grade A, closed r1"
    assert letter_of(FIGURES, replace(ENCLOSED, is_preview=True)).subject.startswith("Preview: Statement October 2026, ")
    unknown = replace(FIGURES, cost=None, grade=None, revision=None)
    assert letter_of(unknown, ENCLOSED).subject == "Statement October 2026, support-portal: cost unknown, not closed"


def test_the_figures_add_up() -> None:
    letter = letter_of(replace(FIGURES, revision=2, replaced=(1, Decimal("1234.565"))), ENCLOSED)
    assert [(one.label, one.value, one.note) for one in letter.tiles] == [
        ("Change", "+4 %", "+$47.56"),
        ("Budget", "82 %", "of $1,500"),
        ("Grade", "A", "A is best, D worst"),
    ]
    assert letter.revision.endswith("The total is the same, $1,234.56; what changed is in its parts.")
    changed = letter_of(replace(FIGURES, revision=2, replaced=(1, Decimal("1240.00"))), ENCLOSED)
    assert changed.revision == "Revision 2 takes the place of revision 1. The total was $1,240.00 and is $1,234.56, $5.44 less."


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("100", "104", "4 % up"),
        ("100", "88", "12 % down"),
        ("100", "100", "unchanged"),
        ("100", "100.2", "hardly changed"),
        ("0", "5", "new"),
        ("0", "0", "unchanged"),
        ("1", "14", "14 times as much"),
        (None, "1", ""),
        ("1", None, ""),
    ],
)
def test_how_it_moved(before: str | None, now: str | None, words: str) -> None:
    assert moved_words(None if before is None else Decimal(before), None if now is None else Decimal(now)) == words


@pytest.mark.parametrize("name", HOSTILE, ids=["markup", "formula", "path", "long", "emoji", "bidi", "header"])
def test_any_name_is_safe(name: str) -> None:
    figures = replace(FIGURES, scope_name=name, organisation=name)
    message = unpacked_mail(packed_mail(mail(figures)))
    again = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert (again["Bcc"], again["To"], len(again.get_all("Subject"))) == (None, "ana@example.org", 1)
    assert "<script>" not in part(mail(figures), "html")
    assert "\u202e" not in str(again["Subject"]) + part(mail(figures), "plain")
    shown = attachment_name("statement.pdf", f"projects/{name}", "2026-10", "r1")
    assert shown.isascii()
    assert shown.endswith("-r1.pdf")
    assert not set(shown) & set("/\\<>:\"|?*=' \r\n")
    assert len(shown) < 120


def test_attachments_are_the_same_bytes_each_time() -> None:
    text, files = packed_mail(mail()), [("a.pdf", b"%PDF\0\xff"), ("b.csv", "größe\r\n".encode()), ("c.xlsx", b"PK"), ("d.json", b"{}")]
    first, second = (with_attachments(unpacked_mail(text), files).as_bytes() for _ in range(2))
    assert first == second
    read = email.message_from_bytes(first, policy=email.policy.default)
    assert [(one.get_filename(), one.get_payload(decode=True)) for one in read.iter_attachments()] == files
    assert [one.get_content_type() for one in read.iter_attachments()] == [
        "application/pdf", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/json",
    ]  # fmt: skip
    assert read["Message-ID"] == "<0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f@example.org>"
    assert part(read, "plain").splitlines() == part(mail(), "plain").splitlines()


def test_a_mail_counts_as_it_is_sent() -> None:
    for size in (0, 1, 57, 58, 1000, 213_400):
        message = EmailMessage()
        message.add_attachment(b"x" * size, maintype="application", subtype="pdf", filename="a.pdf")
        (attached,) = message.iter_attachments()
        sent = str(attached.get_payload()).rstrip("\n")
        assert abs(encoded_size(size) - len(sent) - sent.count("\n")) <= 2
    assert [size_words(one) for one in (0, 999, 1000, 213_400, 999_999, 1_250_001)] == [
        "0 bytes", "999 bytes", "1 KB", "214 KB", "1,000 KB", "1.3 MB",
    ]  # fmt: skip


@pytest.mark.parametrize("length", range(55, 110))
def test_subjects_begin_on_their_first_line(length: int) -> None:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = subject = ("Statement October 2026, Example Org: " + "abc def " * 20)[:length].strip()
    message.set_content("x")
    text = packed_mail(message)
    assert text.startswith("Subject: Statement")
    assert email.message_from_string(text, policy=email.policy.default)["Subject"] == subject
